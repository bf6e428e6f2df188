"""The connection of a caller as the server knows it: no task has to listen for its end, no clock runs for what has come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from adapter.gateway.asgi import ClientGone

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Caller:
    """The connection of a request's caller, in the request's scope.

    Args:
        event: Set by the server while `receive` has something to tell.
        resume: Has the server read on, where it had stopped for a large body.
        hold: Has the server hold the head of an answer until its body is there.

    Attributes:
        gone: The caller has closed the connection.
        hold: The argument.
    """

    __slots__ = ("_event", "_leave", "_resume", "gone", "hold")

    def __init__(self, event: asyncio.Event, resume: Callable[[], None], hold: Callable[[], None]) -> None:
        self._event, self._resume, self.hold = event, resume, hold
        self._leave: Callable[[], object] | None = None
        self.gone = False

    @property
    def tells(self) -> bool:
        """True while `receive` returns at once."""
        return self._event.is_set()

    def leaves(self) -> None:
        """Take down that the caller has closed the connection; called in the event loop."""
        self.gone = True
        if self._leave is not None:
            self._leave()

    async def staying(self, answering: Coroutine[Any, Any, None]) -> None:
        """Run the answering of the request in the present task, until it is done or the caller leaves.

        Raises:
            ClientGone: The caller has closed the connection; the answering was cancelled.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("no task runs")
        cut = False

        def leave() -> None:
            nonlocal cut
            if self._leave is not None:
                cut, self._leave = True, None
                task.cancel()

        self._leave = leave
        self._resume()  # a server that does not read sees no end
        if self.gone:
            asyncio.get_running_loop().call_soon(leave)
        try:
            await answering
        except asyncio.CancelledError:
            if not cut or task.uncancel():  # the server cancels too, after `stop_timeout`
                raise
            raise ClientGone from None
        finally:
            self._leave = None
