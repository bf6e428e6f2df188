"""Server-sent events: decoded as they arrive, with the liberties that servers take, and encoded (behaviour 3.5).

Tolerated: any split of the bytes, CRLF and CR, no space after `data:`, comments, a missing blank line at the end or between two
events with a JSON text each.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from adapter.errors import UpstreamTooLarge
from adapter.text.wire_json import read_json

DONE = "[DONE]"
END_OF_EVENT = b"\n\n"
_DATA = b"data: "
# Bytes of an event, as long as nobody says otherwise: the fourth part of an answer.
MOST_OF_EVENT = 1 << 26


class ServerSentEvent(NamedTuple):
    """An event.

    Attributes:
        name: The `event` field; empty without the field.
        data: The `data` lines, joined.
    """

    name: str
    data: str


class SseDecoder:
    """Decodes the bytes of a stream into events.

    Args:
        most: Bytes that one event may have, and one line.

    Raises:
        UpstreamTooLarge: An event or a line has more.
    """

    __slots__ = ("_data", "_json", "_line", "_lines", "_most", "_name", "_size", "_skip_newline", "_started")

    def __init__(self, most: int = MOST_OF_EVENT) -> None:
        self._most = most
        self._line: list[bytes] = []  # pieces of an unfinished line
        self._size = 0  # of these pieces, in bytes
        self._name = ""
        self._data = bytearray()  # the `data` lines of the event, each with a line break
        self._lines = 0
        self._json = False  # the only line so far is a JSON text
        self._skip_newline = False  # the last piece ended between CR and LF
        self._started = False

    @property
    def at_rest(self) -> bool:
        """True between two events: the last is over, and no byte of the next has arrived."""
        return not (self._line or self._lines or self._name or self._skip_newline)

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Return the events that are complete by now."""
        plain = data[:6] == _DATA and data[-2:] == END_OF_EVENT and b"\r" not in data
        if not (plain and self.at_rest and len(data) <= self._most):
            return self._read(data)
        # Whole events of a single line each, by far the most frequent form.
        self._started = True
        out: list[ServerSentEvent] = []
        for block in data[:-2].split(END_OF_EVENT):
            if block[:6] == _DATA and b"\n" not in block:
                out.append(ServerSentEvent("", block[6:].decode("utf-8", "replace")))
            else:
                out += self._read(block + END_OF_EVENT)
        return out

    def _read(self, data: bytes) -> list[ServerSentEvent]:
        """Return events read line by line, for any split of the bytes."""
        out: list[ServerSentEvent] = []
        if data and not self._started:
            self._started = True
            data = data.removeprefix(b"\xef\xbb\xbf")
        if self._skip_newline and data:
            data = data.removeprefix(b"\n")
            self._skip_newline = False
        for line in data.splitlines(keepends=True):
            body = line.rstrip(b"\r\n")
            self._line.append(body)
            self._size += len(body)
            if self._size + len(self._data) > self._most:
                raise UpstreamTooLarge("An event of the upstream's stream", self._most)
            if len(body) < len(line):
                self._skip_newline = line.endswith(b"\r")
                self._end_line(out)
        if data and not data.endswith(b"\r"):
            self._skip_newline = False
        return out

    def close(self) -> list[ServerSentEvent]:
        """Return the events left in a stream that ends without a blank line."""
        out: list[ServerSentEvent] = []
        if self._line:
            self._end_line(out)
        self._dispatch(out)
        return out

    def _end_line(self, out: list[ServerSentEvent]) -> None:
        line = b"".join(self._line)
        self._line.clear()
        self._size = 0
        if not line:
            self._dispatch(out)
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._add(value, out)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")

    def _add(self, value: bytes, out: list[ServerSentEvent]) -> None:
        """Add a `data` line; two JSON texts in a row are two events without a blank line between them."""
        if self._lines == 1:
            self._json = (self._json or _is_json(self._data)) and _is_json(value)
            if self._json:
                out.append(ServerSentEvent(self._name, self._text()))
        self._data += value + b"\n"
        self._lines += 1

    def _dispatch(self, out: list[ServerSentEvent]) -> None:
        if self._lines:
            out.append(ServerSentEvent(self._name, self._text()))
        self._name, self._json = "", False

    def _text(self) -> str:
        """Take the lines of the event."""
        text = self._data[:-1].decode("utf-8", "replace")
        self._data.clear()
        self._lines = 0
        return text


def _is_json(line: bytes | bytearray) -> bool:
    """Return True for a JSON text, and for the word at the end of a stream."""
    text = line.decode("utf-8", "replace").strip()
    try:
        if text != DONE:
            read_json(text)
    except ValueError:
        return False
    return True


def encode(data: Any) -> bytes:
    """Return an event with JSON data."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


END = b"data: [DONE]\n\n"
