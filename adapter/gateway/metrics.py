"""Metrics of a gateway for Prometheus: counts and times, never a key or a text (behaviour 9.13).

Models and tools are names that callers and models choose: the first names that served a request have labels of their own, and
all others are `other`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from adapter.gateway.metrics_of_workers import STATES, UpstreamsOfWorkers, are_shared, shared_text
from adapter.gateway.upstreams import LOG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client import Metric

    from adapter.events import Problem
    from adapter.gateway.seen import Seen
    from adapter.gateway.upstreams import Upstreams
    from adapter.records import ExchangeRecord

MOST_MODELS, MOST_TOOLS, MOST_SERIES = 32, 200, 2000
OTHER, NONE = "other", "none"
_LONGEST = 100  # characters of a name
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_REPAIRS = frozenset({"repaired", "coerced", "recovered", "markup"})
# Faults of an answer, by which the reason of a re-ask or a refusal is named; the first in the record is taken.
_FAULTS = frozenset(
    {"unreadable", "cut", "unknown_tool", "invalid_arguments", "malformed", "extra_call", "repeated_call", "ungrounded"}
    | {"invented_argument", "cut_short", "off_format", "other_dialect", "near_call"}
)


class Names:
    """Names that have a label of their own, the first of them.

    Args:
        label: The label, for the log.
        most: Names at most.
        folded: Counts the requests whose name is folded into `other`.
    """

    def __init__(self, label: str, most: int, folded: Callable[[], None]) -> None:
        self._label, self._most, self._folded = label, most, folded
        self._known: set[str] = set()

    def label(self, name: str, *, takes: bool) -> str:
        """Return the label of a name.

        Args:
            name: The name; any text.
            takes: The name may take one of the places that are left.
        """
        if not name:
            return NONE
        if name in self._known:
            return name
        if not takes or len(name) > _LONGEST or name in {OTHER, NONE} or not name.isprintable():
            return OTHER
        if len(self._known) >= self._most:
            self._folded()
            return OTHER
        self._known.add(name)
        if len(self._known) == self._most:
            LOG.warning(
                "metrics: %d values of %r have labels of their own; further ones count as 'other'", self._most, self._label
            )
        return name


_NO_STATUS = ("left", "broken")  # ends that the status, sent long before, does not tell


class Metrics:
    """The metrics of a gateway.

    Attributes:
        content_type: The media type of `text`.
        registry: The registry of the metrics.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._shared = UpstreamsOfWorkers(self.registry) if are_shared() else None
        if self._shared is None:
            ProcessCollector(registry=self.registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"adapter_{name}", text, labels, registry=self.registry)

        by_tool = ("wire", "model", "tool")
        self._requests = counter("requests", "Requests of callers.", "wire", "model", "status")
        self._running = Gauge(
            "adapter_requests_running", "Requests that are being answered.", registry=self.registry, multiprocess_mode="livesum"
        )
        self._seconds = self._histogram("request_seconds", "Seconds from a request's arrival to its end.")
        self._first = self._histogram("first_token_seconds", "Seconds from a request's arrival to the first token of a stream.")
        self._tokens = counter("tokens", "Tokens, as upstream counts them.", "wire", "model", "kind")
        self._calls = counter("calls", "Tool calls read in answers.", *by_tool, "result")
        self._repairs = counter("repairs", "Calls mended.", *by_tool, "how")
        self._reasks = counter("reasks", "Answers after which the model was asked again.", *by_tool, "reason")
        self._refusals = counter("refusals", "Answers refused.", *by_tool, "reason")
        self._problems = counter("problems", "Problems told, of any kind.", "wire", "model", "kind")
        self._folded = counter("folded_names", "Names that counted as 'other'.", "label")
        self._models = Names("model", MOST_MODELS, self._folded.labels("model").inc)
        self._tools = Names("tool", MOST_TOOLS, self._folded.labels("tool").inc)
        self._series: set[tuple[str, str, str]] = set()
        self._of_upstreams = _OfUpstreams()
        if self._shared is None:
            self.registry.register(self._of_upstreams)

    def _histogram(self, name: str, text: str) -> Histogram:
        return Histogram(f"adapter_{name}", text, ("wire", "model"), registry=self.registry, buckets=_SECONDS)

    def watch(self, upstreams: Upstreams) -> None:
        """Show the state of these upstreams from now on."""
        self._of_upstreams.upstreams = upstreams

    def begin(self) -> None:
        """Count a request that begins."""
        self._running.inc()

    def hide(self, keys: Iterable[str]) -> None:
        """Take no notice: no text of an answer is in metrics."""

    def see(self, seen: Seen) -> None:
        """Count a request that has ended."""
        self._running.dec()
        self._update()
        served = 0 < seen.status < 400 or any(record.status == 200 for record in seen.asked)
        model = self._models.label(seen.model, takes=served)
        wire = seen.wire
        self._requests.labels(wire, model, seen.outcome if seen.outcome in _NO_STATUS else str(seen.status)).inc()
        self._seconds.labels(wire, model).observe(seen.seconds)
        if (first := seen.first_token) is not None:
            self._first.labels(wire, model).observe(first)
        for kind in ("prompt", "completion"):
            if count := seen.tokens(f"{kind}_tokens"):
                self._tokens.labels(wire, model, kind).inc(count)
        for record in seen.records:
            self._record(wire, model, record)

    def _record(self, wire: str, model: str, record: ExchangeRecord) -> None:
        # A tool that was not offered is a word of the model's, and takes no place.
        takes = all(problem.kind != "unknown_tool" for problem in record.problems)
        for call in record.calls:
            result = "unchecked" if call.valid is None else "valid" if call.valid else "invalid"
            self._calls.labels(*self._of_tool(wire, model, call.name, takes=takes), result).inc()
        for problem in record.problems:
            self._problems.labels(wire, model, problem.kind).inc()
            if problem.kind in _REPAIRS:
                tool = _tool(record, problem)
                self._repairs.labels(*self._of_tool(wire, model, tool, takes=takes), problem.kind).inc()
        if record.outcome in {"asked_again", "refused"}:
            fault = next((problem for problem in record.problems if problem.kind in _FAULTS), None)
            tool, reason = ("", "no_call") if fault is None else (_tool(record, fault), fault.kind)
            counter = self._refusals if record.outcome == "refused" else self._reasks
            counter.labels(*self._of_tool(wire, model, tool, takes=takes), reason).inc()

    def _of_tool(self, wire: str, model: str, name: str, *, takes: bool) -> tuple[str, str, str]:
        """Return the labels of a tool: of wires, models and tools together at most a number of combinations."""
        labels = (wire, model, self._tools.label(name, takes=takes))
        if labels not in self._series:
            if len(self._series) >= MOST_SERIES:
                return (wire, model, OTHER)
            self._series.add(labels)
        return labels

    def close(self) -> None:
        """End: nothing waits."""

    def text(self) -> bytes:
        """Return all metrics in the form that Prometheus reads."""
        if self._shared is None:
            return generate_latest(self.registry)
        self._update()
        return shared_text()

    def _update(self) -> None:
        """Share the state of the upstreams with the other workers."""
        if self._shared is not None and self._of_upstreams.upstreams is not None:
            self._shared.update(self._of_upstreams.upstreams)


