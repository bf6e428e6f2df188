"""Lists in messages for people and models: the first few, and the number of the others."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Items that are written out; a list with one more is written out too, because "and 1 more" is no shorter.
_MOST = 10


def some_of(items: Iterable[str], between: str = ", ") -> str:
    """Return the items in a line, cut after the first ten: `a, b, … and 140 more`."""
    listed = list(items)
    if len(listed) <= _MOST + 1:
        return between.join(listed)
    return f"{between.join(listed[:_MOST])}{between}… and {len(listed) - _MOST} more"


def some_names(names: Iterable[str], wrong: str, between: str = ", ") -> str:
    """Return names in quotes in place of a wrong name; of many names, those nearest to the wrong name."""
    listed = list(names)
    if len(listed) > _MOST + 1:
        matcher = SequenceMatcher(b=wrong.lower())

        def likeness(name: str) -> float:
            matcher.set_seq1(name.lower())
            return matcher.ratio()

        listed.sort(key=likeness, reverse=True)
    return some_of(map(repr, listed), between)
