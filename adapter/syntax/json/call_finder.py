"""Calls in JSON that is still being written: names and arguments, in the forms of `adapter.syntax.json.call_forms`.

`CallFinder` reads strictly, and says nothing more from the first character on that is not JSON, or that makes uncertain what the
finished payload will say: a call without a name, arguments twice, a value in the place of a call. Objects and lists around calls are
read member by member, one pattern for each; arguments are read by a `JsonCursor`, and so is any other object or list, unheard.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from adapter.syntax.reading import Step, StepKind
from adapter.text.json_cursor import Handover, JsonCursor
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


class CallFinder:
    """Steps of the calls in one payload.

    Args:
        inside: Patterns of strings in the block.
        known: Gives the place of a tool's arguments in its schema.
        steps: The list that gets the steps.

    Attributes:
        steps: As given.
        special, in_string: As in `adapter.syntax.contract.Follower`; the finder itself follows no string.
        cursor: The cursor in the arguments of a call that has its name.
        ended: An object or list that stands in no other has ended.
        silent: No more steps will come.
    """

    __slots__ = (
        "_arguments", "_expected", "_frames", "_held", "_inner", "_inside", "_known", "_loose", "_offset", "_start", "cursor",
        "ended", "in_string", "silent", "special", "steps",
    )  # fmt: skip

    def __init__(self, inside: InString, known: Callable[[str], Place], steps: list[Step] | None = None) -> None:
        self.steps: list[Step] = [] if steps is None else steps
        self._inside = inside
        self._known = known
        self.special = inside.special
        self.in_string = False
        self._frames: list[_Frame] = []
        self._expected: Matcher = _TOP
        self._held = ""  # the beginning of a member
        self._offset = 0  # of the present member, or of the object or list that a cursor reads
        self._inner: JsonCursor | None = None
        self._arguments: JsonCursor | None = None  # of a named call, from the name on
        self._start: int | None = None  # offset of the arguments, for the first step with them
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
        while position < len(text) and not self.silent and not self.ended:
            position = self._outside(text, position) if self._inner is None else self._in_cursor(text, position)
        return position

    def follow(self, text: str) -> str | None:
        """Read a delta that does not complete a member. Returns the empty string; None for a delta that is for `read`."""
        held = self._held + text
        found = self._expected(held, 0)
        if found.end() < len(held) or found.lastindex in _COMPLETE or len(held) > _LONGEST:
            return None
        self._held = held
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
        if self._inner is not None:
            self._inner.passed += len(text)
            if self._frames[-1].start is not None and not self._frames[-1].named:
                self._frames[-1].early.append(text)

    def again(self, offset: int) -> None:
        """Begin with another value, at this offset."""
        self.ended, self._offset, self._expected = False, offset, _TOP

    def handover(self) -> Handover:
        """The state for the end scanner: behind the last bracket, or from the first text on that was not understood."""
        if self._loose is not None:
            return self._loose
        if self._inner is not None:
            return self._shifted(self._inner.handover())
        if self.ended:
            return Handover("}", self._offset - 1, 1, False, False, None, "}")
        bracket = self._frames[-1].bracket if self._frames else "{"
        first = not self._frames or self._expected is _FIRST[bracket]
        return Handover(self._held, self._offset, len(self._frames), False, False, None, bracket if first else "}")

    def _shifted(self, state: Handover) -> Handover:
        """The state of a cursor inside the payload."""
        tag = None if state.tag is None else self._offset + state.tag
        return state._replace(offset=self._offset + state.offset, depth=len(self._frames) + state.depth, tag=tag)

    def _outside(self, text: str, position: int) -> int:
        """Read one member or element."""
        held, window, at = self._held, text, position
        if held:
            window, at = held + text[position : position + _LONGEST], 0
        found = self._expected(window, at)
        end, last = found.end(), found.lastindex
        whole = last == _NUMBER and end < len(window) and window[end] in AFTER_SCALAR and SCALAR.fullmatch(found[_NUMBER])
        if last in _COMPLETE or whole:
            self._held = ""
            self._offset += end - at
            self._member(found, last)
            return position + end - at - len(held)
        if end == len(window) and end - at <= _LONGEST:
            self._held = window[at:]
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
        piece = text[position : position + _MOST]
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
        self._offset += inner.passed - behind
        self._inner = self.cursor = None
        self._expected = _AFTER[frame.bracket]
        return position + len(piece) - behind

    def _member(self, found: re.Match[str], last: int | None) -> None:
        """Take a member, an element or a bracket."""
        frame = self._frames[-1] if self._frames else None
        if last == _CLOSE:
            self._close(found[_CLOSE])
        elif frame is None or frame.bracket == "[":
            self._enter(found[_OPEN])
        else:
            key = json.loads(f'"{found[_KEY]}"')
            self._expected = _AFTER["{"]
            if key == "name" and last == _QUOTE and not frame.named:
                self._name(frame, found[_STRING])
            elif key == "name" or (key == "arguments" and frame.start is not None):
                self._fall_silent(found[_OPEN] or "")  # twice: the end of the block decides which of them counts
            elif last == _OPEN:
                self._container(frame, key, found[_OPEN])

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
        self._loose = Handover(bracket, self._offset - len(bracket), len(self._frames), False, False, None, "}")

    def _container(self, frame: _Frame, key: str, bracket: str) -> None:
        """Take the opening bracket of a member's value."""
        if bracket == _HOLDS_CALLS.get(key) and not frame.named:
            frame.wrapper = True
            self._enter(bracket)
            return
        self._offset -= 1
        arguments = key == "arguments" and bracket == "{"
        if arguments:
            frame.start = self._offset
        if arguments and frame.named and self._arguments is not None:
            self.cursor = self._inner = self._arguments
            self._start = self._offset
            self.steps.append(Step(StepKind.TEXT, self._inner.feed(bracket), start=self._start))
            self._start = None
            return
        self._inner = JsonCursor(self._inside, self._known(""))
        self._inner.feed(bracket)
        if arguments:
            frame.early.append(bracket)

    def _name(self, frame: _Frame, written: str) -> None:
        """Take the name of a call."""
        name = json.loads(f'"{written}"').strip()
        frame.named = True
        cursor = self._arguments = JsonCursor(self._inside, self._known(name))
        self.steps.append(Step(StepKind.CALL, name, start=0, progress=cursor))
        if frame.early:
            self.steps.append(Step(StepKind.TEXT, "".join(map(cursor.feed, frame.early)), start=frame.start))
            frame.early = []
