"""Runs that break off: the exception goes on as it is, and carries the result so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.running.state import Run
    from adapter.running.values import RunResult

_MOST_CAUSES = 8
_MARK = "adapter_run"


def carry(error: BaseException, run: Run, still_running: Mapping[str, bool]) -> None:
    """Settle the open calls of a run that an exception ends, and give the exception the result.

    Args:
        error: The exception.
        run: The run.
        still_running: By id of a call, True if its function is still running.
    """
    result = run.interrupt(still_running)
    error.__dict__[_MARK] = result  # exceptions of frozen dataclasses refuse attributes
    run.tell_interruption(result)


def run_of(error: BaseException | None) -> RunResult | None:
    """Return the result of the run that an exception ended: the conversation so far, with every call answered.

    Args:
        error: An exception out of `run_tools` or `arun_tools`: of the client, of `confirm`, of `on_event`, `KeyboardInterrupt`
            or `asyncio.CancelledError`; or an exception that one of these has caused, or a group with the
            exception of a single run, as of a `TaskGroup`.

    Returns:
        The result, with `stopped="interrupted"`; None for any other exception.
    """
    from adapter.running.values import RunResult

    for _ in range(_MOST_CAUSES):
        if error is None:
            return None
        found = getattr(error, _MARK, None)
        if isinstance(found, RunResult):
            return found
        if isinstance(error, BaseExceptionGroup):
            results = [result for one in error.exceptions if (result := run_of(one))]
            return results[0] if len(results) == 1 else None
        error = error.__cause__ or error.__context__
    return None
