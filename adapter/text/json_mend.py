"""A tolerant reader of JSON, one token after the other: a repair by construction (behaviour 1.17).

The text passes through, and only slips of structure are written anew:

    quotes       'x', “x”, a string in three quotes, a key without quotes       → "x"
    words        True, False, None                                              → true, false, null
    numbers      .5, 5.                                                         → 0.5, 5.0
    strings      raw control characters, a backslash that escapes nothing       → escaped
    commas       behind the last item; missing between items on either side of white space
    brackets     one missing, before a closing bracket of the other kind or at the end; one too many, any number at the end
    comments     // … /* … */ # …                                               → a space

Two strings side by side are two items of a list, and nothing else: no strings are joined. No word, expression, tuple or set
is a value. Each character is looked at once or twice, whatever the text.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from adapter.text.json_spelling import QUOTES, read_scalar, read_string

_SPACE = re.compile(r"(?:\s++|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/|#[^\n]*+)*+")
_PLAIN_SPACE = re.compile(r"[ \t\r\n]*+")
_FENCE = re.compile(r"\s*+(?:`{1,3}(?:json|JSON)?\s*+)?")
_FENCE_END = "` \t\r\n"
_KEY = re.compile(r"[\w$][\w$.]*+")
_DANGEROUS = {
    "__proto__",
    "constructor",
    "prototype",
}  # in quotes they are data, without quotes an attack on readers in JavaScript
_TIGHT = ",:}]"
_BRACKETS = {"{": "}", "[": "]"}


class Mended(NamedTuple):
    """A text that was read.

    Attributes:
        text: JSON.
        exact: The text was JSON but for the inside of strings.
        whole: No comma, bracket or quote was missing, and none too many: the notation of JSON, of Python, or of both.
    """

    text: str
    exact: bool
    whole: bool


class _Unclear(Exception):
    """The text has no single reading."""


def mend(text: str, *, several: bool = False) -> Mended | None:
    """Read a text. Returns None for a text without a single reading.

    Args:
        text: One value, perhaps in a code fence.
        several: Values may follow one another, with white space, commas or semicolons between.
    """
    reader = _Reader(text, several=several)
    try:
        return reader.read()
    except _Unclear:
        return None


class _Reader:
    """A reader of one text.

    Args:
        text: The text.
        several: More than one value may come.
    """

    def __init__(self, text: str, *, several: bool) -> None:
        self._text = text
        self._size = len(text.rstrip(_FENCE_END))
        self._several = several
        self._out: list[str] = []
        self._done = 0  # position up to which the text is in `out`
        self._stack: list[str] = []
        self._due = "value"  # or "first": a value or a closing bracket; "key"; "after"
        self._value_end = 0
        self._missing = self._extra = 0
        self._foreign = self._faulty = False

    def read(self) -> Mended:
        """Read all of the text.

        Raises:
            _Unclear: The text has no single reading.
        """
        text = self._text
        position = _FENCE.match(text).end()  # type: ignore[union-attr]  # it matches everywhere
        size = self._size = max(self._size, position)
        self._done = position
        while (position := self._space(position, size)) < size:
            position = self._after(position) if self._due == "after" else self._item(position)
        if self._stack:
            if self._due not in {"after", "first"} or len(self._stack) > 1:
                raise _Unclear
            self._close_missing(size)
        if self._due != "after" or (self._missing and self._extra) or self._missing > 1 or self._extra > 1:
            raise _Unclear
        self._out.append(text[self._done : size])
        whole = not self._faulty
        return Mended("".join(self._out), whole and not self._foreign, whole)

    def _replace(self, start: int, end: int, new: str) -> None:
        self._out += (self._text[self._done : start], new)
        self._done = end

    def _insert(self, new: str, position: int) -> None:
        """Insert text behind the last value, or at a position behind a comment."""
        self._faulty = True
        place = self._value_end if self._done <= self._value_end else position
        self._replace(place, place, new)

    def _space(self, position: int, size: int) -> int:
        """Pass over white space and comments."""
        end = min(_SPACE.match(self._text, position).end(), size)  # type: ignore[union-attr]
        if _PLAIN_SPACE.match(self._text, position).end() < end:  # type: ignore[union-attr]
            self._foreign = True
            self._replace(position, end, "" if self._text[end : end + 1] in _TIGHT else " ")
        return end

    def _item(self, position: int) -> int:
        """Read a value, a key, or the closing bracket of an empty container. Returns the position behind, as all do."""
        character = self._text[position]
        if character in "}]" and self._due != "value":
            return self._close(position, character)
        if self._due == "key" or (self._due == "first" and self._stack[-1] == "{"):
            return self._key(position)
        if character in "{[":
            self._stack.append(character)
            self._due = "first"
            self._value_end = position + 1
            return position + 1
        end = self._spelled(position)
        self._ended(end)
        return end

    def _ended(self, position: int) -> None:
        self._due, self._value_end = "after", position

    def _key(self, position: int) -> int:
        """Read a key and its colon."""
        if self._text[position] in QUOTES:
            end = self._spelled(position)
        else:
            word = _KEY.match(self._text, position)
            if word is None or word[0] in _DANGEROUS:
                raise _Unclear
            end = word.end()
            self._faulty = True
            self._replace(position, end, json.dumps(word[0], ensure_ascii=False))
        colon = self._space(end, len(self._text))
        if not self._text.startswith(":", colon):
            raise _Unclear
        self._due = "value"
        return colon + 1

    def _after(self, position: int) -> int:
        """Read on behind a value."""
        character = self._text[position]
        if character in "}]":
            return self._close(position, character)
        if not self._stack:
            return self._next_value(position, character)
        if character == ",":
            return self._comma(position)
        if not self._may_begin(position, character):
            raise _Unclear
        self._insert(",", position)
        self._due = "key" if self._stack[-1] == "{" else "value"
        return position

    def _may_begin(self, position: int, character: str) -> bool:
        """Tell if a member or item begins without a comma: in quotes, in brackets, or as a key on a new line."""
        between = self._text[self._value_end : position]
        if character in QUOTES:
            return bool(between) or self._text[position - 1] not in QUOTES
        return character in "{[" if self._stack[-1] == "[" else "\n" in between

    def _next_value(self, position: int, character: str) -> int:
        """Read on behind a value that stands in no other."""
        if not self._several:
            raise _Unclear
        begin = self._space(position + 1, self._size) if character in ",;" else position
        if begin == self._size and begin > position:
            self._foreign = True
            self._replace(position, position + 1, "")
        elif not self._text.startswith(("{", "["), begin):
            raise _Unclear
        else:
            self._due = "value"
        return begin

    def _comma(self, position: int) -> int:
        """Read a comma; one without an item behind is left out."""
        behind = _SPACE.match(self._text, position + 1).end()  # type: ignore[union-attr]
        following = self._text[behind : behind + 1]
        if following in {"}", "]"} or (following == "," and self._stack[-1] == "{"):
            self._foreign = True
            self._faulty = self._faulty or following == ","
            self._replace(position, position + 1, "")
            return position + 1
        self._due = "key" if self._stack[-1] == "{" else "value"
        return position + 1

    def _close(self, position: int, bracket: str) -> int:
        """Read a closing bracket: of the present container, of that around it, or one too many."""
        stack = self._stack
        if not stack:
            self._faulty = True  # any number of them behind a complete value
            self._replace(position, position + 1, "")
            return position + 1
        if _BRACKETS[stack[-1]] != bracket:
            if len(stack) > 1 and _BRACKETS[stack[-2]] == bracket:
                self._close_missing(position)
            else:
                self._extra += 1
                self._faulty = True
                self._replace(position, position + 1, "")
                return position + 1
        stack.pop()
        self._ended(position + 1)
        return position + 1

    def _close_missing(self, position: int) -> None:
        """Close the present container, whose bracket is missing."""
        self._missing += 1
        self._insert(_BRACKETS[self._stack.pop()], position)
        self._due = "after"

    def _spelled(self, position: int) -> int:
        """Read a string, number or word."""
        read = read_string if self._text[position] in QUOTES else read_scalar
        found = read(self._text, position)
        if found is None:
            raise _Unclear
        for start, end, new in found.edits:
            self._replace(start, end, new)
        self._foreign = self._foreign or found.kind != "json"
        self._faulty = self._faulty or found.kind == "other"
        return found.end
