"""Halves of literals: the beginning of one at the end of a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def begun(literals: Iterable[str]) -> str:
    """A pattern of what more text may complete to a literal: of their proper prefixes, the longest that stands there."""
    rests: dict[str, set[str]] = {}
    for literal in literals:
        if len(literal) > 1:
            rests.setdefault(literal[0], set()).add(literal[1:])
    further = {first: begun(sorted(following)) for first, following in rests.items()}
    return "|".join(re.escape(first) + (f"(?:{more}|)" if more else "") for first, more in further.items())


def is_half(text: str, position: int, literals: tuple[str, ...]) -> bool:
    """Whether the rest of the text, from `position` on, is a proper prefix of one of the literals."""
    length = len(text) - position
    if length >= max(map(len, literals), default=0):
        return False
    rest = text[position:]
    return any(length < len(literal) and literal.startswith(rest) for literal in literals)
