"""Patterns of expected values: found or not, in bounded time, and told where a text is too long to be searched."""

from __future__ import annotations

import pytest

from adapter.evaluation.matchers import differences
from adapter.evaluation.regular import found_in

# Pattern, text, found; None where the text is not searched.
FOUND: dict[str, tuple[str, str, bool | None]] = {
    "at the beginning": ("^Os", "Oslo", True),
    "not at the beginning": ("^lo", "Oslo", False),
    "anywhere": ("sl", "Oslo", True),
    "whole": (r"^\d{4}-\d{2}$", "2026-11", True),
    "without regard to case": ("(?i)^OSLO$", "oslo", True),
    "a word border": (r"\blo\b", "Os lo", True),
    "a repetition in another": ("^(a+)+$", "a" * 2000, True),
    "a repetition in another, and no match": ("^(a+)+$", "a" * 2000 + "b", False),
    "branches that share a text": ("^(a|a)*$", "a" * 500 + "b", False),
    "a long text": ("x$", "a" * 100_000 + "x", True),
    "a text that is too long": ("^(a+)+$", "a" * 5_000_000, None),
    "two repetitions that only re reads": (r".*\b.*$", "a b " * 2000, None),
}


@pytest.mark.parametrize(("pattern", "text", "found"), FOUND.values(), ids=FOUND)
def test_found(pattern: str, text: str, found: bool | None) -> None:
    assert found_in(pattern, text) is found


def test_a_text_that_is_not_searched_is_told() -> None:
    [difference] = differences({"regex": r".*\b.*$"}, "a b " * 2000, "note", lenient=False)
    assert difference.kind == "value"
    assert difference.message.endswith("and its 8000 characters are too many to be searched for this pattern")
    [plain] = differences({"regex": "x"}, "a", "note", lenient=False)
    assert plain.message == "note is \"a\"; expected a string like 'x'"
