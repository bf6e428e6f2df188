"""The arguments of a call in braces while they are being read: from one character that means something to the next.

A quote token ends a string where a comma, a bracket or the end of the block follows it; in any other place it is data. So is a
closing marker inside a string, unless the string turns out to have lost its quote.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.braces.literals import NOT_SPACE, SPACE
from adapter.syntax.json.end_scanner import is_half
from adapter.text.json_spans import loads
from adapter.text.json_writer import BracesText

if TYPE_CHECKING:
    from adapter.syntax.braces.literals import Literals
    from adapter.text.buffer import TextBuffer

_LONGEST_KEY = 1000


class Stop(Enum):
    """Why no more of the arguments is read."""

    COMPLETE = auto()  # the last brace is closed
    END = auto()  # what ends a block stands here
    FAULT = auto()  # they are not what they should be
    LOST_QUOTE = auto()  # a closing marker in what looked like a string ended the block


class _Where(Enum):
    KEY = auto()
    VALUE = auto()  # before a value
    WORD = auto()  # inside a value without quotes
    STRING = auto()  # between quote tokens
    QUOTED = auto()  # between quotes as JSON has them
    AFTER = auto()  # after a value


_STOPS = {
    _Where.KEY: re.compile(r"[:,{}\[\]<]"),
    _Where.WORD: re.compile(r"[,}\]<]"),
    _Where.QUOTED: re.compile(r'["\\]'),
}


class BracesArguments:
    """Reads the arguments of one call, from the first character after its brace on.

    Args:
        literals: The literals of the dialect.

    Attributes:
        json: What has become certain of them, as JSON; whoever takes it clears the list.
        stop: Why no more is read, once that is so.
        fault: What is wrong, if something is.
        closer: Where the first closing marker inside the present string begins, counted from the first character; or -1.
        offset: Characters read.
    """

    def __init__(self, literals: Literals) -> None:
        self._literals = literals
        self._ends = literals.ends
        self._in_string = re.compile("|".join(map(re.escape, (literals.quote, literals.close))))
        self._where = _Where.KEY
        self._written = BracesText()
        self._part: list[str] = []  # of a key or a value, while it is taken
        self._base = 0  # turns a position in the text that is being fed into an offset
        self.json: list[str] = []
        self.stop: Stop | None = None
        self.fault = ""
        self.closer = -1
        self.offset = 0
        self._handlers = {
            _Where.KEY: self._at_key,
            _Where.VALUE: self._at_value,
            _Where.WORD: self._at_word,
            _Where.STRING: self._at_string,
            _Where.QUOTED: self._at_quoted,
            _Where.AFTER: self._after,
        }
        self._begin("{")

    @property
    def written(self) -> TextBuffer:
        """All of the JSON so far."""
        return self._written.written

    def feed(self, text: str, position: int) -> int:
        """Consume text. Returns how far."""
        start = position
        self._base = self.offset - start
        while position < len(text) and self.stop is None:
            before = self._where
            after = self._handlers[before](text, position)
            if after == position and before is self._where:
                break
            position = after
        self.offset += position - start
        return position

    def mend(self) -> bool:
        """Close the last brace, where nothing else is missing. Returns whether that is so."""
        if self._where is _Where.AFTER and len(self._written.open) == 1:
            self._end()
            return True
        return False

    def lost_quote(self) -> bool:
        """Whether the text is over inside a string that held a closing marker."""
        return self._where is _Where.STRING and self.closer >= 0

    def _break(self, fault: str) -> None:
        self.stop, self.fault = Stop.FAULT, fault

    def _write(self, text: str) -> None:
        if text:
            self.json.append(text)

    def _begin(self, bracket: str) -> None:
        if self._written.full:
            self._break("nested too deeply")
            return
        self._write(self._written.begin(bracket))
        self._where = _Where.KEY if bracket == "{" else _Where.VALUE

    def _end(self) -> None:
        """The innermost bracket is closed."""
        self._write(self._written.end())
        self._where = _Where.AFTER
        if not self._written.open:
            self.stop = Stop.COMPLETE

    def _take(self, text: str, position: int) -> int:
        """Take what stands before the next character that may mean something. Returns its place."""
        found = _STOPS[self._where].search(text, position)
        stop = found.start() if found else len(text)
        self._part.append(text[position:stop])
        return stop

    def _taken(self) -> str:
        text = "".join(self._part).strip(SPACE)
        self._part = []
        return text

    def _at_smaller(self, text: str, position: int, *, data: bool) -> int:
        """At a `<` outside of strings: the end of the block, or data, where there may be some.

        The position itself means that more text is needed.
        """
        if text.startswith(self._ends, position):
            self.stop = Stop.END
            return position
        if is_half(text, position, (self._literals.quote, *self._ends)):
            return position
        if data:
            self._part.append("<")
        else:
            self._break("a comma or a bracket was due")
        return position + 1

    def _at_key(self, text: str, position: int) -> int:
        stop = self._take(text, position)
        if stop == len(text):
            return stop
        character = text[stop]
        if character == "<":
            return self._at_smaller(text, stop, data=True)
        if character == ":" and self._end_key():
            return stop + 1
        if character == "}" and not self._taken():
            self._end()
        elif character == ":" and 0 < sum(map(len, self._part)) < _LONGEST_KEY:
            self._part.append(":")  # inside a key with quotes
        else:
            self._break("a key was due")
        return stop + 1

    def _end_key(self) -> bool:
        """Whether the key that was taken is whole: one with quotes ends with them."""
        quote = self._literals.quote
        key = "".join(self._part).strip(SPACE)
        if key.startswith(quote) and len(key) >= 2 * len(quote):
            if not key.endswith(quote):
                return False
            key = key[len(quote) : -len(quote)]
        elif key.startswith('"'):
            try:
                key = loads(key)
            except ValueError:
                return False
        elif not key or key.startswith(quote):
            return False
        self._part = []
        self._write(self._written.key(key))
        self._where = _Where.VALUE
        return True

    def _at_value(self, text: str, position: int) -> int:
        found = NOT_SPACE.search(text, position)
        if found is None:
            return len(text)
        place, character = found.start(), found.group()
        if character in "{[":
            self._begin(character)
        elif character == '"':
            self._where = _Where.QUOTED
        elif character == "]" and self._written.in_list:
            self._end()
        elif character in ",}]":
            self._break("a value was due")
        elif text.startswith(self._literals.quote, place):
            self._where, self.closer = _Where.STRING, -1
            self._write(self._written.begin_string())
            return place + len(self._literals.quote)
        elif text.startswith(self._ends, place):
            self.stop = Stop.END
            return place
        elif is_half(text, place, (self._literals.quote, *self._ends)):
            return place
        else:
            self._where = _Where.WORD
            return place
        return place + 1

    def _at_word(self, text: str, position: int) -> int:
        stop = self._take(text, position)
        if stop == len(text):
            return stop
        if text[stop] == "<" and not text.startswith(self._ends, stop):
            return self._at_smaller(text, stop, data=True)
        self._write(self._written.word(self._taken()))
        self._where = _Where.AFTER
        return stop

    def _at_quoted(self, text: str, position: int) -> int:
        stop = self._take(text, position)
        if stop == len(text):
            return stop
        if text[stop] == "\\":
            if stop + 1 == len(text):
                return stop
            self._part.append(text[stop : stop + 2])
            return stop + 2
        literal, self._part = "".join(self._part), []
        try:
            value = loads(f'"{literal}"')
        except ValueError:
            value = literal
        self._write(self._written.begin_string() + self._written.string(value) + self._written.end_string())
        self._where = _Where.AFTER
        return stop + 1

    def _at_string(self, text: str, position: int) -> int:
        found = self._in_string.search(text, position)
        if found is None:
            half = self._literals.half_in_string(text, position)
            self._write(self._written.string(text[position:half]))
            return half
        place, marker = found.start(), found.group()
        self._write(self._written.string(text[position:place]))
        if marker == self._literals.quote:
            ends = self._literals.end_string(text, found.end())
            if ends is None:
                return place
            if ends:
                self._write(self._written.end_string())
                self._where = _Where.AFTER
                return found.end()
            if self.closer >= 0:
                self.stop, self.fault = Stop.LOST_QUOTE, "a string without its end"
                return place
        elif self.closer < 0:
            self.closer = self._base + place
        self._write(self._written.string(marker))
        return found.end()

    def _after(self, text: str, position: int) -> int:
        found = NOT_SPACE.search(text, position)
        if found is None:
            return len(text)
        place, character = found.start(), found.group()
        if character == "<":
            return self._at_smaller(text, place, data=False)
        if character == ",":
            self._written.comma()
            self._where = _Where.VALUE if self._written.in_list else _Where.KEY
        elif character == ("]" if self._written.in_list else "}"):
            self._end()
        else:
            self._break("a comma or a bracket was due")
        return place + 1
