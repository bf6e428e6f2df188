"""The HTTP client of a wrapped openai client: builds requests as the inner client would, answered by the adapter's transport.

Much of an HTTP client's work for a request is not needed: the outer client has no authentication and no hooks, and the
connection pool belongs to the inner client. A request for a whole answer goes to the transport directly, and the rest of the
client's part follows. All other requests go through `super().send`; the response is the same.
Requests are built by a short way too, see `adapter.client.request_builder`.
"""

from __future__ import annotations

import functools
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from adapter.client.request_builder import built
from adapter.transport.asynchronous import run as run_async
from adapter.transport.driver import Close, ReadBody, Send
from adapter.transport.messages import answered_already
from adapter.transport.sync import run

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.transport.driver import Steps


@functools.cache
def client_class(module: ModuleType) -> type[Any]:
    """Return the class of the sync outer client, for httpx2 or httpx."""
    default = module.USE_CLIENT_DEFAULT

    class AdapterClient(module.Client):  # type: ignore[name-defined,misc]  # known at run time only
        adapter_transport: Any = None
        adapter_settings: str | None = None

        def build_request(self, method: str, url: Any, **given: Any) -> Any:
            request = built(module, self, method, url, given)
            return super().build_request(method, url, **given) if request is None else request

        def send(self, request: Any, *, stream: bool = False, auth: Any = default, follow_redirects: Any = default) -> Any:
            if stream or auth is not default or not _is_plain(self, request, module.SyncByteStream):
                return super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
            response = run(_answered(module, self, request), self.adapter_transport.handle_request)
            return super().send(request, follow_redirects=follow_redirects) if response is None else response

    return AdapterClient


@functools.cache
def async_client_class(module: ModuleType) -> type[Any]:
    """Return the class of the async outer client, for httpx2 or httpx."""
    default = module.USE_CLIENT_DEFAULT

    class AdapterAsyncClient(module.AsyncClient):  # type: ignore[name-defined,misc]  # known at run time only
        adapter_transport: Any = None
        adapter_settings: str | None = None

        def build_request(self, method: str, url: Any, **given: Any) -> Any:
            request = built(module, self, method, url, given)
            return super().build_request(method, url, **given) if request is None else request

        async def send(
            self, request: Any, *, stream: bool = False, auth: Any = default, follow_redirects: Any = default
        ) -> Any:
            if stream or auth is not default or not _is_plain(self, request, module.AsyncByteStream):
                return await super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
            response = await run_async(_answered(module, self, request), self.adapter_transport.handle_async_request)
            return await super().send(request, follow_redirects=follow_redirects) if response is None else response

    return AdapterAsyncClient


def _answered(module: ModuleType, client: Any, request: Any) -> Steps:
    """Return the response of the transport, read in full; None for a redirect, which the client has to follow.

    The redirect is kept in the request: the transport answers the client with the same response again.
    """
    begun = time.perf_counter()
    try:
        response = yield Send(request)
    except module.RequestError as error:
        error.request = request
        raise
    if response.status_code // 100 == 3 and response.has_redirect_location:
        answered_already(request, response)
        return None
    try:
        _received(client, request, response)
        yield ReadBody(response)
    except BaseException:
        yield Close(response)
        raise
    response.elapsed = timedelta(seconds=time.perf_counter() - begun)
    return response


def _is_plain(client: Any, request: Any, stream: type[Any]) -> bool:
    """Return True for a request that needs none of the steps of a client before sending: authentication, hooks, a timeout."""
    return (
        not client.is_closed
        and client.auth is None
        and not request.url.userinfo
        and not any(client.event_hooks.values())
        and "timeout" in request.extensions
        and isinstance(request.stream, stream)
    )


def _received(client: Any, request: Any, response: Any) -> None:
    """Do the client's part for a response with a known head: the request is set, cookies are kept."""
    response.request = request
    if "set-cookie" in response.headers:
        client.cookies.extract_cookies(response)
