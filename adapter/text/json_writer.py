"""The JSON text of arguments that are read piece by piece: brackets, keys, strings and values without quotes."""

from __future__ import annotations

from json.encoder import encode_basestring

from adapter.text.buffer import TextBuffer
from adapter.text.json_spans import loads

_CLOSERS = {"{": "}", "[": "]"}
# Python's names for the words of JSON; the histories of some models hold them.
_WORDS = {"True": "true", "False": "false", "None": "null"}
# Brackets inside each other: deeper than any schema, and than some readers of JSON allow.
_DEEPEST = 100


class BracesText:
    """The arguments of one call; every method returns the next piece of their JSON, and no piece is taken back.

    Attributes:
        written: All pieces so far.
        open: The brackets that are open, the outermost first.
        empty: The innermost bracket holds nothing yet.
        in_list: The innermost bracket is a list's.
    """

    __slots__ = ("_separate", "empty", "in_list", "open", "written")

    def __init__(self) -> None:
        self.written = TextBuffer()
        self._separate = False  # a comma is due before the next key or element
        self.open: list[str] = []
        self.empty = True
        self.in_list = False

    @property
    def full(self) -> bool:
        """True if no further bracket may be opened."""
        return len(self.open) >= _DEEPEST

    def begin(self, bracket: str) -> str:
        """Open an object or a list."""
        text = self._add(self._comma() + bracket)
        self.open.append(bracket)
        self.in_list, self.empty, self._separate = bracket == "[", True, False
        return text

    def end(self) -> str:
        """Close the innermost object or list."""
        text = self._add(_CLOSERS[self.open.pop()])
        self.empty = False
        self._separate = self.in_list = self.open[-1:] == ["["]
        return text

    def comma(self) -> None:
        """Write a comma with the next key or element, if one follows."""
        self._separate = True

    def separator(self) -> str:
        """Write the comma that is due, if a comma is due."""
        return self._add(self._comma())

    def key(self, name: str) -> str:
        """Write a key, and the colon behind the key."""
        return self._add(f"{self._comma()}{quoted(name)}: ")

    def begin_string(self) -> str:
        """Open a string."""
        return self._add(self._comma() + '"')

    def string(self, piece: str) -> str:
        """Write a piece of the open string, given as the model wrote the piece."""
        return self._add(escaped(piece))

    def end_string(self) -> str:
        """Close the string."""
        return self._add('"')

    def word(self, text: str) -> str:
        """Write a value without quotes: JSON in the model's own spelling, or a string if the text is no JSON."""
        text = _WORDS.get(text, text)
        try:
            loads(text)
        except ValueError:
            text = quoted(text)
        return self._add(self._comma() + text)

    def _comma(self) -> str:
        separator = ", " if self._separate and not self.empty else ""
        self._separate = self.empty = False
        return separator

    def _add(self, text: str) -> str:
        if text:
            self.written.append(text)
        return text


def quoted(text: str) -> str:
    """Return a string as JSON."""
    return encode_basestring(text)


def escaped(text: str) -> str:
    """Return a piece of a string as JSON, without quotes."""
    return encode_basestring(text)[1:-1]
