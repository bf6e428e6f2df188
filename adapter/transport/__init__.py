"""For people who build the HTTP client themselves: transports that stand before their own.

    httpx.Client(transport=adapter.transport.sync_transport(httpx.HTTPTransport(), dialect="hermes"))

A transport stands between an HTTP client that speaks tool calling and the upstream that does not. Requests and answers
with tools are rewritten on the way; all others pass with the stream untouched. `adapter.wrap` does so for an openai client.

openai 3.x runs on httpx2, 2.x and much else on httpx: the same shape in separate classes. The transport classes are made from
the module of the given object, once for each module.
"""

from __future__ import annotations

import functools
import sys
import time
from typing import TYPE_CHECKING, Any, Unpack

from adapter.exchange import opener
from adapter.options import make_options
from adapter.transport.asynchronous import async_class
from adapter.transport.listening import reporter, watcher
from adapter.transport.sync import sync_class

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.exchange import Opener, OpenExchange
    from adapter.exchange.routing import Reveal, Routing
    from adapter.option_keywords import OptionKeywords
    from adapter.options import Options
    from adapter.routing.router import ToolRouter

__all__ = ["async_transport", "dual_transport", "sync_transport"]


def sync_transport(
    inner: Any, *, router: ToolRouter | None = None, reveal: Reveal | None = None, **options: Unpack[OptionKeywords]
) -> Any:
    """Return a transport for a `Client` of httpx2 or httpx.

    Args:
        inner: The sender of the requests: a transport, like `httpx.HTTPTransport()`, or a `Client`.
        router: Chooses the tools of requests out of many; see `adapter.wrap`.
        reveal: The way by which later turns get further tools; see `adapter.wrap`.
        options: See `adapter.Options`.

    Raises:
        TypeError: Neither, or an unknown option.
        DialectError: The dialect cannot be loaded.
    """
    module = _module_of(inner, "BaseTransport", "Client")
    return sync_class(module)(inner, open_exchange_for(make_options(options), router=router, reveal=reveal))


def async_transport(
    inner: Any, *, router: ToolRouter | None = None, reveal: Reveal | None = None, **options: Unpack[OptionKeywords]
) -> Any:
    """Return a transport for an `AsyncClient` of httpx2 or httpx.

    Args:
        inner: The sender of the requests: a transport, like `httpx.AsyncHTTPTransport()`, or an `AsyncClient`.
        router: Chooses the tools of requests out of many; see `adapter.wrap`.
        reveal: The way by which later turns get further tools; see `adapter.wrap`.
        options: See `adapter.Options`.

    Raises:
        TypeError: Neither, or an unknown option.
        DialectError: The dialect cannot be loaded.
    """
    module = _module_of(inner, "AsyncBaseTransport", "AsyncClient")
    return async_class(module)(inner, open_exchange_for(make_options(options), router=router, reveal=reveal))


def dual_transport(
    inner: Any,
    inner_async: Any,
    *,
    router: ToolRouter | None = None,
    reveal: Reveal | None = None,
    **options: Unpack[OptionKeywords],
) -> Any:
    """Return a single transport for a `Client` and an `AsyncClient`, for frameworks that take the same object for both.

    Args:
        inner: The sender of the sync requests: a transport or a `Client`.
        inner_async: The sender of the async requests: a transport or an `AsyncClient`.
        router: Chooses the tools of requests out of many; see `adapter.wrap`.
        reveal: The way by which later turns get further tools; see `adapter.wrap`.
        options: See `adapter.Options`.

    Raises:
        TypeError: Neither, not of the same library, or an unknown option.
        DialectError: The dialect cannot be loaded.
    """
    module = _module_of(inner, "BaseTransport", "Client")
    if _module_of(inner_async, "AsyncBaseTransport", "AsyncClient") is not module:
        raise TypeError(f"both must come from {module.__name__}: a {type(inner_async).__module__} object was given too")
    return _dual_class(module)(inner, inner_async, open_exchange_for(make_options(options), router=router, reveal=reveal))


@functools.cache
def _dual_class(module: ModuleType) -> type[Any]:
    sync, asynchronous = sync_class(module), async_class(module)

    class DualTransport(module.BaseTransport, module.AsyncBaseTransport):  # type: ignore[name-defined,misc]  # run time only
        def __init__(self, inner: Any, inner_async: Any, open_exchange: OpenExchange) -> None:
            self._sync = sync(inner, open_exchange)
            self._async = asynchronous(inner_async, open_exchange)

        def handle_request(self, request: Any) -> Any:
            return self._sync.handle_request(request)

        async def handle_async_request(self, request: Any) -> Any:
            return await self._async.handle_async_request(request)

        def reset(self) -> None:
            """Forget all that was learnt about servers and models."""
            self._sync.reset()  # both have the same memory

        def close(self) -> None:
            self._sync.close()

        async def aclose(self) -> None:
            await self._async.aclose()

    return DualTransport


def http_module(http: Any) -> ModuleType | None:
    """Return the module of an object's class, httpx2 or httpx; None for any other module."""
    for cls in type(http).__mro__:
        root = cls.__module__.partition(".")[0]
        if root in {"httpx", "httpx2"}:
            return sys.modules[root]
    return None


def _module_of(inner: Any, *kinds: str) -> ModuleType:
    module = http_module(inner)
    if module is None or not isinstance(inner, tuple(getattr(module, kind) for kind in kinds)):
        raise TypeError(f"a {' or a '.join(kinds)} of httpx2 or httpx was expected, not {inner!r}")
    return module


def open_exchange_for(
    options: Options, *, compares: bool = False, router: ToolRouter | None = None, reveal: Reveal | None = None
) -> Opener:
    """Return the function that a transport asks about each request, with the clock and the logs of the process.

    Args:
        options: The caller's choices.
        compares: With `native="auto"`, ask a server first if tools reach the prompt.
        router: The caller's router.
        reveal: The way by which later turns get further tools; None for `"append"`.

    Raises:
        TypeError: Not a router.
        ValueError: A way without a router or an unknown one, or a router with `merge_system`.
    """
    routing = _routing(options, router, reveal)
    return opener(options, reporter(options), time.time, watcher(options), compares=compares, routing=routing)


def _routing(options: Options, router: ToolRouter | None, reveal: Reveal | None) -> Routing | None:
    if router is None:
        if reveal is not None:
            raise ValueError(f"reveal={reveal!r} needs a router: router=adapter.ToolRouter(tools)")
        return None
    from adapter.exchange.routing import Routing

    routing = Routing(router, "append" if reveal is None else reveal)
    if options.merge_system:
        raise ValueError(
            "router adds tools in later system messages, and merge_system=True joins them at the top, so the prompt would "
            "change from its beginning; leave out router, and give each request tools=router.select(messages).tools"
        )
    return routing
