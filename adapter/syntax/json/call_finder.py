"""Calls in JSON that is still being written: names and arguments, in the forms of `adapter.syntax.json.call_forms`.

`CallFinder` reads strictly, and says nothing more from the first character on that is not JSON, or that makes uncertain what the
finished payload will say: a call without a name, arguments twice, a value in the place of a call. Objects and lists around calls are
read member by member, one pattern for each; arguments are read by a `JsonCursor`, and so is any other object or list, unheard.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING

from adapter.syntax.reading import Step, StepKind
from adapter.text.json_cursor import Handover, JsonCursor
from adapter.text.partial import begun
from adapter.text.json_plain import AFTER_SCALAR, ESCAPE, HALF, SCALAR, SPACE, matcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.contract import Follower
    from adapter.text.json_gate import Place
    from adapter.text.json_plain import InString, Matcher

# First characters of the values that hold calls. `parameters` in place of `arguments` waits for the end of the block: `arguments`
# may follow.
_HOLDS_CALLS = {"function": "{", "tool_calls": "["}
_LONGEST = 2000  # code points of a member beside the arguments, which is matched again with each delta
_MOST_SPACE = 200  # code points between JSON and the closing marker that are kept together
_SPACES = " \t\r\n"
# Without one of these, or four quotes, no member is complete that calls depend on, and no block ends.
_TELLING = re.compile(r"[{}\[\]\\<]").search
_QUOTES = 4
_MOST = 1 << 14  # code points given to a cursor at once: a text of many calls is not copied for each of them

_CLOSE, _COMMA, _KEY, _STRING, _QUOTE, _OPEN, _NUMBER = range(1, 8)
_COMPLETE = frozenset({_CLOSE, _QUOTE, _OPEN})
# A string that may hold a closing marker is not plain.
_BODY = rf'(?:[^"\\<\x00-\x1f]++|{ESCAPE})*+'
_HALF = rf"(?:{HALF}\Z|)"
_MEMBER = rf'(?:"({_BODY})(?:"{SPACE}(?::{SPACE}(?:"({_BODY})(?:(")|{_HALF})|([{{\[])|([-\w][-+.\w]*+)|)|)|{_HALF})|)'
_ELEMENT = r"(?:(?!)()()()|)(?:([{\[])|)"
_FIRST = {"{": matcher(rf"{SPACE}(?:(\}})|(){_MEMBER})"), "[": matcher(rf"{SPACE}(?:(\])|(){_ELEMENT})")}
_AFTER = {"{": matcher(rf"{SPACE}(?:(\}})|(,){SPACE}{_MEMBER}|)"), "[": matcher(rf"{SPACE}(?:(\])|(,){SPACE}{_ELEMENT}|)")}
_TOP = matcher(rf"[ \t\r\n,;]*+(?:(?!)()()|){_ELEMENT}")


class _Frame:
    """An object that may be a call, or a list of calls.

    Attributes:
        bracket: The opening bracket.
        wrapper: The object holds the call, or the list of calls.
        named: The name has come.
        start: Offset of the arguments in the payload; None before the arguments.
        early: Arguments that came before the name.
    """

    __slots__ = ("bracket", "early", "named", "start", "wrapper")

    def __init__(self, bracket: str) -> None:
        self.bracket = bracket
        self.wrapper = False
        self.named = False
        self.start: int | None = None
        self.early: list[str] = []


@functools.lru_cache(maxsize=64)
def _tail(close: str) -> Callable[[str], re.Match[str] | None]:
    """Compile the pattern of text behind the arguments of a call, up to a part of the closing marker."""
    return re.compile(rf"({SPACE}\}}){SPACE}(?:{begun([close])}|)" if close else "(?!)()").fullmatch


def _decoded(written: str) -> str:
    """Decode the inside of a JSON string."""
    return str(json.loads(f'"{written}"')) if "\\" in written else written


class CallFinder:
    """Steps of the calls in one payload.

    Args:
        inside: Patterns of strings in the block.
        known: Gives the place of a tool's arguments in its schema.
        close: The marker behind the payload; empty if another literal may end it as well.
        steps: The list that gets the steps.

    Attributes:
        steps: As given.
        special, in_string: As in `adapter.syntax.contract.Follower`; the finder itself follows no string.
        cursor: The cursor in the arguments of a call that has its name.
        offset: Offset of the present member, of the value that a cursor reads, or behind a value that has ended.
        ended: An object or list that stands in no other has ended.
        silent: No more steps will come.
        tail: Text behind a value that has ended: white space, and perhaps the beginning of the closing marker.
    """

    __slots__ = (
        "_ahead", "_arguments", "_behind", "_closed", "_counted", "_expected", "_frames", "_held", "_inner", "_inside", "_known", "_loose", "_marker", "_quotes", "_start", "_tail", "cursor",
        "ended", "in_string", "offset", "silent", "special", "steps", "tail",
    )  # fmt: skip

    def __init__(
        self, inside: InString, known: Callable[[str], Place], close: str = "", steps: list[Step] | None = None
    ) -> None:
        self.steps: list[Step] = [] if steps is None else steps
        self._inside = inside
        self._known = known
        self.special = inside.special
        self.in_string = False
        self._frames: list[_Frame] = []
        self._expected: Matcher = _TOP
        self._held = ""  # the beginning of a member
        self._quotes = 0  # quotes in it
        self.offset = 0
        self._inner: JsonCursor | None = None
        self._arguments: JsonCursor | None = None  # of a named call, from the name on
        self._start: int | None = None  # offset of the arguments, for the first step with them
        self._ahead: int | None = None  # the position up to which the present delta is read
        self._counted = 0  # code points that were followed here, not by a cursor, since `flowed` was called
        self._closed: JsonCursor | None = None  # of arguments that ended in a delta that was followed
        self._behind = 0  # code points of the payload that were read behind these
        self.tail = ""
        self._marker = close
        self._tail = _tail(close)
        self._loose: Handover | None = None
        self.cursor: JsonCursor | None = None
        self.ended = self.silent = False

    def feed(self, text: str) -> None:
        """Consume the next piece of a payload of several values."""
        position = 0
        while position < len(text) and not self.silent:
            self.ended = False
            position = self.read(text, position)

    def read(self, text: str, position: int) -> int:
        """Consume text from `position` on, up to the end of a value that stands in no other. Returns the position reached."""
        if self._ahead is not None:
            position, self._ahead = self._ahead, None
            return position
        while position < len(text) and not self.silent and not self.ended:
            position = self._outside(text, position) if self._inner is None else self._in_cursor(text, position)
        return position

    def follow(self, text: str) -> str | None:
        """Read a delta outside of values that cursors read.

        Returns:
            The empty string: arguments that may leave are in the steps. None for a delta that ends a value which stands in no other,
            or is not understood; it is read, and `read` says how far.
        """
        if self.ended:
            return self._follow_closing(text)
        if self._inner is not None:
            return None
        window = self._held + text
        if not _TELLING(text) and len(window) < _LONGEST:
            self._quotes += text.count('"')
            if self._quotes < _QUOTES:
                self._held = window
                self._counted += len(text)
                return ""
        found = self._expected(window, 0)
        end, last = found.end(), found.lastindex
        if last in _COMPLETE:
            after = end - len(self._held)
            self._held, self._quotes = "", 0
            self.offset += end
            after -= self._member(found, last)
            if after < len(text):
                after = self.read(text, after)
        elif end == len(window) <= _LONGEST:
            self._held, self._quotes, after = window, window.count('"'), len(text)
        else:
            after = self.read(text, 0)
        if self.ended or self.silent:
            self._ahead = after
            return None
        self._counted += len(text)
        return ""

    @property
    def past(self) -> bool:
        """A value has ended in an earlier delta."""
        return self.ended and self._ahead is None

    def follower(self) -> Follower | None:
        """The cursor in the arguments of a named call; the finder itself outside of values that cursors read."""
        cursor = self.cursor
        if cursor is not None:
            cursor.then = self
        return self if self._inner is None else cursor

    def behind(self, text: str) -> bool:
        """Take the text behind arguments: the end of the call, and perhaps the beginning of the closing marker."""
        found = self._tail(text) if len(self._frames) == 1 else None
        if found is None or len(text) > _MOST_SPACE:
            return False
        self._frames.clear()
        self._closed, self._inner, self.cursor = self._inner, None, None
        self._behind, self._counted = found.end(1), self._counted + len(text)
        self.ended, self._expected, self.tail = True, _TOP, text[found.end(1) :]
        return True

    def expects_closing(self, text: str) -> bool:
        """Take text behind a value that has ended; refuse any other text than white space and the beginning of a marker."""
        rest = text.lstrip(_SPACES)
        if len(text) > _MOST_SPACE or len(rest) >= len(self._marker) or not self._marker.startswith(rest):
            return False
        self.tail = text
        return True

    def _follow_closing(self, text: str) -> str | None:
        if not self.expects_closing(self.tail + text):
            return None
        self._counted += len(text)
        return ""

    def flowing(self, *, heard: bool) -> bool:
        """Tell if the text stands in a string of which nothing is sent."""
        inner = self._inner
        return inner is not None and inner.in_string and not (heard and inner is self.cursor)

    def flowed(self, text: str) -> None:
        """Count text that was followed, or passed over."""
        counted, self._counted = self._counted, 0
        if self._closed is not None:
            self._closed.passed += len(text) - counted
            self.offset += self._closed.passed + self._behind
            self._closed = None
            return
        if self._inner is not None and counted < len(text):
            self._inner.passed += len(text) - counted
            if self._frames[-1].start is not None and not self._frames[-1].named:
                self._frames[-1].early.append(text[counted:])

    def adopt(self, cursor: JsonCursor, start: int) -> None:
        """Go on behind the name of a call in no list, in its arguments, or behind these.

        Args:
            cursor: Reads the arguments; fresh, if they have not begun.
            start: Offset of the arguments; behind the name, if they have not begun.
        """
        frame = _Frame("{")
        frame.named = True
        self._frames, self.offset, self._expected = [frame], start, _AFTER["{"]
        if not cursor.passed:
            self._arguments = cursor
            return
        frame.start = start
        if cursor.over:
            self.offset += cursor.passed
        else:
            self.cursor = self._inner = cursor

    def again(self, offset: int) -> None:
        """Begin with another value, at this offset."""
        self.ended, self.offset, self._expected, self.tail = False, offset, _TOP, ""

    def handover(self) -> Handover:
        """The state for the end scanner: behind the last bracket, or from the first text on that was not understood."""
        if self._loose is not None:
            return self._loose
        if self._inner is not None:
            return self._shifted(self._inner.handover())
        if self.ended:
            return Handover("}", self.offset - 1, 1, False, False, None, "}")
        bracket = self._frames[-1].bracket if self._frames else "{"
        first = not self._frames or self._expected is _FIRST[bracket]
        return Handover(self._held, self.offset, len(self._frames), False, False, None, bracket if first else "}")

    def _shifted(self, state: Handover) -> Handover:
        """The state of a cursor inside the payload."""
        tag = None if state.tag is None else self.offset + state.tag
        return state._replace(offset=self.offset + state.offset, depth=len(self._frames) + state.depth, tag=tag)

    def _outside(self, text: str, position: int) -> int:
        """Read one member or element."""
        held, window, at = self._held, text, position
        if held:
            window, at = held + text[position : position + _LONGEST], 0
        found = self._expected(window, at)
        end, last = found.end(), found.lastindex
        whole = last == _NUMBER and end < len(window) and window[end] in AFTER_SCALAR and SCALAR.fullmatch(found[_NUMBER])
        if last in _COMPLETE or whole:
            self._held, self._quotes = "", 0
            self.offset += end - at
            return position + end - at - len(held) - self._member(found, last)
        if end == len(window) and end - at <= _LONGEST:
            self._held = window[at:]
            self._quotes = self._held.count('"')
            return len(text)
        return self._stop(held, text, position)

    def _stop(self, held: str, text: str, position: int) -> int:
        """Say nothing more: the text is not understood."""
        self._held = held
        state = self.handover()
        self._loose = state._replace(unread=held + text[position:])
        self.silent = True
        return len(text)

    def _in_cursor(self, text: str, position: int) -> int:
        """Read on in an object or list that a cursor reads."""
        inner, frame = self._inner, self._frames[-1]
        if inner is None:
            raise RuntimeError("no cursor")
        piece = text[position:] if inner.pending else text[position : position + _MOST]
        said = inner.feed(piece)
        if said and inner is self.cursor:
            self.steps.append(Step(StepKind.TEXT, said, start=self._start))
            self._start = None
        early = frame.start is not None and not frame.named
        if not inner.over:
            if early:
                frame.early.append(piece)
            return position + len(piece)
        state = inner.handover()
        if inner.broken:
            self._loose, self.silent = self._shifted(state), True
            return position + len(piece)
        behind = len(state.unread) - 1  # code points behind the last bracket
        if early:
            frame.early.append(piece[: len(piece) - behind])
        self.offset += inner.passed - behind
        self._inner = self.cursor = None
        self._expected = _AFTER[frame.bracket]
        return position + len(piece) - behind

    def _member(self, found: re.Match[str], last: int | None) -> int:
        """Take a member, an element or a bracket. Returns the number of its last characters that a cursor is to read."""
        frame = self._frames[-1] if self._frames else None
        if last == _CLOSE:
            self._close(found[_CLOSE])
        elif frame is None or frame.bracket == "[":
            self._enter(found[_OPEN])
        else:
            key = _decoded(found[_KEY])
            self._expected = _AFTER["{"]
            if key == "name" and last == _QUOTE and not frame.named:
                self._name(frame, found[_STRING])
            elif key == "name" or (key == "arguments" and frame.start is not None):
                self._fall_silent(found[_OPEN] or "")  # twice: the end of the block decides which of them counts
            elif last == _OPEN:
                return self._container(frame, key, found[_OPEN])
        return 0

    def _enter(self, bracket: str) -> None:
        self._frames.append(_Frame(bracket))
        self._expected = _FIRST[bracket]

    def _close(self, text: str) -> None:
        frame = self._frames.pop()
        if not (frame.bracket == "[" or frame.wrapper or frame.named):
            self._frames.append(frame)
            self._fall_silent(text)
        elif self._frames:
            self._expected = _AFTER[self._frames[-1].bracket]
        else:
            self.ended, self._expected = True, _TOP

    def _fall_silent(self, bracket: str) -> None:
        """Say nothing more, behind a member that is JSON; the end scanner counts the bracket at its end, if any."""
        self.silent = True
        self._loose = Handover(bracket, self.offset - len(bracket), len(self._frames), False, False, None, "}")

    def _container(self, frame: _Frame, key: str, bracket: str) -> int:
        """Begin with an object or list that is a member's value. Returns as `_member` does."""
        if bracket == _HOLDS_CALLS.get(key) and not frame.named:
            frame.wrapper = True
            self._enter(bracket)
            return 0
        self.offset -= 1
        arguments = key == "arguments" and bracket == "{"
        if arguments:
            frame.start = self.offset
        if arguments and frame.named and self._arguments is not None:
            self.cursor = self._inner = self._arguments
            self._start = self.offset
        else:
            self._inner = JsonCursor(self._inside, self._known(""))
        return 1

    def _name(self, frame: _Frame, written: str) -> None:
        """Take the name of a call."""
        name = _decoded(written).strip()
        frame.named = True
        cursor = self._arguments = JsonCursor(self._inside, self._known(name))
        self.steps.append(Step(StepKind.CALL, name, start=0, progress=cursor))
        if frame.early:
            self.steps.append(Step(StepKind.TEXT, "".join(map(cursor.feed, frame.early)), start=frame.start))
            frame.early = []
