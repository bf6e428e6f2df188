"""Text that grows piece by piece, without an object per piece for long."""

from __future__ import annotations

_PIECES = 1024


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
            self._joined = ["".join([*self._joined, *self._pieces])]
            self._pieces = []
        return self._joined[0] if self._joined else ""
