"""The JSON text of arguments that a model writes in braces of its own kind, made as they come in.

Every method returns the next piece of that text, all of it certain.
"""

from __future__ import annotations

from json.encoder import encode_basestring

from adapter.text.buffer import TextBuffer
from adapter.text.json_spans import loads

_CLOSERS = {"{": "}", "[": "]"}
# What Python calls the words of JSON; the histories of some models hold them.
_WORDS = {"True": "true", "False": "false", "None": "null"}
# Deeper than any schema, and than what readers of JSON may refuse.
_DEEPEST = 100


class BracesText:
    """The arguments of one call: objects, lists, strings, and values without quotes.

    Attributes:
        written: All of it so far.
        open: The brackets that are open, the outermost first.
        empty: Whether nothing stands in the innermost bracket yet.
    """

    __slots__ = ("_separate", "empty", "open", "written")

    def __init__(self) -> None:
        self.written = TextBuffer()
        self._separate = False  # a comma is due before the next key or element
        self.open: list[str] = []
        self.empty = True

    @property
    def in_list(self) -> bool:
        """Whether the innermost bracket is a list's."""
        return self.open[-1:] == ["["]

    @property
    def full(self) -> bool:
        """Whether no further bracket may be opened."""
        return len(self.open) >= _DEEPEST

    def begin(self, bracket: str) -> str:
        """An object or a list begins."""
        text = self._add(self._comma() + bracket)
        self.open.append(bracket)
        self.empty, self._separate = True, False
        return text

    def end(self) -> str:
        """The innermost object or list is complete."""
        text = self._add(_CLOSERS[self.open.pop()])
        self.empty = False
        self._separate = self.in_list
        return text

    def comma(self) -> None:
        """Another key or element follows; one that never comes leaves no comma behind."""
        self._separate = True

    def key(self, name: str) -> str:
        """A key, with what belongs before its value."""
        text = self._add(f"{self._comma()}{quoted(name)}: ")
        self._separate = False
        return text

    def begin_string(self) -> str:
        """A string begins."""
        return self._add(self._comma() + '"')

    def string(self, piece: str) -> str:
        """A piece of a string, as the model wrote it."""
        return self._add(escaped(piece))

    def end_string(self) -> str:
        """The string is complete."""
        return self._add('"')

    def word(self, text: str) -> str:
        """A value without quotes: JSON in the model's own spelling, or a string if it is none."""
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
        self.written.append(text)
        return text


def quoted(text: str) -> str:
    """A string as JSON."""
    return encode_basestring(text)


def escaped(text: str) -> str:
    """A piece of a string as JSON, without its quotes."""
    return encode_basestring(text)[1:-1]
