"""The shells around an exchange: transports for httpx2 and httpx, sync and async.

A transport stands between the openai client's outer HTTP client, which we make, and its own inner one, which stays as the
caller configured it: proxies, pools, hooks, authentication and cookies work through its public `send`. What concerns tools
is rewritten on the way; everything else passes with its stream untouched.

openai 3.x runs on httpx2, 2.x and much else on httpx: the same shape in separate classes. So the classes are made from the
module that the client's own HTTP object comes from, once for each.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from adapter.errors import AdapterError, BadRequest

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.exchange import Exchange, OpenExchange, Reply, UpstreamRequest

# They describe the body that upstream sent, and the caller gets another.
_BODY_HEADERS = {"content-length", "content-encoding", "transfer-encoding"}


def _begin(open_exchange: OpenExchange, request: Any, body: bytes) -> Exchange | None:
    """The exchange for a request, or None to pass it through. Errors become the answer that the caller gets."""
    try:
        exchange = open_exchange(request.url.path, body)
    except AdapterError as error:
        return _answered(error)
    if exchange is None:
        return None
    if request.headers.get("authorization", "").startswith("AWS4-"):
        return _answered(
            BadRequest(
                "The request is signed (AWS Signature 4), so its body cannot be rewritten for a model without tool calling. "
                "Use a client with a bearer token."
            )
        )
    return _guarded(exchange)


def _guarded(exchange: Exchange) -> Exchange:
    try:
        return (yield from exchange)
    except AdapterError as error:
        return _error_reply(error)


def _answered(error: AdapterError) -> Exchange:
    """An exchange that is over before anything is sent."""
    yield from ()
    return _error_reply(error)


def _error_reply(error: AdapterError) -> Reply:
    from adapter.exchange import Reply

    headers = [("content-type", "application/json")]
    if error.status >= 500:
        headers.append(("x-should-retry", "false"))  # the SDK would send the same request again
    return Reply(error.status, headers, json.dumps(error.to_body()).encode())


def _rewritten(module: ModuleType, request: Any, upstream: UpstreamRequest) -> Any:
    """The caller's request with another body; the timeouts travel in the extensions."""
    body = json.dumps(upstream.body).encode()
    headers = [(name, value) for name, value in request.headers.multi_items() if name.lower() not in _BODY_HEADERS]
    return module.Request(request.method, request.url, headers=headers, content=body, extensions=request.extensions)


def _reply(response: Any, body: bytes) -> Reply:
    from adapter.exchange import Reply

    return Reply(response.status_code, response.headers.multi_items(), body)


def _response(module: ModuleType, reply: Reply, extensions: dict[str, Any]) -> Any:
    """What the outer client gets for a finished exchange."""
    headers = [(name, value) for name, value in reply.headers if name.lower() not in _BODY_HEADERS]
    return module.Response(reply.status, headers=headers, content=reply.body, extensions=_kept(extensions))


def _passed(module: ModuleType, response: Any) -> Any:
    """Upstream's response as it is: raw headers and the raw stream, which the outer client decodes."""
    extensions = _kept(response.extensions)
    return module.Response(response.status_code, headers=response.headers.raw, stream=response.stream, extensions=extensions)


def _kept(extensions: dict[str, Any]) -> dict[str, Any]:
    """The extensions that still say something about the response once its connection is given back."""
    return {name: extensions[name] for name in ("http_version",) if name in extensions}


@functools.cache
def sync_transport(module: ModuleType) -> type[Any]:
    """The sync transport class for httpx2 or httpx. Its instances take the inner client and the `OpenExchange`."""

    class Transport(module.BaseTransport):  # type: ignore[name-defined,misc]  # known at run time only
        def __init__(self, inner: Any, open_exchange: OpenExchange) -> None:
            self.inner = inner
            self._open = open_exchange

        def handle_request(self, request: Any) -> Any:
            exchange = _begin(self._open, request, request.read()) if request.method == "POST" else None
            if exchange is None:
                return _passed(module, self.inner.send(request, stream=True, follow_redirects=False))
            extensions: dict[str, Any] = {}
            try:
                upstream = next(exchange)
                while True:
                    response = self.inner.send(_rewritten(module, request, upstream), stream=True, follow_redirects=False)
                    try:
                        reply = _reply(response, response.read())
                    finally:
                        response.close()
                    extensions = response.extensions
                    upstream = exchange.send(reply)
            except StopIteration as done:
                return _response(module, done.value, extensions)
            finally:
                exchange.close()

    return Transport


@functools.cache
def async_transport(module: ModuleType) -> type[Any]:
    """The async transport class for httpx2 or httpx. Its instances take the inner client and the `OpenExchange`."""

    class AsyncTransport(module.AsyncBaseTransport):  # type: ignore[name-defined,misc]  # known at run time only
        def __init__(self, inner: Any, open_exchange: OpenExchange) -> None:
            self.inner = inner
            self._open = open_exchange

        async def handle_async_request(self, request: Any) -> Any:
            exchange = _begin(self._open, request, await request.aread()) if request.method == "POST" else None
            if exchange is None:
                return _passed(module, await self.inner.send(request, stream=True, follow_redirects=False))
            extensions: dict[str, Any] = {}
            try:
                upstream = next(exchange)
                while True:
                    rewritten = _rewritten(module, request, upstream)
                    response = await self.inner.send(rewritten, stream=True, follow_redirects=False)
                    try:
                        reply = _reply(response, await response.aread())
                    finally:
                        await response.aclose()
                    extensions = response.extensions
                    upstream = exchange.send(reply)
            except StopIteration as done:
                return _response(module, done.value, extensions)
            finally:
                exchange.close()

    return AsyncTransport
