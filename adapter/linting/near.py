"""Near names: the known key behind a misspelt key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_SHORT, _LONG = 4, 8  # characters from which one slip, and two, are forgiven


def meant_by(key: str, known: Iterable[str], present: Collection[str]) -> str:
    """Return the known key behind a misspelt key; empty for a key unlike all known keys.

    Args:
        key: An unknown key.
        known: The known keys.
        present: The keys of the same object, which are excluded.
    """
    if not key or key[0] in "$_" or key.lower().startswith("x-"):
        return ""
    plain = _plain(key)
    best, least = "", 9
    for name in known:
        if name in present:
            continue
        other = _plain(name)
        allowed = 2 if min(len(plain), len(other)) >= _LONG else 1 if min(len(plain), len(other)) >= _SHORT else 0
        if abs(len(plain) - len(other)) <= allowed and (slips := _slips(plain, other)) <= allowed and slips < least:
            best, least = name, slips
    return best


def _plain(key: str) -> str:
    return re.sub(r"[\s_-]", "", key).lower()


def _slips(one: str, other: str) -> int:
    """Count the letters left out, added, changed or swapped between two words (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for line, letter in enumerate(one, 1):
        now = [line]
        for column, against in enumerate(other, 1):
            cost = min(row[column] + 1, now[-1] + 1, row[column - 1] + (letter != against))
            if line > 1 and column > 1 and letter == other[column - 2] and one[line - 2] == against:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        before, row = row, now
    return row[-1]
