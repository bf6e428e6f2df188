"""The call syntax of Llama 4, ToolACE, LFM2 and Gemma 3: calls in Python's notation, in a list.

[get_weather(city="Paris"), get_time()]
<|python_start|>[get_weather(city="Paris")]<|python_end|>

After a dialect's marker a block ends with the closing marker, or with the list. The marker may stand twice, and JSON may stand
between markers in place of the list. Without a marker calls are the whole answer,
and of tools that are offered, or the answer is text (behaviour 1.10).
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.schema.leaving import stays
from adapter.syntax.block import Block
from adapter.syntax.contract import BareForm, Syntax
from adapter.syntax.delimiters import Boundaries
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.limits import Limits
from adapter.syntax.python.call import NAME, read_python_call
from adapter.syntax.python.notation import PYTHON
from adapter.syntax.python.scanner import PythonScanner
from adapter.syntax.reading import End, Flowing, Nameless, RawCall, Reading, Step, StepKind, Unheard
from adapter.text.json_spans import loads
from adapter.text.literal_tree import row
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from adapter.events import CallPlaces
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
# Text behind a block with a lost quote is read anew when the completion has ended, so often at most: the cost stays linear.
_MOST_LOST = 8


class Pythonic(Syntax):
    """Reads blocks of this syntax.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: `form` holds a key.
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
        self.known = settings.known
        self.lost = 0  # blocks whose string was found without an end when the completion ended
        self._json = JsonInTags(settings) if settings.open.startswith("<") and settings.close.startswith("<") else None
        self._in_json = False

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Find calls behind an opening marker, which may be doubled. Returns as `Syntax.opening` does."""
        self._in_json = False
        doubled = row((opener,)).match(text, position)
        position = doubled.end() if doubled else position
        found = _SPACE.match(text, position)
        start = found.end() if found else position
        if _BEGINS.match(text, start):
            return start, True
        if self._json is not None and text.startswith(("{", "["), start):
            after, begins = self._json.opening(opener, text, start)
            if begins is not False:
                self._in_json = bool(begins)
                return (after if begins else position), begins
        return position, None if _MAY_BEGIN.match(text, start) or is_half(text, start, (opener,)) else False

    def scanner(self) -> PythonScanner:
        """Make a scanner for one payload."""
        return PythonScanner(self.bounds)

    def block(self, opening: str) -> PythonicBlock | JsonBlock:
        """Make a reader for one block."""
        if self._json is None or not self._in_json:
            return PythonicBlock(opening, self)
        return _JsonInPlace(opening, self._json.payload)

    def read(self, payload: str, end: End) -> Reading:
        """Return the calls of a payload; none of a payload that is cut off, whose brackets are its only markers."""
        if end is End.CUT:
            return Reading((), fault="the list of calls is cut off")
        scanner, calls, start = self.scanner(), _Calls(), 0
        scanner.feed(payload)
        for place in scanner.call_ends:
            calls.take(payload, start, place)
            start = place
        return calls.reading(payload[start : scanner.payload_end], end)

    def begun(self, payload: str, *, over: bool = False) -> str:
        """Return the name of the first call in an unfinished payload; empty before the name is complete."""
        del over
        found = _BEGUN.match(payload)
        return found["name"] if found else ""


class UntaggedPython(Pythonic):
    """Lists of calls without markers, in dialects with another notation.

    Args:
        settings: Settings of the dialect.
    """

    bare = dataclasses.replace(Pythonic.bare, own=False)

    def __init__(self, settings: SyntaxSettings) -> None:
        super().__init__(dataclasses.replace(settings, open="", close="", form={}))


class _Calls:
    """The calls of one block so far."""

    __slots__ = ("_found", "_repaired")

    def __init__(self) -> None:
        self._found: list[tuple[str, str, CallPlaces] | Nameless] = []  # names and arguments
        self._repaired = False

    def take(self, text: str, start: int = 0, end: int | None = None, *, before: int = 0) -> tuple[str, str] | None:
        """Read a call, and the separators before the call. Returns name and arguments; None for anything but a call.

        Args:
            text: The text around the call.
            start: Position of the call.
            end: Position behind the call.
            before: Code points of the block in front of the text.
        """
        end = len(text) if end is None else end
        between = _BETWEEN.match(text, start, end)
        start = between.end() if between else start
        name, arguments, repaired, places = read_python_call(text, start, end)
        self._repaired = self._repaired or repaired
        self._found.append(Nameless(text[start:end]) if arguments is None else (name, arguments, places.moved(before)))
        return None if arguments is None else (name, arguments)

    def reading(self, rest: str, end: End) -> Reading:
        """Return all calls; `rest` is the text behind the last."""
        if all(isinstance(call, Nameless) for call in self._found):
            return Reading((), fault="no call with keyword arguments and literal values")
        calls = tuple(
            call if isinstance(call, Nameless) else RawCall(call[0], call[1], loads(call[1]), places=call[2])
            for call in self._found
        )
        if not _SOMETHING.search(rest):
            return Reading(calls, self._repaired)
        if end is End.CUT:
            return Reading(calls, self._repaired, unfinished=True)
        return Reading((*calls, Nameless(rest)), self._repaired)


def _doubled(opening: str, marker: str) -> tuple[str, ...]:
    return (f"{marker} stands twice",) if opening.count(marker) > 1 else ()


class _JsonInPlace(JsonBlock):
    """Reads one block of JSON, which a model wrote in place of Python's notation."""

    def plain(self) -> None:
        """No shorter way, which would not see a doubled marker."""

    def markup_faults(self) -> tuple[str, ...]:
        """The opening marker, if it stands twice."""
        return _doubled(self.opening, self._payload.bounds.open)


