"""What servers make of a stream: each fault that behaviour 3.5 names, against a real server that has it."""

from __future__ import annotations

import gzip
import importlib
import json
import random
from dataclasses import dataclass, field
from typing import Any

import openai
import pytest
from openai import OpenAI

import adapter
from adapter.api.sse import ServerSentEvent, SseDecoder
from tests.facts.completions import CALL
from tests.facts.tools import TOOLS
from tests.support.loopback import DONE, Stream, Upstream, chunk, event, streamed
from tests.wire.test_streaming import ASK, joined, raw
from tests.wire.test_transport import USABLE

TEXT = f"Grüße 😀 {CALL}"
GOOD = {"content": "Grüße 😀", "reasoning": "", "calls": [("get_weather", '{"city": "Paris"}')], "finish": "tool_calls"}
EVENTS: tuple[bytes, ...] = tuple(piece for piece in streamed(*TEXT).pieces if isinstance(piece, bytes))
WHOLE = b"".join(EVENTS)
FINISH = event(chunk({}, "stop"))


def texts(*deltas: dict[str, Any]) -> bytes:
    return b"".join(event(chunk(delta)) for delta in deltas)


def sized(data: bytes, size: int) -> tuple[bytes, ...]:
    return tuple(data[start : start + size] for start in range(0, len(data), size))


def seeded(data: bytes, seed: int) -> tuple[bytes, ...]:
    chance, pieces, place = random.Random(seed), [], 0
    while place < len(data):
        size = chance.randint(1, 40)
        pieces.append(data[place : place + size])
        place += size
    return tuple(pieces)


ODD = {**chunk({"content": TEXT}), "choices": [{"delta": {"content": TEXT}}]}
TOLERATED = {
    "bytes one by one": sized(WHOLE, 1),
    "bytes in sevens": sized(WHOLE, 7),
    **{f"bytes in seeded pieces {seed}": seeded(WHOLE, seed) for seed in range(5)},
    "all at once": (WHOLE,),
    "CRLF": (WHOLE.replace(b"\n", b"\r\n"),),
    "CRLF, byte by byte": sized(WHOLE.replace(b"\n", b"\r\n"), 1),
    "CR": (WHOLE.replace(b"\n", b"\r"),),
    "CR, byte by byte": sized(WHOLE.replace(b"\n", b"\r"), 1),
    "no space after data": (WHOLE.replace(b"data: ", b"data:"),),
    "comments": tuple(b": ping\n\n" + piece for piece in EVENTS),
    "comments inside events": tuple(b": OPENROUTER PROCESSING\n" + piece for piece in EVENTS),
    "ids, retries and event names": tuple(b"id: 1\nretry: 10\nevent: message\n" + piece for piece in EVENTS),
    "a field of the server's own first": (b"status: 200\n" + WHOLE,),
    "empty data": tuple(b"data:\n\n" + piece for piece in EVENTS),
    "a byte order mark": (b"\xef\xbb\xbf" + WHOLE,),
    "no blank lines between events": (WHOLE.replace(b"\n\n", b"\n"),),
    "no blank line at the end": (WHOLE.rstrip(b"\n"),),
    "a missing [DONE]": EVENTS[:-1],
    "a missing [DONE] and no blank line at the end": (b"".join(EVENTS[:-1]).rstrip(b"\n"),),
    "[DONE] without a finish reason": (texts({"content": TEXT}), DONE),
    "anything after [DONE]": (WHOLE, b"data: nonsense\n\n"),
    "role in every delta": (texts(*({"role": "assistant", "content": c} for c in TEXT)), FINISH, DONE),
    "empty and null keys": (
        texts(
            *({"content": c, "tool_calls": [], "function_call": None, "refusal": None, "reasoning_content": None} for c in TEXT)
        ),
        FINISH,
        DONE,
    ),
    "empty deltas": (texts({"content": ""}, {}, {"content": TEXT}, {"content": None}), FINISH, DONE),
    "delta null": (event({**chunk({}), "choices": [{"index": 0, "delta": None}]}), texts({"content": TEXT}), FINISH, DONE),
    "choices null": (event({**chunk(), "choices": None}), texts({"content": TEXT}), FINISH, DONE),
    "no index": (event(ODD), FINISH, DONE),
    "message in place of delta": (event({**ODD, "choices": [{"message": {"content": TEXT}}]}), FINISH, DONE),
    "finish reason an empty string": (event(chunk({"content": TEXT}, "")), FINISH, DONE),
    "text with the finish reason": (event(chunk({"content": TEXT}, "stop")), DONE),
    "finish reason twice": (texts({"content": TEXT}), FINISH, FINISH, DONE),
    "id, created and model that change": (
        b"".join(event(chunk({"content": c}, id=f"chatcmpl-{n}", created=n, model=f"m{n}")) for n, c in enumerate(TEXT)),
        FINISH,
        DONE,
    ),
    "no id, no created, no model": (event({"choices": [{"index": 0, "delta": {"content": TEXT}}]}), FINISH, DONE),
    "a surrogate pair in two deltas": (
        b'data: {"choices": [{"index": 0, "delta": {"content": "Gr\\u00fc\\u00dfe \\ud83d"}}]}\n\n',
        b'data: {"choices": [{"index": 0, "delta": {"content": "\\ude00 "}}]}\n\n',
        texts({"content": CALL}),
        FINISH,
        DONE,
    ),
}


