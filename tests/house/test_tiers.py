"""The two tiers: which run is which, and what stands for the rest in the first."""

from __future__ import annotations

import pytest

from adapter.dialects.registry import load
from adapter.syntax import SYNTAXES
from tests.support import tiers
from tests.support.tiers import (
    FIRST,
    LONG_TEXT,
    PROOFS,
    SEEDED,
    asks_for_proofs,
    few_or_all,
    positions,
    rest_are_proofs,
    some_first,
)


@pytest.mark.parametrize(
    ("expression", "proofs"),
    [
        pytest.param("not proof", False, id="as nothing is said"),
        pytest.param("proof", True, id="the proofs"),
        pytest.param("proof or not proof", True, id="both"),
        pytest.param("", True, id="no expression selects all"),
        pytest.param("engine and proof", True, id="some of the proofs"),
        pytest.param("engine and not proof", False, id="none of the proofs"),
        pytest.param("waterproof", False, id="another marker"),
    ],
)
def test_a_run_is_of_one_tier(expression: str, proofs: bool) -> None:
    assert asks_for_proofs(expression) is proofs


def test_one_dialect_stands_for_each_syntax() -> None:
    assert {load(name).syntax for name in FIRST} == set(SYNTAXES)
    assert len(FIRST) == len(SYNTAXES)


def test_the_rest_are_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = {param.values[0]: [mark.name for mark in param.marks] for param in some_first(["hermes", "qwen2.5"])}
    assert marks == {"hermes": [], "qwen2.5": ["proof"]}
    assert [[mark.name for mark in param.marks] for param in rest_are_proofs("abc", 2)] == [[], [], ["proof"]]
    for proving, number in (("0", 1), ("1", 2)):
        monkeypatch.setenv(PROOFS, proving)
        assert few_or_all(1, 2) == number


def test_long_texts_are_cut_everywhere_among_the_proofs_only(monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = "a <b> c", f"{'word ' * 1000}<tool_call>{'word ' * 1000}"
    place = long.index("<tool_call>")
    monkeypatch.setenv(PROOFS, "0")
    assert list(positions(short)) == list(range(len(short) + 1))
    found = positions(long)
    assert SEEDED <= len(found) <= SEEDED + 20
    assert set(range(place - 1, place + 12)) <= set(found)
    assert len(long) > LONG_TEXT
    monkeypatch.setenv(PROOFS, "1")
    assert list(positions(long)) == list(range(len(long) + 1))
    assert tiers.proving()
