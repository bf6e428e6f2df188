"""Jobs over several processes of one machine. A process that dies is replaced, and the new process gets the same job."""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

J = TypeVar("J")
R = TypeVar("R")
_TRIES = 3


class WorkerLost(Exception):
    """Three processes died during the same job."""


class JobFailed(Exception):
    """A job raised an error in its process; the message names the error's type and text."""


def _serve(connection: Connection, make: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Do jobs in a child process until the parent closes the connection or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the process that waits
    do = make(*args)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            job = connection.recv()
            try:
                answer = (True, do(job))
            except Exception as error:  # noqa: BLE001  # raised where the results are read
                answer = (False, f"{type(error).__name__}: {error}")
            connection.send(answer)


class _Worker(Generic[J]):
    """A child process, its connection, and its present job."""

    def __init__(self, make: Callable[..., Any], args: tuple[Any, ...]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other, make, args), daemon=True)
        self.process.start()
        other.close()
        self.job: J | None = None
        self.tries = 0

    def give(self, job: J, tries: int = 1) -> None:
        self.job, self.tries = job, tries
        with suppress(BrokenPipeError, ConnectionResetError):  # a dead process: `wait` reports the connection at once
            self.connection.send(job)

    def end(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()


def over_processes(
    make: Callable[..., Callable[[J], R]], args: tuple[Any, ...], jobs: Iterator[J], number: int, tell: Callable[[str], object]
) -> Iterator[R]:
    """Yield the results of jobs, in order of completion.

    Args:
        make: Called with `args` in each process; returns the function from a job to its result. Must be picklable.
        args: Arguments for `make`; must be picklable.
        jobs: Jobs, each taken from the iterator when a process is free.
        number: Number of processes.
        tell: Called with a sentence for each process that died.

    Raises:
        WorkerLost: Three processes died during the same job.
        JobFailed: A job raised an error.
    """
    workers: list[_Worker[J]] = []
    try:
        for job in jobs:
            workers.append(_Worker(make, args))
            workers[-1].give(job)
            if len(workers) == number:
                break
        while workers:
            for connection in wait([worker.connection for worker in workers]):
                place = next(index for index, worker in enumerate(workers) if worker.connection is connection)
                try:
                    done, answer = workers[place].connection.recv()
                except (EOFError, ConnectionResetError):
                    workers[place] = _again(workers[place], make, args, tell)
                    continue
                if not done:
                    raise JobFailed(answer)
                following = next(jobs, None)
                if following is None:
                    workers.pop(place).end()
                else:
                    workers[place].give(following)
                yield answer
    finally:
        for worker in workers:
            worker.end()


def _again(dead: _Worker[J], make: Callable[..., Any], args: tuple[Any, ...], tell: Callable[[str], object]) -> _Worker[J]:
    """Replace a dead process. Returns the new worker, which has begun the same job."""
    dead.process.join()
    code, job = dead.process.exitcode, dead.job
    dead.end()
    if dead.tries == _TRIES or job is None:
        raise WorkerLost(f"the process of a job died {dead.tries} times (exit status {code}); is there memory enough?")
    tell(f"a process died (exit status {code}); its rows are read again")
    fresh: _Worker[J] = _Worker(make, args)
    fresh.give(job, dead.tries + 1)
    return fresh