class PythonicBlock(Block):
    """Reads one block. Only a complete call is told: before its last bracket nobody knows that its values are literals.

    Args:
        opening: The opening marker, and the text between the marker and the payload.
        syntax: The call syntax.
    """

    def __init__(self, opening: str, syntax: Pythonic) -> None:
        super().__init__(opening)
        self._syntax = syntax
        self._scanner = syntax.scanner()
        self._text.mark()  # the beginning of the present call
        self._calls = _Calls()
        self._last = 0  # offset of the last call's end

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        return self._scanner.feed(text, position)

    def _take(self, text: str, position: int) -> None:
        """Take the text being fed into the block, and read the calls that end in the text."""
        start = self._read - self._base
        for last in self._scanner.call_ends:
            place = last - self._base
            self._text.append(text[start:place])
            call = self._calls.take(self._text.marked(), before=len(self.opening) + self._last)
            start, self._last = place, last
            self._text.mark()
            if call is not None and type(self.steps) is not Unheard:
                self._tell(*call)
        self._scanner.call_ends.clear()
        self._text.append(text[start:position])
        self._read = self._base + position

    def _tell(self, name: str, arguments: str) -> None:
        """Tell a call; arguments that may be coerced are left to the check of the call."""
        self.steps.append(Step(StepKind.CALL, name))
        if stays(self._syntax.known(name), loads(arguments)):
            self.steps.append(Step(StepKind.TEXT, arguments))

    def flowing(self) -> Flowing | None:
        """The pattern of text that passes unread inside a string."""
        return self._scanner.flowing()

    def flowed(self, text: str) -> str:
        """Consume text that `flowing` let pass."""
        self._scanner.offset += len(text)
        self._read += len(text)
        self._text.append(text)
        return text

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block at the end of the completion; `tail` was fed and not consumed."""
        scanner, syntax, end = self._scanner, self._syntax, None
        if not cut:
            scanner.at_end = True
            after, end = self.feed(tail, 0)
            tail = tail[after:]
        self._finished(tail)
        if end is None:
            end = scanner.finish(len(tail), split=not cut and syntax.lost < _MOST_LOST)
            syntax.lost += end is End.QUOTE
        return end

    def read(self, end: End) -> Reading:
        """Return the calls of the block, or the fault that leaves none."""
        return self._calls.reading(self._text.part(self._last, self._scanner.payload_end), end)

    def markup_faults(self) -> tuple[str, ...]:
        """The opening marker, if it stands twice."""
        return _doubled(self.opening, self._syntax.bounds.open)

    def parts(self) -> tuple[str, str]:
        """Return the block as the model wrote it, and text behind its end that is to be read again."""
        return self._text.split(self._scanner.block_end)
