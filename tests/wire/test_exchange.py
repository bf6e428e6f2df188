"""The exchange itself, driven by hand: no network, a clock of the test's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.exchange import opener
from adapter.exchange.protocol import Break, Emit, Read, Reply, Start, UpstreamRequest
from adapter.options import make_options
from tests.facts.completions import CALL
from tests.facts.tools import TOOLS
from tests.support.loopback import chunk, event

if TYPE_CHECKING:
    from adapter.exchange.protocol import Exchange

REPLY = Reply(200, [("content-type", "text/event-stream")])


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def open_stream(clock: Clock, **options: Any) -> Exchange:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS, "stream": True}
    exchange = opener(make_options(options), lambda _: None, clock)("/v1/chat/completions", json.dumps(body).encode())
    assert exchange is not None
    assert isinstance(exchange.send(None), UpstreamRequest)
    assert isinstance(exchange.send(REPLY), Start)
    assert isinstance(exchange.send(None), Read)
    return exchange


def give(exchange: Exchange, data: bytes) -> list[Any]:
    """Hand over a piece of upstream's body. Returns the chunks that come of it."""
    command = exchange.send(data)
    chunks: list[Any] = []
    while isinstance(command, Emit):
        chunks += [json.loads(line.removeprefix("data: ")) for line in command.data.decode().split("\n\n") if line]
        command = exchange.send(None)
    assert isinstance(command, Read)
    return chunks


def test_2_10_a_long_block_does_not_leave_the_client_without_a_chunk_for_a_minute() -> None:
    clock = Clock()
    exchange = open_stream(clock, stream_calls="validated")
    give(exchange, event(chunk({"content": '<tool_call>{"name": "echo", "arguments": {"text": "'})))
    silences, last = [], clock.now
    for _ in range(60):
        clock.now += 7
        found = give(exchange, event(chunk({"content": "word "})))
        if found:
            assert [item["choices"][0]["delta"] for item in found] == [{}]
            silences.append(clock.now - last)
            last = clock.now
    assert silences
    assert max(silences) < 60
    [started, *_] = give(exchange, event(chunk({"content": '"}}</tool_call>'}, "stop")))
    assert started["choices"][0]["delta"]["tool_calls"][0]["function"]["name"] == "echo"


def test_no_chunk_is_empty_while_others_flow() -> None:
    clock = Clock()
    exchange = open_stream(clock)
    found = []
    for character in CALL:
        clock.now += 0.5
        found += give(exchange, event(chunk({"content": character})))
    assert [item for item in found if item["choices"][0]["delta"] == {}] == []


def test_upstreams_comments_alone_bring_no_chunk() -> None:
    clock = Clock()
    exchange = open_stream(clock)
    give(exchange, event(chunk({"content": "Hi"})))
    clock.now += 100
    assert give(exchange, b": ping\n\n") == []


def test_the_end_in_the_middle_breaks_the_response() -> None:
    exchange = open_stream(Clock())
    give(exchange, event(chunk({"content": "Hi"})))
    assert isinstance(exchange.send(b""), Break)
