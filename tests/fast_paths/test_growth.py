"""Cost is linear, in every dialect, the hostile texts too: exponents, not times, so that a slow or busy machine does not matter.

The sizes are small versions of row 2 of `python -m benchmarks`, and the outputs are verified before. The bound is generous: 1 is
linear, 2 quadratic; what is quadratic at these sizes is far above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from adapter import CompletionParser
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from benchmarks.floors import Scan, find_and_slice
from benchmarks.growth import Growth, history, reading, tools
from benchmarks.hostile import PLACES, fillers, hostile, kept, opened
from benchmarks.reading import judged, verdict
from benchmarks.timing import exponent
from benchmarks.workloads import Kind, Load, completion
from tests.facts.tools import function
from tests.support.growth import assert_linear
from tests.support.rows import row
from tests.support.tiers import MEASURED, few_or_all, some_first

if TYPE_CHECKING:
    from collections.abc import Callable

BOUND = 1.25


def assert_growth(growth: Growth) -> None:
    short, long = growth.sizes
    assert_linear(growth.work, int(short), exponent=BOUND, times=int(long // short))


@pytest.mark.both_tiers
@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        pytest.param("one", [8192, 65_536], id="arguments of 8 and 64 KB"),
        pytest.param("many", [8, 64], id="8 and 64 calls"),
        pytest.param("text", [8192, 65_536], id="text of 8 and 64 KB"),
    ],
)
@pytest.mark.parametrize("dialect", some_first(names(), MEASURED))
def test_reading(dialect: str, kind: Kind, sizes: list[int]) -> None:
    assert_growth(reading(dialect, kind, few_or_all([size // 2 for size in sizes], sizes)))


@pytest.mark.parametrize("dialect", some_first(names(), MEASURED))
def test_history(dialect: str) -> None:
    assert_growth(history(dialect, [16, 128]))


@pytest.mark.parametrize("dialect", some_first(names(), MEASURED))
def test_tools(dialect: str) -> None:
    assert_growth(tools(dialect, [16, 128]))


@pytest.mark.both_tiers
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dialect", some_first(names(), MEASURED))
def test_hostile_text(dialect: str, place: str) -> None:
    found = fillers(dialect)
    for filler in few_or_all(list(found.values())[::8], list(found.values())):
        assert_growth(hostile(dialect, place, filler, [2048, 12288], 16))


@pytest.mark.parametrize("dialect", some_first(names(), MEASURED))
def test_no_short_way_ends_at_a_length(dialect: str) -> None:
    """Text of which nothing is sent costs the same at every length: its delta is not read by another way later on."""
    assert_growth(hostile(dialect, "block", "\\", [8192, 49152], 16))


@pytest.mark.parametrize("dialect", some_first(names(), MEASURED))
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


WRONG = [
    function("listed", {"a": {"type": "array", "items": {"type": "integer"}}}),
    {"type": "function", "function": {"name": "named", "parameters": {"additionalProperties": {"type": "integer"}}}},
]
WRONG_VALUES: dict[str, Callable[[int], tuple[str, dict[str, Any]]]] = {
    "elements": lambda size: ("listed", {"a": [str(number) for number in range(size)]}),
    "members": lambda size: ("named", {f"p{number}": str(number) for number in range(size)}),
    "elements that cannot be mended": lambda size: ("listed", {"a": ["x"] * size}),
}


@pytest.mark.both_tiers
@pytest.mark.parametrize("values", WRONG_VALUES)
def test_values_of_another_type(values: str) -> None:
    """Each value is coerced: in a whole answer, and in a stream while it is written."""
    for dialect in few_or_all(["hermes"], ["hermes", "gemma-4", "qwen3-coder", "llama-4"]):
        for stream_calls in ("validated", "incremental"):

            def prepare(size: int, dialect: str = dialect, stream_calls: Any = stream_calls) -> Callable[[], object]:
                name, given = WRONG_VALUES[values](size)
                text = load(dialect).assistant("", [load(dialect).tool_call(name, given, "call_1")])
                pieces = [text[start : start + 64] for start in range(0, len(text), 64)]

                def work() -> None:
                    parser = CompletionParser(WRONG, dialect=dialect, stream_calls=stream_calls)
                    for piece in pieces:
                        parser.feed(piece)
                    parser.close()

                return work

            with row(dialect=dialect, stream_calls=stream_calls):
                assert_linear(prepare, 125)
