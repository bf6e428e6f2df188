"""The call syntax of Llama 4, ToolACE, LFM2 and Gemma 3: calls in Python's notation, in a list.

[get_weather(city="Paris"), get_time()]
<|python_start|>[get_weather(city="Paris")]<|python_end|>

After a dialect's marker a block ends with its closing marker, or with the list. Without a marker the calls are the whole
answer, and of tools that are offered, or it is text (behaviour 1.10).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.block import CarefulReader
from adapter.syntax.contract import BareForm, Syntax
from adapter.syntax.delimiters import Boundaries
from adapter.syntax.limits import Limits
from adapter.syntax.python.call import NAME, read_python_call
from adapter.syntax.python.notation import PYTHON
from adapter.syntax.python.scanner import PythonScanner
from adapter.syntax.reading import End, Nameless, RawCall, Reading, Step, StepKind, Unheard
from adapter.text.buffer import BlockText
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings

_FENCE = r"`{3}(?:[a-z_]{1,9})?[ \t]*\n\s{0,20}"
_HEAD = rf"\[?\s{{0,20}}{NAME}\s{{0,20}}\("
_HALF_HEAD = rf"(?:\[\s{{0,20}}|\[?\s{{0,20}}{NAME}\s{{0,20}})?\Z"
_BETWEEN = re.compile(r"[\s,;\[\]]*")
_BEGINS = re.compile(_HEAD)
_MAY_BEGIN = re.compile(_HALF_HEAD)
_BEGUN = re.compile(rf"\[\s*(?P<name>{NAME})\s*\(")
_SPACE = re.compile(r"[ \t\r\n]*")
_SOMETHING = re.compile(r"\w")


class Pythonic(Syntax):
    """Reads blocks of this syntax.

    Args:
        settings: What the dialect says.

    Raises:
        DialectError: Its `form` holds something.
    """

    notation = PYTHON
    bare = BareForm(
        first="[`",
        head=re.compile(rf"(?:{_FENCE})?(?P<payload>\[\s{{0,20}}{NAME}\s{{0,20}}\()"),
        half=re.compile(rf"(?:`{{1,3}}[a-z_]{{0,9}}[ \t]{{0,9}}|{_FENCE})?(?:\[\s{{0,20}}(?:{NAME}\s{{0,20}})?)?\Z"),
        own=True,
    )
    limits = Limits(names=re.compile(NAME))  # a function of Python's does not begin with a digit, a point or a dash

    def __init__(self, settings: SyntaxSettings) -> None:
        if settings.form:
            raise DialectError(f"form.{min(settings.form)} means nothing to the syntax 'pythonic'; it knows nothing")
        self.bounds = Boundaries(settings.open, settings.close, settings.tokens, due=False)
        self.openings: tuple[str, ...] = (settings.open,) if settings.open else ()
        self.place = settings.place

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """A block begins where a call does, or a list of calls."""
        del opener
        found = _SPACE.match(text, position)
        start = found.end() if found else position
        if _BEGINS.match(text, start):
            return start, True
        return position, None if _MAY_BEGIN.match(text, start) else False

    def scanner(self) -> PythonScanner:
        """Finds the end of one payload."""
        return PythonScanner(self.bounds)

    def block(self, opening: str) -> PythonicBlock:
        """A reader for one block."""
        return PythonicBlock(opening, self)

    def read(self, payload: str, end: End) -> Reading:
        """The calls of a payload."""
        scanner, calls, start = self.scanner(), _Calls(), 0
        scanner.feed(payload)
        for place in scanner.call_ends:
            calls.take(payload, start, place)
            start = place
        return calls.reading(payload[start : scanner.payload_end], end)

    def begun(self, payload: str) -> str:
        """The name of the first call of an unfinished payload."""
        found = _BEGUN.match(payload)
        return found["name"] if found else ""


class _Calls:
    """The calls of one block, as they are read."""

    __slots__ = ("_found", "_repaired")

    def __init__(self) -> None:
        self._found: list[tuple[str, str] | Nameless] = []  # names and arguments
        self._repaired = False

    def take(self, text: str, start: int = 0, end: int | None = None) -> tuple[str, str] | None:
        """A call, and what stands between it and the one before. Returns its name and its arguments, if it is one."""
        end = len(text) if end is None else end
        between = _BETWEEN.match(text, start, end)
        start = between.end() if between else start
        name, arguments, repaired = read_python_call(text, start, end)
        self._repaired = self._repaired or repaired
        self._found.append(Nameless(text[start:end]) if arguments is None else (name, arguments))
        return None if arguments is None else (name, arguments)

    def reading(self, rest: str, end: End) -> Reading:
        """All of them; `rest` is what stands behind the last."""
        if all(isinstance(call, Nameless) for call in self._found):
            return Reading((), fault="no call with keyword arguments and literal values")
        calls = tuple(call if isinstance(call, Nameless) else RawCall(*call, loads(call[1])) for call in self._found)
        if not _SOMETHING.search(rest):
            return Reading(calls, self._repaired)
        if end is End.CUT:
            return Reading(calls, self._repaired, unfinished=True)
        return Reading((*calls, Nameless(rest)), self._repaired)


class PythonicBlock(CarefulReader):
    """Reads one block.

    Args:
        opening: The opening marker and what stood between it and the payload.
        syntax: The call syntax.
    """

    def __init__(self, opening: str, syntax: Pythonic) -> None:
        self.opening = opening
        self.steps: list[Step] = []
        self._place = syntax.place
        self._scanner = syntax.scanner()
        self._text = BlockText(opening)
        self._text.mark()  # where the present call begins
        self._calls = _Calls()
        self._last = 0  # where the last call ended

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        scanner = self._scanner
        begin, base = position, scanner.offset - position
        after, end = scanner.feed(text, position)
        for place in scanner.call_ends:
            self._text.append(text[begin : place - base])
            begin, self._last = place - base, place
            call = self._calls.take(self._text.marked())
            self._text.mark()
            if call is not None and not isinstance(self.steps, Unheard):
                self._tell(*call)
        scanner.call_ends.clear()
        self._text.append(text[begin:after])
        return after, end

    def _tell(self, name: str, arguments: str) -> None:
        """A call has ended. What of it may be coerced is told when it is checked."""
        self.steps.append(Step(StepKind.CALL, name))
        if not self._place(name).may_change(loads(arguments)):
            self.steps.append(Step(StepKind.TEXT, arguments))

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        del cut
        self._text.append(tail)
        return self._scanner.finish(len(tail))

    def go_on(self) -> None:
        """Text ends a block only where the brackets did."""

    def read(self, end: End) -> Reading:
        """The calls of the block."""
        return self._calls.reading(self._text.part(self._last, self._scanner.payload_end), end)

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._text.split(self._scanner.block_end)

    def markup_faults(self) -> tuple[str, ...]:
        """None: the markers are no elements."""
        return ()
