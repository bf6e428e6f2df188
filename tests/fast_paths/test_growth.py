"""Cost is linear, in every dialect, the hostile texts too: exponents, not times, so that a slow or busy machine does not matter.

The sizes are small versions of row 2 of `python -m benchmarks`, and the outputs are verified before. The bound is generous: 1 is
linear, 2 quadratic; what is quadratic at these sizes is far above it.
"""

from __future__ import annotations

import pytest

from adapter.dialects.templates import names
from benchmarks.floors import Scan, find_and_slice
from benchmarks.growth import Growth, history, reading, tools
from benchmarks.hostile import PLACES, fillers, hostile, kept, opened
from benchmarks.reading import judged, verdict
from benchmarks.timing import exponent
from benchmarks.workloads import Kind, Load, completion
from tests.support.tiers import few_or_all, some_first

BOUND = 1.25


def assert_linear(growth: Growth) -> None:
    """Measured up to four times: the least times count, and what only a neighbour has slowed is not met again."""
    times = growth.times(2, enough_ns=0)
    for _ in range(3):
        if growth.exponent(times) <= BOUND:
            break
        times = [min(pair) for pair in zip(times, growth.times(3, enough_ns=0), strict=True)]
    milliseconds = [round(taken / 1e6, 2) for taken in times]
    assert growth.exponent(times) <= BOUND, f"{growth.name}: {milliseconds} ms at {list(growth.sizes)}"


@pytest.mark.both_tiers
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        pytest.param("one", [8192, 65_536], id="arguments of 8 and 64 KB"),
        pytest.param("many", [8, 64], id="8 and 64 calls"),
        pytest.param("text", [8192, 65_536], id="text of 8 and 64 KB"),
    ],
)
@pytest.mark.parametrize("dialect", some_first(names()))
def test_reading(dialect: str, kind: Kind, sizes: list[int]) -> None:
    assert_linear(reading(dialect, kind, few_or_all([size // 2 for size in sizes], sizes)))


@pytest.mark.parametrize("dialect", names())
def test_history(dialect: str) -> None:
    assert_linear(history(dialect, [16, 128]))


@pytest.mark.parametrize("dialect", names())
def test_tools(dialect: str) -> None:
    assert_linear(tools(dialect, [16, 128]))


@pytest.mark.both_tiers
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dialect", some_first(names()))
def test_hostile_text(dialect: str, place: str) -> None:
    found = fillers(dialect)
    for filler in few_or_all(list(found.values())[::4], list(found.values())):
        assert_linear(hostile(dialect, place, filler, [2048, 12288], 16))


@pytest.mark.parametrize("dialect", some_first(names()))
def test_brackets_deeper_than_any_stack(dialect: str) -> None:
    text = opened(dialect, "block") + "[" * 100_000 + "]" * 100_000
    pieces = [text[at : at + 4096] for at in range(0, len(text), 4096)]
    assert kept(dialect, pieces) == "right"


def test_an_exponent_tells_linear_from_quadratic() -> None:
    sizes = [1.0, 10.0, 100.0]
    assert exponent(sizes, [5 * size for size in sizes]) == pytest.approx(1)
    assert exponent(sizes, [size**2 for size in sizes]) == pytest.approx(2)


@pytest.mark.parametrize("load", [Load("one", 8192), Load("many", 16), Load("text", 8192)], ids=lambda load: load.label)
def test_the_floors_read_rightly(load: Load) -> None:
    what = completion(load)
    assert verdict(Scan, what).startswith("right")
    assert judged(*find_and_slice(what.full), what).startswith("right")
