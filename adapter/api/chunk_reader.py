"""Upstream's stream, from bytes to chunks.

Nearly all chunks of an answer differ in a few characters of text only. The first is read in full; of a chunk with the same
bytes before and after the text, only the text is read. The short way is exact: the bytes between are a single JSON string or
the chunk is read in full, and a string means that the chunk differs in nothing else. Two thirds of the time are saved.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.sse import END_OF_EVENT, MOST_OF_EVENT, ServerSentEvent, SseDecoder
from adapter.api.upstream_events import Chunk, Done, UpstreamFault, read_chunks
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_SLOT = re.compile(rb'"content": ?("(?:[^"\\]|\\.)*")')
# A string that no model writes, put in place of the text to see how the chunk is read.
_PROBE = "\x00text\x00"
_PREFIX = b"data: "
# Chunks in a row that may differ from the chunk before, until no more are compared.
_PATIENCE = 8


class Text(NamedTuple):
    """A chunk with a piece of a choice's text and no other member.

    Attributes:
        choice: The choice's index.
        text: The piece; may be empty.
    """

    choice: int
    text: str


class ChunkReader:
    """Reads the bytes of a stream as chunks.

    Args:
        most: Bytes that one event may have.

    Raises:
        UpstreamTooLarge: An event has more.
    """

    __slots__ = ("_after", "_before", "_decoder", "_index", "_most", "_patience")

    def __init__(self, most: int = MOST_OF_EVENT) -> None:
        self._most = most
        self._decoder = SseDecoder(most)
        self._before = self._after = b""
        self._index = 0
        self._patience = _PATIENCE

    def feed(self, data: bytes) -> list[Chunk | Text | UpstreamFault | Done]:
        """Return the items that are complete by now, up to the first error or the end."""
        if data[-2:] != END_OF_EVENT or not self._decoder.at_rest or len(data) > self._most:
            return [*read_chunks(self._decoder.feed(data))]
        items: list[Chunk | Text | UpstreamFault | Done] = []
        for block in data[:-2].split(END_OF_EVENT):
            if self._before and block.startswith(self._before) and block.endswith(self._after):
                try:
                    text = read_json(block[len(self._before) : -len(self._after)])
                except ValueError:
                    text = None
                if type(text) is str:
                    self._patience = _PATIENCE
                    items.append(Text(self._index, text))
                    continue
            read = read_chunks(self._decoder.feed(block + END_OF_EVENT))
            items += read
            if read and not isinstance(read[-1], Chunk):
                break
            if self._patience and len(read) == 1:
                self._learn(block, read[0])
        return items

    def close(self) -> list[Chunk | Text | UpstreamFault | Done]:
        """Return the items left at the end of the stream."""
        return [*read_chunks(self._decoder.close(), at_end=True)]

    def _learn(self, block: bytes, chunk: Any) -> None:
        """Remember the bytes around the text of a chunk with a piece of text alone."""
        if not _is_text(chunk.body):
            return
        self._patience -= 1
        self._before = self._after = b""
        found = _SLOT.search(block)
        if found is None or not block.startswith(_PREFIX) or b"\n" in block or b"\r" in block:
            return
        before, after = block[: found.start(1)], block[found.end(1) :]
        probe = (before + b'"\\u0000text\\u0000"' + after)[len(_PREFIX) :].decode("utf-8", "replace")
        choice = chunk.body["choices"][0]
        expected = {**chunk.body, "choices": [{**choice, "delta": {"content": _PROBE}}]}
        if after and read_chunks([ServerSentEvent("", probe)]) == [Chunk(expected)]:
            self._before, self._after, self._index = before, after, choice["index"]


def _is_text(body: Mapping[str, Any]) -> bool:
    """Return True for a chunk with a piece of a single choice's text, and no usage, finish reason or log probabilities."""
    choices = body["choices"]
    if len(choices) != 1 or body.get("usage"):
        return False
    choice = choices[0]
    plain = not choice.get("finish_reason") and not choice.get("logprobs")
    return plain and choice["delta"].keys() == {"content"} and isinstance(choice["delta"]["content"], str)
