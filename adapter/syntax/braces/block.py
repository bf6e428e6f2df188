"""A block of calls in braces while it is being read: names, what follows a call, and where the block ends."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.block import CarefulReader
from adapter.syntax.braces.arguments import BracesArguments, Stop
from adapter.syntax.braces.literals import NOT_SPACE, SPACE
from adapter.syntax.json.call_forms import read_written
from adapter.syntax.json.end_scanner import End, is_half
from adapter.syntax.reading import Reading, Step, StepKind
from adapter.text.buffer import BlockText

if TYPE_CHECKING:
    from adapter.syntax.braces.literals import Literals
    from adapter.text.buffer import TextBuffer

_NAME = re.compile(r"[^\s{}\[\]<>\"',]{1,128}")
_NAME_END = re.compile(r"[{<]")
# A closing marker of another name, after complete calls.
_WRONG_CLOSER = re.compile(r"<(?:/[A-Za-z_]\w{0,40}|[A-Za-z_]\w{0,40}\|)>")
_HALF_CLOSER = re.compile(r"<(?:/(?:[A-Za-z_]\w{0,40})?|[A-Za-z_]\w{0,40}\|?)?")


class _Where(Enum):
    BETWEEN = auto()  # before a call, or after one
    NAME = auto()
    ARGUMENTS = auto()
    BROKEN = auto()  # no call can come of it: only its end is looked for


class CallBracesBlock(CarefulReader):
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
        self._where = _Where.BETWEEN
        self._text = BlockText(opening)
        self._read = 0  # characters consumed
        self._base = 0  # turns a position in the text that is being fed into an offset
        self._bounds = (0, 0)  # where the payload ends, and where the block does
        self._part: list[str] = []  # of a name, while it is taken
        self._name = ""
        self._arguments = BracesArguments(literals)
        self._begun = 0  # where they begin
        self._calls: list[tuple[str, TextBuffer]] = []
        self._calls_end = 0
        self._repaired = False
        self._fault = ""
        self._handlers = {
            _Where.BETWEEN: self._between,
            _Where.NAME: self._at_name,
            _Where.ARGUMENTS: self._in_arguments,
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
        self._text.take(text, start, position)
        self._read += position - start
        return position, end

    def _between(self, text: str, position: int) -> tuple[int, End | None]:
        """Before a call, or after one: another, an end, or text, which is no longer the block's."""
        found = NOT_SPACE.search(text, position)
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
        ends = self._literals.ends
        literal = next((literal for literal in ends if text.startswith(literal, position)), None)
        if literal is None:
            return position + (not is_half(text, position, ends)), None
        if literal == self._literals.close:
            return self._ended(End.TAG, position, len(literal))
        return self._ended(End.OPENER if literal == self._literals.open else End.TOKEN, position)

    def _ended(self, end: End, position: int, closing: int = 0) -> tuple[int, End]:
        self._bounds = (self._base + position, self._base + position + closing)
        return position + closing, end

    def _at_name(self, text: str, position: int) -> tuple[int, End | None]:
        found = _NAME_END.search(text, position)
        stop = found.start() if found else len(text)
        self._part.append(text[position:stop])
        if found is None:
            return stop, None
        if found.group() == "<":
            after, end = self._at_end(text, stop)
            if end is None and after > stop:
                self._break("no name of a tool")
            return after, end
        name, self._part = "".join(self._part).strip(SPACE), []
        if not _NAME.fullmatch(name):
            self._break(f"no name of a tool: {name[:60]!r}")
            return stop + 1, None
        self._name, self._arguments, self._where = name, BracesArguments(self._literals), _Where.ARGUMENTS
        self._begun = self._base + stop + 1
        self.steps.append(Step(StepKind.CALL, name, written=self._arguments.written))
        return stop + 1, None

    def _break(self, fault: str) -> None:
        self._where, self._fault = _Where.BROKEN, fault

    def _in_arguments(self, text: str, position: int) -> tuple[int, End | None]:
        arguments = self._arguments
        after = arguments.feed(text, position)
        if arguments.stop is Stop.FAULT:
            self._break(arguments.fault)
        elif arguments.stop is Stop.LOST_QUOTE:
            return after, self._lost_quote()
        elif arguments.stop is Stop.END and text.startswith(self._literals.close, after) and arguments.mend():
            self._repaired = True
        ended = arguments.stop is Stop.END
        self._take_json()
        if arguments.stop is Stop.COMPLETE:
            self._where = _Where.BETWEEN
            self._calls.append((self._name, arguments.written))
            self._calls_end = self._base + after
        return self._at_end(text, after) if ended else (after, None)

    def _take_json(self) -> None:
        self.steps += [Step(StepKind.JSON, text) for text in self._arguments.json]
        self._arguments.json.clear()

    def _lost_quote(self) -> End:
        self._fault = self._arguments.fault or "a string without its end"
        closer = self._begun + self._arguments.closer
        self._bounds = (closer, closer + len(self._literals.close))
        return End.QUOTE

    def _broken(self, text: str, position: int) -> tuple[int, End | None]:
        place = text.find("<", position)
        return self._at_end(text, place) if place >= 0 else (len(text), None)

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        self._text.append(tail)
        self._read += len(tail)
        self._bounds = (self._read, self._read)
        if self._where is _Where.ARGUMENTS and self._arguments.lost_quote() and not cut:
            return self._lost_quote()
        return End.CUT

    def go_on(self) -> None:
        """Nothing looks complete that is not: text ends a block only after its calls."""

    def read(self, end: End) -> Reading:
        """The calls of the block."""
        del end
        if not self._calls:
            return Reading((), fault=self._fault or "no call that is complete")
        calls = read_written(self._calls, self._text)
        return Reading(calls, self._repaired, unfinished=self._where is not _Where.BETWEEN)

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._text.split(self._bounds[1])

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the markup: none that is not a fault of the payload."""
        return ()
