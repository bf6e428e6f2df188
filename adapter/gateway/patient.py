"""uvicorn's protocol, with limits for slow callers; it tells requests of callers that leave."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from adapter.gateway.asgi import CALLER
from adapter.gateway.caller import Caller

if TYPE_CHECKING:
    import asyncio


class Joining:
    """The transport of a caller's connection, on which a head can be held until the body is there: one packet for both.

    Args:
        transport: The connection.
    """

    __slots__ = ("_held", "_holds", "_transport", "is_closing")

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.is_closing = transport.is_closing
        self._held = b""
        self._holds = False

    def hold(self) -> None:
        """Hold what is written next until something is written behind it."""
        self._holds = True

    def write(self, data: bytes) -> None:
        """Write, behind what is held."""
        if self._holds:
            self._held, self._holds = data, False
        elif self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Close the connection, when all is written."""
        held, self._held = self._held, b""
        if held and not self.is_closing():
            self._transport.write(held)
        self._transport.close()


class Telling:
    """A part of uvicorn's protocol with httptools: the scope of a request has its `Caller`; h11's requests have none."""

    cycle: Any
    flow: Any
    transport: Any
    _caller: Caller | None = None  # of the last request
    _joining: Joining | None = None

    def on_headers_complete(self) -> None:
        """Begin a request."""
        before = self.cycle
        super().on_headers_complete()  # type: ignore[misc]  # of uvicorn's
        if self.cycle is not before:
            joining = self._joining = self._joining or Joining(self.transport)
            self.cycle.transport = joining
            self._caller = Caller(self.cycle.message_event, self.flow.resume_reading, joining.hold)
            self.cycle.scope[CALLER] = self._caller

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the last request, if it runs."""
        running = self.cycle is not None and not self.cycle.response_complete
        super().connection_lost(error)  # type: ignore[misc]
        if running and self._caller is not None:
            self._caller.leaves()


def protocol(patience: float) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol, closing connections on which the head of a request does not come.

    uvicorn waits for ever for the first request of a connection, and for the rest of a head that has begun.

    Args:
        patience: Seconds for a head.
    """
    base = _http_class()

    class Patient(Telling, base):  # type: ignore[misc,valid-type]  # chosen at run time
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._timer = self.loop.call_later(patience, self._give_up)

        def data_received(self, data: bytes) -> None:
            before = self.cycle
            super().data_received(data)
            if self._timer is not None and self.cycle is not before:
                self._timer.cancel()
                self._timer = None
            elif self._timer is None and (self.cycle is None or self.cycle.response_complete):
                self._timer = self.loop.call_later(patience, self._give_up)  # a further head has begun

        def connection_lost(self, error: Exception | None) -> None:
            if self._timer is not None:
                self._timer.cancel()
            super().connection_lost(error)

        def _give_up(self) -> None:
            self._timer = None
            if self.transport is not None and not self.transport.is_closing():
                self.transport.close()

    return Patient


def _http_class() -> Any:
    """Return uvicorn's fastest protocol for HTTP."""
    with contextlib.suppress(ImportError):
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

        return HttpToolsProtocol
    from uvicorn.protocols.http.h11_impl import H11Protocol

    return H11Protocol
