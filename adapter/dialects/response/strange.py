"""Patterns of strangers, compiled after a check that a match in a short text ends soon.

Python's `re` goes back, so its time may grow with a power of the text. The texts matched here are sample calls of a few
hundred characters, few of them alike; a pattern is refused if its repetitions stand in one another, follow each other, or are
many.
"""

from __future__ import annotations

import re

from adapter.errors import DialectError

_MOST_CHARACTERS = 2000  # of a pattern
_MOST_ENDLESS = 8
_MOST_IN_A_ROW = 3
_ENDLESS = r"(?:[*+]|\{\d*,\})[?+]?"
_ATOM = r"(?:\[\^?\]?(?:[^\]\\]|\\.)*\]|\\.|[^\\()|*+?{}\[\]^$])"
# Repetitions without end that follow each other, with nothing but groups' ends and beginnings between them.
_REPEATED = rf"(?:\((?:\?(?:P<\w+>|[:=!]|<[=!]))?|\))*{_ATOM}{_ENDLESS}\)*"
_ROW = re.compile(rf"(?:{_REPEATED}){{{_MOST_IN_A_ROW + 1},}}", re.DOTALL)
# A repetition up to a character that it cannot hold, which a match has to pass: `'[^']*'` in a list of alternatives.
_FENCED = re.compile(r"(?P<fence>\\?[^\w\s\\()|*+?{}\[\]^$.])\[\^(?P<out>(?:[^\]\\]|\\.)*)\][*+](?P=fence)")
_TOKENS = re.compile(rf"(?P<open>\()(?:\?(?:P<\w+>|[:=!]|<[=!]))?|(?P<close>\))|{_ATOM}|(?P<endless>{_ENDLESS})|.", re.DOTALL)


def compiled(pattern: object, place: str) -> re.Pattern[str]:
    """Compile a pattern of a response template as its executor does: `.` matches a newline too.

    Args:
        pattern: The pattern.
        place: The key that holds the pattern, for messages.

    Raises:
        DialectError: No text, no pattern of Python's `re`, or a pattern whose match may take very long.
    """
    if not isinstance(pattern, str):
        raise DialectError(f"{place} = {pattern!r}: write a regular expression, a text")
    if len(pattern) > _MOST_CHARACTERS:
        raise DialectError(
            f"{place}: a regular expression of {len(pattern):,} characters; {_MOST_CHARACTERS:,} are read at most"
        )
    try:
        found = re.compile(pattern, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise DialectError(f"{place} = {pattern!r}: no regular expression of Python's re: {error}") from error
    if fault := _fault(pattern):
        raise DialectError(f"{place} = {pattern!r}: {fault}, so a match may take very long; write the pattern without")
    return found


def _fault(pattern: str) -> str:
    """Return the fault of a pattern whose match may take long; empty for a usable one."""
    held = [0]  # repetitions without end in each open group
    endless, closed = 0, 0
    pattern = _FENCED.sub(lambda found: "_" if found["fence"][-1] in found["out"] else found[0], pattern)
    for token in _TOKENS.finditer(pattern):
        if token["open"]:
            held.append(0)
        elif token["close"]:
            closed = held.pop() if len(held) > 1 else 0
            held[-1] += closed
        elif token["endless"]:
            if closed:
                return "a repetition without end stands inside another"
            endless, held[-1] = endless + 1, held[-1] + 1
        if not token["close"]:
            closed = 0
    if endless > _MOST_ENDLESS:
        return f"{endless} repetitions without end stand in it, more than {_MOST_ENDLESS}"
    return f"more than {_MOST_IN_A_ROW} repetitions without end follow each other" if _ROW.search(pattern) else ""
