"""Jobs over processes of this machine: results as they are done; a process that dies is replaced, and its job given again."""

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
    """A job whose process died each time."""


class JobFailed(Exception):
    """A job that raised in its process; the message has the error."""


def _serve(connection: Connection, make: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Do jobs until the other end is closed, also by the death of the process there."""
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
    """A process, and the job that it does."""

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
        with suppress(BrokenPipeError, ConnectionResetError):  # it died: `wait` tells at once
            self.connection.send(job)

    def end(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()


def over_processes(
    make: Callable[..., Callable[[J], R]], args: tuple[Any, ...], jobs: Iterator[J], number: int, tell: Callable[[str], object]
) -> Iterator[R]:
    """Yield the results of jobs in the order in which they are done.

    Args:
        make: Makes the function that does a job; called with `args` in each process. Both can be pickled.
        args: Its arguments.
        jobs: The jobs, each taken when a process is free.
        number: Processes.
        tell: Takes a sentence on a process that died.

    Raises:
        WorkerLost: The process of a job died three times.
        JobFailed: A job raised.
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
    """Return a new worker with the job of one that died."""
    dead.process.join()
    code, job = dead.process.exitcode, dead.job
    dead.end()
    if dead.tries == _TRIES or job is None:
        raise WorkerLost(f"the process of a job died {dead.tries} times (exit status {code}); is there memory enough?")
    tell(f"a process died (exit status {code}); its rows are read again")
    fresh: _Worker[J] = _Worker(make, args)
    fresh.give(job, dead.tries + 1)
    return fresh