@pytest.mark.parametrize("pieces", [pytest.param(pieces, id=name) for name, pieces in TOLERATED.items()])
def test_3_5_tolerated(pieces: tuple[bytes, ...]) -> None:
    with Upstream(Stream(pieces)) as upstream:
        data = raw(upstream)
    assert joined(data) == GOOD
    assert data[-1] == "[DONE]"
    assert len({(item["id"], item["created"], item["model"]) for item in data[:-1]}) == 1
    assert data[0]["id"].startswith("chatcmpl-")
    assert [item["choices"][0]["delta"] for item in data[:-1] if "role" in item["choices"][0]["delta"]] == [
        {"role": "assistant", "content": None}
    ]


TYPES = ["text/event-stream", "text/event-stream; charset=utf-8", "text/plain", "application/octet-stream", ""]


@pytest.mark.parametrize("kind", TYPES)
def test_3_5_content_types(kind: str) -> None:
    with Upstream(Stream(EVENTS, headers={"content-type": kind})) as upstream:
        assert joined(raw(upstream)) == GOOD


def test_3_5_a_compressed_stream() -> None:
    packed = gzip.compress(WHOLE)
    stream = Stream(sized(packed, 50), headers={"content-encoding": "gzip"})
    with Upstream(stream) as upstream:
        assert joined(raw(upstream)) == GOOD


@dataclass(frozen=True)
class Fault:
    """A stream that ends in an error, and the words of the error that the caller sees."""

    id: str
    pieces: tuple[bytes, ...]
    words: str
    error: type[Exception] | tuple[type[Exception], ...] = openai.APIError
    body: dict[str, Any] = field(default_factory=dict)


# openai 2.x hands on what httpx raises while a stream is read; 3.x makes its own error of it.
CUT = (openai.APIConnectionError, *(importlib.import_module(name).RemoteProtocolError for name in USABLE))
BEGUN = texts({"content": "Hi"})
FORCED = {"tool_choice": "required"}
FAULTS = [
    Fault("an error event", (BEGUN, event({"error": {"message": "out of memory", "type": "t"}})), "out of memory"),
    Fault("an error event as text", (BEGUN, event({"error": "out of memory"})), "out of memory"),
    Fault("an event named error", (BEGUN, b'event: error\ndata: {"message": "out of memory"}\n\n'), "out of memory"),
    Fault("an object of the kind error", (BEGUN, event({"object": "error", "message": "out of memory"})), "out of memory"),
    Fault("an error before any text", (event({"error": {"message": "out of memory"}}),), "out of memory"),
    Fault("no JSON", (BEGUN, b"data: <html>Bad Gateway</html>\n\n"), "Bad Gateway"),
    Fault("half a JSON text, then more", (BEGUN, b'data: {"choices": [\n\n', FINISH), "no chat completion chunk"),
    Fault("a list", (BEGUN, event([1])), "no chat completion chunk"),
    Fault("choices that are none", (BEGUN, event({"choices": ["x"]})), "no chat completion chunk"),
    Fault("an index that cannot be", (BEGUN, event(chunk({"content": "x"}, index=10**9))), "no chat completion chunk"),
    Fault("the end without a finish reason", (BEGUN,), "Connection error|ended before its answer", CUT),
    Fault("the end inside an event", (BEGUN, b'data: {"choi'), "Connection error|ended before its answer", CUT),
    Fault("nothing at all", (), "Connection error|ended before its answer", CUT),
    Fault("no finish reason, and no call where one is required", (BEGUN, DONE), "made no tool call", body=FORCED),
]


