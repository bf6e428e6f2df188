"""An exchange over an HTTP client, as generators of operations that the sync and the async shell carry out.

The protocol with upstream is written once: the requests, the reading of bodies, the release of connections. The
generators do no I/O. Each yields operations and is sent their results; a shell carries an operation out, in a few lines each:

    Send      ──► a response, whose body is yet to be read
    ReadBody  ──► bytes: the whole body of a request or a response, decoded
    Iterate   ──► an iterator over the pieces of a response's body, decoded
    Patiently ──► an iterator of the shell's own, for reads with patience
    Next      ──► bytes: the next piece that is not empty; empty at the end; None: nothing yet
    Close     ──► None: the connection is given back
    Run       ──► the result of a function that may wait for a disk

An error of an operation, cancellation included, is thrown into the generator, and the generator closes upstream's
response and the exchange. A body is read up to the limit of its request and no further. The pattern comes from httpx's
authentication flows (`response = yield request`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from adapter.errors import UpstreamTooLarge
from adapter.exchange.errors_on_the_wire import late_error
from adapter.exchange.protocol import Break, Command, Emit, Read, Run, Start, UpstreamRequest
from adapter.transport.decoding import in_steps, is_known_size, is_raw
from adapter.transport.messages import (
    METHODS,
    answer_of,
    begin,
    other_library,
    passed,
    reply_of,
    rewritten,
    streamed_response,
    whole_response,
)

if TYPE_CHECKING:
    from types import ModuleType

    from adapter.exchange.protocol import Exchange, OpenExchange


class Send(NamedTuple):
    """Send a request to upstream; leave the body of the response to be read."""

    request: Any


class ReadBody(NamedTuple):
    """Read the whole body of a request or a response."""

    message: Any


class Iterate(NamedTuple):
    """Begin to read a response's body piece by piece.

    Attributes:
        response: The response.
        raw: The bytes need no decoder.
    """

    response: Any
    raw: bool


class Patiently(NamedTuple):
    """Make pieces of a body ready for reading with patience.

    Attributes:
        pieces: The iterator over the pieces.
    """

    pieces: Any


class Next(NamedTuple):
    """Read the next piece of a body.

    Attributes:
        pieces: The iterator over the pieces.
        patience: Seconds of silence after which there is nothing yet; None to wait.
    """

    pieces: Any
    patience: float | None = None


class Close(NamedTuple):
    """Close a response, and give the connection back.

    Attributes:
        response: The response.
        pieces: Pieces of the body that are being read.
    """

    response: Any
    pieces: Any = None


Operation: TypeAlias = Send | ReadBody | Iterate | Patiently | Next | Close | Run
Steps: TypeAlias = Generator[Operation, Any, Any]


def respond(module: ModuleType, open_exchange: OpenExchange, request: Any, make_body: Callable[[Driver], Any]) -> Steps:
    """Answer a request: with the response of an exchange, or with upstream's own response where no exchange is needed.

    Args:
        module: httpx2 or httpx.
        open_exchange: Asked about the request.
        request: The caller's request.
        make_body: Makes the stream of a response whose pieces come from the driver.

    Raises:
        TypeError: The request is of the other library.
    """
    if (answer := answer_of(request)) is not None:
        return answer
    if not isinstance(request, module.Request):
        raise other_library(module, request)
    exchange = begin(open_exchange, request, (yield ReadBody(request))) if request.method in METHODS else None
    if exchange is None:
        return passed(module, (yield Send(request)))
    return (yield from Driver(module, request, exchange).respond(make_body))


class Driver:
    """An exchange and the open response of upstream.

    Args:
        module: httpx2 or httpx.
        request: The caller's request.
        exchange: The exchange, not yet begun.
    """

    __slots__ = ("_exchange", "_left", "_module", "_most", "_next", "_open", "_patience", "_request", "_response")

    def __init__(self, module: ModuleType, request: Any, exchange: Exchange) -> None:
        self._module = module
        self._request = request
        self._exchange = exchange
        self._response: Any = None
        self._open = False  # the response is not closed yet
        self._patience: float | None = None  # none before the response has begun
        self._next = Next(None)  # of the last reply; no exchange reads before a request
        self._most = self._left = 0  # bytes of the last reply's body: allowed, and left to be read

    def respond(self, make_body: Callable[[Driver], Any]) -> Steps:
        """Return the response for the caller; a streamed response as soon as the head is known."""
        answer: Any = None
        started = False
        try:
            while True:
                command = self._go_on(answer)
                if isinstance(command, Start):
                    started = True
                    if command.patience is not None:
                        self._patience = command.patience
                        self._next = Next((yield Patiently(self._next.pieces)), command.patience)
                    return streamed_response(self._module, command, make_body(self), self._extensions)
                answer = yield from self._carry_out(command)
        except StopIteration as done:
            return whole_response(self._module, done.value, self._extensions)
        finally:
            if not started:
                yield from self.close()

    def piece(self) -> Steps:
        """Return the next piece of the streamed response, as bytes; None after the last, and the shell closes the driver."""
        answer: Any = None
        try:
            while True:
                command = self._go_on(answer)
                if type(command) is Emit:
                    return command.data
                answer = (yield from self._read()) if type(command) is Read else (yield from self._carry_out(command))
        except StopIteration as done:
            return late_error(done.value) or None

    def close(self) -> Steps:
        """Give upstream's connection back at once, at whatever step the exchange stands."""
        if self._open:
            yield Close(self._response, self._next.pieces)
        if not self._exchange.gi_running:  # type: ignore[attr-defined]  # a generator, not only by type
            # (A running exchange is in another thread, and ends at the next read.)
            self._exchange.close()

    @property
    def _extensions(self) -> dict[str, Any]:
        return {} if self._response is None else self._response.extensions

    def _go_on(self, answer: Any) -> Command:
        """Return the next command of the exchange, after the answer to the last."""
        return self._exchange.throw(answer) if type(answer) is UpstreamTooLarge else self._exchange.send(answer)

    def _read(self) -> Steps:
        """Return the next piece of the body; an error in place of the piece beyond the limit, and the connection is closed."""
        piece: bytes | None = yield self._next
        if piece:
            self._left -= len(piece)
            if self._left < 0:
                yield Close(self._response, self._next.pieces)
                return UpstreamTooLarge("The upstream's answer", self._most)
        return piece

    def _carry_out(self, command: Command) -> Steps:
        """Return the answer to a command of the exchange; an error that the exchange is to raise."""
        if isinstance(command, Read):
            return (yield from self._read())
        if isinstance(command, Break):
            raise self._module.RemoteProtocolError(command.message)
        if isinstance(command, Run):
            return (yield command)
        if not isinstance(command, UpstreamRequest):
            raise TypeError(f"an exchange asked for {command!r} before its response began")
        if self._open:
            yield Close(self._response, self._next.pieces)
        self._response = response = yield Send(rewritten(self._module, self._request, command))
        self._open = True
        self._most = self._left = command.most
        if command.stream:
            pieces = yield from self._pieces()
            self._next = Next(pieces if self._patience is None else (yield Patiently(pieces)), self._patience)
            return reply_of(response)
        try:
            if is_known_size(response, command.most):
                return reply_of(response, (yield ReadBody(response)))
            self._next = Next((yield from self._pieces()))
            return (yield from self._whole(response))
        finally:
            yield Close(response)
            self._open = False

    def _pieces(self) -> Steps:
        """Return an iterator over the body, decoded in small steps lest a piece grow beyond all measure."""
        raw = is_raw(self._response)
        return (yield Iterate(self._response if raw else in_steps(self._module, self._response), raw))

    def _whole(self, response: Any) -> Steps:
        """Return the reply with a body of unknown size."""
        pieces: list[bytes] = []
        while piece := (yield from self._read()):
            if type(piece) is UpstreamTooLarge:
                return piece
            pieces.append(piece)
        return reply_of(response, b"".join(pieces))
