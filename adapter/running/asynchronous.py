"""The shell of a run for async clients: coroutine functions run as tasks, plain functions in threads of their own."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from adapter.running import asking, threads
from adapter.running.ending import carry
from adapter.running.loop import Ask, Command, Confirm, TooLate, steps
from adapter.running.values import End

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapter.running.judging import Ready
    from adapter.running.state import Run
    from adapter.running.values import RunResult

    Running = dict[asyncio.Task[End], tuple[Ready, float | None, float | None]]

# Seconds that a cancelled function has to end.
GRACE = 1.0
# Tasks that ignore their cancellation: asyncio itself keeps no task alive.
_LEFT_BEHIND: set[asyncio.Task[End]] = set()


async def run_async(run: Run, client: Any) -> RunResult:
    """Carry out a run. An exception that ends the run carries its result (`run_of`)."""
    asking.create_of(client, run, asynchronous=True)
    commands = steps(run)
    running: Running = {}
    try:
        command = next(commands)
        while True:
            command = commands.send(await _carried_out(run, client, command, running))
    except StopIteration as stop:
        result: RunResult = stop.value
        return result
    except BaseException as error:
        calls = {task: ready.call.id for task, (ready, _, _) in running.items()}
        stuck = set(calls)
        try:
            stuck = await _cancelled(calls)
        finally:  # a second cancellation may come in the grace
            carry(error, run, {call_id: task in stuck for task, call_id in calls.items()})
        raise


async def _carried_out(run: Run, client: Any, command: Command, running: Running) -> Any:
    if isinstance(command, Ask):
        return await _asked(run, client, command)
    if isinstance(command, Confirm):
        confirm = run.settings.confirm
        answer = confirm(command.call) if confirm is not None else None
        return await answer if inspect.isawaitable(answer) else answer
    return await _executed(run, command.batch, running)


async def _asked(run: Run, client: Any, command: Ask) -> Any:
    began, left = run.now(), run.left()
    limited, more = asking.within(client, left)
    create = asking.create_of(limited, run, asynchronous=True)
    try:
        async with asyncio.timeout(left):
            completion = await asking.awhole(create, {**command.request, **more}, run)
    except Exception as error:
        if run.over():
            return TooLate(error)
        raise
    return completion, run.now() - began


async def _executed(run: Run, batch: Sequence[Ready], running: Running) -> None:
    """Run functions side by side, as many at once as the settings say."""
    waiting = deque(batch)
    while waiting or running:
        while waiting and len(running) < run.settings.at_once:
            ready = waiting.popleft()
            if run.too_late(ready):
                continue
            limit = run.started(ready)
            task = asyncio.ensure_future(_call(ready))
            running[task] = (ready, limit, None if limit is None else run.now() + limit)
        if not running:
            return
        until = min((at for _, _, at in running.values() if at is not None), default=None)
        wait = None if until is None else max(0.0, until - run.now())
        done, _ = await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            ready, _, _ = running.pop(task)
            _end(run, ready, _end_of(task))
        await _stop_late(run, running)


async def _stop_late(run: Run, running: Running) -> None:
    """Cancel the functions that are past their limits."""
    now = run.now()
    late = [task for task, (_, _, at) in running.items() if at is not None and now >= at]
    stuck = await _cancelled(late)
    for task in late:
        ready, limit, _ = running.pop(task)
        run.ended(ready, End(timed_out=True, abandoned=task in stuck), limit)


async def _cancelled(tasks: Iterable[asyncio.Task[End]]) -> set[asyncio.Task[End]]:
    """Cancel tasks. Returns those that are still running after the grace, and functions in threads, which nothing stops."""
    asked = set(tasks)
    for task in asked:
        task.cancel()
    if not asked:
        return set()
    done, stuck = await asyncio.wait(asked, timeout=GRACE)
    for task in stuck:
        _LEFT_BEHIND.add(task)
        task.add_done_callback(_LEFT_BEHIND.discard)
    return {*stuck, *(task for task in done if not task.cancelled() and task.result() is _IN_THREAD)}


_IN_THREAD = End(abandoned=True)


async def _call(ready: Ready) -> End:
    """Call the function of a call: a coroutine function in the loop, a plain function in a thread."""
    if ready.tool.is_async:
        end = threads.call(ready)
    else:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[End] = loop.create_future()
        threads.start(ready, lambda end: _hand_over(loop, future, end))
        try:
            end = await future
        except asyncio.CancelledError:
            return _IN_THREAD
    if inspect.isawaitable(end.value) or isinstance(end.value, AsyncIterator):
        try:
            return End(await threads.alisted(await end.value if inspect.isawaitable(end.value) else end.value))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  # a function may raise anything; a task would end the loop with it
            return End(error=error)
    return end


def _hand_over(loop: asyncio.AbstractEventLoop, future: asyncio.Future[End], end: End) -> None:
    """Give the end of a function from its thread to the loop. A function left behind may end after the loop is closed."""
    with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits for the end
        loop.call_soon_threadsafe(lambda: None if future.done() else future.set_result(end))


def _end_of(task: asyncio.Task[End]) -> End:
    """Return the end of a function whose task was not cancelled by the run."""
    return End(error=asyncio.CancelledError("the function cancelled itself")) if task.cancelled() else task.result()


def _end(run: Run, ready: Ready, end: End) -> None:
    """Record an end; raise an exception that is to end the program, such as `KeyboardInterrupt`."""
    if end.error is not None and not isinstance(end.error, Exception | asyncio.CancelledError):
        run.broke_off(ready, end.error)
        raise end.error
    run.ended(ready, end)
