"""Intervals and tests for rates: Wilson's interval, clusters of cases, McNemar's exact test, paired differences.

All intervals are two-sided at 95 %. Sources: Wilson (1927) and Newcombe (1998) for a single rate; Kish's design effect and
the effective sample size of Korn and Graubard for clusters; McNemar (1947) as an exact binomial test; Bonett and Price (2012)
for the difference of paired rates; Holm (1979) for several tests at once.

Clusters: variants of a task are answered alike, so a hundred variants of ten tasks tell less than a hundred tasks. The
design effect is the cluster-robust variance of a rate divided by the variance of a simple random sample. The number of cases
divided by the effect is the number of independent cases that would tell as much, and Wilson's interval is taken there. A
bootstrap over clusters was the alternative: it needs a seed and thousands of draws, and its interval has no width at a rate of
0 or 1.
"""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

Z = 1.959963984540054  # the standard normal quantile of 0.975
_EXACT = 200  # degrees of freedom up to which Student's t is inverted, beyond which a series is exact to nine digits


def wilson(right: float, of: float) -> tuple[float, float]:
    """Return Wilson's score interval of a rate.

    Args:
        right: The number of successes; a fraction for an effective sample size.
        of: The number of trials, above 0.
    """
    rate = right / of
    spread = Z * math.sqrt(rate * (1 - rate) / of + Z * Z / (4 * of * of))
    scale = 1 + Z * Z / of
    centre = rate + Z * Z / (2 * of)
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if right == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if right == of else min(1.0, (centre + spread) / scale)
    return low, high


def clustered_wilson(hits: Sequence[bool], clusters: Sequence[Hashable]) -> tuple[float, float]:
    """Return Wilson's interval at the effective number of cases; the plain one where each case is a cluster of its own.

    Args:
        hits: The success of each case; at least one case.
        clusters: The cluster of each case.
    """
    size = effective_size([float(hit) for hit in hits], clusters)
    right = sum(hits)
    return wilson(size * right / len(hits) if right < len(hits) else size, size)


def effective_size(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Return the number of independent cases that tell as much of the mean as these cases; never more than there are.

    Equal values leave the correlation within clusters unknown: then each cluster counts as a single case.

    Args:
        values: A value of each case; at least one.
        clusters: The cluster of each case.
    """
    size, groups = len(values), len(set(clusters))
    if groups == size:
        return float(size)
    if groups == 1:
        return 1.0
    mean = math.fsum(values) / size
    simple = math.fsum((value - mean) ** 2 for value in values) / (size * (size - 1))
    if simple == 0:
        return float(groups)
    sums: dict[Hashable, float] = defaultdict(float)
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] += value - mean
    robust = groups / (groups - 1) * math.fsum(total * total for total in sums.values()) / (size * size)
    effect = max(1.0, robust / simple)
    # Few clusters leave the variance itself uncertain: Student's quantile of the clusters in place of that of the cases.
    narrower = t_quantile(size - 1) / t_quantile(groups - 1)
    return size / effect * narrower * narrower


@lru_cache(maxsize=512)
def t_quantile(freedom: int) -> float:
    """Return the 0.975 quantile of Student's t distribution.

    Args:
        freedom: The degrees of freedom, 1 or more.
    """
    if freedom > _EXACT:  # the Cornish-Fisher series
        terms = (
            (Z**3 + Z) / 4,
            (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
            (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
        )
        return math.fsum([Z, *(term / math.pow(freedom, at) for at, term in enumerate(terms, 1))])
    low, high = 0.0, 13.0  # the quantile of a single degree of freedom is 12.7
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_within(middle, freedom) < 0.95 else (low, middle)
    return (low + high) / 2


def _t_within(value: float, freedom: int) -> float:
    """Return the probability that |t| is below a value: the finite trigonometric sum for whole degrees of freedom."""
    angle = math.atan(value / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for at in range(odd, freedom - 1, 2):
        total += term
        term *= square * (at + 1) / (at + 2)
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total


def mcnemar(first: int, second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Args:
        first: Pairs in which the first alone succeeded.
        second: Pairs in which the second alone succeeded.
    """
    pairs, least = first + second, min(first, second)
    term, total = 1, 0
    for at in range(least + 1):
        total += term
        term = term * (pairs - at) // (at + 1)
    return min(1.0, 2 * total / (1 << pairs))


def paired_difference(gained: int, lost: int, size: int, effective: float) -> tuple[float, float]:
    """Return Bonett and Price's interval for the difference of two rates on the same cases.

    Args:
        gained: Cases in which the second alone succeeded.
        lost: Cases in which the first alone succeeded.
        size: All cases, above 0.
        effective: The effective number of cases; see `effective_size`.
    """
    scale = effective / size
    up, down = (gained * scale + 1) / (effective + 2), (lost * scale + 1) / (effective + 2)
    spread = Z * math.sqrt((up + down - (up - down) ** 2) / (effective + 2))
    return max(-1.0, up - down - spread), min(1.0, up - down + spread)


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Holm's step-down rule, in the order given."""
    adjusted = [0.0] * len(values)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[at]))
        adjusted[at] = highest
    return adjusted


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return a percentile by linear interpolation between the values.

    Args:
        ordered: The values in ascending order; at least one.
        share: 0.95 for the 95th percentile.
    """
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
