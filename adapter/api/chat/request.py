"""Chat Completions: the caller's request read, the upstream's answer turned into a native server's (behaviour 3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest
from adapter.events import frozen
from adapter.tools.choice import ToolChoice, asks_for_nothing, read_choice, read_function_call
from adapter.tools.definitions import RAISING, Policy, ToolSet, read_functions, read_tools
from adapter.tools.message_tools import with_those_of

if TYPE_CHECKING:
    from adapter.routing.searching import Search
    from adapter.tools.call_form import CallForm

# Members that upstream does not know: the prompt or the parser takes over.
_TAKEN_OVER = ("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format")
# Choices without meaning unless tools of their kind are given.
_NEEDS = {"tool_choice": "tools", "function_call": "functions"}


@frozen
class ChatRequest:
    """A chat request with tools or a history of tool calls.

    Attributes:
        body: The caller's body.
        tools: The tools offered; none when only the history has calls.
        choice: The tool choice.
        parallel: `parallel_tool_calls`.
        legacy: The caller speaks `functions` and expects `function_call`.
        places: The caller's names of the messages, where the caller sent none but items; empty for `messages[0]`, …
        search: The search for further tools that the model is offered; None without one.
    """

    body: Mapping[str, Any]
    tools: ToolSet
    choice: ToolChoice
    parallel: bool | None
    legacy: bool
    places: Sequence[str] = ()
    search: Search | None = None

    @property
    def forms(self) -> Mapping[str, CallForm]:
        """Forms of the calls that reach the caller as another kind than function calls, by name."""
        return self.tools.forms if self.search is None else {**self.search.forms, **self.tools.forms}

    @property
    def search_name(self) -> str | None:
        """Name of the search for further tools; None without one."""
        return None if self.search is None else self.search.name

    def place(self, position: int) -> str:
        """Return the caller's name of a message, by its position."""
        return self.places[position] if self.places else f"messages[{position}]"

    @property
    def stream(self) -> bool:
        """The answer is to be streamed."""
        return bool(self.body.get("stream"))

    @property
    def include_usage(self) -> bool:
        """A streamed answer is to end with the usage."""
        options = self.body.get("stream_options")
        return isinstance(options, Mapping) and bool(options.get("include_usage"))

    @property
    def top_logprobs(self) -> int:
        """The number of alternatives of each token that the caller wants."""
        wanted = self.body.get("top_logprobs")
        return wanted if isinstance(wanted, int) else 0

    @property
    def messages(self) -> Any:
        """The messages, unchecked."""
        return self.body.get("messages")


def read_request(
    body: Mapping[str, Any], *, always: bool = False, policy: Policy = RAISING, beyond: Collection[str] = ()
) -> ChatRequest | None:
    """Read a chat request.

    Args:
        body: The caller's body.
        always: Read a request without tools, functions or tool history too.
        policy: The treatment of tools that cannot be offered.
        beyond: Names of tools that are not in the request, and that its choice may name: a router's.

    Returns:
        None for a request without tools, functions or tool history, which passes upstream unchanged.

    Raises:
        BadRequest: The members about tools are wrong; `param` names the place.
    """
    legacy = body.get("functions") is not None
    if legacy and body.get("tools") is not None:
        raise BadRequest("'tools' and 'functions' cannot be used together; 'functions' is the older form.", param="functions")
    own = read_functions(body["functions"], policy) if legacy else read_tools(body.get("tools"), policy=policy)
    tools = with_those_of(body.get("messages"), own, policy)
    _check_dependents(body, legacy=legacy, offers=bool(tools or tools.told or beyond))
    if not (always or tools or tools.told) and not _has_history(body.get("messages")):
        return None
    stream = body.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise BadRequest(
            f"Invalid type for 'stream': expected true or false, but got {stream!r}.", param="stream", code="invalid_type"
        )
    parallel = body.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise BadRequest(
            f"Invalid type for 'parallel_tool_calls': expected true or false, but got {parallel!r}.",
            param="parallel_tool_calls",
            code="invalid_type",
        )
    if legacy:
        return ChatRequest(body, tools, read_function_call(body.get("function_call"), tools.names), False, True)
    names = {*tools.names, *beyond} if beyond else tools.names
    return ChatRequest(body, tools, read_choice(body.get("tool_choice"), names), parallel, False)


def _check_dependents(body: Mapping[str, Any], *, legacy: bool, offers: bool) -> None:
    """Refuse a choice that asks for a call where no tools are given, in OpenAI's words; `auto` and `none` ask for nothing."""
    for name, needed in _NEEDS.items():
        value = body.get(name)
        if not asks_for_nothing(value) and not (offers and legacy == (needed == "functions")):
            raise BadRequest(f"'{name}' is only allowed when '{needed}' are specified.", param=name)


def _has_history(messages: Any) -> bool:
    """Return True for a conversation with calls or results, which upstream could not read."""
    if not isinstance(messages, list):
        return False
    return any(
        isinstance(message, Mapping)
        and (message.get("role") in ("tool", "function") or message.get("tool_calls") or message.get("function_call"))
        for message in messages
    )


def upstream_body(
    request: ChatRequest,
    messages: list[dict[str, Any]],
    response_format: Mapping[str, Any] | None,
    n: int | None = None,
) -> dict[str, Any]:
    """Return the request for upstream: plain messages, no member about tools, all others as the caller wrote them."""
    body = {key: value for key, value in request.body.items() if key not in _TAKEN_OVER}
    body["messages"] = messages
    if response_format is not None:
        body["response_format"] = response_format
    if n is not None and "n" in body:
        body["n"] = n
    return body


def wants_thinking(request: ChatRequest) -> bool:
    """Return True for a request that switches the model's thinking on, in any of the forms that servers know."""
    arguments = request.body.get("chat_template_kwargs")
    settings = [request.body, arguments if isinstance(arguments, Mapping) else {}]
    return any(setting.get(name) is True for setting in settings for name in ("enable_thinking", "thinking"))
