"""Strict JSON, token by token: the reader for text that is not plain.

`JsonCursor` (text/json_cursor.py) reads plain segments with one look each. Any other text is read here: escapes in keys,
markers in strings, values that are coerced, numbers and white space of any length, text that is no JSON. No character is looked
at twice but those of half an escape or of a marker at the end of a delta.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from adapter.text.json_gate import Gate
from adapter.text.json_plain import BODY, HALF_ESCAPE, LIST, OBJECT, SCALAR, START
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.text.json_gate import Edit, ValuePlace
    from adapter.text.json_plain import Container, InString, Matcher

_SPACE = re.compile(r"[ \t\r\n]+")
_RUN = re.compile(r"[-+.\w]*")
_MOST_DOUBTED = 400  # code points behind which a marker inside a string counts as data


class Due(Enum):
    """The token that may come next."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    FIRST = auto()  # behind an opening bracket, or before the value
    AFTER = auto()  # a comma or a closing bracket
    NEXT = auto()  # behind a comma
    COLON = auto()
    VALUE = auto()  # of an object's member
    KEY = auto()  # the rest of a key
    STRING = auto()  # the rest of a string
    SCALAR = auto()  # the rest of a number or word


_OUTSIDE_STRINGS = {Due.AFTER: "}", Due.NEXT: ",", Due.COLON: '"', Due.VALUE: ":", Due.SCALAR: "0"}


class Position(Protocol):
    """The part of a cursor that both of its readers move; `adapter.text.json_cursor.JsonCursor` describes the attributes."""

    inside: InString
    place: ValuePlace
    container: Container
    position: int
    stack: list[tuple[Container, ValuePlace, int]]
    expected: Matcher | None
    rest: str
    passed: int
    over: bool
    broken: bool
    complete: bool

    def push(self, container: Container, place: ValuePlace) -> None:
        """Enter a container."""

    def pop(self) -> None:
        """Leave the present container."""


