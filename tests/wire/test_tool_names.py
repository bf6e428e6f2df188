"""Names of tools in every script, in every dialect (behaviour 5.8)."""

from __future__ import annotations

from typing import Any

import pytest

import adapter
from adapter.dialects.families import syntax_for
from adapter.dialects.registry import load, names
from tests.support.tiers import some_first
from tests.wire.test_custom_tools import ask

NAMES = {
    "Chinese": "天气.查询",
    "an accent": "météo",
    "vowel signs": "हिंदी_नाम",
    "dots and lines": "ns:a/b.c-d_e",
    "a digit first": "1st",
    "128 letters": "é" * 128,
}
QUESTION = {"role": "user", "content": "Weather?"}


def tool(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def written(name: str, dialect: str) -> str:
    """The text of a call, as the dialect shows a past call of the tool."""
    function = {"name": name, "arguments": '{"q": "x"}'}
    said = {"role": "assistant", "tool_calls": [{"id": "abcdefghi", "type": "function", "function": function}]}
    result = {"role": "tool", "tool_call_id": "abcdefghi", "content": "r"}
    shown = adapter.render([QUESTION, said, result], [tool(name)], dialect=dialect, on_bad_tool="leave_out")
    text: str = next(message["content"] for message in reversed(shown) if message["role"] == "assistant")
    return text


@pytest.mark.parametrize("dialect", some_first(names()))
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_5_8_a_call_under_the_name_is_read_or_the_dialect_says_so(name: str, dialect: str) -> None:
    body = {"messages": [QUESTION], "tools": [tool(name), tool("other")]}
    pattern = syntax_for(load(dialect)).limits.names
    if pattern is not None and not pattern.fullmatch(name):
        refused = ask("/chat/completions", "Hi.", body, dialect=dialect)
        assert (refused.status, refused.body["error"]["param"], refused.sent) == (400, "tools", [])
        assert repr(dialect) in refused.body["error"]["message"]
        answer = ask("/chat/completions", "Hi.", body, dialect=dialect, on_bad_tool="leave_out")
        assert (answer.status, answer.kinds()) == (200, ["tool_left_out"])
        return
    said = written(name, dialect)
    answer = ask("/chat/completions", said, body, dialect=dialect)
    assert [call["function"]["name"] for call in answer.body["choices"][0]["message"]["tool_calls"]] == [name]
    streamed = adapter.CompletionParser([tool(name)], dialect=dialect)
    events = [event for character in said for event in streamed.feed(character)] + streamed.close()
    assert [event.valid for event in events if hasattr(event, "valid")] == [True]


@pytest.mark.parametrize("name", ["", "a b", "a\n", "a(b)", "<a>", "a“b", "x" * 129, "\U0001f600"], ids=ascii)
def test_5_8_other_names_are_refused(name: str) -> None:
    answer = ask("/chat/completions", "Hi.", {"messages": [QUESTION], "tools": [tool(name)]})
    assert (answer.status, answer.body["error"]["param"]) == (400, "tools[0].function.name")
    assert "letters and digits of any script" in answer.body["error"]["message"]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "1st"}}], ids=["required", "named"])
def test_5_8_a_choice_of_a_tool_that_is_left_out_is_refused(choice: Any) -> None:
    body = {"messages": [QUESTION], "tools": [tool("1st")], "tool_choice": choice}
    answer = ask("/chat/completions", "Hi.", body, dialect="llama-4", on_bad_tool="leave_out")
    assert (answer.status, answer.sent) == (400, [])
    assert "none of the tools can be offered" in answer.body["error"]["message"]
