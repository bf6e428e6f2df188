"""Which texts of a conversation count, how much, and what the model has called already."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.chat import ChatCompletionMessage

import adapter
from tests.routing.sets import OFFICE


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def call(name: str, mark: str = "1") -> list[dict[str, Any]]:
    called = {"id": mark, "type": "function", "function": {"name": name, "arguments": "{}"}}
    return [
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": mark, "content": "done"},
    ]


def best(messages: Any, limit: int = 1) -> list[str]:
    return adapter.ToolRouter(OFFICE, limit=limit).select(messages).names


COUNTS = [
    pytest.param([user("the weather"), user("play music")], "play_music", id="the last turn of the user most"),
    pytest.param([user("the weather in Rome"), said("It is fine."), user("And tomorrow?")], "get_weather", id="an earlier turn, where the last says nothing"),
    pytest.param([said("Shall I book a hotel?"), user("yes, go on")], "book_hotel", id="the model's offer"),
    pytest.param([user("translate"), {"role": "tool", "tool_call_id": "1", "content": "weather weather weather weather"}], "translate_text", id="a result less than the question"),
    pytest.param([{"role": "tool", "tool_call_id": "1", "content": "The weather: rain"}], "get_weather", id="a result, where nothing else is said"),
    pytest.param([{"role": "system", "content": "You know the weather."}, user("play music")], "play_music", id="no system message"),
    pytest.param([{"role": "system", "content": "You know the weather."}], "get_weather", id="a system message alone"),
    pytest.param([user([{"type": "text", "text": "play"}, {"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "music"}])], "play_music", id="content parts"),
    pytest.param([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "play music"}]}], "play_music", id="items of the Responses API"),
    pytest.param([{"type": "function_call_output", "call_id": "1", "output": "rain: the weather"}], "get_weather", id="a result in the Responses API"),
    pytest.param([user("weather " + "x " * 9_000)], "get_weather", id="the beginning of a long text"),
    pytest.param([user("x " * 9_000 + "and then play music")], "play_music", id="the end of a long text"),
    pytest.param([ChatCompletionMessage(role="assistant", content="the weather?")], "get_weather", id="openai's own object"),
]  # fmt: skip


@pytest.mark.parametrize(("messages", "expected"), COUNTS)
def test_texts_that_count(messages: list[Any], expected: str) -> None:
    assert best(messages) == [expected]


def test_a_subject_of_long_ago_is_gone() -> None:
    old = [user("the weather"), *[user(f"play music {turn}") for turn in range(6)]]
    assert best(old, 9) == ["play_music"]


CALLED = [
    pytest.param(call("book_hotel"), id="tool_calls"),
    pytest.param([{"role": "assistant", "function_call": {"name": "book_hotel", "arguments": "{}"}}], id="the legacy function_call"),
    pytest.param([{"role": "assistant", "tool_calls": [{"type": "custom", "custom": {"name": "book_hotel", "input": ""}}]}], id="a custom call"),
    pytest.param([{"type": "function_call", "name": "book_hotel", "arguments": "{}", "call_id": "1"}], id="an item of the Responses API"),
]  # fmt: skip


@pytest.mark.parametrize("calls", CALLED)
def test_a_tool_that_was_called_stays(calls: list[Any]) -> None:
    selection = adapter.ToolRouter(OFFICE, limit=2).select([user("a room"), *calls, user("play music")])
    assert {one.name: one.kind for one in selection} == {"book_hotel": "called", "play_music": "words"}


def test_tools_that_were_called_take_half_of_the_places() -> None:
    names = [one["function"]["name"] for one in OFFICE[:6]]
    messages = [
        user("go"),
        *[message for name in names for message in call(name)],
        user("play music, translate text, stock price"),
    ]
    selection = adapter.ToolRouter(OFFICE, limit=4).select(messages)
    assert [one.name for one in selection if one.kind == "called"] == ["searchFlights", "book_hotel"]
    assert len(selection) == 4
    assert selection.left_out == ("convert-currency", "calendar.create_event", "sendEmail", "get_weather")
    assert "get_weather was called before and found no place" in str(selection)


def test_a_call_of_another_tool_is_none_of_the_routers() -> None:
    assert best([user("play music"), *call("unknown")]) == ["play_music"]


def test_the_question_of_a_conversation_does_not_change_the_messages() -> None:
    messages = [user("play music"), *call("book_hotel")]
    before = repr(messages)
    best(messages)
    assert repr(messages) == before
