"""Figures of a run: rates with intervals, comparisons of arms, confusion, parameters, layers, time and tokens."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from adapter.evaluation.figures.confusion import confusion
from adapter.evaluation.figures.costs import cost, offered
from adapter.evaluation.figures.layers import layers
from adapter.evaluation.figures.pairs import pairs
from adapter.evaluation.figures.parameters import parameters
from adapter.evaluation.figures.rates import FIGURES, sliced
from adapter.evaluation.figures.values import ArmFigures, CurvePoint, Summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapter.evaluation.outcome import CaseOutcome

NAMES = tuple(figure.name for figure in FIGURES)


def summarise(outcomes: Iterable[CaseOutcome]) -> Summary:
    """Return the figures of outcomes, arm by arm. Nothing is drawn at random: equal outcomes give equal figures.

    Args:
        outcomes: One outcome for each case and arm; cases and arms in any order.

    Raises:
        ValueError: A case occurs twice in an arm.
    """
    arms: dict[str, list[CaseOutcome]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for outcome in outcomes:
        if (outcome.arm, outcome.case) in seen:
            raise ValueError(f"arm {outcome.arm!r} has two outcomes of case {outcome.case!r}; give each case once for an arm")
        seen.add((outcome.arm, outcome.case))
        arms[outcome.arm].append(outcome)
    figures = tuple(_arm(arm, found) for arm, found in arms.items())
    return Summary(outcomes=len(seen), arms=figures, pairs=pairs(arms), curve=_curve(figures))


def below(summary: Summary, thresholds: Mapping[str, float]) -> list[str]:
    """Return one sentence for each arm and figure below its threshold, or without a case to judge.

    Args:
        summary: The figures.
        thresholds: The least rate from 0 to 1, by the figure's name.

    Raises:
        KeyError: A name is not in `NAMES`.
    """
    said = []
    for name, least in thresholds.items():
        for arm in summary.arms:
            found = arm.whole.rates[name]
            if found.value is None:
                said.append(f"{arm.arm}: {name} has no case to judge, so {least:g} is not reached")
            elif found.value < least:
                said.append(f"{arm.arm}: {name} is {found.value:.4f} ({found.right} of {found.of}), below {least:g}")
    return said


def _arm(arm: str, outcomes: Sequence[CaseOutcome]) -> ArmFigures:
    categories: dict[str, list[CaseOutcome]] = defaultdict(list)
    for outcome in outcomes:
        categories[outcome.category].append(outcome)
    return ArmFigures(
        arm=arm,
        offered=offered(outcomes),
        whole=sliced("", outcomes),
        categories=tuple(sliced(name, found) for name, found in categories.items()) if len(categories) > 1 else (),
        parameters=parameters(outcomes),
        confusion=confusion(outcomes),
        cost=cost(outcomes),
        layers=layers(outcomes),
    )


def _curve(arms: Sequence[ArmFigures]) -> tuple[CurvePoint, ...]:
    """Return selection by the median number of tools offered, a point for each arm; nothing unless the medians differ."""
    points = [CurvePoint(arm.arm, arm.offered.median, arm.whole.rates["selection"]) for arm in arms]
    points = sorted((point for point in points if point.selection.of), key=lambda point: point.offered)
    return tuple(points) if len({point.offered for point in points}) > 1 else ()
