"""Text that grows piece by piece, without an object per piece for long."""

from __future__ import annotations

_PIECES = 1024
_LONG = 1 << 18  # characters
_STEPS = 64
_WIDE = 1 << 12


class TextBuffer:
    """Collects pieces of text.

    A stream brings a character or a word at a time; kept apart, each would cost fifty bytes more than its letters. So they are
    joined a thousand at a time.
    """

    __slots__ = ("_joined", "_pieces", "_size")

    def __init__(self) -> None:
        self._joined: list[str] = []
        self._pieces: list[str] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, text: str) -> None:
        """Add a piece."""
        self._pieces.append(text)
        self._size += len(text)
        if len(self._pieces) == _PIECES:
            self._joined.append("".join(self._pieces))
            self._pieces = []

    def text(self) -> str:
        """All of it."""
        if self._pieces or len(self._joined) > 1:
            pieces, self._joined, self._pieces = [*self._joined, *self._pieces], [], []
            long = self._size >= _LONG and len(pieces) >= _STEPS
            self._joined = [_put_together(pieces) if long else "".join(pieces)]
        return self._joined[0] if self._joined else ""


def _put_together(pieces: list[str]) -> str:
    """Many pieces as one long text, step by step: those of a step are let go of, so that not all of them are there twice.

    CPython lengthens a text in place that nothing else refers to (3.11 does not in a loop that begins with `while`). Where
    that is not done, so few steps still cost little.
    """
    text, each = "", len(pieces) // _STEPS + 1
    pieces.reverse()
    for _ in range(0, len(pieces), each):
        text += _last(pieces, each)
    return text


def _last(pieces: list[str], number: int) -> str:
    """So many of the pieces, taken from the end of the list, where the first of them stand."""
    taken = pieces[: -number - 1 : -1]
    del pieces[-number:]
    return "".join(taken)


class BlockText(TextBuffer):
    """The text of a block, its opening with it: so what was written is there as a whole without another copy.

    Positions count from behind the opening.

    Args:
        opening: The opening marker and what stood between it and the payload.
    """

    __slots__ = ("_marked", "_opening")

    def __init__(self, opening: str) -> None:
        super().__init__()
        self._opening = opening
        self._marked = 0  # how many of the joined pieces stand before the mark
        self.append(opening)

    def part(self, start: int, end: int | None = None) -> str:
        """A part of it."""
        before = len(self._opening)
        return self.text()[before + start : None if end is None else before + end]

    def split(self, end: int) -> tuple[str, str]:
        """The opening and what follows it up to `end`, and the rest."""
        text, end = self.text(), len(self._opening) + end
        return text[:end], text[end:]

    def take(self, text: str, start: int, end: int) -> None:
        """Add a part of a text. The first is taken with the opening, where that stands before it: so both are one copy."""
        if end - start > _WIDE and not text.isascii():  # one wide character makes all of a text wide, but not of its parts
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
        """What is added from here on can be had by itself, until all of the text is asked for."""
        self._joined.append("".join(self._pieces))
        self._pieces, self._marked = [], len(self._joined)

    def marked(self) -> str:
        """What was added since the mark, which is not kept a second time."""
        text = "".join([*self._joined[self._marked :], *self._pieces])
        self._joined[self._marked :], self._pieces = [text], []
        return text
