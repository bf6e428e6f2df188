"""Faults by tool and parameter."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from adapter.evaluation.figures.rates import judged, rate_of
from adapter.evaluation.figures.values import Parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.outcome import CaseOutcome

_INDEX = re.compile(r"\[\d+\]")
_KINDS = ("missing", "extra", "type", "value")


def parameters(outcomes: Sequence[CaseOutcome]) -> tuple[Parameter, ...]:
    """Return the parameters of the tools that were expected and called, the most faults first."""
    asked: dict[tuple[str, str], list[tuple[bool, str]]] = defaultdict(list)
    kinds: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        if not judged(outcome) or outcome.by == "state":
            continue
        called = {call.name for call in outcome.calls}
        expected = {(call.name, name) for call in outcome.expected if call.name in called for name in call.arguments}
        tools = {call.name for call in outcome.expected} & called
        faults = [
            ((fault.tool, _INDEX.sub("[]", fault.parameter)), fault.kind)
            for fault in outcome.faults
            if fault.kind in _KINDS and fault.parameter and fault.tool in tools
        ]
        faulty = {place for place, _ in faults}
        # A fault inside of a value is a fault of the parameter that holds the value, too.
        holders = {(tool, re.split(r"[.\[]", path, maxsplit=1)[0]) for tool, path in faulty if (tool, path) not in expected}
        for place in sorted(expected | faulty):
            asked[place].append((place not in faulty and place not in holders, outcome.cluster))
        for place, kind in faults:
            kinds[place][kind] += 1
    found = [_parameter(place, answers, kinds[place]) for place, answers in asked.items()]
    return tuple(sorted(found, key=lambda one: (one.rate.right - one.rate.of, one.tool, one.parameter)))


def _parameter(place: tuple[str, str], answers: list[tuple[bool, str]], kinds: Counter[str]) -> Parameter:
    rate = rate_of([answer for answer, _ in answers], [cluster for _, cluster in answers])
    return Parameter(*place, rate, *(kinds[kind] for kind in _KINDS))
