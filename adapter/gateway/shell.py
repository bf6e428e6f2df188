"""The shell of the gateway: carries out the commands of an exchange over aiohttp, and answers over ASGI."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from adapter.errors import AdapterError, UpstreamFailed
from adapter.exchange.protocol import Await, Break, Command, Emit, Read, Reply, Run, Start, UpstreamRequest
from adapter.gateway.asgi import for_caller, let_go
from adapter.gateway.seen import note_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.exchange.protocol import Exchange
    from adapter.gateway.asgi import Send
    from adapter.gateway.link import Link
    from adapter.gateway.wires import Wire

# A proxy such as nginx keeps events back to send them together, unless told otherwise.
UNBUFFERED = [(b"x-accel-buffering", b"no"), (b"cache-control", b"no-cache")]


class _Ended(Exception):
    """An exchange has ended with a value, the only argument; a coroutine cannot raise StopIteration."""


class Answer:
    """The answer of an exchange to a caller.

    Args:
        exchange: The exchange, not yet begun.
        link: The connection to upstream.
        send: Sends an ASGI message to the caller.
        wire: The form of errors.
        aside: The steps of the exchange are taken in a thread, as the request is large.

    Attributes:
        started: The head of the response has left.
    """

    def __init__(self, exchange: Exchange, link: Link, send: Send, wire: Wire, *, aside: bool = False) -> None:
        self._exchange = exchange
        self._link = link
        self._send = send
        self._wire = wire
        self._aside = aside
        self._patience: float | None = None
        self._asked: UpstreamRequest | None = None
        self._fault: UpstreamFailed | None = None  # the last, which the exchange was told
        self.started = False

    async def run(self) -> None:
        """Answer the request. Upstream's connection is given back at the end, whatever the end is."""
        answer: Any = None
        try:
            while True:
                command = await self._stepped(answer) if self._aside else self._go_on(answer)
                if type(command) is Emit:
                    await self._body(command.data)
                    answer = None
                elif type(command) is Read:
                    answer = await self._tried(self._link.piece, self._patience)
                else:
                    answer = await self._carry_out(command)
        except StopIteration as done:
            await self._end(done.value)
        except _Ended as done:
            await self._end(done.args[0])
        except AdapterError as error:
            await self._failed(error)
            let_go(error)
        finally:
            self._link.close()
            self._exchange.close()
            if self._fault is not None:
                let_go(self._fault)

    def _go_on(self, answer: Any) -> Command:
        """Return the next command of the exchange, after the answer to the last."""
        return self._exchange.throw(answer) if isinstance(answer, AdapterError) else self._exchange.send(answer)

    async def _stepped(self, answer: Any) -> Command:
        """Return the next command of the exchange, found in a thread.

        Raises:
            _Ended: The exchange has ended.
        """

        def step() -> Command | StopIteration:
            try:
                return self._go_on(answer)
            except StopIteration as done:  # cannot leave a thread
                return done

        taken = asyncio.ensure_future(asyncio.to_thread(step))
        try:
            found = await asyncio.shield(taken)
        except asyncio.CancelledError:
            await asyncio.wait({taken})  # an exchange that takes a step cannot be closed
            raise
        if isinstance(found, StopIteration):
            raise _Ended(found.value)
        return found

    async def _tried(self, action: Callable[..., Any], *given: Any) -> Any:
        """Return the result of an action upon upstream; an error that the exchange is to raise."""
        try:
            return await action(*given)
        except UpstreamFailed as error:
            self._fault = error
            return error

    async def _carry_out(self, command: Command) -> Any:
        """Return the answer to a command of the exchange; an error that the exchange is to raise."""
        if isinstance(command, UpstreamRequest):
            self._asked = command
            return await self._tried(self._link.ask, command)
        if isinstance(command, Await):
            return await self._tried(self._link.go_on, self._asked)
        if isinstance(command, Start):
            self._patience = command.patience
            await self._head(command.status, [*for_caller(command.headers), *UNBUFFERED])
            return None
        if isinstance(command, Break):
            return UpstreamFailed(f"{command.message[:1].upper()}{command.message[1:]}.", code="upstream_cut")
        if isinstance(command, Run):
            from anyio.to_thread import run_sync

            return await run_sync(command.action)
        raise TypeError(f"an exchange asked for {command!r}")

    async def _end(self, reply: Reply | None) -> None:
        if reply is None:
            await self._body(b"", more=False)
            return
        if self.started:  # an exchange that failed after the start of its response
            await self._body(self._wire.late(reply.body), more=False)
            return
        await self._whole(reply)

    async def _failed(self, error: AdapterError) -> None:
        """Answer with an error: as the response, or within a response that has begun."""
        note_error(error)
        reply = self._wire.error(error)
        if self.started:
            await self._body(self._wire.late(reply.body), more=False)
        else:
            await self._whole(reply)

    async def _whole(self, reply: Reply) -> None:
        headers = [*for_caller(reply.headers), (b"content-length", str(len(reply.body)).encode())]
        await self._head(reply.status, headers)
        await self._body(reply.body, more=False)

    async def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _body(self, data: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})
