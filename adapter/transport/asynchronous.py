"""The async shell: carries out the operations of a driver with an httpx2 or httpx client."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from adapter.transport.driver import Close, Iterate, Next, Patiently, ReadBody, Send, respond
from adapter.transport.patient import AsyncPatientPieces, patient_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from types import ModuleType

    from adapter.exchange.protocol import OpenExchange
    from adapter.transport.driver import Driver, Operation, Steps


async def run(steps: Steps, send: Callable[[Any], Awaitable[Any]]) -> Any:
    """Drive a generator of operations to the end. Returns the result of the generator.

    Args:
        steps: The generator.
        send: Sends a request and leaves the body of the response to be read.
    """
    try:
        operation = next(steps)
        while True:
            try:
                result = await _result(operation, send)
            except BaseException as error:  # noqa: BLE001  # the generator closes what is open and raises the error again
                operation = steps.throw(error)
            else:
                operation = steps.send(result)
    except StopIteration as done:
        return done.value


async def _result(operation: Operation, send: Callable[[Any], Awaitable[Any]]) -> Any:
    if isinstance(operation, Next):
        pieces = operation.pieces
        return await (pieces.next(operation.patience) if isinstance(pieces, AsyncPatientPieces) else _next(pieces))
    if isinstance(operation, Send):
        return await send(operation.request)
    if isinstance(operation, ReadBody):
        return await operation.message.aread()
    if isinstance(operation, Close):
        if isinstance(operation.pieces, AsyncPatientPieces):
            await operation.pieces.aclose()
        return await operation.response.aclose()
    if isinstance(operation, Patiently):
        return patient_async(operation.pieces)
    if isinstance(operation, Iterate):
        return operation.response.aiter_raw() if operation.raw else operation.response.aiter_bytes()
    return await _in_thread(operation.action)


async def _next(pieces: AsyncIterator[bytes]) -> bytes:
    async for piece in pieces:
        if piece:
            return piece
    return b""


async def _in_thread(action: Callable[[], Any]) -> Any:
    """Return the result of a function that may wait, under asyncio or trio."""
    from anyio.to_thread import run_sync  # comes with the HTTP libraries

    return await run_sync(action)


@functools.cache
def _body_class(module: ModuleType) -> type[Any]:
    class Body(module.AsyncByteStream):  # type: ignore[name-defined,misc]  # known at run time only
        def __init__(self, send: Callable[[Any], Awaitable[Any]], driver: Driver) -> None:
            self._send = send
            self._driver = driver

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                while (piece := await run(self._driver.piece(), self._send)) is not None:
                    yield piece
            finally:
                await self.aclose()

        async def aclose(self) -> None:
            await run(self._driver.close(), self._send)

    return Body


@functools.cache
def async_class(module: ModuleType) -> type[Any]:
    """Return the async transport class for httpx2 or httpx."""
    body_class = _body_class(module)

    class AsyncTransport(module.AsyncBaseTransport):  # type: ignore[name-defined,misc]  # known at run time only
        """Stands before an HTTP client or another transport, `inner`."""

        def __init__(self, inner: Any, open_exchange: OpenExchange) -> None:
            self.inner = inner
            self._open = open_exchange

        async def _pass_on(self, request: Any) -> Any:
            if isinstance(self.inner, module.AsyncBaseTransport):
                return await self.inner.handle_async_request(request)
            return await self.inner.send(request, stream=True, follow_redirects=False)

        async def handle_async_request(self, request: Any) -> Any:
            def make_body(driver: Driver) -> Any:
                return body_class(self._pass_on, driver)

            return await run(respond(module, self._open, request, make_body), self._pass_on)

        def reset(self) -> None:
            """Forget all that was learnt about servers and models."""
            self._open.reset()

        async def aclose(self) -> None:
            if isinstance(self.inner, module.AsyncBaseTransport):
                await self.inner.aclose()  # a transport has no other owner; a client belongs to the caller

    return AsyncTransport
