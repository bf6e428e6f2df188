"""Async functions as plain tools: an event loop in a thread of its own, so that the terminal's thread stays free for Ctrl-C."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

    from adapter.running.tool import RunnableTool


_GRACE = 1.0  # seconds that a cancelled function has to end


async def _end_tasks() -> None:
    """Cancel all other tasks of the loop, and give them a grace to end."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_GRACE)


class Background:
    """An event loop in a daemon thread, begun at its first use and ended with the block."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._open: set[Future[Any]] = set()
        self._stopping: list[tuple[asyncio.Event, Future[Any]]] = []

    def __enter__(self) -> Self:
        """Return the loop's keeper."""
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel open calls, let held tasks come to their ends, and stop the loop."""
        if self._loop is None or self._thread is None:
            return
        self.cancel_open()
        for stop, held in self._stopping:
            self._loop.call_soon_threadsafe(stop.set)
            held.exception()
        asyncio.run_coroutine_threadsafe(_end_tasks(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def start(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Start a coroutine in the loop."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def hold(self, stop: asyncio.Event, work: Coroutine[Any, Any, Any]) -> None:
        """Start a coroutine that ends after `stop` is set, which is done at the end of the block."""
        self._stopping.append((stop, self.start(work)))

    def as_plain(self, tool: RunnableTool) -> RunnableTool:
        """Return a tool of an async function as one of a plain function that waits for the loop; any other as it is."""
        if not tool.is_async:
            return tool
        function = tool.function

        def call(*arguments: Any, **named: Any) -> Any:
            future = self.start(function(*arguments, **named))
            self._open.add(future)
            try:
                return future.result()
            finally:
                self._open.discard(future)
                future.cancel()  # of a call that Ctrl-C or a limit has left behind

        return replace(tool, function=call)

    def cancel_open(self) -> None:
        """Cancel the calls that are still running."""
        for future in tuple(self._open):
            future.cancel()
