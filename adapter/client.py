"""`wrap`: an openai client that speaks tool calling over an upstream that does not."""

from __future__ import annotations

import functools
import logging
import sys
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from adapter.exchange import OpenExchange, opener
from adapter.options import OptionKeywords, make_options
from adapter.transport import async_transport, sync_transport

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.events import Problem
    from adapter.options import Options

ClientT = TypeVar("ClientT")

_LOG = logging.getLogger("adapter")


def wrap(client: ClientT, **options: Unpack[OptionKeywords]) -> ClientT:
    """An openai client whose chat completions understand `tools`, over an upstream that does not.

    The result has the type and the settings of the given client, which stays as it was: it sends through the same HTTP client,
    so proxies, pools, hooks and timeouts are its own. Wrapping a wrapped client replaces the options. Closing the result
    leaves the given client open.

    Args:
        client: An `OpenAI`, `AsyncOpenAI`, `AzureOpenAI` or `AsyncAzureOpenAI`.
        options: See `adapter.options.Options`.

    Raises:
        TypeError: Not such a client, or an unknown option.
        DialectError: No such dialect.
    """
    read = make_options(options)
    return attach(client, opener(read, _reporter(read)))


def attach(client: ClientT, open_exchange: OpenExchange) -> ClientT:
    """A copy of the client that offers each request to `open_exchange` first."""
    http = getattr(client, "_client", None)
    copy = getattr(client, "copy", None)
    module = _http_module(http)
    if isinstance(client, type) or module is None or not callable(copy):
        given = f"the class {client.__name__}" if isinstance(client, type) else f"a {type(client).__name__}"
        raise TypeError(f"wrap() takes an openai client such as OpenAI() or AsyncOpenAI(), not {given}")
    transport = getattr(http, "adapter_transport", None)
    inner = http if transport is None else transport.inner
    wrapped: ClientT = copy(http_client=_outer(module, inner, open_exchange))
    return wrapped


def _http_module(http: Any) -> ModuleType | None:
    """httpx2 or httpx: where the HTTP client's class comes from."""
    for cls in type(http).__mro__:
        root = cls.__module__.partition(".")[0]
        if root in {"httpx", "httpx2"}:
            return sys.modules[root]
    return None


def _outer(module: ModuleType, inner: Any, open_exchange: OpenExchange) -> Any:
    """The HTTP client that openai builds its requests with: the inner one's defaults, and our transport."""
    asynchronous = isinstance(inner, module.AsyncClient)
    transport = (async_transport if asynchronous else sync_transport)(module)(inner, open_exchange)
    outer = _outer_class(module, asynchronous=asynchronous)(
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


@functools.cache
def _outer_class(module: ModuleType, *, asynchronous: bool) -> type[Any]:
    base = module.AsyncClient if asynchronous else module.Client
    return type(f"Adapter{base.__name__}", (base,), {"adapter_transport": None})


def _reporter(options: Options) -> Any:
    """Tells the log, and the caller's `on_event`, of each problem."""

    def report(problem: Problem) -> None:
        _LOG.debug("%s: %s", problem.kind, problem.message, extra={"raw": problem.raw})
        if options.on_event is not None:
            options.on_event(problem)

    return report
