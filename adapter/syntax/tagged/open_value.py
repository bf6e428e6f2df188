"""A value that is open in the arguments of a call, and the newlines around it."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.schema.place import Place


class ValueKind(Enum):
    """The kind of an open value."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    OPEN = auto()  # white space only: elements or text may follow
    HELD = auto()  # text that gets its type when the value is complete
    STRING = auto()  # text that leaves as it grows
    OBJECT = auto()
    LIST = auto()


CLOSERS = {ValueKind.OBJECT: "}", ValueKind.LIST: "]"}


class Value:
    """A value that is open; the outermost is the call.

    Attributes:
        name: Name of the element.
        place: The schema's words on the value.
        kinds: JSON types allowed by the schema; None: any.
        kind: The kind of the value.
        mark: Length of the skeleton before the value.
        comma: Separator that is due before the value itself.
        before: Text that is due before the next member.
        count: Number of members.
        held: Pieces of text not sent yet.
    """

    __slots__ = ("before", "comma", "count", "held", "kind", "kinds", "mark", "name", "place")

    def __init__(self, name: str, place: Place, kinds: frozenset[str] | None, kind: ValueKind, mark: int) -> None:
        self.name = name
        self.place = place
        self.kinds = kinds
        self.kind = kind
        self.mark = mark
        self.comma = self.before = ""
        self.count = 0
        self.held: list[str] = []


class Padding:
    """The newlines around a value, which belong to the tags.

    Attributes:
        newline: Newline at the end of the text, held back; or a carriage return, which may begin a newline.
        started: The first character of the value has been seen.
    """

    __slots__ = ("_returns", "newline", "started")

    def __init__(self) -> None:
        self.newline = ""
        self.started = False
        self._returns = False  # the last newline may be CRLF, as the first was, or the value began without a newline

    def strip(self, piece: str) -> str:
        """Take a further piece. Returns the text, held back or new, that certainly belongs to the value."""
        piece = self.newline + piece
        if not self.started:
            if piece == "\r":
                self.newline = piece
                return ""
            self._returns = not piece.startswith("\n")
            piece = piece[2:] if piece.startswith("\r\n") else piece.removeprefix("\n")
            self.started = True
        if self._returns and piece.endswith(("\r\n", "\r")):
            self.newline = "\r\n" if piece.endswith("\n") else "\r"
        else:
            self.newline = "\n" if piece.endswith("\n") else ""
        return piece[: len(piece) - len(self.newline)]
