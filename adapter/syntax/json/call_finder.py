"""Calls in JSON that is still being written: names and arguments, in the forms of `adapter.syntax.json.call_forms`.

`CallFinder` reads strictly, and says nothing more from the first character on that is not JSON, or that makes uncertain what
the finished payload will say: a call without a name, arguments twice, a value in the place of a call. Objects and lists around
calls are read member by member, one pattern for each; arguments are read by a `JsonCursor`, and so is any other object or list,
unheard.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.json.call_forms import ARGUMENTS
from adapter.syntax.json.members import AFTER, CLOSE, COMPLETE, FIRST, KEY, NUMBER, OPEN, QUOTE, STRING, TOP, CallFrame, decoded
from adapter.syntax.reading import Step, StepKind
from adapter.text.json_cursor import JsonCursor
from adapter.text.json_handover import Handover
from adapter.text.json_plain import AFTER_SCALAR, SCALAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.contract import Follower
    from adapter.text.json_gate import ValuePlace
    from adapter.text.json_plain import InString, Matcher

# First characters of the values that hold calls. `parameters` waits for the end of the block: `arguments` may follow.
_HOLDS_CALLS = {"function": "{", "tool_calls": "["}
_LONGEST = 2000  # code points of a member beside the arguments, which is matched again with each delta
# Without one of these, or four quotes, no member is complete that calls depend on, and no block ends.
_TELLING = re.compile(r"[{}\[\]\\<]").search
_QUOTES = 4
_MOST = 1 << 14  # code points given to a cursor at once: a text of many calls is not copied for each of them


class CallFinder:
    """Steps of the calls in one payload.

    Args:
        inside: Patterns of strings in the block.
        known: Gives the place of a tool's arguments in its schema.
        steps: The list that gets the steps.
        key: The dialect's key of the arguments.

    Attributes:
        steps: As given.
        special, in_string: As in `adapter.syntax.contract.Follower`; the finder itself follows no string.
        cursor: The cursor in the arguments of a call that has its name.
        offset: Offset of the present member, of the value that a cursor reads, or behind a value that has ended.
        ended: An object or list that stands in no other has ended.
        silent: No more steps will come.
    """

    __slots__ = (
        "_ahead", "_arguments", "_counted", "_expected", "_frames", "_held", "_inner", "_inside", "_key", "_known", "_loose",
        "_quotes", "_start", "cursor", "ended", "in_string", "offset", "silent", "special", "steps",
    )  # fmt: skip

    def __init__(
        self, inside: InString, known: Callable[[str], ValuePlace], steps: list[Step] | None = None, key: str = ARGUMENTS
    ) -> None:
        self.steps: list[Step] = [] if steps is None else steps
        self._inside, self._known, self._key = inside, known, key
        self.special = inside.special
        self.in_string = False
        self._frames: list[CallFrame] = []
        self._expected: Matcher = TOP
        self._held = ""  # the beginning of a member
        self._quotes = 0  # quotes in it
        self.offset = 0
        self._inner: JsonCursor | None = None
        self._arguments: JsonCursor | None = None  # of a named call, from the name on
        self._start: int | None = None  # offset of the arguments, for the first step with them
        self._ahead: int | None = None  # the position up to which the present delta is read
        self._counted = 0  # code points that were followed here, not by a cursor, since `flowed` was called
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
            The empty string: arguments that may leave are in the steps. None for a delta that ends a value which stands in no
            other, or is not understood; it is read, and `read` says how far.
        """
        if self._inner is not None:
            return None
        self._quotes += text.count('"')
        if self._quotes < _QUOTES and not _TELLING(text) and len(self._held) < _LONGEST:
            self._held += text
            self._counted += len(text)
            return ""
        after = self.read(text, 0)
        if self.ended or self.silent:
            self._ahead = after
            return None
        self._counted += len(text)
        return ""

    def follower(self) -> Follower | None:
        """The cursor in the arguments of a named call; the finder itself outside of values that cursors read."""
        return self if self._inner is None else self.cursor

    def flowing(self, *, heard: bool) -> bool:
        """Tell if the text stands in a string of which nothing is sent."""
        inner = self._inner
        return inner is not None and inner.in_string and not (heard and inner is self.cursor)

    def flowed(self, text: str) -> None:
        """Count text that was followed, or passed over."""
        counted, self._counted = self._counted, 0
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
        frame = CallFrame("{")
        frame.named = True
        self._frames, self.offset, self._expected = [frame], start, AFTER["{"]
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
        self.ended, self.offset, self._expected = False, offset, TOP

    def handover(self) -> Handover:
        """The state for the end scanner: behind the last bracket, or from the first text on that was not understood."""
        if self._loose is not None:
            return self._loose
        if self._inner is not None:
            return self._shifted(self._inner.handover())
        if self.ended:
            return Handover("}", self.offset - 1, 1, False, False, None, "}")
        bracket = self._frames[-1].bracket if self._frames else "{"
        first = not self._frames or self._expected is FIRST[bracket]
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
        whole = last == NUMBER and end < len(window) and window[end] in AFTER_SCALAR and SCALAR.fullmatch(found[NUMBER])
        if last in COMPLETE or whole:
            self._held, self._quotes = "", 0
            self.offset += end - at
            taken = end - at - self._member(found, last)
            return position + taken - len(held) if taken >= len(held) else self._keep(held[taken:], text, position)
        if end == len(window) and end - at <= _LONGEST:
            self._held = window[at:]
            self._quotes = self._held.count('"')
            return len(text)
        return self._stop(held, text, position)

    def _keep(self, left: str, text: str, position: int) -> int:
        """Go on with held text behind a member that ended inside."""
        if self._loose is None:
            self._held, self._quotes = left, left.count('"')
            return position
        self._loose = self._loose._replace(unread=self._loose.unread + left + text[position:])
        return len(text)

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
        self._expected = AFTER[frame.bracket]
        return position + len(piece) - behind

    def _member(self, found: re.Match[str], last: int | None) -> int:
        """Take a member, an element or a bracket. Returns the number of its last characters that a cursor is to read."""
        frame = self._frames[-1] if self._frames else None
        if last == CLOSE:
            self._close(found[CLOSE])
        elif frame is None or frame.bracket == "[":
            self._enter(found[OPEN])
        else:
            key = decoded(found[KEY])
            self._expected = AFTER["{"]
            if key == "name" and last == QUOTE and not frame.named:
                self._name(frame, found[STRING])
            elif key == "name" or (key == self._key and frame.start is not None):
                self._fall_silent(found[OPEN] or "")  # twice: the end of the block decides which of them counts
            elif last == OPEN:
                return self._container(frame, key, found[OPEN])
        return 0

    def _enter(self, bracket: str) -> None:
        self._frames.append(CallFrame(bracket))
        self._expected = FIRST[bracket]

    def _close(self, text: str) -> None:
        frame = self._frames.pop()
        if not (frame.bracket == "[" or frame.wrapper or frame.named):
            self._frames.append(frame)
            self._fall_silent(text)
        elif self._frames:
            self._expected = AFTER[self._frames[-1].bracket]
        else:
            self.ended, self._expected = True, TOP

    def _fall_silent(self, bracket: str) -> None:
        """Say nothing more, behind a member that is JSON; the end scanner counts the bracket at its end, if any."""
        self.silent = True
        self._loose = Handover(bracket, self.offset - len(bracket), len(self._frames), False, False, None, "}")

    def _container(self, frame: CallFrame, key: str, bracket: str) -> int:
        """Begin with an object or list that is a member's value. Returns as `_member` does."""
        if bracket == _HOLDS_CALLS.get(key) and not frame.named:
            frame.wrapper = True
            self._enter(bracket)
            return 0
        self.offset -= 1
        arguments = key == self._key and bracket == "{"
        if arguments:
            frame.start = self.offset
        if arguments and frame.named and self._arguments is not None:
            self.cursor = self._inner = self._arguments
            self._start = self.offset
        else:
            self._inner = JsonCursor(self._inside, self._known(""))
        return 1

    def _name(self, frame: CallFrame, written: str) -> None:
        """Take the name of a call."""
        name = decoded(written).strip()
        frame.named = True
        cursor = self._arguments = JsonCursor(self._inside, self._known(name))
        self.steps.append(Step(StepKind.CALL, name, start=0, progress=cursor))
        if frame.early:
            self.steps.append(Step(StepKind.TEXT, "".join(map(cursor.feed, frame.early)), start=frame.start))
            frame.early = []
