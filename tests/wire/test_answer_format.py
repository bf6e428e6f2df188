"""`response_format` beside tools: the answer in words is unwrapped, checked, asked for again once, and told (behaviour 6.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai import OpenAI
from pydantic import BaseModel

import adapter
from tests.facts.completions import CALL
from tests.facts.tools import WEATHER
from tests.support.loopback import Upstream, completion, streamed

ASK: Any = [{"role": "user", "content": "Weather?"}]
SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": False}
FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "out", "strict": True, "schema": SCHEMA}}
OBJECT: Any = {"type": "json_object"}
GOOD, BAD = '{"x": 1}', '{"x": "one"}'
FENCED = f"```json\n{GOOD}\n```"

# The answers, the format, the content, the kinds of problems.
CASES: dict[str, tuple[list[str], Any, str | None, list[str]]] = {
    "bare": ([GOOD], FORMAT, GOOD, []),
    "white space": ([f"\n {GOOD}\n"], OBJECT, GOOD, []),
    "a fence": ([FENCED], FORMAT, GOOD, ["unwrapped"]),
    "a fence without a word": ([f"```\n{GOOD}\n```"], OBJECT, GOOD, ["unwrapped"]),
    "words before a fence": ([f"Here it is:\n{FENCED}\nDone."], FORMAT, GOOD, ["unwrapped"]),
    "words before": ([f"Here it is: {GOOD}"], FORMAT, GOOD, ["unwrapped"]),
    "two objects among words": ([f"Either {GOOD} or {GOOD}.", GOOD], FORMAT, GOOD, ["reask"]),
    "words alone": (["Sunny.", GOOD], FORMAT, GOOD, ["reask"]),
    "in a fence, the second time": (["Sunny.", FENCED], FORMAT, GOOD, ["reask", "unwrapped"]),
    "words, twice": (["Sunny.", "Rainy."], FORMAT, "Rainy.", ["reask", "off_format"]),
    "a fence, against the schema, twice": ([f"```\n{BAD}\n```"], FORMAT, BAD, ["reask", "off_format", "unwrapped"]),
    "any object": ([BAD], OBJECT, BAD, []),
    "a call": ([CALL], FORMAT, None, []),
    "words and a call": ([f"See. {CALL}"], FORMAT, None, []),
    "text": (["Sunny."], {"type": "text"}, "Sunny.", []),
}  # fmt: skip


def ask(upstream: Upstream, mode: str, form: Any, **options: Any) -> tuple[Any, int]:
    """The content of the answer, without white space around it, and the number of calls."""
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        wrapped: Any = adapter.wrap(client, **options)
        if mode == "responses":
            flat = {"type": "json_schema", **form["json_schema"]} if "json_schema" in form else form
            tools = [{"type": "function", **WEATHER["function"]}]
            response = wrapped.responses.create(model="m", input=ASK, tools=tools, text={"format": flat})
            return response.output_text.strip() or None, sum(item.type == "function_call" for item in response.output)
        request = {"model": "m", "messages": ASK, "tools": [WEATHER], "response_format": form}
        if mode == "whole":
            message = wrapped.chat.completions.create(**request).choices[0].message
            return (message.content or "").strip() or None, len(message.tool_calls or ())
        content, calls = "", 0
        for chunk in wrapped.chat.completions.create(**request, stream=True):
            for choice in chunk.choices:
                content += choice.delta.content or ""
                calls += sum(call.id is not None for call in choice.delta.tool_calls or ())
        return content.strip() or None, calls


@pytest.mark.parametrize("mode", ["whole", "streamed", "validated", "responses"])
@pytest.mark.parametrize("case", CASES)
def test_6_4_the_answer_is_in_the_format(case: str, mode: str) -> None:
    answers, form, wanted, kinds = CASES[case]
    told: list[Any] = []
    replies: list[Any] = [
        streamed(*(text[at : at + 3] for at in range(0, len(text), 3)))
        if mode in {"streamed", "validated"}
        else completion(text)
        for text in answers
    ]
    options = {"stream_calls": "validated"} if mode == "validated" else {}
    with Upstream(*replies) as upstream:
        content, calls = ask(upstream, mode, form, on_event=told.append, **options)
        assert len(upstream.received) == 1 + ("reask" in kinds)
    if not calls or mode != "responses":
        assert content == wanted
    assert calls == ("call" in case)
    assert [problem.kind for problem in told] == kinds


@pytest.mark.parametrize("mode", ["whole", "streamed"])
def test_an_answer_against_the_schema_is_asked_for_again_while_nothing_has_left(mode: str) -> None:
    """A stream that begins as JSON flows, as calls do: the answer is told then."""
    told: list[Any] = []
    replies: list[Any] = [streamed(*text) if mode == "streamed" else completion(text) for text in (BAD, GOOD)]
    with Upstream(*replies) as upstream:
        content, _ = ask(upstream, mode, FORMAT, on_event=told.append)
        again = len(upstream.received) == 2
        if again:
            assert "must be of type integer" in upstream.bodies[1]["messages"][-1]["content"]
    assert (content, [problem.kind for problem in told]) == ((GOOD, ["reask"]) if mode == "whole" else (BAD, ["off_format"]))
    assert again is (mode == "whole")


def test_the_sdk_parses_what_stood_in_a_fence() -> None:
    class Out(BaseModel):
        x: int

    strict = {**WEATHER, "function": {**WEATHER["function"], "strict": True}}
    with Upstream(completion(FENCED)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped: Any = adapter.wrap(client)
        parsed = wrapped.chat.completions.parse(model="m", messages=ASK, tools=[strict], response_format=Out)
    assert parsed.choices[0].message.parsed == Out(x=1)


def test_a_long_answer_in_a_fence_comes_whole() -> None:
    value = {"x": 1, "text": "word " * 20_000}
    text = f"```json\n{json.dumps(value)}\n```"
    with Upstream(streamed(*(text[at : at + 50] for at in range(0, len(text), 50)))) as upstream:
        content, _ = ask(upstream, "streamed", OBJECT)
    assert json.loads(content) == value
