"""Signs of life in a streamed answer while upstream is silent (behaviour 6.8)."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import httpx
import pytest

from adapter.options import make_options
from adapter.transport import async_transport, open_exchange_for, sync_transport
from tests.support.loopback import DONE, Stream, Upstream, chunk, event

SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}}
REQUESTS: dict[str, dict[str, Any]] = {
    "/chat/completions": {
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
    },
    "/responses": {"input": "Hi", "tools": [{"type": "function", "name": "f", "parameters": SCHEMA}]},
}
CALL = '<tool_call>\n{"name": "f", "arguments": {"id": "7"}}\n</tool_call>'
SILENT = 0.3  # seconds
HALVES = (event(chunk({"content": CALL[:30]})), SILENT, event(chunk({"content": CALL[30:]})), event(chunk({}, "stop")), DONE)


def body_of(path: str) -> dict[str, Any]:
    return {"model": "m", "stream": True, **REQUESTS[path]}


def fetch(upstream: Upstream, path: str, **options: Any) -> str:
    with httpx.Client(transport=sync_transport(httpx.HTTPTransport(), **options), timeout=20) as client:
        return client.post(upstream.url + path, json=body_of(path)).text


def fetch_async(upstream: Upstream, path: str, **options: Any) -> str:
    async def inside() -> str:
        transport = async_transport(httpx.AsyncHTTPTransport(), **options)
        async with httpx.AsyncClient(transport=transport, timeout=20) as client:
            return (await client.post(upstream.url + path, json=body_of(path))).text

    return asyncio.run(inside())


def signs(text: str, path: str) -> int:
    """Count signs of life; a response without any has one `response.in_progress`."""
    if path == "/responses":
        return text.count("event: response.in_progress\n") - 1
    return sum(line.startswith(":") for line in text.splitlines())


def answered(text: str, path: str) -> str:
    """The arguments of the call in a stream."""
    found = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: {")]
    if path == "/responses":
        assert [item["sequence_number"] for item in found] == list(range(len(found)))
        said: str = found[-1]["response"]["output"][0]["arguments"]
        return said
    calls = [call for item in found for call in item["choices"][0]["delta"].get("tool_calls", ())]
    return "".join(call["function"].get("arguments", "") for call in calls)


FETCH = pytest.mark.parametrize("get", [fetch, fetch_async], ids=["sync", "async"])
PATHS = pytest.mark.parametrize("path", REQUESTS, ids=["chat", "responses"])
PLACES = {"before the first word": (SILENT, *HALVES[:1], *HALVES[2:]), "in a call": HALVES}


@FETCH
@PATHS
@pytest.mark.parametrize("pieces", PLACES.values(), ids=PLACES)
def test_6_8_signs_come_while_upstream_is_silent(get: Any, path: str, pieces: Any) -> None:
    with Upstream(Stream(pieces)) as upstream:
        text = get(upstream, path, alive_after=SILENT / 6)
    assert signs(text, path) >= 1  # five in an idle machine
    assert answered(text, path) == '{"id": "7"}'


@FETCH
@PATHS
@pytest.mark.parametrize("seconds", [None, 10.0], ids=["off", "patient"])
def test_6_8_no_signs_come_without_need(get: Any, path: str, seconds: float | None) -> None:
    with Upstream(Stream(HALVES)) as upstream:
        text = get(upstream, path, alive_after=seconds)
    assert (signs(text, path), answered(text, path)) == (0, '{"id": "7"}')


@PATHS
def test_6_8_an_exchange_is_asked_for_a_sign_before_and_within_the_answer(path: str) -> None:
    from adapter.exchange.protocol import Emit, Read, Reply, Start, UpstreamRequest

    exchange: Any = open_exchange_for(make_options({}))(f"/v1{path}", json.dumps(body_of(path)).encode())
    reads: list[bytes | None] = [None, HALVES[0], None, None, *HALVES[2:], b""]
    emitted: list[str] = []
    answer: Any = None
    with pytest.raises(StopIteration):
        while True:
            command = exchange.send(answer)
            answer = None
            if isinstance(command, UpstreamRequest):
                answer = Reply(200, [("content-type", "text/event-stream")])
            elif isinstance(command, Read):
                answer = reads.pop(0)
            elif isinstance(command, Emit):
                emitted.append(command.data.decode())
            else:
                assert command == Start(200, [("content-type", "text/event-stream; charset=utf-8")])
    text = "".join(emitted)
    assert signs(text, path) == (2 if path == "/responses" else 3)  # the first of a response announces the response
    assert answered(text, path) == '{"id": "7"}'


@FETCH
def test_6_8_an_error_of_the_connection_reaches_the_caller(get: Any) -> None:
    with Upstream(Stream(HALVES[:2], cut=True)) as upstream, pytest.raises(httpx.RemoteProtocolError):
        get(upstream, "/chat/completions", alive_after=0.05)


def test_6_8_a_caller_who_hangs_up_in_a_silence_is_let_go() -> None:
    transport = sync_transport(httpx.HTTPTransport(), alive_after=0.05)
    with Upstream(Stream((HALVES[0],), linger=True)) as upstream:
        url, body = upstream.url + "/chat/completions", body_of("/chat/completions")
        with httpx.Client(transport=transport, timeout=1) as client, client.stream("POST", url, json=body) as response:
            assert ": waiting" in response.iter_lines()
        begun = time.monotonic()
        while any(thread.name == "adapter-reader" for thread in threading.enumerate()):
            assert time.monotonic() - begun < 5, "the reader's thread goes on"
            time.sleep(0.01)


@pytest.mark.parametrize("value", [0, -1, True, "5"])
def test_6_8_other_values_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"alive_after=.*: use a number of seconds, or None"):
        sync_transport(httpx.HTTPTransport(), alive_after=value)