class Careful:
    """The token reader of one cursor.

    Args:
        cursor: Holds the containers and places, which both readers move.
        edits: Gets the values that leave coerced.

    Attributes:
        gate: Lets text leave.
        tag: Offset of the first closing marker inside the present string, or in the string just read; None without one.
        due: The token that may come next.
    """

    __slots__ = ("_cursor", "_key", "_out", "_scalar", "due", "gate", "tag")

    def __init__(self, cursor: Position, edits: list[Edit]) -> None:
        self._cursor = cursor
        self._key: list[str] = []
        self._scalar: list[str] = []
        self._out: list[str] = []
        self.gate = Gate(edits)
        self.tag: int | None = None
        self.due = Due.FIRST

    def begin(self, expected: Matcher | None) -> None:
        """Begin at the boundary where the cursor expects such a segment; None inside a string."""
        container = self._cursor.container
        if expected is None or expected is container.after_string:
            self.due = Due.STRING
        else:
            self.due = Due.FIRST if expected is container.first else Due.AFTER
        self.gate.begin(after_value=self.due is Due.AFTER, writing=self.due is Due.STRING)
        self.tag = None

    def run(self, text: str, at: int) -> tuple[str, int]:
        """Read from a position on, to the next boundary behind which the text may be plain again.

        Returns:
            The text that may leave, and the position of the boundary; -1 when the text is read or the JSON is over or broken.
        """
        cursor, start, size = self._cursor, at, len(text)
        while at < size and not cursor.over:
            if self.due is Due.STRING or self.due is Due.KEY:
                at = self._string(text, at)
            elif self.due is Due.SCALAR:
                at = self._number(text, at)
            else:
                at = self._structure(text, at)
            if at > start and (boundary := self._boundary(text, at)) > start:
                at = boundary
                break
        else:
            at = -1
        said, self._out = "".join(self._out), []
        return said, at

    def _boundary(self, text: str, at: int) -> int:
        """The position from which the cursor may go on plainly, with its next segment set; -1 when it may not at `at`."""
        cursor, gate, due = self._cursor, self.gate, self.due
        if cursor.over or cursor.rest or gate.frozen or self.tag is not None:
            return -1
        if due is Due.FIRST and text[at - 1] in "{[":
            cursor.expected = cursor.container.first
        elif due is Due.AFTER and not gate.waits:
            cursor.expected = cursor.container.after
        elif due is Due.AFTER and gate.quoted:
            cursor.expected = cursor.container.after_string
            return at - 1
        elif due is Due.STRING and gate.flowing:
            cursor.expected = None
        else:
            return -1
        return at

    def _string(self, text: str, at: int) -> int:
        """A piece of a string or key."""
        cursor, inside, base = self._cursor, self._cursor.inside, self._cursor.passed - len(text)
        end = (inside.strict if self.tag is None else BODY)(text, at).end()
        if self.tag is None and inside.close and text.startswith(inside.close, end):
            self.tag = base + end
            end = BODY(text, end).end()
        if end < len(text) and text[end] == '"':
            self._piece(text[at : end + 1], base + end + 1, ended=True)
            return end + 1
        waits = end < len(text) and ((self.tag is None and text[end] == "<") or HALF_ESCAPE(text, end) is not None)
        sure = end
        if self.tag is not None and not waits and at <= (tag := self.tag - base) >= end - _MOST_DOUBTED:
            sure = tag if inside.doubt(text, tag, end) else end
        if sure > at:
            self._piece(text[at:sure], base + sure, ended=False)
        cursor.rest = text[sure:]
        if end < len(text) and not waits:
            cursor.rest, cursor.broken, cursor.over = text[end:], True, True
        return len(text)

    def _piece(self, piece: str, end: int, *, ended: bool) -> None:
        if self.due is Due.STRING:
            self._out.append(self.gate.string(piece, end, ended=ended))
            self.due = Due.AFTER if ended else Due.STRING
            return
        self._key.append(piece)
        self._out.append(self.gate.token(piece))
        self.due = Due.COLON if ended else Due.KEY

    def _number(self, text: str, at: int) -> int:
        """A piece of a number or word, which is complete when a character of another kind follows."""
        run = _RUN.match(text, at)
        end = run.end() if run else at
        self._scalar.append(text[at:end])
        if end < len(text):
            scalar, self._scalar = "".join(self._scalar), []
            if not SCALAR.fullmatch(scalar):
                return self._break(text, end)
            offset = self._cursor.passed - len(text) + end
            self._out.append(self.gate.scalar(scalar, self._here(), offset))
            self.due = Due.AFTER
        return end

    def _structure(self, text: str, at: int) -> int:
        """A token outside of strings and scalars."""
        space = _SPACE.match(text, at)
        if space:
            self._out.append(self.gate.space(space.group()))
            return space.end()
        character, due, cursor = text[at], self.due, self._cursor
        in_object = cursor.container is OBJECT
        value_due = due is Due.VALUE or (not in_object and (due is Due.FIRST or due is Due.NEXT))
        if character == '"' and in_object and (due is Due.FIRST or due is Due.NEXT):
            self._key, self.due = ['"'], Due.KEY
            self._out.append(self.gate.token('"'))
        elif character in "{[" and value_due:
            self._open(character)
        elif character in "}]" and (due is Due.FIRST or due is Due.AFTER) and character == cursor.container.closing:
            return self._close(text, at)
        elif character == "," and due is Due.AFTER:
            self._out.append(self.gate.comma())
            self.due, cursor.position = Due.NEXT, cursor.position + 1
        elif character == ":" and due is Due.COLON:
            self._out.append(self.gate.token(":"))
            self.due = Due.VALUE
        elif value_due and cursor.container is not START and (character in '"-' or character.isalnum()):
            return self._value(character, at)
        else:
            return self._break(text, at)
        self.tag = None
        return at + 1

    def _value(self, character: str, at: int) -> int:
        """A string or scalar begins."""
        self.tag = None
        if character != '"':
            self.due = Due.SCALAR
            return at
        self.due = Due.STRING
        self._out.append(self.gate.open_string(self._here()))
        return at + 1

    def _open(self, bracket: str) -> None:
        cursor = self._cursor
        cursor.push(OBJECT if bracket == "{" else LIST, self._here())
        self._out.append(self.gate.token(bracket))
        self.due = Due.FIRST

    def _close(self, text: str, at: int) -> int:
        cursor = self._cursor
        self._out.append(self.gate.token(text[at], closes=True))
        self.due, self.tag = Due.AFTER, None
        if len(cursor.stack) == 1:
            cursor.over, cursor.complete, cursor.rest = True, not self.gate.frozen, text[at:]
        else:
            cursor.pop()
        return at + 1

    def _break(self, text: str, at: int) -> int:
        cursor = self._cursor
        cursor.broken = cursor.over = True
        cursor.rest = text[at:]
        return len(text)

    def _here(self) -> ValuePlace:
        """The place of the value that begins."""
        cursor = self._cursor
        if cursor.container is OBJECT:
            return cursor.place.member(loads("".join(self._key)))
        return cursor.place if cursor.container is START else cursor.place.item(cursor.position)

    def before(self) -> str:
        """A character of the kind of the last one that is no white space, as `JsonCursor.handover` gives."""
        return _OUTSIDE_STRINGS.get(self.due) or self._cursor.container.bracket or "{"
