"""Metrics of several workers as one: files that the workers share, summed whichever of them is asked (behaviour 9.14).

`prometheus-client` keeps the values of a process in files of a folder, where a variable of the environment names the folder
before the package is imported. What a worker has counted stays when the worker dies.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from adapter.gateway.settings import METRICS_FOLDER

if TYPE_CHECKING:
    from adapter.gateway.upstreams import Upstreams

STATES = ("closed", "half_open", "open")


def are_shared() -> bool:
    """Return True in a worker whose metrics are summed with those of others."""
    return bool(os.environ.get(METRICS_FOLDER))


def shared_text() -> bytes:
    """Return the metrics of all workers in the form that Prometheus reads."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget(pid: int, folder: str) -> None:
    """Take the gauges of a worker that has ended out of the sums."""
    mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]


class UpstreamsOfWorkers:
    """The state of upstreams as this worker sees it; the sums tell how many workers see each state.

    Args:
        registry: The registry of this worker's metrics.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "adapter_upstream_requests", "Requests to upstreams.", ("upstream", "outcome"), registry=registry
        )
        self._circuit = Gauge(
            "adapter_upstream_circuit",
            "State of an upstream's circuit: the workers that see this state now.",
            ("upstream", "state"),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._counted: dict[tuple[str, str], int] = {}

    def update(self, upstreams: Upstreams) -> None:
        """Take over what has been counted since the last time."""
        now = time.monotonic()
        for member in upstreams:
            for outcome, count in member.counts.items():
                before = self._counted.get((member.name, outcome), 0)
                self._counted[member.name, outcome] = count
                self._requests.labels(member.name, outcome).inc(count - before if count >= before else count)
            state = member.circuit.state(now)
            for one in STATES:
                self._circuit.labels(member.name, one).set(float(one == state))
