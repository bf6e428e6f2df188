"""Values of past calls that hold the sign of a held marker, its spelling, markers, or several of them: shown and read back, in every dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest

import adapter
from adapter.dialects.registry import names
from adapter.prompt.neutralise import BREAK
from adapter.text.held_markers import HELD

SPELT = "\\ufdd0"
VALUES = (
    "", HELD, SPELT, f"\\{SPELT}", HELD * 2, f"{HELD}x", f'{HELD}"', f"a{HELD}", f"\\{HELD}", "<tool_call>", f"{HELD}<tool_call>",
    f"<tool_call>{HELD}", "\\<tool_call>", "\\\\<tool_call>", f"{SPELT}<tool_call>", f"\\{SPELT}<|im_end|>", f"<tool{HELD}_call>",
)  # fmt: skip
STRING = {"type": "string"}
# How the value stands in the argument, and the argument's schema.
PLACES: dict[str, tuple[Any, dict[str, Any]]] = {
    "a string": (lambda value: value, STRING),
    "in a list": (lambda value: [value, "x"], {"type": "array", "items": STRING}),
    "in an object": (lambda value: {"b": value}, {"type": "object", "properties": {"b": STRING}}),
}


def shown_and_read(dialect: str, argument: Any, schema: dict[str, Any]) -> list[Any]:
    """The arguments that the parser reads in a past call as shown for the model, without breaks."""
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": schema}}}}]
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"a": argument})}}
    history: list[Any] = [
        {"role": "user", "content": "Go on."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    ]
    messages = adapter.render(history, tools, dialect=dialect)
    written = next(message["content"] for message in messages if message["role"] == "assistant")
    found = adapter.parse(written, tools, dialect=dialect)
    return [json.loads(call.arguments.replace(BREAK, "")) for call in found.tool_calls]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("dialect", names())
def test_values_with_the_sign_are_read_back(dialect: str, place: str) -> None:
    put, schema = PLACES[place]
    for value in VALUES:
        assert shown_and_read(dialect, put(value), schema) == [{"a": put(value)}], repr(value)


def test_the_sign_is_text_elsewhere() -> None:
    """Definitions and results with the sign reach the model as they are."""
    tool = {"type": "function", "function": {"name": "f", "description": f"{HELD}x {SPELT}", "parameters": {"type": "object"}}}
    shown = adapter.render([{"role": "user", "content": f"{HELD}y"}], [tool])
    assert json.dumps(f"{HELD}x {SPELT}", ensure_ascii=False) in shown[0]["content"]
    assert shown[-1]["content"] == f"{HELD}y"


def test_a_call_without_a_guard_is_shown_as_it_is() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"a": f"{HELD}x"})}}
    shown = adapter.render([{"role": "assistant", "tool_calls": [call]}], neutralise=False)
    assert json.dumps({"a": f"{HELD}x"}, ensure_ascii=False) in shown[0]["content"]
