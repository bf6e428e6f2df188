"""A streamed answer, put together, is the whole answer: the exchange driven by hand over any completion."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapter.exchange import opener
from adapter.exchange.protocol import Emit, Read, Reply, Start, UpstreamRequest
from adapter.options import make_options
from tests.loopback import DONE, chunk, completion, event
from tests.test_streaming_parser import SOUP
from tests.tools import TOOLS

STREAM = [("content-type", "text/event-stream")]
JSON = [("content-type", "application/json")]


def answer(text: str, size: int, finish: str, options: dict[str, Any], request: dict[str, Any]) -> Any:
    """What the caller gets when upstream writes this text, every time it is asked: the answer, or the code of an error."""
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS, **request}
    events: list[Any] = []
    open_exchange = opener(make_options({**options, "on_event": events.append}), events.append, lambda: 0.0)
    exchange = open_exchange("/v1/chat/completions", json.dumps(body).encode())
    assert exchange is not None
    said: list[bytes] = []
    pieces: list[bytes] = []
    reply: Any = None
    try:
        while True:
            command = exchange.send(reply)
            reply = None
            if isinstance(command, UpstreamRequest) and command.stream:
                deltas = [chunk({"content": text[start : start + size]}) for start in range(0, len(text), size)]
                pieces = [*map(event, deltas), event(chunk({}, finish)), DONE]
                reply = Reply(200, STREAM)
            elif isinstance(command, UpstreamRequest):
                reply = Reply(200, JSON, json.dumps(completion(text, finish).body).encode())
            elif isinstance(command, Read):
                reply = pieces.pop(0) if pieces else b""
            elif isinstance(command, Emit):
                said.append(command.data)
            else:
                assert isinstance(command, Start)
    except StopIteration as done:
        return _whole(json.loads(done.value.body)) if done.value else _streamed(b"".join(said))
    except Exception as error:
        code = getattr(error, "code", None)
        if code is None:
            raise
        return code


def _whole(body: dict[str, Any]) -> Any:
    choice = body["choices"][0]
    message = choice["message"]
    calls = [(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", ())]
    return (message["content"] or "", message.get("reasoning_content") or "", calls, choice["finish_reason"])


def _streamed(data: bytes) -> Any:
    content = reasoning = ""
    calls: dict[int, tuple[str, str]] = {}
    finish = None
    for line in data.decode().split("\n\n"):
        item = None if line in {"", "data: [DONE]"} else json.loads(line.removeprefix("data: "))
        if item is None:
            continue
        if "error" in item:
            return item["error"]["code"]
        for choice in item["choices"]:
            content += choice["delta"].get("content") or ""
            reasoning += choice["delta"].get("reasoning_content") or ""
            finish = choice["finish_reason"] or finish
            for call in choice["delta"].get("tool_calls", ()):
                name, arguments = calls.get(call["index"], ("", ""))
                calls[call["index"]] = (call["function"].get("name", name), arguments + call["function"]["arguments"])
    return (content, reasoning, [calls[index] for index in sorted(calls)], finish)


REQUESTS = st.sampled_from([{}, {"tool_choice": "none"}, {"tool_choice": "required"}, {"parallel_tool_calls": False}])
POLICIES = st.sampled_from(["raise", "return", "text"])


@given(SOUP, st.integers(1, 9), st.sampled_from(["stop", "length"]), REQUESTS, POLICIES)
def test_validated_streams_say_what_whole_answers_say(
    parts: list[str], size: int, finish: str, request: dict[str, Any], policy: str
) -> None:
    text = "".join(parts)
    options: dict[str, Any] = {"on_invalid": policy, "retries": 0}
    whole = answer(text, size, finish, options, request)
    streamed = answer(text, size, finish, {**options, "stream_calls": "validated"}, {**request, "stream": True})
    assert streamed == whole


@given(SOUP, st.integers(1, 9), st.sampled_from(["stop", "length"]), REQUESTS)
def test_incremental_streams_say_the_same_or_end_in_an_error(
    parts: list[str], size: int, finish: str, request: dict[str, Any]
) -> None:
    text = "".join(parts)
    whole = answer(text, size, finish, {"retries": 0}, request)
    streamed = answer(text, size, finish, {"retries": 0}, {**request, "stream": True})
    if streamed != "invalid_tool_call":
        content, reasoning, calls, reason = streamed if isinstance(streamed, tuple) else (None, None, None, streamed)
        if isinstance(whole, tuple) and isinstance(streamed, tuple):
            assert (content, reasoning, reason) == (whole[0], whole[1], whole[3])
            assert calls[: len(whole[2])] == whole[2]  # a call that was cut off may follow as a beginning
            assert len(calls) == len(whole[2]) or finish == "length"
        else:
            assert streamed == whole
