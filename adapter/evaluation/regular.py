"""Regular expressions of expected values, matched in bounded time.

Python's `re` goes back: `^(a+)+$` takes time that doubles with each character, and nothing can interrupt a match. A pattern in
which repetitions may share a text is therefore matched by `LinearPattern`. One that only `re` reads (looking around,
references, word boundaries) is refused if its repetitions are nested. A text that is too long for a pattern is not searched.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from adapter.schema.linear_pattern import LinearPattern, Unread

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_STEPS = 3_000_000  # characters times places of the pattern
_MOST_SHARED = 2000  # characters of a text for `re` and a pattern with a single repetition without end
_MOST_TRIES = 10_000_000  # of `re` for a pattern with several of them: characters to the power of their number
_NESTED = re.compile(r"[*+}?|][^()]*\)+\s*[*+{]")
_ENDLESS = re.compile(r"(?<!\\)(?:[*+]|\{\d*,\})")
_FLAGS = re.compile(r"^\(\?([is]+)\)")


def check_pattern(pattern: object) -> str:
    """Return the fault of a pattern; empty for a usable one."""
    try:
        re.compile(pattern)  # type: ignore[call-overload]
    except (re.error, TypeError, OverflowError, RecursionError) as error:
        return f"no regular expression: {error}"
    if not isinstance(pattern, str):
        return "no regular expression: write a text"
    if _linear(pattern) is None and _NESTED.search(pattern):
        return "a repetition stands inside another, so a match may never end; write the pattern without"
    return ""


def found_in(pattern: str, text: str) -> bool | None:
    """Tell if a pattern is found in a text; None for a text too long to be searched in bounded time."""
    linear = _linear(pattern)
    if linear is None:
        endless = len(_ENDLESS.findall(pattern)) + 1  # a match may begin at each character
        return None if len(text) ** endless > _MOST_TRIES else re.search(pattern, text) is not None
    if not linear.risky and len(text) <= _MOST_SHARED:
        return re.search(pattern, text) is not None
    return None if len(text) * linear.places > _MOST_STEPS else linear.found_in(text)


@functools.lru_cache(maxsize=512)
def _linear(pattern: str) -> LinearPattern | None:
    """Return the pattern for matching without going back; None for one that is not read there."""
    flags = _FLAGS.match(pattern)
    chosen = sum(getattr(re, letter.upper()) for letter in set(flags[1])) if flags else 0
    try:
        return LinearPattern(pattern[flags.end() :] if flags else pattern, functools.partial(_atom, flags=chosen))
    except (Unread, re.error):
        return None


def _atom(text: str, flags: int) -> Callable[[str], bool]:
    """Make the test of one character."""
    if text in {r"\A", r"\Z"}:  # places, and no characters
        raise Unread
    compiled = re.compile(text, flags)
    return functools.lru_cache(maxsize=512)(lambda char: compiled.fullmatch(char) is not None)
