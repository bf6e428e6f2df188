"""Halves of literals: the beginning of a literal at the end of a text."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from adapter.text.literal_tree import one_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def begun(literals: Iterable[str]) -> str:
    """Return a pattern for the longest proper prefix of a literal."""
    rests: dict[str, set[str]] = {}
    for literal in literals:
        if len(literal) > 1:
            rests.setdefault(literal[0], set()).add(literal[1:])
    firsts: dict[str, str] = {}  # the characters before each rest
    for first, following in rests.items():
        more = begun(sorted(following))
        firsts[more] = firsts.get(more, "") + first
    return "|".join(one_of(characters) + (f"(?:{more}|)" if more else "") for more, characters in firsts.items())


def is_half(text: str, position: int, literals: tuple[str, ...]) -> bool:
    """Tell if the rest of the text, from `position` on, is a proper prefix of a literal; an empty rest always is."""
    longest, halves = _halves(literals)
    return len(text) - position < longest and text[position:] in halves


@functools.lru_cache(maxsize=256)
def _halves(literals: tuple[str, ...]) -> tuple[int, frozenset[str]]:
    """Return the length of the longest literal, and all proper prefixes."""
    return max(map(len, literals), default=0), frozenset(word[:size] for word in literals for size in range(len(word)))
