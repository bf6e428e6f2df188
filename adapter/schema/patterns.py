"""Patterns of JSON Schema, which are those of ECMA-262, matched by the package `regress`, or without backtracking.

`regress` goes back: `^(a+)+$` takes time that doubles with each character. A pattern in which repetitions may share a text is
matched by `LinearPattern`; one that only `regress` reads has a limit for the length of a text.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from adapter.schema.linear_pattern import LinearPattern, Unread

if TYPE_CHECKING:
    from collections.abc import Callable

# Steps that the match of one text may take: characters times places of the pattern.
_MOST_STEPS = 3_000_000
# Characters of a text for a pattern that goes back, by the form of its repetitions.
_MOST_SHARED, _MOST_NESTED = 2000, 24
_NESTED = re.compile(r"[*+}?|][^()]*\)+\s*[*+{]")


class TooLong(Exception):
    """The text is too long to be matched in a bounded number of steps.

    Attributes:
        most: The most characters.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    import regress  # loaded with the first pattern: most tools have none

    for flags in ("u", ""):  # escapes that mean nothing are an error with the flag for Unicode
        try:
            return regress.Regex(pattern, flags)
        except (regress.RegressError, UnicodeEncodeError):  # the second of half a pair of surrogates
            continue
    return None


@functools.lru_cache(maxsize=512)
def _linear(pattern: str) -> LinearPattern | None:
    try:
        return LinearPattern(pattern, _atom)
    except Unread:
        return None


def _atom(text: str) -> Callable[[str], bool]:
    """Make the test of one character, in the words of `regress`."""
    compiled = _compiled(f"^{text}$")
    if compiled is None:
        raise Unread
    return functools.lru_cache(maxsize=512)(lambda char: compiled.find(char) is not None)


def readable(pattern: str) -> bool:
    """Tell if a pattern is one of ECMA-262."""
    return _compiled(pattern) is not None


def matches(pattern: str, text: str) -> bool:
    """Tell if a pattern matches a part of a text; False for an unreadable pattern.

    Raises:
        TooLong: The text is too long for the pattern.
    """
    compiled = _compiled(pattern)
    if compiled is None:
        return False
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half a pair of surrogates is no character
    if len(text) <= _MOST_NESTED // 2:
        return compiled.find(text) is not None
    linear = _linear(pattern)
    if linear is None:
        most = _MOST_NESTED if _NESTED.search(pattern) else _MOST_SHARED
    elif linear.risky or len(text) > _MOST_SHARED:
        most = _MOST_STEPS // linear.places
    else:
        return compiled.find(text) is not None
    if len(text) > most:
        raise TooLong(most)
    return compiled.find(text) is not None if linear is None else linear.found_in(text)


def may_match(pattern: str, name: str) -> bool:
    """Tell if a pattern of names matches; a name too long to tell counts as matching."""
    try:
        return matches(pattern, name)
    except TooLong:
        return True
