"""A Responses stream that fails, as a native server says it: first what went wrong, then that the response has failed."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.responses import ResponseErrorEvent, ResponseFailedEvent

import adapter
from tests.support.loopback import Stream, Upstream, event, streamed

TOOL: dict[str, Any] = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
REQUEST: dict[str, Any] = {"model": "m", "input": "Weather?", "tools": [TOOL]}


def pieces(text: str) -> Stream:
    return streamed(*(text[start : start + 7] for start in range(0, len(text), 7)))


BAD_CALL = pieces('<tool_call>\n{"name": "get_weather", "arguments": {"town": "Paris"}}\n</tool_call>')
OVERLOADED = event({"error": {"message": "no room", "type": "server_error", "param": None, "code": "overloaded"}})
FAILURES = [
    pytest.param(BAD_CALL, "invalid_tool_call", id="refused call"),
    pytest.param(Stream((*BAD_CALL.pieces[:10], OVERLOADED)), "overloaded", id="upstream's error"),
]


@pytest.mark.parametrize(("answer", "code"), FAILURES)
def test_the_last_two_events(answer: Stream, code: str) -> None:
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
        streaming = adapter.wrap(plain, retries=0).responses.with_streaming_response
        with streaming.create(**REQUEST, stream=True) as reply:
            text = reply.text()
    frames = [frame.split("\n") for frame in text.removesuffix("\n\n").split("\n\n")]
    events = [json.loads(data.removeprefix("data: ")) for _, data in frames]
    assert [name.removeprefix("event: ") for name, _ in frames] == [item["type"] for item in events]
    assert [item["sequence_number"] for item in events] == list(range(len(events)))
    *before, told, failed = events
    assert not [event for event in before if event["type"].endswith(".done")]  # agents run a call that is done
    assert ResponseErrorEvent.model_validate(told, strict=True).code == code
    assert told["error"]["code"] == code
    response = ResponseFailedEvent.model_validate(failed, strict=True).response
    assert response.status == "failed"
    assert response.error is not None
    assert code in response.error.message
    assert response.output == []


@pytest.mark.parametrize(("answer", "code"), FAILURES)
def test_the_client_raises_it_with_its_code(answer: Stream, code: str) -> None:
    seen: list[str] = []
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
        client = adapter.wrap(plain, retries=0)
        with pytest.raises(openai.APIError) as raised, client.responses.stream(**REQUEST) as stream:
            for item in stream:
                seen.append(item.type)  # noqa: PERF401  # a comprehension would lose them with the error
    assert "response.function_call_arguments.delta" in seen
    assert not {"response.function_call_arguments.done", "response.completed"} & set(seen)
    assert raised.value.code == code
    assert len(upstream.received) == 1
