"""Server-sent events: decoded as they arrive, with the liberties that servers take, and encoded (behaviour 3.5).

Tolerated: any split of the bytes, CRLF and CR, no space after `data:`, comments, a missing blank line at the end or between two
events with a JSON text each.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from adapter.text.wire_json import read_json

DONE = "[DONE]"
END_OF_EVENT = b"\n\n"
_DATA = b"data: "


class ServerSentEvent(NamedTuple):
    """An event.

    Attributes:
        name: The `event` field; empty without the field.
        data: The `data` lines, joined.
    """

    name: str
    data: str


class SseDecoder:
    """Decodes the bytes of a stream into events."""

    __slots__ = ("_data", "_line", "_name", "_skip_newline", "_started")

    def __init__(self) -> None:
        self._line: list[bytes] = []  # pieces of an unfinished line
        self._name = ""
        self._data: list[str] = []
        self._skip_newline = False  # the last piece ended between CR and LF
        self._started = False

    @property
    def at_rest(self) -> bool:
        """True between two events: the last is over, and no byte of the next has arrived."""
        return not (self._line or self._data or self._name or self._skip_newline)

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Return the events that are complete by now."""
        if not (self.at_rest and data[:6] == _DATA and data[-2:] == END_OF_EVENT and b"\r" not in data):
            return self._lines(data)
        # Whole events of a single line each, by far the most frequent form.
        self._started = True
        out: list[ServerSentEvent] = []
        for block in data[:-2].split(END_OF_EVENT):
            if block[:6] == _DATA and b"\n" not in block:
                out.append(ServerSentEvent("", block[6:].decode("utf-8", "replace")))
            else:
                out += self._lines(block + END_OF_EVENT)
        return out

    def _lines(self, data: bytes) -> list[ServerSentEvent]:
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
        line, self._line = b"".join(self._line).decode("utf-8", "replace"), []
        if not line:
            self._dispatch(out)
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value

    def _dispatch(self, out: list[ServerSentEvent]) -> None:
        lines, self._data = self._data, []
        name, self._name = self._name, ""
        if len(lines) > 1 and all(line == DONE or _is_json(line) for line in lines):
            out += [ServerSentEvent(name, line) for line in lines]  # events without a blank line between them
        elif lines:
            out.append(ServerSentEvent(name, "\n".join(lines)))


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except ValueError:
        return False
    return True


def encode(data: Any) -> bytes:
    """Return an event with JSON data."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


END = b"data: [DONE]\n\n"
