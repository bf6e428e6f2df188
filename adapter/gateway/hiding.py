"""Answers of upstreams without the keys for them, which some servers quote in errors (behaviour 9.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.gateway.secrecy import GONE
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable

_ERROR = b'"error"'  # as a name or a word; within a text of a model the quotes are escaped
_ANSWERS = ("choices", "data")  # members of an answer of a model


class Hiding:
    """The bytes of an answer without keys. Text of a model stays as it is: a key such as `EMPTY` may stand in any text.

    Args:
        keys: The keys.
    """

    __slots__ = ("_held", "_keys")

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = sorted({key.encode() for key in keys if key}, key=len, reverse=True)
        self._held: list[bytes] = []

    def whole(self, status: int, body: bytes) -> bytes:
        """Return a whole body; a success is an error in disguise, unless it has a model's answer."""
        if any(key in body for key in self._keys) and (status >= 400 or _is_error(body)):
            for key in self._keys:
                body = body.replace(key, GONE.encode())
        return body

    def lines(self, piece: bytes) -> bytes:
        """Return the lines that are complete with a piece of a stream; none for half a line, which waits for its rest."""
        if not self._keys:
            return piece
        complete, line_end, rest = piece.rpartition(b"\n")
        if not line_end:
            self._held.append(piece)
            return b""
        data = b"".join((*self._held, complete, line_end))
        self._held = [rest] if rest else []
        return self._hidden(data)

    def rest(self) -> bytes:
        """Return the line that waits, at the end of a stream."""
        data, self._held = b"".join(self._held), []
        return self._hidden(data)

    def _hidden(self, data: bytes) -> bytes:
        if not any(key in data for key in self._keys):
            return data
        return b"".join(self.whole(200, line) for line in data.splitlines(keepends=True))


def _is_error(body: bytes) -> bool:
    """Return True for a document, or a line of a stream, that is no answer of a model."""
    if _ERROR in body:
        return True
    try:
        value = read_json(body.removeprefix(b"data:"))
    except ValueError:
        return True
    return not (isinstance(value, dict) and any(isinstance(value.get(name), list) for name in _ANSWERS))