class _OfUpstreams:
    """The metrics of the upstreams that the settings of now name; their counts are kept where they arise."""

    upstreams: Upstreams | None = None

    def collect(self) -> Iterator[Metric]:
        """Return the metrics."""
        requests = CounterMetricFamily("adapter_upstream_requests", "Requests to upstreams.", labels=("upstream", "outcome"))
        circuit = GaugeMetricFamily(
            "adapter_upstream_circuit", "State of an upstream's circuit: 1 for the state of now.", labels=("upstream", "state")
        )
        now = time.monotonic()
        for member in self.upstreams or ():
            for outcome, count in sorted(member.counts.items()):
                requests.add_metric((member.name, outcome), count)
            state = member.circuit.state(now)
            for one in STATES:
                circuit.add_metric((member.name, one), float(one == state))
        yield requests
        yield circuit

    def describe(self) -> Iterator[Any]:
        """Return nothing: the registry is not to ask for names at once."""
        return iter(())


def _tool(record: ExchangeRecord, problem: Problem) -> str:
    """Return the tool that a problem concerns; empty where that is unknown."""
    if problem.tool or problem.index is None:
        return problem.tool or (record.calls[0].name if len(record.calls) == 1 else "")
    return record.calls[problem.index].name if problem.index < len(record.calls) else ""
