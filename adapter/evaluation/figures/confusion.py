"""The confusion matrix: the tool expected by the tool called."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING

from adapter.evaluation.cases import ANY_TOOL
from adapter.evaluation.figures.rates import judged
from adapter.evaluation.figures.values import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.outcome import CaseOutcome


def confusion(outcomes: Sequence[CaseOutcome]) -> tuple[Cell, ...]:
    """Return the cells that are not empty, over the judged cases.

    Calls of a case are paired by name first, the rest in order. An expected call without a partner is in the column "no call",
    a call made without a partner in the row "no call", and a case without either in the cell of both. Where any tool is right,
    every call made is an expected one. Cases that are judged by states have no such pairs.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        if judged(outcome) and outcome.by == "calls":
            counts.update(_pairs([call.name for call in outcome.expected], [call.name for call in outcome.calls]))
    return tuple(Cell(expected, called, count) for (expected, called), count in sorted(counts.items()))


def _pairs(expected: list[str], called: list[str]) -> list[tuple[str, str]]:
    if not expected and not called:
        return [("", "")]
    if ANY_TOOL in expected and called:
        return [(name, name) for name in called]
    equal = Counter(expected) & Counter(called)
    rest = zip_longest(_without(expected, equal), _without(called, equal), fillvalue="")
    return [*((name, name) for name in equal.elements()), *rest]


def _without(names: list[str], paired: Counter[str]) -> list[str]:
    left = Counter(paired)
    rest = []
    for name in names:
        if left[name]:
            left[name] -= 1
        else:
            rest.append(name)
    return rest
