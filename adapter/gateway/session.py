"""The connections to one upstream, with aiohttp."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from yarl import URL

from adapter.exchange.protocol import PROPS
from adapter.text.wire_json import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

    from adapter.gateway.config import Upstream
    from adapter.gateway.quick_request import QuickRequests

_CONNECT = 10.0  # seconds
_MOST_URLS = 64
_LARGE = 1 << 20  # bytes that aiohttp sends without a stop


class Head(NamedTuple):
    """The head of an answer.

    Attributes:
        status: The HTTP status.
        headers: Names and values, read without regard to case.
    """

    status: int
    headers: Mapping[str, str]


class Asked(NamedTuple):
    """A request to upstream.

    Attributes:
        method: The HTTP method.
        endpoint: The end of the URL's path.
        body: The request; None for one without a body.
        query: The parameters of the URL.
        written: The request as JSON, where somebody has written it already.
    """

    method: str
    endpoint: str
    body: Mapping[str, Any] | None
    query: str
    written: bytes | None = None

    def bytes_for(self, upstream: Upstream) -> bytes | None:
        """Return the body for an upstream, under the upstream's own name of the model."""
        if self.body is None:
            return None
        name = upstream.model
        if name and "model" in self.body:
            return write_json({**self.body, "model": name})
        return write_json(self.body) if self.written is None else self.written


async def _reused(_: aiohttp.ClientSession, context: Any, __: aiohttp.TraceConnectionReuseconnParams) -> None:
    context.trace_request_ctx.kept = True


class Session:
    """The connections to upstream.

    Args:
        upstream: The server.
    """

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self._root = upstream.url.removesuffix("/v1")
        self._urls: dict[str, URL] = {}
        self._quick: dict[URL, QuickRequests | None] = {}
        self._http: aiohttp.ClientSession | None = None
        scheme, host = upstream.url.partition(":")[0], urlsplit(upstream.url).hostname or ""
        proxy = getproxies().get(scheme)
        self.proxy = None if proxy is None or proxy_bypass(host) else proxy

    def http(self) -> aiohttp.ClientSession:
        """Return the session of aiohttp, made in the event loop that runs; `trace_request_ctx` is a `Way`."""
        if self._http is None:
            import aiohttp

            timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT, sock_read=self.upstream.timeout)
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
            traces = aiohttp.TraceConfig()
            traces.on_connection_reuseconn.append(_reused)
            self._http = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent",),
                trace_configs=[traces],
            )
        return self._http

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    def url(self, endpoint: str) -> URL:
        """Return the address of an endpoint, known from the second time on."""
        found = self._urls.get(endpoint)
        if found is None:
            base = self._root if endpoint == PROPS else self.upstream.url
            found = URL(base + endpoint, encoded=True)
            if len(self._urls) < _MOST_URLS:  # names of models and of responses are endless
                self._urls[endpoint] = found
        return found

    def quick(self, url: URL) -> QuickRequests | None:
        """Return the quick way to an address, made in the event loop that runs; None where aiohttp sends all requests."""
        found = self._quick.get(url)
        if found is None and self.proxy is None and len(self._quick) < _MOST_URLS:
            from adapter.gateway.quick_request import QuickRequests, is_known

            found = self._quick[url] = QuickRequests(self.http(), url) if is_known() else None
        return found


def payload(body: bytes | None) -> bytes | io.BytesIO | None:
    """Return a body as aiohttp sends it: a large one in pieces, lest other requests wait."""
    return body if body is None or len(body) < _LARGE else io.BytesIO(body)
