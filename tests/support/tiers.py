"""The two tiers of tests: what runs each time, and the proofs, `pytest -m proof`, which take longer.

    @pytest.mark.proof           runs among the proofs only
    @pytest.mark.both_tiers      runs in both, on more cases among the proofs: `few_or_all`, `positions` and `few_positions` say how many

A hypothesis test runs in both tiers, with the number of examples of the tier. `conftest.py` finds out which tier is asked for
before the tests are imported.
"""

from __future__ import annotations

import os
import random
import re
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

T = TypeVar("T")
PROOFS = "ADAPTER_TEST_PROOFS"  # in the environment, for workers of xdist inherit it
LONG_TEXT = 1024  # characters: in a longer text the first tier does not cut at every position
SEEDED = 200  # positions that it does cut at, beside those around markers
_MARKERS = re.compile(r"</?[^<>\s]{1,40}>|<\||\|>|\[/?[A-Z_]+\]|```|[{}\[\]\"]")
# Dialects that stand for all with the same call syntax where a test would take too long for each.
FIRST = frozenset(
    {
        "hermes",
        "llama-3.1",
        "deepseek-v3",
        "qwen3-coder",
        "glm-4.5",
        "gemma-4",
        "llama-4",
        "gpt-oss",
        "kimi-k3",
        "minimax-m3",
        "apertus",
        "muse",
        "inkling",
        "functionary-v3.2",
    }
)

# One dialect of each kind of reader, where a test measures times.
MEASURED = frozenset({"hermes", "qwen3-coder", "gemma-4", "minimax-m3"})


def asks_for_proofs(expression: str) -> bool:
    """Tell if the marker expression of a run selects proofs: it names them, and not only to leave them out, or selects all."""
    return not expression or re.search(r"(?<!not )\bproof\b", expression) is not None


def proving() -> bool:
    """Tell if this run proves, rather than tries."""
    return os.environ.get(PROOFS) == "1"


def few_or_all(few: T, every: T) -> T:
    """The first value in the first tier, the second among the proofs."""
    return every if proving() else few


def positions(text: str) -> Collection[int]:
    """Where a text is cut in two: everywhere, but for long texts of the first tier around markers and at seeded positions."""
    everywhere = range(len(text) + 1)
    if proving() or len(text) <= LONG_TEXT:
        return everywhere
    near = {at for found in _MARKERS.finditer(text) for at in range(found.start() - 1, found.end() + 2)}
    return sorted((near | set(random.Random(text).sample(everywhere, SEEDED))).intersection(everywhere))


def few_positions(text: str, few: int = 24) -> Collection[int]:
    """Where a short text of many that are alike is cut in two: everywhere among the proofs, else at seeded positions."""
    everywhere = range(1, len(text))
    if proving() or len(text) <= few:
        return everywhere
    return sorted(random.Random(text).sample(everywhere, few))


def in_turn(values: Sequence[T], turn: int) -> Sequence[T]:
    """All values among the proofs; in the first tier the one whose turn it is."""
    return values if proving() else [values[turn % len(values)]]


def rest_are_proofs(values: Iterable[T], first: int = 1) -> list[Any]:
    """Parameters of which all behind the first ones are proofs: for cases that are much alike, of costs above all."""
    return [pytest.param(value, marks=pytest.mark.proof if at >= first else ()) for at, value in enumerate(values)]


def some_first(values: Iterable[str], first: Collection[str] = FIRST) -> list[Any]:
    """Parameters of which those that are not among the first are proofs."""
    return [pytest.param(value, marks=() if value in first else pytest.mark.proof) for value in values]
