"""Tasks over the machines of a Ray cluster (extra `ray`): results as they are done, and lost tasks run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

J = TypeVar("J")
R = TypeVar("R")
_TRIES = 10  # of a task whose worker or machine is lost
_WAITING = 2  # tasks for each processor: one that runs, and one that waits


class ClusterFault(Exception):
    """No cluster, or a task that is lost each time; the message says the reason."""


def over_cluster(
    do: Callable[[Any, J], R], shared: Any, jobs: Iterator[J], address: str | None, *, at_most: int | None = None
) -> Iterator[R]:
    """Yield the results of jobs in the order in which they are done, one for each.

    Args:
        do: Does a job, in a process of the cluster: a function of a module, called with `shared` and the job.
        shared: A value for all jobs, sent once.
        jobs: The jobs, each taken when the cluster has room for one.
        address: The address of the cluster; None for that of `RAY_ADDRESS`, or for processes of this machine.
        at_most: Jobs at the same time, which wait for others more than they compute; None for as many as the processors take.

    Raises:
        ClusterFault: There is no such cluster, or a job is lost each time.
        Exception: Raised by a job.
        ImportError: Ray is missing.
    """
    import ray

    mine = not ray.is_initialized()
    if mine:
        try:
            ray.init(address=address, log_to_driver=False, include_dashboard=False if address is None else None)
        except (ConnectionError, ValueError, TimeoutError) as error:
            raise ClusterFault(f"--ray {address}: no cluster answers there: {' '.join(str(error).split())}") from error
    try:
        yield from _results(ray, do, shared, jobs, at_most)
    finally:
        if mine:
            ray.shutdown()


def _results(ray: Any, do: Callable[[Any, J], R], shared: Any, jobs: Iterator[J], at_most: int | None) -> Iterator[R]:
    """Keep the cluster busy, and yield what is done."""
    task = ray.remote(do).options(max_retries=_TRIES, num_cpus=1 if at_most is None else 0.01)
    given = ray.put(shared)
    running: list[Any] = []
    while True:
        processors = int(ray.cluster_resources().get("CPU", 1))  # machines come and go
        while len(running) < (at_most or _WAITING * max(1, processors)) and (job := next(jobs, None)) is not None:
            running.append(task.remote(given, job))
        if not running:
            return
        (done,), running = ray.wait(running, num_returns=1)
        try:
            yield ray.get(done)
        except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError, ray.exceptions.OutOfMemoryError) as error:
            told = f"the worker of a task was lost {_TRIES} times ({type(error).__name__}); is there memory enough?"
            raise ClusterFault(told) from error
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None  # as the job raised it, without the lines of the other process
