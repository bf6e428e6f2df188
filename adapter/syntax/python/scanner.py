"""The end of a list of calls in Python's notation, and of each call in the list, found a delta at a time.

Every character is looked at once. Strings are known with their escapes and with three quotes or one, so a bracket or a marker
inside a string is data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.reading import End, Flowing
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from adapter.syntax.delimiters import Boundaries

_OUTSIDE = re.compile(r"[\"'()\[\]{}<]")
_NOT_SPACE = re.compile(r"[^ \t\r\n`]")  # a code fence may end behind the calls
_HALF_ESCAPE = re.compile(r"\\\Z")
# Text inside a string, by the quote that ends the string. No piece leaves before the call is complete.
_IN_STRING = {
    quote: Flowing(
        re.compile(rf"[{quote}\\]"), re.compile(rf"(?:[^{quote}\\]++|\\[\s\S])*+"), _HALF_ESCAPE, kind=None
    )
    for quote in "\"'"
}  # fmt: skip


class PythonScanner:
    """Finds the end of one payload. Offsets count code points from the beginning of the payload.

    Args:
        bounds: The markers around the payload.

    Attributes:
        offset: Code points consumed.
        payload_end: Offset of the payload's end, once `feed` or `finish` returned an `End`, or `complete` is true.
        block_end: Offset of the block's end, the closing marker included.
        call_ends: Offsets of the ends of calls; whoever takes the offsets clears the list.
        complete: All brackets are closed.
    """

    def __init__(self, bounds: Boundaries) -> None:
        self._bounds = bounds
        self._depth = 0
        self._call_depth: int | None = None  # of brackets around calls: 1 in a list, else 0
        self._quote = ""
        self.complete = False
        self.offset = 0
        self.payload_end = 0
        self.block_end = 0
        self.call_ends: list[int] = []

    def feed(self, text: str, start: int = 0) -> tuple[int, End | None]:
        """Consume text from `start` on. Returns the position reached, and the end of the payload, if it has come."""
        position, base = start, self.offset - start
        end: End | None = None
        while position < len(text) and end is None:
            before = position
            if self._quote:
                position = self._string(text, position)
            elif self.complete:
                position, end = self._behind(text, position, base)
            else:
                position, end = self._outside(text, position, base)
            if position == before:
                break  # more text is needed, or the payload ends here
        self.offset = base + position
        return position, end

    def flowing(self) -> Flowing | None:
        """The pattern of text that may pass unread inside a string; None outside."""
        return _IN_STRING[self._quote[0]] if self._quote else None

    def _string(self, text: str, position: int) -> int:
        """Read on inside a string. Returns the position reached; the same one asks for more text."""
        place = _IN_STRING[self._quote[0]].body.match(text, position).end()  # type: ignore[union-attr]  # matches any text
        if place > position or text[place] == "\\":
            return place
        if text.startswith(self._quote, place):
            length, self._quote = len(self._quote), ""
            return place + length
        return place if is_half(text, place, (self._quote,)) else place + 1

    def _outside(self, text: str, position: int, base: int) -> tuple[int, End | None]:
        found = _OUTSIDE.search(text, position)
        if found is None:
            return len(text), None
        place, character = found.start(), found.group()
        if character == "<":
            return self._marker(text, place, base)
        if character in "\"'":
            if is_half(text, place, (character * 3,)):
                return place, None
            self._quote = character * 3 if text.startswith(character * 3, place) else character
            return place + len(self._quote), None
        if character in "([{":
            if self._call_depth is None:
                self._call_depth = int(character == "[")
            self._depth += 1
            return place + 1, None
        self._depth -= 1
        if character == ")" and self._depth == self._call_depth:
            self.call_ends.append(base + place + 1)
        if self._depth <= 0 and (self._call_depth == 1 or not self._bounds.close):
            self.complete = True
            self.payload_end = self.block_end = base + place + 1
        return place + 1, None

    def _behind(self, text: str, position: int, base: int) -> tuple[int, End | None]:
        """Read on behind the payload: the closing marker, or text that is read again."""
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        place = found.start()
        if text[place] == "[" and self._call_depth == 1 and not any(token.startswith("[") for token in self._bounds.tokens):
            self.complete, self._depth = False, 1  # another list
            return place + 1, None
        after, end = self._marker(text, place, base)
        if end is None and after > place:
            return place, End.DONE
        return after, end

    def _marker(self, text: str, place: int, base: int) -> tuple[int, End | None]:
        """Read a marker. Without a marker returns the next position; the same position if the text may become a marker."""
        bounds = self._bounds
        if bounds.closes(text, place):
            self._end(base + place, base + place + len(bounds.close))
            return place + len(bounds.close), End.TAG
        if bounds.opens(text, place) or any(text.startswith(token, place) for token in bounds.tokens):
            self._end(base + place, base + place)
            return place, End.OPENER if bounds.opens(text, place) else End.TOKEN
        return (place if bounds.half(text, place) else place + 1), None

    def _end(self, payload: int, block: int) -> None:
        """Set the ends of payload and block; the payload's end stays if the brackets were closed before."""
        if not self.complete:
            self.payload_end = payload
        self.block_end = block

    def finish(self, half: int) -> End:
        """End the payload with the completion; `half` code points were fed and not consumed."""
        self._end(self.offset + half, self.offset + half)
        return End.DONE if self.complete else End.CUT
