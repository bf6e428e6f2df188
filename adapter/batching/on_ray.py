"""Chunks of rows over the machines of a Ray cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.batching.parts import Made, PartMaker
from adapter.cluster import over_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.batching.lines import Chunk, LineSettings
    from adapter.batching.parts import Form


def over_ray(settings: LineSettings, form: Form, jobs: Iterator[Chunk], address: str | None) -> Iterator[Made]:
    """Yield the parts of chunks in the order in which they are done.

    Args:
        settings: The settings of the lines.
        form: The form of the output.
        jobs: The chunks, each taken when the cluster has room for one.
        address: The address of the cluster; None for that of the environment, or for processes of this machine.

    Raises:
        ClusterFault: There is no such cluster, or a chunk is lost each time.
        ImportError: Ray is missing.
    """
    return over_cluster(_made, (repr((settings, form)), settings, form), jobs, address)


_KEPT: dict[str, PartMaker] = {}


def _made(shared: tuple[str, LineSettings, Form], chunk: Chunk) -> Made:
    """Read a chunk, in a process of the cluster, which keeps the tools that it has read."""
    key, settings, form = shared
    maker = _KEPT.get(key)
    if maker is None:
        _KEPT.clear()  # of another run
        maker = _KEPT[key] = PartMaker(settings, form)
    return maker(chunk)
