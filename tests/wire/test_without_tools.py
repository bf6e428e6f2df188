"""Requests without tools: their messages in the form that the options ask for, their answers as they are (behaviour 4.10)."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.facts.completions import CALL
from tests.facts.tools import WEATHER
from tests.support.loopback import Answer, Upstream, completion, streamed

ASK: Any = {"role": "user", "content": "Hi"}
TITLE: Any = {"role": "user", "content": "A title, please."}
BRIEF: Any = {"role": "system", "content": "Be brief."}
KIND: Any = {"role": "system", "content": "Be kind."}
PNG: Any = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
THOUGHT: Any = {"role": "assistant", "content": "Hello.", "reasoning_content": "Hm."}

# The request, the options, and the messages upstream; None for the caller's own.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[Any] | None]] = {
    "nothing to do": ({"messages": [BRIEF, ASK]}, {}, None),
    "two turns of the user's": ({"messages": [ASK, TITLE]}, {}, None),
    "merge_turns": ({"messages": [ASK, TITLE]}, {"merge_turns": True}, [{"role": "user", "content": "Hi\n\nA title, please."}]),
    "merge_system": (
        {"messages": [BRIEF, ASK, KIND]}, {"merge_system": True}, [{"role": "system", "content": "Be brief.\n\nBe kind."}, ASK]),
    "media": (
        {"messages": [{"role": "user", "content": [PNG]}]}, {"media": "drop"},
        [{"role": "user", "content": "[image left out: this model reads text only]"}]),
    "developer": ({"messages": [{"role": "developer", "content": "Be brief."}, ASK]}, {}, [BRIEF, ASK]),
    "developer, merged": ({"messages": [{"role": "developer", "content": "Be brief."}, ASK, TITLE]}, {"merge_turns": True},
        [BRIEF, {"role": "user", "content": "Hi\n\nA title, please."}]),
    "markup of the user's": (
        {"messages": [{"role": "user", "content": CALL}, ASK]}, {"merge_turns": True}, [{"role": "user", "content": f"{CALL}\n\nHi"}]),
    "parts of the Responses API": (
        {"messages": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]}, {},
        [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]),
    "no tools in a list": ({"messages": [ASK], "tools": []}, {}, None),
    "no tools, and a choice": ({"messages": [ASK], "tools": [], "tool_choice": "auto"}, {}, None),
    "a choice": ({"messages": [ASK], "tool_choice": "none", "parallel_tool_calls": False}, {}, None),
    "a legacy choice": ({"messages": [ASK], "function_call": "none"}, {}, None),
    "reasoning that may be upstream's own": ({"messages": [ASK, THOUGHT, TITLE]}, {}, None),
    "reasoning as text, none of it": (
        {"messages": [ASK, THOUGHT, TITLE]}, {"reasoning_field": "text"}, [ASK, {"role": "assistant", "content": "Hello."}, TITLE]),
    "messages that are wrong": ({"messages": [{"role": "robot", "content": "Hi"}]}, {"merge_turns": True}, None),
}  # fmt: skip
OF_TOOLS = {"tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", CASES)
def test_4_10_messages_and_answer(case: str, stream: bool) -> None:
    request, options, wanted = CASES[case]
    answer = streamed("A ", CALL) if stream else completion(f"A {CALL}")
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        wrapped: Any = adapter.wrap(client, **options)
        body = {"model": "m", "temperature": 0.5, **request, **({"stream": True} if stream else {})}
        got = wrapped.chat.completions.create(**body)
        text = (
            "".join(part.choices[0].delta.content or "" for part in got if part.choices)
            if stream
            else got.choices[0].message.content
        )
        assert upstream.bodies == [
            {**{key: value for key, value in body.items() if key not in OF_TOOLS}, "messages": wanted or request["messages"]}
        ]
    assert text == f"A {CALL}"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_error_of_upstreams_is_its_own(stream: bool) -> None:
    error = {"error": {"message": "Too hot.", "type": "weather", "code": "hot"}}
    with Upstream(Answer(error, 418)) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        wrapped = adapter.wrap(client, merge_turns=True)
        with pytest.raises(openai.APIStatusError) as raised:
            wrapped.chat.completions.create(model="m", messages=[ASK, TITLE], stream=stream)
    assert (raised.value.status_code, raised.value.code) == (418, "hot")


def test_an_async_stream() -> None:
    async def main() -> str:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            wrapped = adapter.wrap(client, merge_turns=True)
            parts = await wrapped.chat.completions.create(model="m", messages=[ASK, TITLE], stream=True)
            return "".join([part.choices[0].delta.content or "" async for part in parts if part.choices])

    with Upstream(streamed("A ", "title.")) as upstream:
        assert asyncio.run(main()) == "A title."


def test_reasoning_made_here_goes_the_way_of_4_7() -> None:
    """The title of a conversation whose reasoning was taken out of the text, on a server that may refuse the field."""
    with Upstream(completion("<think>Hm.</think>Hello."), completion("A title.")) as upstream:
        with OpenAI(base_url=upstream.url, api_key="key") as client:
            wrapped: Any = adapter.wrap(client)
            said = wrapped.chat.completions.create(model="m", messages=[ASK], tools=[WEATHER]).choices[0].message
            wrapped.chat.completions.create(model="m", messages=[ASK, said, TITLE])
        _, last = upstream.bodies
    assert said.reasoning_content == "Hm."
    assert [sorted(message) for message in last["messages"]] == [
        ["content", "role"],
        ["annotations", "content", "refusal", "role"],
        ["content", "role"],
    ]


@pytest.mark.parametrize("choice", ["auto", "none", {"type": "auto"}, {"type": "none"}], ids=str)
def test_a_choice_that_asks_for_nothing_needs_no_tools(choice: Any) -> None:
    with Upstream(completion("Hello.")) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        wrapped: Any = adapter.wrap(client)
        nothing: list[Any] = [openai.omit, []]
        for tools in nothing:
            wrapped.chat.completions.create(model="m", messages=[ASK], tools=tools, tool_choice=choice)
            wrapped.responses.create(model="m", input="Hi", tools=tools, tool_choice=choice)
        assert [body.keys() & {"tools", "tool_choice"} for body in upstream.bodies] == [set()] * 4


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_any_is_required(stream: bool) -> None:
    answer: Any = streamed("Hello.") if stream else completion("Hello.")
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        wrapped: Any = adapter.wrap(client, retries=0)
        with pytest.raises(openai.APIError, match="a call of 'get_weather' was required"):
            list(wrapped.chat.completions.create(model="m", messages=[ASK], tools=[WEATHER], tool_choice="any", stream=stream))
