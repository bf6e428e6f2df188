"""A block of calls in braces while it is being read.

The reader goes from one character that means something to the next, and writes the arguments as JSON on the way. A quote token
ends a string where a comma, a bracket or the end of the block follows it; in any other place it is data. So is a closing marker
inside a string, unless the string turns out to have lost its quote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from adapter.syntax.base import Reading, Step, StepKind
from adapter.syntax.braces_text import BracesText
from adapter.syntax.calls import RawCall
from adapter.syntax.json_text import loads
from adapter.syntax.scanner import End, is_half
from adapter.syntax.text_buffer import TextBuffer

_SPACE = " \t\r\n"
_NOT_SPACE = re.compile(rf"[^{_SPACE}]")
# More white space than this after a quote token, and what follows is no neighbour.
_MOST_SPACE = 400
_NAME = re.compile(r"[^\s{}\[\]<>\"',]{1,128}")
_LONGEST_KEY = 1000
# A closing marker of another name, after complete calls.
_WRONG_CLOSER = re.compile(r"<(?:/[A-Za-z_]\w{0,40}|[A-Za-z_]\w{0,40}\|)>")
_HALF_CLOSER = re.compile(r"<(?:/(?:[A-Za-z_]\w{0,40})?|[A-Za-z_]\w{0,40}\|?)?")


@dataclass(frozen=True, slots=True)
class Literals:
    """The literals of a dialect.

    Attributes:
        open: The marker before a block.
        close: The marker after it.
        tokens: Literals that end a block left open.
        call: What stands before a tool's name.
        quote: The token on both sides of a string.
    """

    open: str
    close: str
    tokens: tuple[str, ...]
    call: str
    quote: str

    @property
    def ends(self) -> tuple[str, ...]:
        """What may end a block."""
        return (self.close, self.open, *self.tokens)


class _Where(Enum):
    BETWEEN = auto()  # before a call, or after one
    NAME = auto()
    KEY = auto()
    VALUE = auto()  # before a value
    WORD = auto()  # inside a value without quotes
    STRING = auto()  # between quote tokens
    QUOTED = auto()  # between quotes as JSON has them
    AFTER = auto()  # after a value
    BROKEN = auto()  # no call can come of it: only its end is looked for


_STOPS = {
    _Where.NAME: re.compile(r"[{<]"),
    _Where.KEY: re.compile(r"[:,{}\[\]<]"),
    _Where.WORD: re.compile(r"[,}\]<]"),
    _Where.QUOTED: re.compile(r'["\\]'),
    _Where.BROKEN: re.compile(r"<"),
}


class CallBracesBlock:
    """Reads one block.

    Args:
        opening: The opening marker and what stood between it and the payload.
        literals: The literals of the dialect.

    Attributes:
        opening: As given.
        steps: What has become certain of the calls.
    """

    def __init__(self, opening: str, literals: Literals) -> None:
        self.opening = opening
        self.steps: list[Step] = []
        self._literals = literals
        self._ends = literals.ends
        self._in_string = re.compile("|".join(map(re.escape, (literals.quote, literals.close))))
        self._where = _Where.BETWEEN
        self._text = TextBuffer()
        self._read = 0  # characters consumed
        self._base = 0  # turns a position in the text that is being fed into an offset
        self._bounds = (0, 0)  # where the payload ends, and where the block does
        self._part: list[str] = []  # of a name, a key or a value, while it is taken
        self._closer = -1  # offset of the first closing marker inside the present string
        self._name = ""
        self._arguments = BracesText()
        self._calls: list[RawCall] = []
        self._calls_end = 0
        self._repaired = False
        self._fault = ""
        self._handlers = {
            _Where.BETWEEN: self._between,
            _Where.NAME: self._at_name,
            _Where.KEY: self._at_key,
            _Where.VALUE: self._at_value,
            _Where.WORD: self._at_word,
            _Where.STRING: self._at_string,
            _Where.QUOTED: self._at_quoted,
            _Where.AFTER: self._after,
            _Where.BROKEN: self._broken,
        }

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        start, end = position, None
        self._base = self._read - start
        while position < len(text) and end is None:
            before = self._where
            after, end = self._handlers[before](text, position)
            if after == position and before is self._where:
                break
            position = after
        self._text.append(text[start:position])
        self._read += position - start
        return position, end

    def _between(self, text: str, position: int) -> tuple[int, End | None]:
        """Before a call, or after one: another, an end, or text, which is no longer the block's."""
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        place, literals = found.start(), self._literals
        if text.startswith(literals.call, place):
            self._where = _Where.NAME
            return place + len(literals.call), None
        if text[place] == "<":
            after, end = self._at_end(text, place)
            if end or after == place:
                return after, end
            if wrong := _WRONG_CLOSER.match(text, place):
                return self._ended(End.WRONG_TAG, place, wrong.end() - place)
            if _HALF_CLOSER.fullmatch(text, place):
                return place, None
        elif text[place] in "},;":
            self._repaired = self._repaired or text[place] == "}"
            return place + 1, None
        elif is_half(text, place, (literals.call,)):
            return place, None
        self._bounds = (self._calls_end, self._calls_end)
        return place, End.TEXT

    def _at_end(self, text: str, position: int) -> tuple[int, End | None]:
        """At a `<` outside of strings. The position itself means that more text is needed, the next that it is data."""
        literal = next((literal for literal in self._ends if text.startswith(literal, position)), None)
        if literal is None:
            return position + (not is_half(text, position, self._ends)), None
        if literal == self._literals.close:
            if self._where is _Where.AFTER and len(self._arguments.open) == 1:  # its last brace is missing
                self._end_bracket(position)
                self._repaired = True
            return self._ended(End.TAG, position, len(literal))
        return self._ended(End.OPENER if literal == self._literals.open else End.TOKEN, position)

    def _ended(self, end: End, position: int, closing: int = 0) -> tuple[int, End]:
        self._bounds = (self._base + position, self._base + position + closing)
        return position + closing, end

    def _break(self, fault: str) -> None:
        self._where, self._fault, self._part = _Where.BROKEN, fault, []

    def _stop(self, text: str, position: int) -> int:
        """Take what stands before the next character that may mean something. Returns its place."""
        found = _STOPS[self._where].search(text, position)
        stop = found.start() if found else len(text)
        self._part.append(text[position:stop])
        return stop

    def _taken(self) -> str:
        text = "".join(self._part).strip(_SPACE)
        self._part = []
        return text

    def _write(self, text: str) -> None:
        if text:
            self.steps.append(Step(StepKind.JSON, text))

    def _at_name(self, text: str, position: int) -> tuple[int, End | None]:
        stop = self._stop(text, position)
        if stop == len(text):
            return stop, None
        if text[stop] == "<":
            after, end = self._at_end(text, stop)
            if end is None and after > stop:
                self._break("no name of a tool")
            return after, end
        name = self._taken()
        if not _NAME.fullmatch(name):
            self._break(f"no name of a tool: {name[:60]!r}")
            return stop + 1, None
        self._name, self._arguments = name, BracesText()
        self.steps.append(Step(StepKind.CALL, name))
        self._begin_bracket("{")
        return stop + 1, None

    def _begin_bracket(self, bracket: str) -> None:
        if self._arguments.full:
            self._break("nested too deeply")
            return
        self._write(self._arguments.begin(bracket))
        self._where = _Where.KEY if bracket == "{" else _Where.VALUE

    def _end_bracket(self, position: int) -> None:
        """The innermost bracket is closed; with the last one the call is complete."""
        self._write(self._arguments.end())
        self._where = _Where.AFTER
        if not self._arguments.open:
            arguments = self._arguments.text()
            self._calls.append(RawCall(self._name, arguments, loads(arguments)))
            self._calls_end = self._base + position
            self._where = _Where.BETWEEN

    def _at_key(self, text: str, position: int) -> tuple[int, End | None]:
        stop = self._stop(text, position)
        if stop == len(text):
            return stop, None
        if text[stop] == "<":
            return self._at_smaller(text, stop)
        if text[stop] == ":" and self._end_key():
            return stop + 1, None
        if text[stop] == "}" and not self._taken():
            self._end_bracket(stop + 1)
            return stop + 1, None
        if text[stop] == ":" and self._where is _Where.KEY and sum(map(len, self._part)) < _LONGEST_KEY:
            self._part.append(":")  # inside a key with quotes
        elif self._where is _Where.KEY:
            self._break("a key was due")
        return stop + 1, None

    def _end_key(self) -> bool:
        """Whether the key that was taken is whole: one with quotes ends with them."""
        quote = self._literals.quote
        key = "".join(self._part).strip(_SPACE)
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
        self._write(self._arguments.key(key))
        self._where = _Where.VALUE
        return True

    def _at_smaller(self, text: str, position: int) -> tuple[int, End | None]:
        """At a `<` in a key or a word: the end of the block, a quote token that is data here, or data."""
        after, end = self._at_end(text, position)
        if end or after == position:
            return after, end
        if is_half(text, position, (self._literals.quote,)):
            return position, None
        self._part.append("<")
        return after, None

    def _at_value(self, text: str, position: int) -> tuple[int, End | None]:
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        place, arguments = found.start(), self._arguments
        character = text[place]
        if character in "{[":
            self._begin_bracket(character)
        elif character == '"':
            self._where = _Where.QUOTED
        elif character == "]" and arguments.in_list:
            self._end_bracket(place + 1)
        elif character in ",}]":
            self._break("a value was due")
        elif text.startswith(self._literals.quote, place):
            self._where, self._closer = _Where.STRING, -1
            self._write(arguments.begin_string())
            return place + len(self._literals.quote), None
        elif character == "<" and is_half(text, place, (self._literals.quote, *self._ends)):
            return place, None
        elif character == "<" and (ended := self._at_end(text, place))[1]:
            return ended
        else:
            self._where = _Where.WORD
            return place, None
        return place + 1, None

    def _at_word(self, text: str, position: int) -> tuple[int, End | None]:
        stop = self._stop(text, position)
        if stop == len(text):
            return stop, None
        if text[stop] == "<":
            if is_half(text, stop, self._ends):
                return stop, None
            if not text.startswith(self._ends, stop):
                return self._at_smaller(text, stop)
        self._write(self._arguments.word(self._taken()))
        self._where = _Where.AFTER
        return stop, None

    def _at_quoted(self, text: str, position: int) -> tuple[int, End | None]:
        stop = self._stop(text, position)
        if stop == len(text):
            return stop, None
        if text[stop] == "\\":
            if stop + 1 == len(text):
                return stop, None
            self._part.append(text[stop : stop + 2])
            return stop + 2, None
        literal, self._part = "".join(self._part), []
        try:
            value = loads(f'"{literal}"')
        except ValueError:
            value = literal
        self._write(self._arguments.begin_string() + self._arguments.string(value) + self._arguments.end_string())
        self._where = _Where.AFTER
        return stop + 1, None

    def _at_string(self, text: str, position: int) -> tuple[int, End | None]:
        found = self._in_string.search(text, position)
        if found is None:
            half = self._half_in_string(text, position)
            self._write(self._arguments.string(text[position:half]))
            return half, None
        self._write(self._arguments.string(text[position : found.start()]))
        if found.group() == self._literals.quote:
            return self._at_quote(text, found.start(), found.end())
        if self._closer < 0:
            self._closer = self._base + found.start()
        self._write(self._arguments.string(found.group()))
        return found.end(), None

    def _half_in_string(self, text: str, position: int) -> int:
        """Where the text ends inside what may become a quote token or a closing marker, or its end."""
        literals = (self._literals.quote, self._literals.close)
        start = max(position, len(text) - max(map(len, literals)) + 1)
        return next((place for place in range(start, len(text)) if is_half(text, place, literals)), len(text))

    def _at_quote(self, text: str, position: int, after: int) -> tuple[int, End | None]:
        """At a quote token inside a string."""
        ends = self._ends_string(text, after)
        if ends is None:
            return position, None
        if ends:
            self._write(self._arguments.end_string())
            self._where = _Where.AFTER
            return after, None
        if self._closer >= 0:
            return position, self._lost_quote()
        self._write(self._arguments.string(text[position:after]))
        return after, None

    def _ends_string(self, text: str, position: int) -> bool | None:
        """Whether what follows a quote token shows that it ended a string, or None when more text is needed."""
        found = _NOT_SPACE.search(text, position, position + _MOST_SPACE)
        if found is None:
            return None if len(text) - position < _MOST_SPACE else False
        place = found.start()
        if text[place] in ",}]" or text.startswith(self._ends, place):
            return True
        return None if is_half(text, place, self._ends) else False

    def _lost_quote(self) -> End:
        self._fault = "a string without its end"
        self._bounds = (self._closer, self._closer + len(self._literals.close))
        return End.QUOTE

    def _after(self, text: str, position: int) -> tuple[int, End | None]:
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        place, in_list = found.start(), self._arguments.in_list
        character = text[place]
        if character == ",":
            self._arguments.comma()
            self._where = _Where.VALUE if in_list else _Where.KEY
        elif character == ("]" if in_list else "}"):
            self._end_bracket(place + 1)
        elif character == "<":
            after, end = self._at_end(text, place)
            if end is None and after > place:
                self._break("a comma or a bracket was due")
            return after, end
        else:
            self._break("a comma or a bracket was due")
        return place + 1, None

    def _broken(self, text: str, position: int) -> tuple[int, End | None]:
        found = _STOPS[_Where.BROKEN].search(text, position)
        return self._at_end(text, found.start()) if found else (len(text), None)

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        self._text.append(tail)
        self._read += len(tail)
        self._bounds = (self._read, self._read)
        if self._where is _Where.STRING and self._closer >= 0 and not cut:
            return self._lost_quote()
        return End.CUT

    def go_on(self) -> None:
        """Nothing looks complete that is not: text ends a block only after its calls."""

    def read(self, end: End) -> Reading:
        """The calls of the block."""
        del end
        unfinished = self._where is not _Where.BETWEEN
        if not self._calls:
            return Reading((), fault=self._fault or "no call that is complete")
        return Reading(tuple(self._calls), self._repaired, unfinished=unfinished)

    def parts(self) -> tuple[str, str, str]:
        """The payload, the closing marker, and what is to be read again as text."""
        text = self._text.text()
        payload, block = self._bounds
        return text[:payload], text[payload:block], text[block:]

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the markup: none that is not a fault of the payload."""
        return ()