def consume(upstream: Upstream, **more: Any) -> list[Any]:
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        body: dict[str, Any] = {"model": "m", "messages": ASK, "tools": TOOLS, "stream": True, **more}
        return list(adapter.wrap(client).chat.completions.create(**body))


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.id) for fault in FAULTS])
def test_3_5_faults_surface_as_the_errors_of_the_sdk(fault: Fault) -> None:
    with Upstream(Stream(fault.pieces)) as upstream, pytest.raises(fault.error, match=fault.words):
        consume(upstream, **fault.body)


@pytest.mark.parametrize("cut_after", [1, 5, 20, len(EVENTS) - 3])
def test_3_5_a_connection_that_breaks(cut_after: int) -> None:
    with Upstream(Stream(EVENTS[:cut_after], cut=True)) as upstream, pytest.raises(CUT):
        consume(upstream)


def test_3_5_what_came_before_a_fault_has_reached_the_caller() -> None:
    stream = Stream((texts({"content": "Hi"}, {"content": CALL[:60]}), event({"error": {"message": "x"}})))
    with Upstream(stream) as upstream:
        data = raw(upstream)
    assert joined(data)["content"] == "Hi"
    assert joined(data)["calls"] == [("get_weather", '{"city": "P')]
    assert data[-1] == {"error": {"message": "x"}}


def test_text_after_the_end_is_reported() -> None:
    events: list[Any] = []
    with Upstream(Stream((texts({"content": "Hi"}), FINISH, texts({"content": "more"}), DONE))) as upstream:
        data = raw(upstream, {"on_event": events.append})
    assert joined(data)["content"] == "Hi"
    assert [(problem.kind, problem.raw) for problem in events] == [("late", "more")]


DECODED = [
    pytest.param(b"data: a\ndata: b\n\n", [("", "a\nb")], id="lines of one event"),
    pytest.param(b'data: {"a": 1}\ndata: {"b": 2}\n\n', [("", '{"a": 1}'), ("", '{"b": 2}')], id="two JSON texts"),
    pytest.param(b"event: x\ndata: 1\n\ndata: 2\n\n", [("x", "1"), ("", "2")], id="the name is of one event"),
    pytest.param(b"data\n\n", [("", "")], id="a field without a colon"),
    pytest.param(b"data: \xff\n\n", [("", "\ufffd")], id="bytes that are no UTF-8"),
    pytest.param(b"data: a: b\n\n", [("", "a: b")], id="a colon in the data"),
    pytest.param(b"data:  a\n\n", [("", " a")], id="one space goes, the others stay"),
]


@pytest.mark.parametrize(("data", "expected"), DECODED)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_decoder(data: bytes, expected: list[tuple[str, str]], size: int) -> None:
    decoder = SseDecoder()
    events = [found for piece in sized(data, size) for found in decoder.feed(piece)] + decoder.close()
    assert events == [ServerSentEvent(*pair) for pair in expected]


def test_a_long_event_in_small_pieces_is_one_event() -> None:
    body = json.dumps({"a": "x" * 200_000}).encode()
    decoder = SseDecoder()
    events = [found for piece in sized(b"data: " + body + b"\n\n", 3) for found in decoder.feed(piece)]
    assert [len(found.data) for found in events] == [len(body)]
