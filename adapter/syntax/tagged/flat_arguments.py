"""The JSON text of arguments that a model writes as keys and raw values, made as they come in.

What a method returns is the next piece of that text, as far as it is certain: a string leaves as it grows, any other value when
it is whole and can be typed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.schema.place import ANYWHERE
from adapter.syntax.raw_values import only_string, typed
from adapter.syntax.reading import Flowing, StepKind
from adapter.text.buffer import TextBuffer
from adapter.text.json_repair import repair
from adapter.text.json_spans import loads
from adapter.text.json_writer import escaped, quoted

if TYPE_CHECKING:
    from adapter.schema.place import Place

_BARE = Flowing(re.compile("<"), re.compile(r"[^<]*+"), re.compile(r"(?!)"), StepKind.TEXT, escaped)
_PADDED = Flowing(
    re.compile(r"[<\r\n]"), re.compile(r"[^<\r\n]*+(?:\n++[^<\r\n]++)*+"), re.compile(r"\n\Z"), StepKind.TEXT, escaped
)


class ArgumentsText:
    """The arguments of one call.

    Attributes:
        written: All of their text so far.
        line_begins: Whether the value so far is empty or ends in a newline.
        broken: What stands in the place of the arguments and cannot be them, or None.
        repaired: Whether their JSON was repaired, where they are written as a whole.
        doubtful: Whether the value that was made last, and what follows it, is known only when the call is complete.
    """

    __slots__ = (
        "_first", "_held", "_kinds", "_newline", "_padded", "_place", "_returns", "_started", "_string", "_whole",
        "broken", "doubtful", "line_begins", "repaired", "written",
    )  # fmt: skip

    def __init__(self) -> None:
        self._place: Place = ANYWHERE  # of the value
        self.written = TextBuffer()
        self._first = True
        self._kinds: frozenset[str] | None = None
        self._padded = False
        self._string = False
        self._started = False  # the first character of the value has been seen
        self._returns = False  # its last newline may be CRLF: the first one was, or there was none
        self._newline = ""  # at the end of the value so far; it may belong to the closing tag
        self._held: list[str] = []  # a value that is typed when it is whole
        self._whole = False  # the arguments are written as one JSON text
        self.line_begins = True
        self.broken: str | None = None
        self.repaired = False
        self.doubtful = False

    def end(self) -> str:
        """The arguments are complete."""
        return "" if self._whole else self._add("{}" if self._first else "}")

    def whole(self, place: Place) -> None:
        """All arguments begin, as one JSON text. It leaves when it is whole; nothing may stand beside it.

        Args:
            place: What the schema says of them.
        """
        self._place = place
        self.broken = None if self._first else self.written.text()
        self._kinds, self._padded, self._string, self._held = None, False, False, []
        self._first, self._whole, self.line_begins = False, True, True

    def key(self, name: str, place: Place, kinds: frozenset[str] | None, *, padded: bool) -> str:
        """A parameter begins.

        Args:
            name: Its name.
            place: What the schema says of it.
            kinds: The JSON types it may have; None when nothing is known.
            padded: Whether one newline on each side of the value is not part of it.
        """
        self._place, self._kinds, self._padded = place, kinds, padded
        self._string = only_string(kinds) and place.lets_text_be()
        self._started, self._returns, self._newline, self._held = False, False, "", []
        self.line_begins = True
        if self._whole:
            self.broken, self._string = self.written.text(), False
            return ""
        separator = "{" if self._first else ", "
        self._first = False
        return self._add(f"{separator}{quoted(name)}: " + ('"' if self._string else ""))

    def value(self, piece: str) -> str:
        """A piece of the value."""
        if not piece:  # says nothing of where the value stands
            return ""
        self.line_begins = piece.endswith("\n")
        if self._padded:
            piece = self._newline + piece
            if not self._started:
                if piece == "\r":
                    self._newline = piece
                    return ""
                self._returns = not piece.startswith("\n")
                piece = piece.removeprefix("\r\n") if piece.startswith("\r\n") else piece.removeprefix("\n")
                self._started = True
            if self._returns and piece.endswith(("\r\n", "\r")):
                self._newline = "\r\n" if piece.endswith("\n") else "\r"
            else:
                self._newline = "\n" if piece.endswith("\n") else ""
            piece = piece[: len(piece) - len(self._newline)]
        if self._string:
            return self._add(escaped(piece))
        self._held.append(piece)
        return ""

    def flowing(self) -> Flowing | None:
        """What may come now in a string, none of it held back but a last newline."""
        if not self._string or self._newline or self.doubtful or not (self._started or not self._padded):
            return None
        return _PADDED if self._padded else _BARE

    def close(self) -> str:
        """The value is complete."""
        if self._whole:
            return self._json("".join(self._held))
        rest = "\r" if self._newline == "\r" else ""
        if self._string:
            return self._add(escaped(rest) + '"')
        return self._made(typed("".join(self._held) + rest, self._kinds))

    def _json(self, written: str) -> str:
        """The arguments that were written as a whole."""
        text: str | None = written.strip() or "{}"
        try:
            loads(written.strip() or "{}")
        except ValueError:
            text = repair(written)
            self.repaired = text is not None
        if text is None or self.broken is not None:
            self.broken = self.broken or written
            return ""
        return self._made(text)

    def _made(self, text: str) -> str:
        """A value, which is coerced later if its type is not the schema's."""
        self.doubtful = self.doubtful or self._place.may_change(loads(text))
        return self._add(text)

    def _add(self, text: str) -> str:
        self.written.append(text)
        return text
