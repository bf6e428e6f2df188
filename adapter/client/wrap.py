"""`wrap`: an openai client that speaks tool calling over an upstream that does not."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast

from adapter.client.http_client import async_client_class, client_class
from adapter.options import make_options
from adapter.transport import http_module, open_exchange_for
from adapter.transport.asynchronous import async_class
from adapter.transport.sync import sync_class

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.exchange import OpenExchange
    from adapter.exchange.routing import Reveal
    from adapter.option_keywords import OptionKeywords
    from adapter.routing.router import ToolRouter

ClientT = TypeVar("ClientT")


def wrap(
    client: ClientT, *, router: ToolRouter | None = None, reveal: Reveal | None = None, **options: Unpack[OptionKeywords]
) -> ClientT:
    """Return an openai client whose chat completions understand `tools`, over an upstream without tool calling.

    The result has the type and the settings of the given client, and sends through the same HTTP client: proxies, pools, hooks
    and timeouts stay. The given client is unchanged. Wrapping a wrapped client replaces the options. Closing the result
    leaves the given client open.

    Args:
        client: An `OpenAI`, `AsyncOpenAI`, `AzureOpenAI` or `AsyncAzureOpenAI`. A framework's object gets an HTTP client with a
            transport of `adapter.transport` instead.
        router: Chooses the tools of requests out of many: those that the first turn needs; see `adapter.ToolRouter`.
        reveal: The way to further tools in later turns: `"append"`, in a system message before a turn that needs others, or
            `"search_tool"`, a tool by which the model asks for them. The prompt's beginning stays; `"append"` if left out.
        options: Choices, all optional; `help(adapter.Options)` describes each in full.

    Options for the model and the server:
        dialect: Format of tools and calls, by name, file or model's name; `"hermes"`, or `"auto"` by the request's model.
        server: Kind of server, for constraints and fields: `"llama.cpp"`, `"vllm"`, `"ollama"`, …; `"generic"`.
        enforce: Constraint that makes an answer a call: `"prompt"`, …, `"grammar"`, or `"auto"`, the server's strongest.
        native: The server's own tool calling: `"never"`, `"auto"` as long as that gives calls, or `"always"`.
        profile: `"small"` for models up to some two billion parameters, or `"auto"` by the model's size.
        upstream: `"chat"`, or `"completions"` for raw completions, rendered by the `chat_template`.
        chat_template: Template of raw completions: a name, a file, a model's folder, or `"auto"`.
        upstream_stream: `"always"` for a server that answers in streams only.
        max_response_bytes: Bytes of an answer of the server's at most.
        temperature: Temperature of requests with tools that give none.

    Options for the prompt:
        neutralise: Protocol markup in untrusted text is made harmless.
        result_role: Role of messages with tool results.
        merge_system: All system messages are joined at the top.
        merge_turns: Neighbouring messages of a role are joined.
        media: Images and the like: `"forward"` or `"drop"`.
        history: Calls and results that do not pair up: `"lenient"` or `"strict"`.
        reasoning_field: Way of past reasoning to the server.
        replay: Earlier calls are shown as the model wrote them.
        examples: Worked examples: `"auto"`, or messages.
        reply_tool: A further tool for answers in words.
        optional: `"drop"` leaves out invented optional arguments.

    Options for the answer:
        on_invalid: A call that stays invalid: `"raise"` (422), `"return"` or `"text"`.
        retries: Re-asks at most.
        coerce: Wrong types are mended where nothing is lost.
        recover: Calls without their tags are accepted, if the answer is nothing else.
        thinking_prefilled: The completion begins inside the reasoning.
        calls_in_thinking: Calls inside the reasoning count.
        loop_guard: A call made just before: `"report"` or `"reask"`.
        tool_choice_after_result: A choice that forces the tool which has just answered: `"keep"` or `"auto"`.
        grounding: A call whose values occur nowhere: `"off"`, `"report"` or `"reask"`.
        longest_string: Characters of a string under a constraint.
        stream_calls: `"incremental"`, or `"validated"`: calls leave complete and valid.
        named_finish_reason: `finish_reason` of an answer to a named choice.
        alive_after: Seconds of silence in a stream before a sign of life.

    Other options:
        on_bad_tool: A tool that cannot be read: `"raise"` or `"leave_out"`.
        on_builtin: A tool of a vendor's own servers: `"raise"` or `"leave_out"`.
        lint: `"warn"` tells what `adapter lint` finds in each new list of tools; or `"off"`.
        store: Store of the Responses API: `adapter.MemoryStore()`, `adapter.SqliteStore(path)` or your own.
        on_event: Function that is told of every repair, re-ask and refusal.
        on_exchange: Function that gets a record of every exchange with the server.
        new_id: Function that makes the ids of calls.

    Raises:
        TypeError: Not an openai client, not a router, or an unknown option.
        ValueError: A value is not allowed; `router` is given with `merge_system`, which would move all tools to the top; or
            `reveal` without `router`.
        DialectError: The dialect cannot be loaded.
    """
    opener: OpenExchange = open_exchange_for(make_options(options), router=router, reveal=reveal)
    wrapped: Any = attach(client, opener)
    given = {**{name: value for name, value in (("router", router), ("reveal", reveal)) if value is not None}, **options}
    described = ", ".join(f"{name}={value!r}" for name, value in given.items())
    _outer_of(wrapped).adapter_settings = described
    kind: Any = type(wrapped)
    wrapped.__class__ = _described(kind)
    return cast("ClientT", wrapped)


def _outer_of(client: Any) -> Any:
    """Return the HTTP client of an openai client."""
    return client._client  # noqa: SLF001  # as the openai client itself has no public name for the HTTP client


@functools.cache
def _described(kind: type[Any]) -> type[Any]:
    """Return a class like an openai client's whose `repr` names the server and the options, without the key."""
    if getattr(kind, "adapter_described", False):
        return kind

    def shown(self: Any) -> str:
        settings = getattr(_outer_of(self), "adapter_settings", None)
        told = "" if settings is None else f", adapter.wrap({settings})"
        return f"<{kind.__module__}.{kind.__qualname__} at {str(self.base_url).rpartition('@')[2]}{told}>"

    names = {"__repr__": shown, "__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return type(kind.__name__, (kind,), {**names, "adapter_described": True})


def reset(client: Any) -> None:
    """Forget all that a wrapped client, or a transport of `adapter.transport`, has learnt about servers and models.

    Forgotten are fields that a server refuses, the use of its own tool calling (`native="auto"`), the size of a model, and the
    notices that are told once. Past answers of `replay` and stored responses stay. After a server was changed or a model was
    loaded anew, all is learnt again.

    Args:
        client: A client from `adapter.wrap`, or a transport.

    Raises:
        TypeError: Neither.
    """
    found = getattr(getattr(client, "_client", None), "adapter_transport", client)
    forget = getattr(found, "reset", None)
    if not callable(forget):
        raise TypeError(f"reset() takes a client from adapter.wrap, or a transport of adapter.transport, not {client!r}")
    forget()


def attach(client: ClientT, open_exchange: OpenExchange) -> ClientT:
    """Return a copy of the client that offers each request to `open_exchange` first."""
    http = getattr(client, "_client", None)
    copy = getattr(client, "copy", None)
    module = http_module(http)
    if isinstance(client, type) or module is None or not callable(copy):
        raise TypeError(f"wrap() takes an openai client such as OpenAI() or AsyncOpenAI(), not {_instead(client)}")
    transport = getattr(http, "adapter_transport", None)
    inner = http if transport is None else transport.inner
    wrapped: ClientT = copy(http_client=_outer(module, inner, open_exchange))
    return wrapped


def _instead(given: Any) -> str:
    """Return words for an object that is no openai client, and the likely fix."""
    if isinstance(given, type):
        return f"the class {given.__name__}; make a client of it: {given.__name__}(base_url=…)"
    if given is None or isinstance(given, str | bytes | int | float):
        return f"{given!r}; make a client first: OpenAI(base_url=…)"
    return (
        f"a {type(given).__name__}; give a framework's object an HTTP client with a transport of adapter.transport "
        "(docs/frameworks.md)"
    )


def _outer(module: ModuleType, inner: Any, open_exchange: OpenExchange) -> Any:
    """Return the outer HTTP client: the inner client's defaults, and the adapter's transport."""
    asynchronous = isinstance(inner, module.AsyncClient)
    transport = (async_class if asynchronous else sync_class)(module)(inner, open_exchange)
    outer = (async_client_class if asynchronous else client_class)(module)(
        transport=transport,
        base_url=inner.base_url,
        headers=inner.headers,
        cookies=inner.cookies,
        params=inner.params,
        timeout=inner.timeout,
        follow_redirects=inner.follow_redirects,
        max_redirects=inner.max_redirects,
        trust_env=False,  # the inner client has read the environment
    )
    outer.adapter_transport = transport
    return outer
