"""`adapter.refusal_of`: a refused answer is told from all other errors, whole and streamed (behaviour 8.2)."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.facts.completions import CALL
from tests.support.loopback import Answer, Upstream, completion, streamed
from tests.wire.test_refusals import ASK, BAD, MODES, WEATHER, WORDS, ask

KINDS: dict[str, tuple[str, dict[str, Any], type[adapter.AdapterError], list[str]]] = {
    "an invalid call": (BAD, {}, adapter.InvalidToolCall, ["invalid_arguments"]),
    "no call": (WORDS, {"tool_choice": "required"}, adapter.ToolCallRequired, []),
}


@pytest.mark.parametrize("mode", MODES)
def test_8_2_the_refusal_behind_an_error(mode: str) -> None:
    for fact, (text, more, kind, problems) in KINDS.items():
        reply = (
            streamed(*(text[n : n + 9] for n in range(0, len(text), 9))) if "chat" != mode != "responses" else completion(text)
        )
        how: dict[str, Any] = {"stream_calls": "validated"} if mode == "chat validated" else {}
        with (
            Upstream(reply) as upstream,
            OpenAI(base_url=upstream.url, api_key="key") as plain,
            pytest.raises(openai.APIError) as raised,
        ):
            ask(adapter.wrap(plain, retries=0, **how), mode, more)
        refusal = adapter.refusal_of(raised.value)
        assert type(refusal) is kind, fact
        assert refusal is not None
        body: Any = raised.value.body
        assert refusal.message == body.get("error", body)["message"], fact
        assert refusal.completion == text, fact
        assert [problem["kind"] for problem in refusal.problems] == problems, fact


async def asked(url: str, stream: bool) -> None:
    async with AsyncOpenAI(base_url=url, api_key="key") as plain:
        wrapped: Any = adapter.wrap(plain, retries=0)
        answer = await wrapped.chat.completions.create(model="m", messages=ASK, tools=[WEATHER], stream=stream)
        if stream:
            _ = [chunk async for chunk in answer]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_8_2_in_async_clients(stream: bool) -> None:
    with Upstream(streamed(BAD) if stream else completion(BAD)) as upstream, pytest.raises(openai.APIError) as raised:
        asyncio.run(asked(upstream.url, stream))
    assert isinstance(adapter.refusal_of(raised.value), adapter.InvalidToolCall)


def test_8_2_other_errors_are_none() -> None:
    for status in (400, 422, 500):
        error = {"error": {"message": "no", "type": "x", "code": "context_length_exceeded"}}
        with (
            Upstream(Answer(error, status=status)) as upstream,
            OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as plain,
            pytest.raises(openai.APIStatusError) as raised,
        ):
            ask(adapter.wrap(plain), "chat", {})
        assert adapter.refusal_of(raised.value) is None
    nothing: Any
    for nothing in (None, ValueError("x"), {}, {"error": None}, {"error": {"code": ["invalid_tool_call"]}}, "x", 5):
        assert adapter.refusal_of(nothing) is None


def test_8_2_behind_causes_and_in_bodies() -> None:
    body = {
        "error": {
            "message": "bad",
            "code": "invalid_tool_call",
            "param": "tools",
            "completion": CALL,
            "problems": [{"kind": "x", "message": "y"}, 5],
        }
    }
    found = adapter.refusal_of(body)
    assert isinstance(found, adapter.InvalidToolCall)
    assert (found.param, found.completion, found.problems) == ("tools", CALL, [{"kind": "x", "message": "y"}])
    assert adapter.refusal_of(found) is found
    outer = RuntimeError("a framework's")
    outer.__cause__ = found
    assert adapter.refusal_of(outer) is found
    loop = ValueError("a circle")
    loop.__context__ = other = ValueError("b")
    other.__context__ = loop
    assert adapter.refusal_of(loop) is None
