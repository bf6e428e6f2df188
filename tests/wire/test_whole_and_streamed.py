"""A streamed answer, put together, is the whole answer: the exchange driven by hand over any completion."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.exchange import opener
from adapter.exchange.protocol import Emit, Read, Reply, Start, UpstreamRequest
from adapter.options import make_options
from tests.facts.test_streaming_parser import SOUP
from tests.facts.tools import TOOLS
from tests.support.loopback import DONE, chunk, completion, event

STREAM = [("content-type", "text/event-stream")]
JSON = [("content-type", "application/json")]


def answer(
    text: str, size: int, finish: str, options: dict[str, Any], request: dict[str, Any], fields: dict[str, str] | None = None
) -> Any:
    """What the caller gets when upstream writes this text, and before it these fields, every time it is asked.

    The answer, or the code of an error.
    """
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS, **request}
    events: list[Any] = []
    open_exchange = opener(make_options({**options, "on_event": events.append}), events.append, lambda: 0.0)
    exchange = open_exchange("/v1/chat/completions", json.dumps(body).encode())
    assert exchange is not None
    emitted: list[bytes] = []
    pieces: list[bytes] = []
    reply: Any = None
    try:
        while True:
            command = exchange.send(reply)
            reply = None
            if isinstance(command, UpstreamRequest) and command.stream:
                pieces = [*(event(chunk(delta)) for delta in _deltas(text, size, fields or {})), event(chunk({}, finish)), DONE]
                reply = Reply(200, STREAM)
            elif isinstance(command, UpstreamRequest):
                reply = Reply(200, JSON, json.dumps(completion(text, finish, **(fields or {})).body).encode())
            elif isinstance(command, Read):
                reply = pieces.pop(0) if pieces else b""
            elif isinstance(command, Emit):
                emitted.append(command.data)
            else:
                assert isinstance(command, Start)
    except StopIteration as done:
        return _whole(json.loads(done.value.body)) if done.value else _streamed(b"".join(emitted))
    except Exception as error:
        code = getattr(error, "code", None)
        if code is None:
            raise
        return code


def _deltas(text: str, size: int, fields: dict[str, str]) -> list[dict[str, Any]]:
    first = {"role": "assistant", "content": "", **dict.fromkeys(fields, "")}
    longest = max(map(len, fields.values()), default=0)
    before = [{name: value[start : start + size] for name, value in fields.items()} for start in range(0, longest, size)]
    return [first, *before, *({"content": text[start : start + size]} for start in range(0, len(text), size))]


def _whole(body: dict[str, Any]) -> Any:
    choice = body["choices"][0]
    message = choice["message"]
    assert "reasoning" not in message
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
            assert "reasoning" not in choice["delta"]
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


SERVERS_REASONING = [
    pytest.param({}, "Own.", id="none but the text's"),
    pytest.param({"reasoning_content": "Server. "}, "Server. Own.", id="reasoning_content"),
    pytest.param({"reasoning": "Server. "}, "Server. Own.", id="reasoning, as vLLM calls it"),
    pytest.param({"reasoning": "Server. ", "reasoning_content": "Server. "}, "Server. Own.", id="both, once"),
    pytest.param({"thinking": "Server. "}, "Server. Own.", id="thinking"),
    pytest.param({"reasoning": ""}, "Own.", id="empty"),
]


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(("fields", "expected"), SERVERS_REASONING)
def test_3_1_reasoning_has_one_name(fields: dict[str, str], expected: str, size: int) -> None:
    text = '<think>Own.</think>Yes.<tool_call>{"name": "get_time", "arguments": {}}</tool_call>'
    whole = answer(text, size, "stop", {}, {}, fields)
    streamed = answer(text, size, "stop", {}, {"stream": True}, fields)
    aggregated = answer(text, size, "stop", {"upstream_stream": "always"}, {}, fields)
    assert whole == streamed == aggregated == ("Yes.", expected, [("get_time", "{}")], "tool_calls")


def test_3_11_what_switches_thinking_reaches_upstream() -> None:
    asked = {
        "enable_thinking": False,
        "chat_template_kwargs": {"enable_thinking": True},
        "reasoning_effort": "low",
        "thinking": {"type": "enabled"},
    }
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS, **asked}
    for more in ({}, {"stream": True}):
        exchange = opener(make_options({}), lambda _: None, lambda: 0.0)(
            "/v1/chat/completions", json.dumps(body | more).encode()
        )
        assert exchange is not None
        command = next(exchange)
        assert isinstance(command, UpstreamRequest)
        assert {name: command.body[name] for name in asked} == asked
