"""The way of one request to one upstream: quick, or by aiohttp alone, and a second try where a kept connection was closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from adapter.gateway.quick_request import Way
from adapter.gateway.session import payload

if TYPE_CHECKING:
    from adapter.gateway.quick_request import QuickResponse
    from adapter.gateway.session import Asked, Session


async def sent(
    session: Session, request: Asked, headers: dict[str, str], body: bytes | None
) -> aiohttp.ClientResponse | QuickResponse:
    """Send a request, and wait for the head of the response.

    Args:
        session: The connections.
        request: The request.
        headers: Its headers, in lower case.
        body: Its body; None for one without.

    Raises:
        aiohttp.ClientError: The connection failed.
        OSError: Nothing came in time, or the connection failed.
        ValueError: The request cannot be sent.
    """
    url = session.url(request.endpoint)
    url = URL(f"{url}?{request.query}", encoded=True) if request.query else url
    quick = session.quick(url) if body and request.method == "POST" and not request.query else None
    for again in (True, False):
        way = Way()
        try:
            response = None if quick is None or body is None else await quick.ask(headers, body, way)
            if response is not None:
                return response
            return await session.http().request(
                *(request.method, url),
                data=payload(body),
                headers=headers,
                allow_redirects=False,
                proxy=session.proxy,
                trace_request_ctx=way,
            )
        except (aiohttp.ServerDisconnectedError, ConnectionResetError) as error:
            # A kept connection that upstream had closed got no request; half a head is the beginning of an answer.
            began = isinstance(error, aiohttp.ServerDisconnectedError) and not isinstance(error.message, str | None)
            if began or not (again and way.kept):
                raise
    raise RuntimeError("a second try returns or raises")
