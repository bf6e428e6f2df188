"""The end of a list of calls in Python's notation, and of each call in the list, found a delta at a time.

Every character is looked at once. Strings are known with their escapes and with three quotes or one, so a bracket or a marker
inside a string is data. Two slips are known too: an apostrophe inside a word of a string in single quotes is data; and where
the completion ends in a string, the block has ended at the first closing marker in the string, whose quote is lost.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from adapter.syntax.reading import End, Flowing
from adapter.text.partial import begun, is_half

if TYPE_CHECKING:
    from adapter.syntax.delimiters import Boundaries

_OUTSIDE = re.compile(r"[\"'()\[\]{}<]")
_NOT_SPACE = re.compile(r"[^ \t\r\n`]")  # a code fence may end behind the calls
_LETTER = re.compile(r"\w")


@functools.lru_cache(maxsize=64)
def _in_string(quote: str, marks: tuple[str, ...]) -> Flowing:
    """Return patterns of text inside a string that a quote ends; no piece leaves before the call is complete."""
    if not marks:
        body = rf"(?:[^{quote}\\]++|\\[\s\S])*+"
        return Flowing(re.compile(rf"[{quote}\\]"), re.compile(body), re.compile(r"\\\Z"), kind=None)
    firsts, half = re.escape("".join(sorted({mark[0] for mark in marks}))), begun(marks)
    literals = "|".join(map(re.escape, marks))
    body = rf"(?:[^{quote}\\{firsts}]++|\\[\s\S]|(?!{literals}|(?:{half})\Z)[{firsts}])*+"
    return Flowing(re.compile(rf"[{quote}\\{firsts}]"), re.compile(body), re.compile(rf"(?:\\|{half})\Z"), kind=None)


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
        at_end: The completion ends with the text being fed.
    """

    def __init__(self, bounds: Boundaries) -> None:
        self._bounds = bounds
        self._marks = tuple(mark for mark in (bounds.open, bounds.close) if mark and bounds.close)
        self._depth = 0
        self._call_depth: int | None = None  # of brackets around calls: 1 in a list, else 0
        self._quote = ""
        self._openers = 0  # opening markers in the present string, less the closing ones
        self._closer = -1  # offset of the first closing marker in the present string
        self.complete = False
        self.at_end = False
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
                position = self._string(text, position, base)
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
        return _in_string(self._quote[0], self._marks) if self._quote else None

    def _string(self, text: str, position: int, base: int) -> int:
        """Read on inside a string. Returns the position reached; the same one asks for more text."""
        body = _in_string(self._quote[0], self._marks).body
        place = body.match(text, position).end()  # type: ignore[union-attr]  # matches any text
        if place > position or text[place] == "\\":
            return place
        if text[place] != self._quote[0]:
            return self._marker_in_string(text, place, base)
        if text.startswith(self._quote, place):
            length = len(self._quote)
            if self._quote == "'":
                if place + 1 == len(text) and not self.at_end:
                    return place
                if _LETTER.match(text, place + 1):  # an apostrophe
                    return place + 1
            self._quote = ""
            return place + length
        return place if is_half(text, place, (self._quote,)) else place + 1

    def _marker_in_string(self, text: str, place: int, base: int) -> int:
        """Read a marker inside a string, which is data; the first closing one is noted, for the quote may be lost."""
        bounds = self._bounds
        if bounds.opens(text, place):
            self._openers += 1
            return place + len(bounds.open)
        if not bounds.closes(text, place):
            return place + self.at_end
        if self._openers:
            self._openers -= 1
        elif self._closer < 0:
            self._closer = base + place
        return place + len(bounds.close)

    def _outside(self, text: str, position: int, base: int) -> tuple[int, End | None]:
        found = _OUTSIDE.search(text, position)
        if found is None:
            return len(text), None
        place, character = found.start(), found.group()
        if character == "<":
            return self._marker(text, place, base)
        if character in "\"'":
            if is_half(text, place, (character * 3,)) and not self.at_end:
                return place, None
            self._quote = character * 3 if text.startswith(character * 3, place) else character
            self._openers, self._closer = 0, -1
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

    def finish(self, half: int, *, split: bool = False) -> End:
        """End the payload with the completion; `half` code points were fed and not consumed.

        Args:
            half: The number of these code points.
            split: A block with an open string ends at the first closing marker in the string.
        """
        if split and self._quote and self._closer >= 0:
            self._end(self._closer, self._closer + len(self._bounds.close))
            return End.QUOTE
        self._end(self.offset + half, self.offset + half)
        return End.DONE if self.complete else End.CUT
