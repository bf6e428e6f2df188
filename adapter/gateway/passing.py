"""Requests that upstream understands unchanged: the bytes go on, and the answer's bytes come back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from adapter.errors import UpstreamFailed
from adapter.exchange.protocol import MOST_BYTES
from adapter.gateway.asgi import for_caller, let_go
from adapter.gateway.seen import note_error
from adapter.gateway.shell import UNBUFFERED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from adapter.gateway.asgi import Send
    from adapter.gateway.link import Link
    from adapter.gateway.session import Head
    from adapter.gateway.wires import Wire

_WAITING = b": waiting\n\n"  # a comment, which readers of events skip
_NO_LIMIT = 1 << 62


class Passing:
    """A request and its answer on their way, unchanged.

    Args:
        link: The connection to upstream.
        send: Sends an ASGI message to the caller.
        wire: The form of errors.
        patience: Seconds of silence in a stream of events after which the caller gets a sign of life; None: none.

    Attributes:
        started: The head of the response has left.
    """

    def __init__(self, link: Link, send: Send, wire: Wire, patience: float | None = None) -> None:
        self._link = link
        self._send = send
        self._wire = wire
        self._patience = patience
        self.started = False

    async def run(
        self, method: str, endpoint: str, body: Mapping[str, Any] | None, *, stream: bool = False, query: str = ""
    ) -> None:
        """Send the request and hand on the answer.

        Args:
            method: The HTTP method.
            endpoint: The end of the URL's path.
            body: The body; None for a request without one.
            stream: The caller asked for a stream, which a sign of life may begin.
            query: The parameters of the URL.

        Raises:
            UpstreamFailed: Upstream cannot be reached, before the head of the response has left.
        """
        sending: asyncio.Task[Head] = asyncio.ensure_future(self._link.send(method, endpoint, body, _NO_LIMIT, query))
        try:
            while stream and self._patience is not None and not sending.done():
                await asyncio.wait((sending,), timeout=self._patience)
                if not sending.done():
                    await self._start([(b"content-type", b"text/event-stream; charset=utf-8")])
                    await self._send({"type": "http.response.body", "body": _WAITING, "more_body": True})
            await self._answered(await sending)
        except UpstreamFailed as error:
            if not self.started:
                raise
            note_error(error)
            await self._late(self._wire.error(error).body)
            let_go(error)
        finally:
            sending.cancel()
            self._link.close()

    async def _answered(self, response: Head) -> None:
        headers = list(response.headers.items())
        if response.status >= 400 or "event-stream" not in response.headers.get("content-type", ""):
            await self._whole(response.status, headers)
            return
        await self._start(for_caller(headers), response.status)
        await self._events()

    async def _start(self, headers: list[tuple[bytes, bytes]], status: int = 200) -> None:
        """Begin a stream, unless a sign of life has begun the stream already."""
        if not self.started:
            self.started = True
            await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *UNBUFFERED]})

    async def _late(self, body: bytes) -> None:
        """End a stream that has begun with one more event."""
        await self._send({"type": "http.response.body", "body": self._wire.late(body), "more_body": False})

    async def _whole(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Hand on a whole answer; an error without the key for upstream, which some servers quote."""
        body = self._link.redacted(status, await self._link.whole(MOST_BYTES))
        if self.started:
            await self._late(body)
            return
        length = (b"content-length", str(len(body)).encode())
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": [*for_caller(headers), length]})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _events(self) -> None:
        """Hand on a stream of events; a stream that breaks off ends in an error."""
        end = b"\n\n"  # of all that has left: a sign of life stands between two events
        try:
            while (piece := await self._link.piece(self._patience)) != b"":
                if piece is None:
                    if not end.endswith((b"\n\n", b"\r\n\r\n")):
                        continue
                    piece = _WAITING
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
                end = (end + piece)[-4:]
        except UpstreamFailed as error:
            note_error(error)
            await self._late(self._wire.error(error).body)
            let_go(error)
        else:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
