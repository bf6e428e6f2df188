"""A run: cases asked with arms, some at a time, at a limited rate. Outcomes come as they are done."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapter.evaluation.asking import Asker
    from adapter.evaluation.cases import Case
    from adapter.evaluation.outcome import CaseOutcome

_PATIENCE = 5.0


class Job(NamedTuple):
    """A case to ask of an arm, with the number of both in the run."""

    asker: Asker
    case: Case
    number: int = 0


class Pace:
    """A limit on the number of cases begun in a minute.

    Args:
        per_minute: The limit; None for no limit.
        clock: Returns seconds.
        wait: Waits for some seconds.
    """

    def __init__(
        self,
        per_minute: float | None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._step = 60 / per_minute if per_minute else 0.0
        self._clock, self._wait = clock, wait
        self._next = 0.0
        self._lock = threading.Lock()

    def hold(self) -> None:
        """Wait for the turn of the next case."""
        if not self._step:
            return
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._step
        if turn > now:
            self._wait(turn - now)


def outcomes(jobs: Sequence[Job], concurrency: int, pace: Pace, keep: Callable[[CaseOutcome], object]) -> Iterator[CaseOutcome]:
    """Ask all cases, and yield each outcome when done.

    The threads die with the process: an interrupt waits for no answer of a slow model.

    Args:
        jobs: The cases, in the order in which they are begun.
        concurrency: Cases asked at the same time.
        pace: The limit on cases begun.
        keep: Called with each outcome in the thread of its case, so that an interrupt loses none.

    Raises:
        Unreachable: The server of an arm cannot be asked at all.
    """
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stopped = threading.Event()
    for job in jobs:
        waiting.put(job)

    def work() -> None:
        while not stopped.is_set():
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            pace.hold()
            if stopped.is_set():
                return
            try:
                outcome = job.asker.ask(job.case, job.number)
                keep(outcome)
                done.put(outcome)
            except BaseException as error:  # noqa: BLE001  # raised in the thread that reads the outcomes
                done.put(error)
                return

    names = [f"adapter-eval-{number}" for number in range(min(concurrency, len(jobs)))]
    workers = [threading.Thread(target=work, name=name, daemon=True) for name in names]
    for worker in workers:
        worker.start()
    try:
        for _ in jobs:
            outcome = done.get()
            if isinstance(outcome, BaseException):
                stopped.set()
                _wait(workers)
                raise outcome
            yield outcome
        _wait(workers)
    finally:
        stopped.set()


def _wait(workers: Sequence[threading.Thread]) -> None:
    """Wait some seconds for answers on their way, so that the client is closed after their end."""
    for worker in workers:
        worker.join(_PATIENCE)
