"""Chunks that are like the one before are read by their text alone, and nothing that is in them is missed."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from adapter.api import chunk_reader
from adapter.api.chunk_reader import ChunkReader, Text
from adapter.api.sse import SseDecoder
from adapter.api.upstream_events import Chunk, read_chunks
from adapter.text.wire_json import read_json

NASTY = [
    '"',
    "\\",
    '\\"',
    '"}}]}',
    "\x00text\x00",
    "é",
    "😀",
    "\ud83d",
    "\ude00",
    "\n\n",
    "data: ",
    '"content": "x"',
    "",
    "</tool_call>",
    "{",
]


def chunk(text: Any, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None, **more.pop("choice", {})}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}


def seen(items: list[Any]) -> list[Any]:
    """What a stream holds, whichever way it was read; a chunk of text is its text."""
    return [
        (item.body["choices"][0]["index"], item.body["choices"][0]["delta"]["content"])
        if isinstance(item, Chunk) and chunk_reader._is_text(item.body)
        else (item.choice, item.text)
        if isinstance(item, Text)
        else item
        for item in items
    ]


def in_full(data: bytes) -> list[Any]:
    decoder = SseDecoder()
    return seen(list(read_chunks([*decoder.feed(data), *decoder.close()])))


def read(pieces: list[bytes]) -> list[Any]:
    reader = ChunkReader()
    items: list[Any] = []
    for piece in pieces:
        items += reader.feed(piece)
        if items and not isinstance(items[-1], Chunk | Text):
            return seen(items)
    return seen(items + reader.close())


def event(body: Any, chance: random.Random) -> bytes:
    compact = chance.random() < 0.3
    text = json.dumps(body, ensure_ascii=chance.random() < 0.7, separators=(",", ":") if compact else None)
    return b"data: " + text.encode("utf-8", "replace") + b"\n\n"


def stream(chance: random.Random) -> list[bytes]:
    """Mostly chunks alike, with others in between."""
    events: list[bytes] = []
    base: dict[str, Any] = chance.choice([{}, {"model": '"content": "x"'}, {"usage": None}, {"delta": {"content": "no"}}])
    for _ in range(chance.randint(5, 40)):
        body = chunk("".join(chance.choices([*NASTY, "word ", "Hello"], k=chance.randint(0, 4))), **base)
        others = [
            chunk("a", choice={"index": 1}),
            chunk("a", created=2),
            chunk("a", usage={"total_tokens": 3}),
            chunk("a", choice={"finish_reason": "stop"}),
            chunk("a", choice={"logprobs": {"content": []}}),
            chunk(None),
            chunk([{"type": "text", "text": "x"}]),
            chunk("a", choice={"delta": {"content": "a", "reasoning_content": "b"}}),
            chunk("a", choice={"delta": {"reasoning_content": "content"}}),
            chunk("a", obfuscation=str(chance.random())),
            {**body, "choices": []},
        ]
        events.append(event(chance.choice(others) if chance.random() < 0.2 else body, chance))
        if chance.random() < 0.1:
            events.append(chance.choice([b": comment\n\n", b"\n\n", b"event: x\ndata: {}\n\n", b"data: {\r\n\r\n"]))
    return [*events, chance.choice([b"data: [DONE]\n\n", b'data: {"error": {"message": "x"}}\n\n', b"data: {\n\n", b""])]


@pytest.mark.parametrize("seed", range(60))
def test_it_is_as_if_every_chunk_was_read_in_full(seed: int) -> None:
    chance = random.Random(seed)
    events = stream(chance)
    data = b"".join(events)
    wanted = in_full(data)
    assert read(events) == wanted
    assert read([data]) == wanted
    cuts = sorted(chance.choices(range(len(data) + 1), k=30))
    assert read([data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]) == wanted
    assert read([data[place : place + 1] for place in range(len(data))]) == wanted


def test_like_chunks_are_not_read_in_full() -> None:
    reader = ChunkReader()
    items = [item for number in range(50) for item in reader.feed(event(chunk(f"word {number}"), random.Random(1)))]
    assert [type(item) for item in items] == [Chunk, *[Text] * 49]


def test_no_more_are_compared_where_each_is_unlike_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[bytes] = []
    learn = ChunkReader._learn

    def counted(reader: ChunkReader, block: bytes, item: Any) -> None:
        learned.append(block)
        learn(reader, block, item)

    monkeypatch.setattr(ChunkReader, "_learn", counted)
    reader = ChunkReader()
    for number in range(50):
        assert len(reader.feed(event(chunk("a", obfuscation=str(number)), random.Random(1)))) == 1
    assert len(learned) == chunk_reader._PATIENCE


JSON = [
    "{}",
    '"\\ud83d"',
    "1e400",
    "-0.0",
    "NaN",
    "1" * 4000,
    "[" * 500 + "]" * 500,
    '{"a":1,"a":2}',
    ' "x" ',
    '"\\ud83d\\ude00"',
]


@pytest.mark.parametrize("text", JSON)
def test_json_is_read_as_python_reads_it(text: str) -> None:
    assert repr(read_json(text)) == repr(json.loads(text))
    assert repr(read_json(text.encode())) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", "{", '"\x01"', "01", "1 2", "'a'", "[1,]", "\ufeff1"])
def test_what_python_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_json(text)
