"""Arms compared two by two on the cases that both have."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from adapter.evaluation.figures.intervals import effective_size, holm, mcnemar, paired_difference
from adapter.evaluation.figures.rates import judged
from adapter.evaluation.figures.values import Pair

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.evaluation.outcome import CaseOutcome


def pairs(arms: Mapping[str, Sequence[CaseOutcome]]) -> tuple[Pair, ...]:
    """Return the comparison of every two arms."""
    by_case = {arm: {outcome.case: outcome for outcome in outcomes} for arm, outcomes in arms.items()}
    found = [_pair((first, by_case[first]), (second, by_case[second])) for first, second in combinations(by_case, 2)]
    adjusted = holm([pair.p if pair.p_tasks is None else pair.p_tasks for pair in found])
    return tuple(replace(pair, p_holm=value) for pair, value in zip(found, adjusted, strict=True))


def _pair(first: tuple[str, dict[str, CaseOutcome]], second: tuple[str, dict[str, CaseOutcome]]) -> Pair:
    shared = [(one, second[1][case]) for case, one in first[1].items() if case in second[1]]
    both = [(one, other) for one, other in shared if judged(one) and judged(other)]
    differences = [(other.verdict == "right") - (one.verdict == "right") for one, other in both]
    clusters = [one.cluster for one, _ in both]
    lost, won = differences.count(-1), differences.count(1)
    right = sum(one.verdict == other.verdict == "right" for one, other in both)
    low = high = None
    if both:
        effective = effective_size([float(value) for value in differences], clusters)
        low, high = paired_difference(won, lost, len(both), effective)
    return Pair(
        first=first[0],
        second=second[0],
        cases=len(both),
        left_out=len(shared) - len(both),
        alone=len(first[1]) + len(second[1]) - 2 * len(shared),
        both=right,
        only_first=lost,
        only_second=won,
        neither=len(both) - right - lost - won,
        difference=(won - lost) / len(both) if both else None,
        low=low,
        high=high,
        p=mcnemar(lost, won),
        p_tasks=_sign_test(differences, clusters),
        p_holm=1.0,
    )


def _sign_test(differences: list[int], clusters: list[str]) -> float | None:
    """Return the exact sign test over clusters; None where each case is a cluster of its own."""
    sums: dict[str, int] = defaultdict(int)
    for difference, cluster in zip(differences, clusters, strict=True):
        sums[cluster] += difference
    if len(sums) == len(clusters):
        return None
    return mcnemar(sum(total < 0 for total in sums.values()), sum(total > 0 for total in sums.values()))
