"""Buffers for text that grows piece by piece: pieces are joined soon, so that small objects do not pile up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECES = 1024
_MOST = 1 << 16  # characters of pieces
_LONG = 1 << 18  # characters
_STEPS = 64
_WIDE = 1 << 12


class TextBuffer:
    """A buffer of pieces.

    A stream brings a character or a word at a time; a separate piece costs fifty bytes more than its letters. So pieces are
    joined a thousand at a time. Long pieces are joined earlier: a wide character makes all of a string wide.
    """

    __slots__ = ("_joined", "_pieces", "_rest", "_size")

    def __init__(self) -> None:
        self._joined: list[str] = []
        self._pieces: list[str] = []
        self._size = 0
        self._rest = _MOST  # the size at which the pieces are joined

    def __len__(self) -> int:
        return self._size

    def append(self, text: str) -> None:
        """Append a piece."""
        self._pieces.append(text)
        self._size += len(text)
        if len(self._pieces) == _PIECES or self._size > self._rest:
            self._joined.append("".join(self._pieces))
            self._pieces, self._rest = [], self._size + _MOST

    def text(self) -> str:
        """Return all of the text."""
        if self._pieces or len(self._joined) > 1:
            pieces, self._joined, self._pieces = [*self._joined, *self._pieces], [], []
            long = self._size >= _LONG and len(pieces) > 1
            self._joined = [_put_together(pieces, self._size) if long else "".join(pieces)]
        return self._joined[0] if self._joined else ""


def _put_together(pieces: list[str], size: int) -> str:
    """Join pieces to a long text in steps, and release the pieces of each step: no two copies of all exist at a time.

    CPython lengthens a string in place if nothing else refers to the string, after a few rounds of a loop (3.11 does not in a
    `while` loop). Without this, so few steps still cost little.
    """
    text = ""
    pieces.reverse()
    for part in _parts(pieces, size // _STEPS + 1):
        text += part
    return text


def _parts(pieces: list[str], size: int) -> Iterator[str]:
    """Take the reversed pieces from the list, short ones joined and long ones cut, in parts of at most so many characters."""
    while pieces:
        taken, length = [], 0
        while pieces and length + len(pieces[-1]) <= size:
            taken.append(pieces.pop())
            length += len(taken[-1])
        if taken:
            yield "".join(taken)
        elif pieces:
            piece = pieces.pop()
            for at in range(0, len(piece), size):
                yield piece[at : at + size]
            del piece


class BlockText(TextBuffer):
    """The text of a block with its opening: the text as the model wrote it, without another copy.

    Offsets count code points from behind the opening.

    Args:
        opening: The opening marker, and the text between marker and payload.
    """

    __slots__ = ("_marked", "_opening")

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._marked = 0  # number of joined pieces before the mark
        self._joined, self._pieces, self._size, self._rest = [], [opening], len(opening), _MOST

    def part(self, start: int, end: int | None = None) -> str:
        """Return the text between two offsets."""
        before = len(self._opening)
        return self.text()[before + start : None if end is None else before + end]

    def split(self, end: int) -> tuple[str, str]:
        """Return the text up to the offset `end`, opening included, and the rest."""
        text, end = self.text(), len(self._opening) + end
        return text[:end], text[end:]

    def take(self, text: str, start: int, end: int) -> None:
        """Append a part of a text. The first part is cut together with the opening before it: both are one copy then."""
        if end - start > _WIDE and not text.isascii():  # a wide character makes all of a string wide, but only its own part
            self._joined.append("".join(self._pieces))
            self._joined += [text[at : min(at + _WIDE, end)] for at in range(start, end, _WIDE)]
            self._pieces, self._size = [], self._size + end - start
            return
        if self._size == len(self._opening):
            first = start - self._size
            if first >= 0 and text.startswith(self._opening, first):
                self._pieces, self._size = [text[first:end]], end - first
                return
        self.append(text[start:end])

    def mark(self) -> None:
        """Set a mark: `marked` returns the text behind, until the whole text is joined."""
        self._joined.append("".join(self._pieces))
        self._pieces, self._marked = [], len(self._joined)

    def marked(self) -> str:
        """Return the text behind the mark; no second copy is kept."""
        text = "".join([*self._joined[self._marked :], *self._pieces])
        self._joined[self._marked :], self._pieces = [text], []
        return text
