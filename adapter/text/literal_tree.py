"""Patterns of many literals, which look at each character of a text once."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def tree(literals: Iterable[str]) -> str:
    """Return a pattern of literals, the longest first: a tree of their characters."""
    rest: dict[str, set[str]] = {}
    for literal in filter(None, literals):
        rest.setdefault(literal[0], set()).add(literal[1:])
    branches = [re.escape(first) + tree(group) for first, group in sorted(rest.items())]
    end = "?" if "" in literals else ""
    return f"(?:{'|'.join(branches)}){end}" if len(branches) > 1 or (branches and end) else "".join(branches)


@functools.lru_cache(maxsize=256)
def row(literals: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of literals one behind the other, with white space between; it matches everywhere."""
    return re.compile(rf"(?:[ \t\r\n]*+{tree(literals)})*+" if any(literals) else "")
