"""A run: cases asked with arms, some at a time, at a limited rate. Outcomes come as they are done."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from adapter.evaluation.asking import Asker
    from adapter.evaluation.cases import Case
    from adapter.evaluation.outcome import CaseOutcome

J = TypeVar("J")
R = TypeVar("R")
_PATIENCE = 5.0
_END = object()


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

    Args:
        jobs: The cases, in the order in which they are begun.
        concurrency: Cases asked at the same time.
        pace: The limit on cases begun.
        keep: Called with each outcome in the thread of its case, so that an interrupt loses none.

    Raises:
        Unreachable: The server of an arm cannot be asked at all.
    """

    def ask(job: Job) -> CaseOutcome:
        outcome = job.asker.ask(job.case, job.number)
        keep(outcome)
        return outcome

    return worked(iter(jobs), ask, min(concurrency, len(jobs)), pace)


def worked(jobs: Iterator[J], work: Callable[[J], R], concurrency: int, pace: Pace) -> Iterator[R]:
    """Do jobs in threads, and yield each result when done.

    The threads die with the process: an interrupt waits for no answer of a slow model.

    Args:
        jobs: The jobs, each taken when a thread is free.
        work: Does a job.
        concurrency: Jobs done at the same time.
        pace: The limit on jobs begun.

    Raises:
        BaseException: Raised by a job, or in taking one.
    """
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stopped, taking = threading.Event(), threading.Lock()

    def take() -> Any:
        with taking:
            return _END if stopped.is_set() else next(jobs, _END)

    def run() -> None:
        try:
            while (job := take()) is not _END:
                pace.hold()
                if stopped.is_set():
                    break
                done.put((work(job), None))
        except BaseException as error:  # noqa: BLE001  # raised in the thread that reads the results
            done.put((None, error))
        done.put(_END)

    workers = [threading.Thread(target=run, name=f"adapter-{number}", daemon=True) for number in range(concurrency)]
    for worker in workers:
        worker.start()
    try:
        ended = 0
        while ended < len(workers):
            found = done.get()
            if found is _END:
                ended += 1
                continue
            result, error = found
            if error is not None:
                stopped.set()
                _wait(workers)
                raise error
            yield result
        _wait(workers)
    finally:
        stopped.set()


def _wait(workers: Sequence[threading.Thread]) -> None:
    """Wait some seconds for answers on their way, so that the client is closed after their end."""
    for worker in workers:
        worker.join(_PATIENCE)
