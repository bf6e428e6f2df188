"""The shell of a run for plain functions: the model is asked in the caller's thread, functions run in threads of their own."""

from __future__ import annotations

import asyncio
import functools
import inspect
import queue
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from adapter.running import asking, threads
from adapter.running.ending import carry
from adapter.running.loop import Ask, Command, Confirm, Steps, TooLate, steps
from adapter.running.values import End, RunResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.running.judging import Ready
    from adapter.running.state import Run

# Seconds between two looks at the queue: some systems deliver Ctrl-C only when a wait has ended.
_LOOK = 0.5


def run_sync(run: Run, client: Any) -> RunResult:
    """Carry out a run. An exception that ends the run carries its result (`run_of`)."""
    asking.create_of(client, run, asynchronous=False)
    for tool in run.tools.by_name.values():
        if tool.is_async:
            raise TypeError(f"tool {tool.name!r} is async, and run_tools() runs plain functions: use await arun_tools(…)")
    commands = steps(run)
    try:
        command = _next(commands, None)
        while not isinstance(command, RunResult):
            command = _next(commands, _carried_out(run, client, command))
    except BaseException as error:
        carry(error, run, {})
        raise
    return command


def _next(commands: Steps, reply: Any) -> Command | RunResult:
    """Return the next command, or the result behind the last: a `StopIteration` of the caller's functions is no end."""
    try:
        return commands.send(reply)
    except StopIteration as stop:
        result: RunResult = stop.value
        return result


def _carried_out(run: Run, client: Any, command: Command) -> Any:
    if isinstance(command, Ask):
        return _asked(run, client, command)
    if isinstance(command, Confirm):
        confirm = run.settings.confirm
        answer = confirm(command.call) if confirm is not None else None
        if inspect.isawaitable(answer):
            asking.close(answer)
            raise TypeError("confirm is async, and run_tools() calls plain functions: use await arun_tools(…)")
        return answer
    return _executed(run, command.batch)


def _asked(run: Run, client: Any, command: Ask) -> Any:
    began = run.now()
    limited, more = asking.within(client, run.left())
    create = asking.create_of(limited, run, asynchronous=False)
    try:
        completion = asking.whole(create, {**command.request, **more}, run)
    except Exception as error:
        if run.over():
            return TooLate(error)
        raise
    return completion, run.now() - began


def _executed(run: Run, batch: Sequence[Ready]) -> None:
    """Run functions side by side, as many at once as the settings say."""
    ends: queue.SimpleQueue[tuple[Ready, End]] = queue.SimpleQueue()
    waiting = deque(batch)
    running: dict[Ready, tuple[float | None, float | None]] = {}
    while waiting or running:
        while waiting and len(running) < run.settings.at_once:
            ready = waiting.popleft()
            if run.too_late(ready):
                continue
            limit = run.started(ready)
            if limit is None and run.settings.at_once == 1:
                _end(run, ready, threads.call(ready))
                continue
            running[ready] = (limit, None if limit is None else run.now() + limit)
            threads.start(ready, functools.partial(_put, ends, ready))
        _collect(run, running, ends)


def _put(ends: queue.SimpleQueue[tuple[Ready, End]], ready: Ready, end: End) -> None:
    ends.put((ready, end))


def _collect(
    run: Run, running: dict[Ready, tuple[float | None, float | None]], ends: queue.SimpleQueue[tuple[Ready, End]]
) -> None:
    """Wait for the next end or limit of the running functions."""
    if not running:
        return
    now = run.now()
    until = min((at for _, at in running.values() if at is not None), default=now + _LOOK)
    try:
        ready, end = ends.get(timeout=max(0.0, min(until - now, _LOOK)))
    except queue.Empty:
        late = [(ready, limit) for ready, (limit, at) in running.items() if at is not None and run.now() >= at]
        for ready, limit in late:
            del running[ready]
            run.ended(ready, End(timed_out=True, abandoned=True), limit)
        return
    if running.pop(ready, None) is not None:  # else its limit has passed, and its end was told
        _end(run, ready, end)


def _end(run: Run, ready: Ready, end: End) -> None:
    """Record an end; raise an exception that is to end the program, such as `KeyboardInterrupt`."""
    if end.error is not None and not isinstance(end.error, Exception | asyncio.CancelledError):
        run.broke_off(ready, end.error)
        raise end.error
    if inspect.isawaitable(end.value) or isinstance(end.value, AsyncIterator):
        asking.close(end.value)
        end = End(error=TypeError(f"{ready.tool.name} returned {type(end.value).__name__}, which arun_tools awaits"))
    run.ended(ready, end)
