"""The async shell: drives an exchange over an httpx2 or httpx client."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from adapter.exchange.protocol import Break, Emit, Read, Run, Start, UpstreamRequest
from adapter.transport.messages import (
    METHODS,
    answer_of,
    begin,
    is_raw,
    late_error,
    other_library,
    passed,
    reply_of,
    rewritten,
    streamed_response,
    whole_response,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from types import ModuleType

    from adapter.exchange.protocol import Command, Exchange, OpenExchange


class AsyncDriver:
    """Carries out what an exchange asks for.

    Args:
        module: httpx2 or httpx.
        send: Sends a request and leaves the response's body to be read.
        request: The caller's.
        exchange: What is to be done.
    """

    def __init__(self, module: ModuleType, send: Callable[[Any], Awaitable[Any]], request: Any, exchange: Exchange) -> None:
        self._module = module
        self._send = send
        self._request = request
        self._exchange = exchange
        self._response: Any = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def respond(self) -> Any:
        """The response for the caller."""
        answer: Any = None
        started = False
        try:
            while True:
                command = self._exchange.send(answer)
                if isinstance(command, Start):
                    started = True
                    return streamed_response(self._module, command, _body_class(self._module)(self), self._extensions)
                answer = await self._do(command)
        except StopIteration as done:
            return whole_response(self._module, done.value, self._extensions)
        finally:
            if not started:
                await self.aclose()

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of a streamed response."""
        answer: Any = None
        try:
            while True:
                command = self._exchange.send(answer)
                answer = None
                if isinstance(command, Emit):
                    yield command.data
                else:
                    answer = await self._do(command)
        except StopIteration as done:
            if error := late_error(done.value):
                yield error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Let go of upstream's connection at once, wherever the exchange stands."""
        if self._response is not None:
            await self._response.aclose()
        if not self._exchange.gi_running:  # type: ignore[attr-defined]  # it is a generator, not only by type
            # (It runs when another thread closes; then it ends at its next read.)
            self._exchange.close()

    @property
    def _extensions(self) -> dict[str, Any]:
        return {} if self._response is None else self._response.extensions

    async def _piece(self) -> bytes:
        if self._pieces is not None:
            async for piece in self._pieces:
                if piece:
                    return piece
        return b""

    async def _do(self, command: Command) -> Any:
        if isinstance(command, Read):
            return await self._piece()
        if isinstance(command, Break):
            raise self._module.RemoteProtocolError(command.message)
        if isinstance(command, Run):
            return await to_thread(command.action)
        if not isinstance(command, UpstreamRequest):
            raise TypeError(f"an exchange asked for {command!r} before its response began")
        if self._response is not None:
            await self._response.aclose()
        self._response = response = await self._send(rewritten(self._module, self._request, command))
        if command.stream:
            self._pieces = response.aiter_raw() if is_raw(response) else response.aiter_bytes()
            return reply_of(response)
        try:
            return reply_of(response, await response.aread())
        finally:
            await response.aclose()


async def to_thread(action: Callable[[], Any]) -> Any:
    """What a function returns that may wait, under asyncio or trio."""
    from anyio.to_thread import run_sync  # comes with the HTTP libraries

    return await run_sync(action)


@functools.cache
def _body_class(module: ModuleType) -> type[Any]:
    class Body(module.AsyncByteStream):  # type: ignore[name-defined,misc]  # known at run time only
        def __init__(self, driver: AsyncDriver) -> None:
            self._driver = driver

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self._driver.body()

        async def aclose(self) -> None:
            await self._driver.aclose()

    return Body


@functools.cache
def async_class(module: ModuleType) -> type[Any]:
    """The async transport class for httpx2 or httpx."""

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
            if (answer := answer_of(request)) is not None:
                return answer
            if not isinstance(request, module.Request):
                raise other_library(module, request)
            exchange = begin(self._open, request, await request.aread()) if request.method in METHODS else None
            if exchange is None:
                return passed(module, await self._pass_on(request))
            return await AsyncDriver(module, self._pass_on, request, exchange).respond()

        async def aclose(self) -> None:
            if isinstance(self.inner, module.AsyncBaseTransport):
                await self.inner.aclose()  # nobody else has it; a client belongs to its maker

    return AsyncTransport
