"""Jobs over the machines of a Ray cluster (extra `ray`): results as they are done, and lost jobs run again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.batching.parts import BadRun, Made, PartMaker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.batching.lines import Chunk, LineSettings
    from adapter.batching.parts import Form

_TRIES = 10  # of a job whose worker or machine is lost
_WAITING = 2  # jobs for each processor: one that runs, and one that waits


def over_ray(settings: LineSettings, form: Form, jobs: Iterator[Chunk], address: str | None) -> Iterator[Made]:
    """Yield the parts of chunks in the order in which they are done.

    Args:
        settings: The settings of the lines.
        form: The form of the output.
        jobs: The chunks, each taken when the cluster has room for one.
        address: The address of the cluster; None for that of the environment, or for processes of this machine.

    Raises:
        BadRun: There is no such cluster, or a job is lost each time.
        ImportError: Ray is missing.
    """
    import ray

    mine = not ray.is_initialized()
    if mine:
        try:
            ray.init(address=address, log_to_driver=False, include_dashboard=False if address is None else None)
        except (ConnectionError, ValueError, TimeoutError) as error:
            raise BadRun(f"--ray {address}: no cluster answers there: {' '.join(str(error).split())}") from error
    try:
        yield from _parts(ray, settings, form, jobs)
    finally:
        if mine:
            ray.shutdown()


def _parts(ray: Any, settings: LineSettings, form: Form, jobs: Iterator[Chunk]) -> Iterator[Made]:
    """Keep the cluster busy, and yield what is done."""
    do = ray.remote(_made).options(max_retries=_TRIES, num_cpus=1)
    given = ray.put((settings, form))
    running: list[Any] = []
    while True:
        most = _WAITING * max(1, int(ray.cluster_resources().get("CPU", 1)))  # machines come and go
        while len(running) < most and (chunk := next(jobs, None)) is not None:
            running.append(do.remote(given, repr((settings, form)), chunk))
        if not running:
            return
        (done,), running = ray.wait(running, num_returns=1)
        try:
            yield ray.get(done)
        except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError, ray.exceptions.OutOfMemoryError) as error:
            raise BadRun(
                f"the worker of some rows was lost {_TRIES} times ({type(error).__name__}); is there memory enough?"
            ) from error


_KEPT: dict[str, PartMaker] = {}


def _made(given: tuple[LineSettings, Form], key: str, chunk: Chunk) -> Made:
    """Read a chunk, in a process of the cluster, which keeps the tools that it has read."""
    maker = _KEPT.get(key)
    if maker is None:
        _KEPT.clear()  # of another run
        maker = _KEPT[key] = PartMaker(*given)
    return maker(chunk)
