"""Patterns of many literals, which look at each character of a text once."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def tree(literals: Iterable[str]) -> str:
    """Return a pattern of literals, the longest first: a tree of their characters.

    Characters with the same rest share a branch, so that thousands of numbered tokens are a short pattern.
    """
    rest: dict[str, set[str]] = {}
    for literal in filter(None, literals):
        rest.setdefault(literal[0], set()).add(literal[1:])
    firsts: dict[str, str] = {}  # the characters before each rest
    for first, group in sorted(rest.items()):
        pattern = tree(group)
        firsts[pattern] = firsts.get(pattern, "") + first
    branches = [one_of(characters) + pattern for pattern, characters in firsts.items()]
    end = "?" if "" in literals else ""
    return f"(?:{'|'.join(branches)}){end}" if len(branches) > 1 or (branches and end) else "".join(branches)


def one_of(characters: str) -> str:
    """Return a pattern of one of these characters."""
    return re.escape(characters) if len(characters) == 1 else f"[{re.escape(characters)}]"


@functools.lru_cache(maxsize=256)
def row(literals: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of literals one behind the other, with white space between; it matches everywhere."""
    return re.compile(rf"(?:[ \t\r\n]*+{tree(literals)})*+" if any(literals) else "")
