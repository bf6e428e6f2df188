"""Intervals and tests against published values, and the laws that hold for all of them."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.evaluation.figures.intervals import (
    Z,
    clustered_wilson,
    effective_size,
    holm,
    mcnemar,
    paired_difference,
    percentile,
    t_quantile,
    wilson,
)

# Newcombe, Statistics in Medicine 17 (1998), table I: method 3, the score interval without continuity correction.
WILSON = [
    pytest.param(81, 263, (0.2553, 0.3662), id="81 of 263"),
    pytest.param(15, 148, (0.0624, 0.1605), id="15 of 148"),
    pytest.param(0, 20, (0.0, 0.1611), id="none of 20"),
    pytest.param(1, 29, (0.0061, 0.1718), id="1 of 29"),
]


@pytest.mark.parametrize(("right", "of", "expected"), WILSON)
def test_wilson_as_published(right: int, of: int, expected: tuple[float, float]) -> None:
    assert wilson(right, of) == pytest.approx(expected, abs=5e-5)


# The first two from textbooks: Armitage and Berry's culture media; Fagerland, Lydersen and Laake's airways. The rest by hand.
MCNEMAR = [
    pytest.param(12, 2, 0.0129, id="culture media"),
    pytest.param(1, 7, 0.0703, id="airways before and after"),
    pytest.param(0, 0, 1.0, id="no pair differs"),
    pytest.param(5, 5, 1.0, id="as many each way"),
    pytest.param(0, 5, 0.0625, id="five one way: 2 / 32"),
    pytest.param(0, 6, 0.03125, id="six one way: 2 / 64"),
]


@pytest.mark.parametrize(("first", "second", "expected"), MCNEMAR)
def test_mcnemar_as_published(first: int, second: int, expected: float) -> None:
    assert mcnemar(first, second) == pytest.approx(expected, abs=5e-5)


# Bonett's own example of `ci.prop.ps` (statpsych): 12, 4, 26, 6; the airways again, by the formula on paper.
DIFFERENCES = [
    pytest.param(26, 4, 48, (0.2548067, 0.6251933), id="Bonett's example"),
    pytest.param(1, 7, 21, (-0.5084, -0.0134), id="airways before and after"),
]


@pytest.mark.parametrize(("gained", "lost", "size", "expected"), DIFFERENCES)
def test_differences_as_published(gained: int, lost: int, size: int, expected: tuple[float, float]) -> None:
    assert paired_difference(gained, lost, size, size) == pytest.approx(expected, abs=5e-5)


# Tables of Student's t at 0.975.
STUDENT = [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (60, 2.000), (120, 1.980)]


@pytest.mark.parametrize(("freedom", "expected"), STUDENT)
def test_students_t_as_in_tables(freedom: int, expected: float) -> None:
    assert t_quantile(freedom) == pytest.approx(expected, abs=5e-4)


def test_students_t_is_smooth_where_the_way_changes() -> None:
    assert t_quantile(201) == pytest.approx(2 * t_quantile(200) - t_quantile(199), abs=1e-6)
    assert t_quantile(10**7) == pytest.approx(Z, abs=1e-6)


EFFECTIVE = [
    pytest.param([1, 0, 1, 1], "abcd", 4.0, id="each case its own cluster"),
    pytest.param([1, 0, 1, 1], "aaaa", 1.0, id="a single cluster"),
    pytest.param([1, 1, 1, 1, 1, 1], "aabbcc", 3.0, id="all right: clusters count"),
    pytest.param([0, 0, 0, 0], "aabb", 2.0, id="all wrong: clusters count"),
]


@pytest.mark.parametrize(("values", "clusters", "expected"), EFFECTIVE)
def test_effective_sizes(values: list[float], clusters: str, expected: float) -> None:
    assert effective_size(values, clusters) == expected


def test_copies_of_a_case_tell_nothing_new() -> None:
    """40 tasks, each answered the same way five times: by the formula of the variance, a little less than 40 cases."""
    values = [float(task % 3 == 0) for task in range(40)]
    copied = effective_size([value for value in values for _ in range(5)], [task for task in range(40) for _ in range(5)])
    # The robust variance of copies is that of the 40 values: 200 / (199 / 39) tasks, less the t factor for 39 degrees of freedom.
    assert copied == pytest.approx(200 * 39 / 199 * (t_quantile(199) / t_quantile(39)) ** 2)
    assert 37 < copied < 40


def test_holm_as_on_paper() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(("share", "expected"), [(0, 1.0), (0.5, 2.5), (0.95, 3.85), (1, 4.0)])
def test_percentiles(share: float, expected: float) -> None:
    assert percentile([1, 2, 3, 4], share) == pytest.approx(expected)
    assert percentile([7], share) == 7


counts = st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
answers = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=60)


@given(counts)
def test_wilson_holds_the_rate_and_mirrors(count: tuple[int, int]) -> None:
    right, of = count
    low, high = wilson(right, of)
    assert 0 <= low <= right / of <= high <= 1
    assert (1 - high, 1 - low) == pytest.approx(wilson(of - right, of))
    wider = wilson(right * 3, of * 3)
    assert wider[1] - wider[0] < high - low


@given(answers)
def test_clusters_never_narrow_an_interval(cases: list[tuple[bool, int]]) -> None:
    hits, clusters = [hit for hit, _ in cases], [cluster for _, cluster in cases]
    low, high = clustered_wilson(hits, clusters)
    plain = wilson(sum(hits), len(hits))
    assert 0 <= low <= sum(hits) / len(hits) <= high <= 1
    assert low <= plain[0] + 1e-12
    assert high >= plain[1] - 1e-12
    assert 0 < effective_size([float(hit) for hit in hits], clusters) <= len(hits)
    again = clustered_wilson(hits[::-1], [f"task {cluster}" for cluster in clusters[::-1]])
    assert again == pytest.approx((low, high)), "neither order nor names of clusters matter"


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_symmetric_and_binomial(first: int, second: int) -> None:
    pairs = first + second
    tail = sum(math.comb(pairs, at) for at in range(min(first, second) + 1)) / 2**pairs
    assert mcnemar(first, second) == mcnemar(second, first) == pytest.approx(min(1, 2 * tail))


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.floats(0.05, 1))
def test_differences_hold_the_estimate_and_mirror(gained: int, lost: int, rest: int, share: float) -> None:
    size = gained + lost + rest
    if not size:
        return
    low, high = paired_difference(gained, lost, size, size * share)
    assert -1 <= low <= (gained - lost) / size <= high <= 1
    assert (-high, -low) == pytest.approx(paired_difference(lost, gained, size, size * share))


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_value(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(value <= new <= 1 for value, new in zip(values, adjusted, strict=True))
    assert sorted(adjusted) == [new for _, new in sorted(zip(values, adjusted, strict=True))]


@pytest.mark.parametrize(("tasks", "alike"), [(12, 0.9), (30, 0.6), (60, 0.0)], ids=str)
def test_intervals_cover_the_true_rate(tasks: int, alike: float) -> None:
    """400 seeded evaluations with a known rate of 0.7 and variants answered alike with a known chance.

    Plain intervals are narrower than they claim where variants are alike; those by clusters hold what they claim.
    """
    chance = random.Random(11)
    covered = plain = 0
    for _ in range(400):
        hits, clusters = [], []
        for task in range(tasks):
            common = chance.random() < 0.7
            for _ in range(6):
                hits.append(common if chance.random() < alike else chance.random() < 0.7)
                clusters.append(task)
        low, high = clustered_wilson(hits, clusters)
        covered += low <= 0.7 <= high
        low, high = wilson(sum(hits), len(hits))
        plain += low <= 0.7 <= high
    assert covered / 400 >= 0.93
    assert plain / 400 < 0.8 or not alike
