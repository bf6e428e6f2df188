"""A refused answer on the wire: status 422, no repetition, and the evidence in the error (behaviour 5.4, 8.2)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

import adapter
from adapter.transport import sync_transport
from tests.facts.tools import WEATHER as TOOL
from tests.support.loopback import Upstream, completion, streamed

ASK: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
WEATHER: Any = TOOL
FLAT: Any = {"type": "function", **WEATHER["function"], "strict": False}
BAD = 'I look.<tool_call>\n{"name": "get_weather", "arguments": {"town": "Paris"}}\n</tool_call>'
WORDS = "Sunny, I guess."
REFUSED = [
    pytest.param(BAD, {}, "invalid_tool_call", ["invalid_arguments"], id="invalid"),
    pytest.param(WORDS, {"tool_choice": "required"}, "tool_call_required", [], id="required"),
    pytest.param(WORDS + " é" * 5000, {"tool_choice": "required"}, "tool_call_required", [], id="long"),
]
MODES = ["chat", "chat stream", "chat validated", "responses", "responses stream"]


def ask(client: OpenAI, mode: str, more: dict[str, Any]) -> None:
    request: dict[str, Any] = {"model": "m", "stream": mode not in {"chat", "responses"}, **more}
    if mode.startswith("chat"):
        got: Any = client.chat.completions.create(messages=ASK, tools=[WEATHER], **request)
    else:
        got = client.responses.create(input=ASK, tools=[FLAT], **request)
    if request["stream"]:
        list(got)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("text", "more", "code", "kinds"), REFUSED)
def test_8_2_the_error_holds_the_answer(text: str, more: dict[str, Any], code: str, kinds: list[str], mode: str) -> None:
    answer = (
        streamed(*(text[i : i + 50] for i in range(0, len(text), 50)))
        if mode[-6:] in {"stream", "idated"}
        else completion(text)
    )
    how: dict[str, Any] = {"stream_calls": "validated"} if mode == "chat validated" else {}
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=2) as plain:
        with pytest.raises(openai.APIError) as raised:
            ask(adapter.wrap(plain, retries=0, **how), mode, more)
        assert len(upstream.received) == 1  # nobody repeats the request
    error = raised.value
    body: Any = error.body
    if mode == "responses stream":  # the client gives the event's own members
        body = body.get("error", body) if isinstance(body, dict) else error.body
    assert error.code == code
    if mode in {"chat", "responses"}:
        assert isinstance(error, openai.UnprocessableEntityError)
        assert error.response.headers["x-should-retry"] == "false"
    assert body["completion"] == text.encode()[:4096].decode(errors="ignore")
    assert [problem["kind"] for problem in body["problems"]] == kinds
    assert all(problem["message"] for problem in body["problems"])


def test_8_2_the_members_beside_the_evidence_are_openais() -> None:
    with Upstream(completion(BAD)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
        with pytest.raises(openai.UnprocessableEntityError) as raised:
            ask(adapter.wrap(plain, retries=0), "chat", {})
        error = raised.value.response.json()["error"]
    assert list(error) == ["message", "type", "param", "code", "completion", "problems"]
    assert (error["type"], error["param"], error["code"]) == ("server_error", "tools", "invalid_tool_call")


def written(*calls: str) -> str:
    return "\n".join(f"<tool_call>\n{call}\n</tool_call>" for call in calls)


GOOD = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
WRONG = '{"name": "get_weather", "arguments": {"town": "Paris"}}'
UNKNOWN = '{"name": "get_water", "arguments": {"city": "Paris"}}'
HALF = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Par'
# An answer that is refused or cut, and the calls in it that may be run.
UNFIT: dict[str, tuple[str, int]] = {
    "an invalid call": (written(WRONG), 0),
    "a call of an unknown tool": (written(UNKNOWN), 0),
    "an invalid call, and words behind": (f"I look. {written(WRONG)} So it is.", 0),
    "an invalid call before a good one": (written(WRONG, GOOD), 1),
    "an invalid call behind a good one": (written(GOOD, WRONG), 1),
    "a list that begins with an invalid call": (written(f"[{WRONG}, {GOOD}]"), 1),
    "a list that ends with an invalid call": (written(f"[{GOOD}, {WRONG}]"), 1),
    "a call that cannot be read": (written('{"name": "get_weather", "arguments": {"city": }}'), 0),
    "a call that is cut": (HALF, 0),
    "a call that is cut behind a good one": (f"{written(GOOD)}\n{HALF}", 1),
    "a list that is cut": (f"<tool_call>\n[{GOOD}, {WRONG[:40]}", 1),
}


@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("case", UNFIT)
def test_2_10_no_refused_or_cut_call_is_runnable_in_a_stream(case: str, size: int, path: str) -> None:
    text, runnable = UNFIT[case]
    asked = {"input": ASK, "tools": [FLAT]} if path == "/responses" else {"messages": ASK, "tools": [WEATHER]}
    answer = streamed(*(text[at : at + size] for at in range(0, len(text), size)))
    transport = sync_transport(httpx.HTTPTransport(), retries=0)
    with Upstream(answer) as upstream, httpx.Client(transport=transport) as client:
        lines = client.post(upstream.url + path, json={"model": "m", "stream": True, **asked}).text.splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    if path == "/responses":
        done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
        calls = [item["arguments"] for item in done if item["type"] == "function_call"]
        assert [event["arguments"] for event in events if event["type"].endswith("arguments.done")] == calls
        assert set(calls) <= {'{"city": "Paris"}'}
        assert len(calls) <= runnable
    else:
        choices = [choice for event in events for choice in event.get("choices", ())]
        made: dict[int, str] = {}
        for call in (call for choice in choices for call in choice["delta"].get("tool_calls", ())):
            made[call["index"]] = made.get(call["index"], "") + call["function"]["arguments"]
        ends = {choice["finish_reason"] for choice in choices} - {None}
        assert not ends if any("error" in event for event in events) else set(made.values()) <= {'{"city": "Paris"}'}
        assert "tool_calls" not in ends or 0 < len(made) <= runnable
