"""A value that is open in the arguments of a call, and the newlines or markers around it."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.reading import Flowing

if TYPE_CHECKING:
    from adapter.schema.place import Place


_SHOWN = 60  # code points of a text in a sentence
_LONGEST_CLOSE = 67  # code points of the end of a section, white space included


class ValueKind(Enum):
    """The kind of an open value."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    OPEN = auto()  # white space only: elements or text may follow
    HELD = auto()  # text that gets its type when the value is complete
    STRING = auto()  # text that leaves as it grows
    OBJECT = auto()
    LIST = auto()


CLOSERS = {ValueKind.OBJECT: "}", ValueKind.LIST: "]"}


def shown(text: str) -> str:
    """Return a text in quotes, shortened."""
    text = text.strip()
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


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


class Quoted:
    """Tags that are open in the text of a value.

    Attributes:
        values: Opening tags of values.
        calls: Those of calls.
        blocks: Markers of blocks.
        closed: A closing tag of the value stands in its text, and belongs to none of these.
    """

    __slots__ = ("blocks", "calls", "closed", "values")

    def __init__(self) -> None:
        self.values = self.calls = self.blocks = 0
        self.closed = False


class Section:
    """The markers of a CDATA section that may stand around a value, and belong to the tags.

    White space around the markers belongs to the tags too. No tag counts inside a section: `]]>` has to stand before the tag.

    Attributes:
        newline: Text held back, which may belong to a marker.
        started: The beginning of the value has been seen.
        inside: The value is a section.
    """

    __slots__ = ("inside", "newline", "started")

    _OPEN = "<![CDATA["
    _HALF = re.compile(r"\s{0,64}(?:<(?:!(?:\[(?:C(?:D(?:A(?:T(?:A)?)?)?)?)?)?)?)?\Z")
    _BEGIN = re.compile(r"\s{0,64}<!\[CDATA\[")
    _CLOSE = re.compile(r"\](?:\](?:>\s{0,64})?)?\Z")
    _FLOW = Flowing.of_raw(r"\]", r"(?:[^\]]++|(?!\]\]>|\]\]?\Z)\])*+", r"\]{0,2}\Z")

    def __init__(self) -> None:
        self.newline = ""
        self.started = self.inside = False

    @property
    def open(self) -> bool:
        """The section goes on: a tag is text."""
        return self.inside and not self.newline.startswith("]]>")

    def strip(self, piece: str) -> str:
        """Take a further piece. Returns the text, held back or new, that certainly belongs to the value."""
        piece, self.newline = self.newline + piece, ""
        if not self.started:
            if self._HALF.match(piece):
                self.newline = piece
                return ""
            begin = self._BEGIN.match(piece)
            self.started, self.inside = True, begin is not None
            piece = piece[begin.end() :] if begin else piece
        if self.inside and (found := self._CLOSE.search(piece, max(0, len(piece) - _LONGEST_CLOSE))):
            self.newline = found.group()
        return piece[: len(piece) - len(self.newline)]

    def rest(self, *, tagged: bool) -> str:  # noqa: ARG002  # as in `Padding`
        """Return the text held back that belongs to a value which ends here."""
        return "" if self.inside and not self.open else self.newline

    def flow(self, plain: Flowing) -> Flowing | None:
        """Return the pattern of text that may be forwarded; None if the next piece needs a closer look."""
        return None if not self.started or self.newline else self._FLOW if self.inside else plain


class Padding:
    """The newlines around a value, which belong to the tags.

    Args:
        trailing: Only the last newline may belong to a tag, and only to that of another value: the value's own is missing.

    Attributes:
        newline: Newline at the end of the text, held back; or a carriage return, which may begin a newline.
        started: The first character of the value has been seen.
    """

    __slots__ = ("_returns", "_trailing", "newline", "started")

    def __init__(self, *, trailing: bool = False) -> None:
        self.newline = ""
        self.started = self._trailing = trailing
        self._returns = trailing  # the last newline may be CRLF, as the first was, or the value began without a newline

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

    def rest(self, *, tagged: bool) -> str:
        """Return the text held back that belongs to a value which ends here, by its closing tag or without one."""
        return self.newline if self.newline == "\r" or (self._trailing and tagged) else ""

    def flow(self, plain: Flowing) -> Flowing | None:
        """Return the pattern of text that may be forwarded; None if the next piece needs a closer look."""
        return plain if self.started and not self.newline else None
