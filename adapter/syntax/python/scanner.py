"""Where a list of calls in Python's notation ends, and each call in it, found a delta at a time.

Each character is looked at once. Strings are known with their escapes, three quotes or one, so brackets and markers inside them
are data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.reading import End
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from adapter.syntax.delimiters import Boundaries

_OUTSIDE = re.compile(r"[\"'()\[\]{}<]")
_NOT_SPACE = re.compile(r"[^ \t\r\n`]")  # a code fence may end after the calls
_IN_STRING = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]")}


class PythonScanner:
    """Finds the end of one payload.

    Args:
        bounds: The markers around it.

    Attributes:
        payload_end: Where it ends, once `feed` or `finish` returned an `End`, or `complete` is true.
        block_end: Where the block does, closing marker included.
        call_ends: Where calls ended since this list was last cleared.
    """

    def __init__(self, bounds: Boundaries) -> None:
        self._bounds = bounds
        self._depth = 0
        self._base: int | None = None  # the depth at which calls stand: 1 in a list, else 0
        self._quote = ""
        self._complete = False
        self.offset = 0
        self.payload_end = 0
        self.block_end = 0
        self.call_ends: list[int] = []

    @property
    def complete(self) -> bool:
        """Whether all brackets are closed."""
        return self._complete

    def feed(self, text: str, start: int = 0) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the payload, if something did."""
        position, base = start, self.offset - start
        end: End | None = None
        while position < len(text) and end is None:
            before = position
            if self._quote:
                position = self._string(text, position)
            elif self._complete:
                position, end = self._after(text, position, base)
            else:
                position, end = self._outside(text, position, base)
            if position == before:
                break  # more text is needed, or something ended here
        self.offset = base + position
        return position, end

    def _string(self, text: str, position: int) -> int:
        """Inside a string, up to what matters next; the same position when more text is needed."""
        found = _IN_STRING[self._quote[0]].search(text, position)
        if found is None:
            return len(text)
        place = found.start()
        if found.group() == "\\":
            return place + 2 if place + 1 < len(text) else place
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
            return self._marker(text, place, base, inside=True)
        if character in "\"'":
            if is_half(text, place, (character * 3,)):
                return place, None
            self._quote = character * 3 if text.startswith(character * 3, place) else character
            return place + len(self._quote), None
        if character in "([{":
            if self._base is None:
                self._base = int(character == "[")
            self._depth += 1
            return place + 1, None
        self._depth -= 1
        if character == ")" and self._depth == self._base:
            self.call_ends.append(base + place + 1)
        if self._depth <= 0 and (self._base == 1 or not self._bounds.close):
            self._complete = True
            self.payload_end = self.block_end = base + place + 1
        return place + 1, None

    def _after(self, text: str, position: int, base: int) -> tuple[int, End | None]:
        """After the payload: its closing marker, or what is to be read again."""
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        place = found.start()
        if text[place] == "[" and self._base == 1 and not any(token.startswith("[") for token in self._bounds.tokens):
            self._complete, self._depth = False, 1  # another list
            return place + 1, None
        after, end = self._marker(text, place, base, inside=False)
        if end is None and after > place:
            return place, End.DONE
        return after, end

    def _marker(self, text: str, place: int, base: int, *, inside: bool) -> tuple[int, End | None]:
        """A marker at this place; one position further when there is none, none further when one may come of it."""
        bounds = self._bounds
        if bounds.closes(text, place):
            self._ended(base + place, base + place + len(bounds.close), inside=inside)
            return place + len(bounds.close), End.TAG
        if bounds.opens(text, place) or any(text.startswith(token, place) for token in bounds.tokens):
            self._ended(base + place, base + place, inside=inside)
            return place, End.OPENER if bounds.opens(text, place) else End.TOKEN
        return (place if bounds.half(text, place) else place + 1), None

    def _ended(self, payload: int, block: int, *, inside: bool) -> None:
        if inside:
            self.payload_end = payload
        self.block_end = block

    def finish(self, half: int) -> End:
        """The completion is over; `half` characters were not consumed."""
        if self._complete:
            self.block_end = self.offset + half
            return End.DONE
        self.payload_end = self.block_end = self.offset + half
        return End.CUT
