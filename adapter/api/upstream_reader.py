"""Upstream's answer read by its first bytes, not by its label: events, JSON lines or a JSON document (behaviour 6.1).

Proxies and servers of companies label streams as JSON, answer a request for a stream with a document, and send pages of HTML
with status 200. A reader takes the bytes as they come and returns chunks, errors and the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from adapter.api.chunk_reader import ChunkReader
from adapter.api.sse import DONE, MOST_OF_EVENT
from adapter.api.upstream_answer import no_completion, read_answer
from adapter.api.upstream_events import Chunk, Done, UpstreamFault, read_chunk
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.api.chunk_reader import Text

_BOM = b"\xef\xbb\xbf"
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
# Bytes kept of an answer that is neither JSON nor events.
_MOST_KEPT = 4096


class Reader(Protocol):
    """Reads the bytes of one answer."""

    def feed(self, data: bytes) -> Sequence[Chunk | Text | UpstreamFault | Done]:
        """Return the items that are complete by now, up to the first error or the end."""

    def close(self) -> Sequence[Chunk | Text | UpstreamFault | Done]:
        """Return the items left at the end of the answer."""


def reader_for(beginning: bytes, most: int = MOST_OF_EVENT) -> Reader | None:
    """Return the reader for an answer; None as long as the first bytes leave a doubt.

    Args:
        beginning: The answer so far.
        most: Bytes that one event of a stream may have.
    """
    text = beginning.removeprefix(_BOM).lstrip()
    if _BOM.startswith(text):
        return None
    if text[:1] in {b"{", b"["} and not text.startswith(b"[DONE"):
        return JsonReader()
    if any(text.startswith(field) for field in _FIELDS):
        return ChunkReader(most)
    return None if any(field.startswith(text) for field in _FIELDS) else TextReader()


class JsonReader:
    """Reads JSON lines as chunks while they come, and a single JSON document at its end: the first line decides."""

    __slots__ = ("_document", "_empty", "_line", "_lines", "_whole")

    def __init__(self) -> None:
        self._line: list[bytes] = []  # pieces of an unfinished line, or of the document
        self._lines = 0
        self._empty = b""  # the first line, if it has no choices
        self._document = False
        self._whole = False  # the first line is a whole answer

    def feed(self, data: bytes) -> list[Chunk | UpstreamFault | Done]:
        """Return the lines that are complete by now, up to the first error or the end."""
        items: list[Chunk | UpstreamFault | Done] = []
        if self._document:
            self._line.append(data)
            return items
        for line in data.splitlines(keepends=True):
            self._line.append(line)
            if line.endswith(b"\n") and not self._document:
                item = self._read()
                items += [] if item is None else [item]
                if item is not None and not isinstance(item, Chunk):
                    break
        return items

    def close(self) -> list[Chunk | UpstreamFault | Done]:
        """Return the document, or the last line. Half a line of a cut stream is dropped."""
        rest = b"".join(self._line).removeprefix(_BOM).strip()
        if not self._lines:
            return _as_chunks(rest)
        item = self._read() if rest else None
        half = isinstance(item, UpstreamFault) and self._line  # no JSON, and no line break behind it
        if item is not None and not half:
            return [item]
        if self._lines == 1 and self._empty:
            return [UpstreamFault(no_completion(self._empty))]
        return [Done()] if self._whole else []

    def _read(self) -> Chunk | UpstreamFault | Done | None:
        text = b"".join(self._line).removeprefix(_BOM).strip()
        if not text:
            self._line.clear()
            return None
        if text == DONE.encode():
            self._line.clear()
            return Done()
        try:
            value = read_json(text)
        except ValueError:
            return self._no_json(text)
        self._line.clear()
        self._lines += 1
        self._whole = self._lines == 1 and _is_whole(value)
        item = read_chunk(_as_openai(value), text.decode("utf-8", "replace"))
        if self._lines == 1 and isinstance(item, Chunk) and not item.body.get("choices"):
            self._empty = text
            return None
        return item

    def _no_json(self, text: bytes) -> Chunk | UpstreamFault | None:
        """Take a line that is no JSON: the first begins a document, a later one is a fault or follows a whole answer."""
        if not self._lines:
            self._document = True
            return None
        if self._whole:
            self._line.clear()
            return None
        return read_chunk(None, text.decode("utf-8", "replace"))


def _is_whole(value: Any) -> bool:
    choices = value.get("choices") if isinstance(value, dict) else None
    return bool(choices) and isinstance(choices, list) and all(isinstance(one, dict) and "delta" not in one for one in choices)


def _as_openai(value: Any) -> Any:
    """Return a line of Ollama's own streams as a chunk; any other value unchanged."""
    message = value.get("message") if isinstance(value, dict) and "done" in value and "choices" not in value else None
    if not isinstance(message, dict):
        return value
    reason = (value.get("done_reason") or "stop") if value["done"] else None
    delta = {key: text for key, text in message.items() if key != "tool_calls"}
    chunk = {"model": value.get("model"), "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
    read, made = value.get("prompt_eval_count"), value.get("eval_count")
    if not (isinstance(read, int) and isinstance(made, int)):
        return chunk
    return {**chunk, "usage": {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made}}


def _as_chunks(body: bytes) -> list[Chunk | UpstreamFault | Done]:
    """Return a whole answer as a chunk and the end."""
    answer = read_answer(body)
    if isinstance(answer, UpstreamFault):
        return [answer]
    choices = [
        {**{key: value for key, value in choice.items() if key != "message"}, "delta": choice["message"]}
        for choice in answer.body["choices"]
    ]
    return [Chunk({**answer.body, "choices": choices}, answer.mended), Done()]


class TextReader:
    """Reads an answer that is neither JSON nor events: an error in upstream's words."""

    __slots__ = ("_text",)

    def __init__(self) -> None:
        self._text = b""

    def feed(self, data: bytes) -> list[Chunk | UpstreamFault | Done]:
        """Keep the beginning of the answer."""
        self._text += data[: _MOST_KEPT - len(self._text)]
        return []

    def close(self) -> list[Chunk | UpstreamFault | Done]:
        """Return the error."""
        return [UpstreamFault(no_completion(self._text))]
