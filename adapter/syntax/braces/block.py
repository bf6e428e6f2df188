"""A reader of one block of calls in braces: the names, the text behind a call, and the end of the block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.events import CallPlaces
from adapter.schema.known_place import ANYWHERE
from adapter.schema.place import ANYWHERE as NOWHERE
from adapter.syntax.block import Block, Where
from adapter.syntax.braces.arguments import BracesArguments
from adapter.syntax.braces.literals import NOT_SPACE, SPACE
from adapter.syntax.braces.state import Stop
from adapter.syntax.json.call_forms import read_written
from adapter.syntax.reading import End, Flowing, Reading, Step, StepKind, Unheard
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.known_place import KnownPlace
    from adapter.schema.place import Place
    from adapter.syntax.braces.literals import Literals
    from adapter.text.buffer import TextBuffer

_NAME = re.compile(r"[^\s{}\[\]<>\"',]{1,128}")
_NAME_END = re.compile(r"[{<(]")
# A closing marker of another name, behind complete calls.
_WRONG_CLOSER = re.compile(r"<(?:/[A-Za-z_]\w{0,40}|[A-Za-z_]\w{0,40}\|)>")
_HALF_CLOSER = re.compile(r"<(?:/(?:[A-Za-z_]\w{0,40})?|[A-Za-z_]\w{0,40}\|?)?")


class CallBracesBlock(Block):
    """Reads one block.

    Args:
        opening: The opening marker, and the text between the marker and the payload.
        literals: The markers of the dialect.
        known: Gives the place of a tool's arguments by the tool's name, for early release of values.
        declared: Gives the same place, for the names of the parameters.
        names: Names of the tools that are offered.
    """

    def __init__(
        self,
        opening: str,
        literals: Literals,
        known: Callable[[str], KnownPlace],
        declared: Callable[[str], Place],
        names: frozenset[str],
    ) -> None:
        super().__init__(opening)
        self._literals = literals
        self._known = known
        self._declared = declared
        self._names = names
        self._part: list[str] = []  # of a name that is being taken
        self._name = ""
        self._arguments = BracesArguments(literals, ANYWHERE, NOWHERE)
        self._begun = 0  # offset of the arguments
        self._named = (0, 0)  # place of the present call's name in the block
        self._calls: list[tuple[str, TextBuffer, tuple[str, ...], CallPlaces]] = []
        self._mended: list[str] = []
        self._calls_end = 0  # offset
        self._repaired = False
        self._fault = ""

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        if self._where is Where.ARGUMENTS:
            return self._in_arguments(text, position)
        if self._where is Where.BETWEEN:
            return self._between(text, position)
        if self._where is Where.HEAD:
            return self._head(text, position)
        place = text.find("<", position)
        return self._at_end(text, place) if place >= 0 else (len(text), None)

    def _between(self, text: str, position: int) -> tuple[int, End | None]:
        """Read on outside of calls: another call, an end, or text, which belongs to the block no more."""
        found = NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        place, literals = found.start(), self._literals
        if text.startswith(literals.call, place):
            self._where = Where.HEAD
            return place + len(literals.call), None
        if text[place] == "<":
            after, end = self._at_end(text, place)
            if end or after == place:
                return after, end
            if wrong := _WRONG_CLOSER.match(text, place):
                self._mended.append(f"the closing marker of the block is written {wrong.group()!r}")
                return wrong.end(), self._ended(End.WRONG_TAG, place, wrong.end())
            if _HALF_CLOSER.fullmatch(text, place):
                return place, None
        elif text[place] in "}),;":
            self._repaired = self._repaired or text[place] in "})"
            return place + 1, None
        elif is_half(text, place, (literals.call,)):
            return place, None
        self._payload_end = self._block_end = self._calls_end
        return place, End.TEXT

    def _at_end(self, text: str, position: int) -> tuple[int, End | None]:
        """Read a `<` outside of strings. The position itself asks for more text; the next position says data."""
        literals = self._literals
        found = literals.at_end.match(text, position)
        if found is None:
            return position + (not literals.half_end(text, position)), None
        if found.group() == literals.close:
            return found.end(), self._ended(End.TAG, position, found.end())
        return position, self._ended(End.OPENER if found.group() == literals.open else End.TOKEN, position, position)

    def _head(self, text: str, position: int) -> tuple[int, End | None]:
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
        written, self._part = "".join(self._part), []
        name = written.strip(SPACE)
        named = len(self.opening) + self._base + stop - len(written) + written.find(name)
        self._named = (named, named + len(name))
        if not _NAME.fullmatch(name):
            self._break(f"no name of a tool: {name[:60]!r}")
            return stop + 1, None
        heard = not isinstance(self.steps, Unheard)
        place, bracket = self._known(name) if heard else ANYWHERE, found.group()
        self._arguments = arguments = BracesArguments(self._literals, place, self._declared(name), bracket)
        arguments.offered = name in self._names
        if bracket == "(":
            arguments.mend("the arguments stand in round brackets")
        self._name, self._where, self._begun = name, Where.ARGUMENTS, self._base + stop + 1
        self.steps.append(Step(StepKind.CALL, name, written=arguments.text.written, edits=arguments.text.edits))
        return stop + 1, None

    def _break(self, fault: str) -> None:
        self._where, self._fault = Where.BROKEN, fault

    def _in_arguments(self, text: str, position: int) -> tuple[int, End | None]:
        arguments = self._arguments
        after, stop = arguments.feed(text, position), arguments.stop
        if stop is Stop.END and text.startswith(self._literals.close, after) and arguments.close():
            self._repaired, arguments.stop = True, Stop.COMPLETE
        if arguments.said:
            self._tell()
        if stop is None:
            return after, None
        if stop is Stop.LOST_QUOTE:
            return after, self._lost_quote()
        if stop is Stop.FAULT:
            self._break(arguments.fault)
        if arguments.stop is Stop.COMPLETE:
            self._where = Where.BETWEEN
            faults = tuple(f"in the arguments of {self._name!r} {sentence}" for sentence in arguments.faults)
            self._mended += [f"in the arguments of {self._name!r} {sentence}" for sentence in arguments.mended]
            self._calls_end = self._base + after
            opening = len(self.opening)
            places = CallPlaces(self._named, (opening + self._begun - 1, opening + self._calls_end))
            self._calls.append((self._name, arguments.text.written, faults, places))
        return self._at_end(text, after) if stop is Stop.END else (after, None)

    def _tell(self) -> None:
        """Make one step of the arguments that may leave."""
        text = "".join(self._arguments.said)
        self._arguments.said.clear()
        if text:
            self.steps.append(Step(StepKind.TEXT, text))

    def _lost_quote(self) -> End:
        """End the block at the first closing marker of the string that has no end."""
        self._fault = self._arguments.fault or "a string without its end"
        self._payload_end = self._begun + self._arguments.closer
        self._block_end = self._payload_end + len(self._literals.close)
        return End.QUOTE

    def flowing(self) -> Flowing | None:
        """The pattern of text that may be forwarded unread inside a string between quote tokens."""
        if self._where is Where.ARGUMENTS and self._arguments.in_string and self._arguments.text.flowing:
            return self._literals.in_string if self._arguments.in_braces else self._literals.in_list_string
        return None

    def flowed(self, text: str) -> str:
        """Consume text that `flowing` let pass. Returns the text as JSON."""
        self._text.append(text)
        self._read += len(text)
        return self._arguments.flowed(text)

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block at the end of the completion; `tail` was fed and not consumed."""
        arguments, end = self._arguments, None
        if self._where is Where.ARGUMENTS:
            if not (cut and arguments.in_quotes):
                arguments.at_end = True
            after, end = self.feed(tail, 0)
            tail = tail[after:]
        elif self._where is Where.BETWEEN and tail.strip(SPACE) and not self._literals.half_end(tail.lstrip(SPACE), 0):
            self._mended.append(f"the closing marker of the block is written {tail.strip(SPACE)!r}")
        self._finished(tail)
        if end is None and self._where is Where.ARGUMENTS and arguments.in_quotes and arguments.closer >= 0 and not cut:
            return self._lost_quote()
        return end or End.CUT

    def read(self, end: End) -> Reading:
        """Return the calls of the block, or the fault that leaves none."""
        del end
        if not self._calls:
            return Reading((), fault=self._fault or "no call that is complete")
        calls = read_written(self._calls, self._text)
        mended = tuple(dict.fromkeys(self._mended))
        return Reading(calls, self._repaired, unfinished=self._where is not Where.BETWEEN, mended=mended)
