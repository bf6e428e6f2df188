"""A reader of the arguments of one call in braces.

Most text is read a segment at a time: a comma, a key and the beginning of a value match one pattern (`literals.Segments`). An
incomplete segment is left unread until more text comes. Unusual text is read from one character with a meaning to the next.

A quote token ends a string if a comma, a bracket or the end of the block follows; elsewhere the token is data. A closing marker
inside a string is data too, unless the string turns out to have lost its quote token.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.braces.literals import BRACKET, CLOSE, KEY, NOT_SPACE, QUOTE, SPACE, WORD
from adapter.syntax.braces.writer import ArgumentsText
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.known_place import KnownPlace
    from adapter.syntax.braces.literals import Literals

_LONGEST_KEY = 1000
_LONGEST_SEGMENT = 200  # characters, of which an incomplete segment is read again with every delta
_KEY_STOP = re.compile(r"[:,{}\[\]<]")
_WORD_STOP = re.compile(r"[,}\]<]")
_QUOTED = re.compile(r'(?:[^"\\]++|\\[\s\S])*+')


class Stop(Enum):
    """The reason why no more of the arguments is read."""

    COMPLETE = auto()  # the last brace is closed
    END = auto()  # the next text may end the block
    FAULT = auto()  # the text is no arguments
    LOST_QUOTE = auto()  # a closing marker in an apparent string ended the block


class BracesArguments:
    """Reads the arguments of one call, from the first character behind their brace on.

    Args:
        literals: The markers of the dialect.
        place: The place of the arguments in the tool's schema.

    Attributes:
        text: The arguments as JSON.
        said: Pieces of the JSON that may leave; whoever takes the pieces clears the list.
        stop: The reason why no more is read, once there is a reason.
        fault: The fault, if there is a fault.
        closer: Offset of the first closing marker inside the present string; -1 without a marker.
        offset: Code points read.
    """

    def __init__(self, literals: Literals, place: KnownPlace) -> None:
        self._literals = literals
        self._step: Callable[[BracesArguments, str, int], int] = BracesArguments._key
        self._part: list[str] = []  # of a key or a value that is being taken
        self._base = 0  # added to a position in the text being fed, gives an offset
        self.text = ArgumentsText(place)
        self.said: list[str] = []
        self.stop: Stop | None = None
        self.fault = ""
        self.closer = -1
        self.offset = 0
        self._begin("{")

    def feed(self, text: str, position: int) -> int:
        """Consume text from `position` on. Returns the position reached."""
        start = position
        self._base = self.offset - start
        while position < len(text) and self.stop is None:
            step = self._step
            after = step(self, text, position)
            if after == position and step is self._step:
                break
            position = after
        self.offset += position - start
        return position

    @property
    def in_string(self) -> bool:
        """A string between quote tokens is open."""
        return self._step is BracesArguments._string

    def flowed(self, text: str) -> str:
        """Consume text of the open string that has left already. Returns the text as JSON."""
        self.offset += len(text)
        return self.text.string(text)

    def mend(self) -> bool:
        """Close the last brace, if nothing else is missing. Returns True if the arguments are complete now."""
        if self._step is BracesArguments._after and len(self.text.open) == 1:
            self._end()
            return True
        return False

    def _break(self, fault: str) -> None:
        self.stop, self.fault = Stop.FAULT, fault

    def _begin(self, bracket: str) -> None:
        if self.text.full:
            self._break("nested too deeply")
            return
        self.said.append(self.text.begin(bracket))
        self._step = BracesArguments._key if bracket == "{" else BracesArguments._value

    def _end(self) -> None:
        """Close the innermost bracket."""
        self.said.append(self.text.end())
        self._step, self._part = BracesArguments._after, []
        if not self.text.open:
            self.stop = Stop.COMPLETE

    def _begin_string(self) -> None:
        self.said.append(self.text.begin_string())
        self._step, self.closer = BracesArguments._string, -1

    def _end_word(self, word: str) -> None:
        self.said.append(self.text.word(word.strip(SPACE)))
        self._step, self._part = BracesArguments._after, []

    def _segment(self, text: str, position: int, *, behind_value: bool) -> int:
        """Read a whole segment. Returns the position reached; the same one to wait for more, -1 if the text is unusual."""
        segments = self._literals.elements if self.text.in_list else self._literals.members
        found = (segments.after if behind_value else segments.first).match(text, position)
        if found is None:
            return -1
        group, end = found.lastindex, found.end()
        if group is None or group == KEY:
            return position if end == len(text) and end - position <= _LONGEST_SEGMENT else -1
        if group == CLOSE:
            self._end()
            return end
        self.text.comma()
        if found[KEY] is not None:
            self.said.append(self.text.key(found[KEY]))
        if group == QUOTE:
            self._begin_string()
        elif group == BRACKET:
            self._begin(found[BRACKET])
        else:
            self._end_word(found[WORD])
        return end

    def _take(self, stops: re.Pattern[str], text: str, position: int) -> int:
        """Take the text before the next character with a meaning. Returns the position of that character, or the end."""
        found = stops.search(text, position)
        stop = found.start() if found else len(text)
        self._part.append(text[position:stop])
        return stop

    def _smaller(self, text: str, position: int, *, data: bool) -> int:
        """Read a `<` outside of strings: an end of the block, or data, if allowed. The position itself asks for more text."""
        if self._literals.at_end.match(text, position):
            self.stop = Stop.END
        if self.stop or self._literals.half_mark(text, position):
            return position
        if data:
            self._part.append("<")
        else:
            self._break("a comma or a bracket was due")
        return position + 1

    def _key(self, text: str, position: int) -> int:
        if not self._part and (after := self._segment(text, position, behind_value=False)) >= 0:
            return after
        stop = self._take(_KEY_STOP, text, position)
        if stop == len(text):
            return stop
        character = text[stop]
        if character == "<":
            return self._smaller(text, stop, data=True)
        key = "".join(self._part).strip(SPACE)
        if character == ":" and (name := self._unquoted(key)) is not None:
            self.said.append(self.text.key(name))
            self._step, self._part = BracesArguments._value, []
        elif character == "}" and not key:
            self._end()
        elif character == ":" and 0 < sum(map(len, self._part)) < _LONGEST_KEY:
            self._part.append(":")  # inside a key with quotes
        else:
            self._break("a key was due")
        return stop + 1

    def _unquoted(self, key: str) -> str | None:
        """Return the name that a key spells; None for a key with quotes that is not complete."""
        quote = self._literals.quote
        if key.startswith(quote):
            complete = len(key) >= 2 * len(quote) and key.endswith(quote)
            return key[len(quote) : -len(quote)] if complete else None
        if not key.startswith('"'):
            return key or None
        try:
            return str(loads(key))
        except ValueError:
            return None

    def _value(self, text: str, position: int) -> int:
        if self.text.in_list and (after := self._segment(text, position, behind_value=False)) >= 0:
            return after
        found = NOT_SPACE.search(text, position)
        if found is None:
            return len(text)
        place, character = found.start(), found.group()
        if character in "{[":
            self._begin(character)
        elif character == '"':
            self._step = BracesArguments._quoted
        elif character == "]" and self.text.in_list:
            self._end()
        elif character in ",}]":
            self._break("a value was due")
        elif text.startswith(self._literals.quote, place):
            self._begin_string()
            return place + len(self._literals.quote)
        else:
            if self._literals.at_end.match(text, place):
                self.stop = Stop.END
            elif not self._literals.half_mark(text, place):
                self._step = BracesArguments._word
            return place
        return place + 1

    def _word(self, text: str, position: int) -> int:
        stop = self._take(_WORD_STOP, text, position)
        if stop == len(text):
            return stop
        if text[stop] == "<" and not self._literals.at_end.match(text, stop):
            return self._smaller(text, stop, data=True)
        self._end_word("".join(self._part))
        return stop

    def _quoted(self, text: str, position: int) -> int:
        """Read a string between quotes as JSON has them."""
        end = _QUOTED.match(text, position).end()  # type: ignore[union-attr]  # matches any text
        self._part.append(text[position:end])
        if not text.startswith('"', end):
            return end
        literal, self._part = "".join(self._part), []
        try:
            value = loads(f'"{literal}"')
        except ValueError:
            value = literal
        self.said += (self.text.begin_string(), self.text.string(value), self.text.end_string())
        self._step = BracesArguments._after
        return end + 1

    def _string(self, text: str, position: int) -> int:
        """Read a string between quote tokens."""
        literals = self._literals
        end = literals.body.match(text, position).end()  # type: ignore[union-attr]  # matches any text
        if end > position:
            self.said.append(self.text.string(text[position:end]))
        if end == len(text):
            return end
        mark = literals.quote if text.startswith(literals.quote, end) else literals.close
        behind = end + len(mark)
        if mark is literals.quote:
            ends = bool(literals.closed.match(text, end)) or literals.end_string(text, behind)
            if ends:
                self.said.append(self.text.end_string())
                self._step = BracesArguments._after
                return behind
            if ends is None or self.closer >= 0:
                self.stop = None if ends is None else Stop.LOST_QUOTE
                return end
        elif not text.startswith(mark, end):
            return end
        elif self.closer < 0:
            self.closer = self._base + end
        self.said.append(self.text.string(mark))
        return behind

    def _after(self, text: str, position: int) -> int:
        """Read the text behind a value."""
        after = self._segment(text, position, behind_value=True)
        if after >= 0:
            return after
        found = NOT_SPACE.search(text, position)
        if found is None:
            return len(text)
        place, character = found.start(), found.group()
        if character == "<":
            return self._smaller(text, place, data=False)
        if character == ",":
            self.text.comma()
            self._step = BracesArguments._value if self.text.in_list else BracesArguments._key
        elif character == ("]" if self.text.in_list else "}"):
            self._end()
        else:
            self._break("a comma or a bracket was due")
        return place + 1
