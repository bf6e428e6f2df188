"""The sync shell: carries out the operations of a driver with an httpx2 or httpx client."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from adapter.transport.driver import Close, Iterate, Next, Patiently, ReadBody, Send, respond
from adapter.transport.patient import PatientPieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from adapter.exchange.protocol import OpenExchange
    from adapter.transport.driver import Driver, Operation, Steps


def run(steps: Steps, send: Callable[[Any], Any]) -> Any:
    """Drive a generator of operations to the end. Returns the result of the generator.

    Args:
        steps: The generator.
        send: Sends a request and leaves the body of the response to be read.
    """
    try:
        operation = next(steps)
        while True:
            try:
                result = _result(operation, send)
            except BaseException as error:  # noqa: BLE001  # the generator closes what is open and raises the error again
                operation = steps.throw(error)
            else:
                operation = steps.send(result)
    except StopIteration as done:
        return done.value


def _result(operation: Operation, send: Callable[[Any], Any]) -> Any:
    if isinstance(operation, Next):
        return next(operation.pieces, b"") if operation.patience is None else operation.pieces.next(operation.patience)
    if isinstance(operation, Send):
        return send(operation.request)
    if isinstance(operation, ReadBody):
        return operation.message.read()
    if isinstance(operation, Close):
        if isinstance(operation.pieces, PatientPieces):
            operation.pieces.close()
        return operation.response.close()
    if isinstance(operation, Patiently):
        return PatientPieces(operation.pieces)
    if isinstance(operation, Iterate):
        response = operation.response
        return filter(None, response.iter_raw() if operation.raw else response.iter_bytes())
    return operation.action()


@functools.cache
def _body_class(module: ModuleType) -> type[Any]:
    class Body(module.SyncByteStream):  # type: ignore[name-defined,misc]  # known at run time only
        def __init__(self, send: Callable[[Any], Any], driver: Driver) -> None:
            self._send = send
            self._driver = driver

        def __iter__(self) -> Iterator[bytes]:
            try:
                while (piece := run(self._driver.piece(), self._send)) is not None:
                    yield piece
            finally:
                self.close()

        def close(self) -> None:
            run(self._driver.close(), self._send)

    return Body


@functools.cache
def sync_class(module: ModuleType) -> type[Any]:
    """Return the sync transport class for httpx2 or httpx."""
    body_class = _body_class(module)

    class Transport(module.BaseTransport):  # type: ignore[name-defined,misc]  # known at run time only
        """Stands before an HTTP client or another transport, `inner`."""

        def __init__(self, inner: Any, open_exchange: OpenExchange) -> None:
            self.inner = inner
            self._open = open_exchange

        def _pass_on(self, request: Any) -> Any:
            if isinstance(self.inner, module.BaseTransport):
                return self.inner.handle_request(request)
            return self.inner.send(request, stream=True, follow_redirects=False)

        def handle_request(self, request: Any) -> Any:
            def make_body(driver: Driver) -> Any:
                return body_class(self._pass_on, driver)

            return run(respond(module, self._open, request, make_body), self._pass_on)

        def reset(self) -> None:
            """Forget all that was learnt about servers and models."""
            self._open.reset()

        def close(self) -> None:
            if isinstance(self.inner, module.BaseTransport):
                self.inner.close()  # a transport has no other owner; a client belongs to the caller

    return Transport
