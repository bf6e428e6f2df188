"""Markers in the values of past calls, held until the notation of a value is known.

In JSON the first character of a marker is written as an escape, which the model reads as the same value; elsewhere a zero-width
space breaks the marker. A noncharacter stands in front of each held marker; where a value has the noncharacter itself, or its
spelling, another one stands in front of it and is taken away again.
"""

from __future__ import annotations

import contextlib
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A noncharacter in front of each marker of a value.
HELD = "\ufdd0"
_SPELT = "\\ufdd0"  # in Python's notation of a list
_OWN = re.compile(f"{HELD}|{re.escape(_SPELT)}")
_IN_JSON = re.compile(rf'{HELD}([^"])')
# In front of a spelling, backslashes come in pairs: an odd one would make the spelling a text.
_LEFT = re.compile(rf"(?:{HELD}|(?<!\\)((?:\\\\)*){re.escape(_SPELT)})(.?)", re.DOTALL)
_HOLDING: ContextVar[bool] = ContextVar("adapter_markers_are_held", default=False)


def kept(text: str) -> str:
    """A value in which the noncharacter and its spelling stand for themselves."""
    return _OWN.sub(rf"{HELD}\g<0>", text) if HELD in text or _SPELT in text else text


@contextlib.contextmanager
def holding() -> Iterator[None]:
    """Render values with held markers inside; outside, the noncharacter is text like any other."""
    before = _HOLDING.set(True)
    try:
        yield
    finally:
        _HOLDING.reset(before)


def escaped_in_json(text: str) -> str:
    """Write the held markers of a JSON text with escapes."""
    return _IN_JSON.sub(_escape, text) if HELD in text and _HOLDING.get() else text


def broken(text: str) -> str:
    """Break the markers that are still held in a rendered call."""
    return _LEFT.sub(_break, text) if HELD in text or _SPELT in text else text


def _escape(found: re.Match[str]) -> str:
    sign = found.group(1)
    if sign == HELD:
        return found.group()  # the value's own: `broken` takes the first away
    return sign if sign == "\\" else f"\\u{ord(sign):04x}"  # an escape already


def _break(found: re.Match[str]) -> str:
    before, sign = found.group(1) or "", found.group(2)
    return before + (sign if sign in {"\\", HELD} else f"{sign}\u200b")
