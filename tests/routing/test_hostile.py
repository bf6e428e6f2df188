"""Hostile definitions and texts, the laws that every selection keeps, and the cost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from tests.routing.sets import OFFICE, many, tool
from tests.support.growth import assert_linear
from tests.support.hostile_texts import TURNS

NESTED: Any = {"description": "weather"}
for _ in range(5_000):
    NESTED = {"properties": {"inner": NESTED}}
ROUND: dict[str, Any] = {"description": "weather"}
ROUND["properties"] = {"again": ROUND}

SCHEMAS = [
    pytest.param(NESTED, id="5,000 levels"),
    pytest.param(ROUND, id="a schema that holds itself"),
    pytest.param({"properties": 3, "enum": "x", "description": ["weather"]}, id="wrong types"),
    pytest.param({"properties": {1: {"description": 7}}}, id="names that are no texts"),
    pytest.param([], id="a list"),
    pytest.param("weather", id="a text"),
    pytest.param(None, id="none"),
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_schemas_that_are_none_still_have_an_index(schema: Any) -> None:
    item = {"type": "function", "function": {"name": "f", "description": "rain", "parameters": schema}}
    assert adapter.ToolRouter([*OFFICE, item], limit=1).select("rain").names == ["f"]


TEXTS = st.one_of(
    st.text(max_size=60), st.sampled_from(["weather", "send email", "预订酒店", "\ud800", "\x00", "a" * 500, "ß" * 90])
)
NAMES = [one["function"]["name"] for one in OFFICE]
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", "system", "developer", "", "other"])},
        optional={
            "content": st.one_of(
                TEXTS, st.none(), st.integers(), st.lists(st.fixed_dictionaries({"type": TEXTS, "text": TEXTS}))
            ),
            "tool_calls": st.lists(
                st.fixed_dictionaries({"function": st.fixed_dictionaries({"name": st.sampled_from([*NAMES, "x"])})})
            ),
            "type": st.sampled_from(["message", "function_call", "x"]),
            "name": st.sampled_from(NAMES),
        },
    ),
    max_size=8,
)


@given(MESSAGES, st.integers(1, 12), st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
def test_laws_of_a_selection(messages: list[Any], limit: int, always: list[str]) -> None:
    always = always[:limit]
    selection = adapter.ToolRouter(OFFICE, limit, always).select(messages)
    names = selection.names
    assert len(names) <= limit, "the limit is held"
    assert set(always) <= set(names), "always is in it"
    assert names == [name for name in NAMES if name in set(names)], "the caller's order, nothing invented, nothing twice"
    assert all(one.reason for one in selection)
    assert set(names) & set(selection.left_out) == set()
    assert str(adapter.ToolRouter(OFFICE, limit, always).select(messages)) == str(selection), "the same again"


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=6), TEXTS)
def test_any_description_has_an_index(texts: list[tuple[str, str]], asked: str) -> None:
    tools = [tool(f"f{at}", text, p=other) for at, (text, other) in enumerate(texts)]
    selection = adapter.ToolRouter(tools, 3).select(asked)
    assert len(selection) <= 3
    json.dumps(selection.tools)


@pytest.mark.parametrize("text", TURNS.values(), ids=TURNS)
def test_hostile_texts_are_asked(text: str) -> None:
    assert len(adapter.ToolRouter(OFFICE, 3).select(text)) <= 3


def test_the_index_grows_with_the_tools() -> None:
    tools = many(10_000)

    def prepare(size: int) -> Any:
        return lambda: adapter.ToolRouter(tools[:size])

    assert_linear(prepare, 300)


def test_a_question_grows_with_the_tools() -> None:
    tools = many(10_000)

    def prepare(size: int) -> Any:
        router = adapter.ToolRouter(tools[:size])
        return lambda: router.select("delete the invoice of a customer in department 5, region 7, misspeltwords")

    assert_linear(prepare, 300)


def test_revealing_grows_with_the_turns() -> None:
    router = adapter.ToolRouter(many(30), 4)
    turn = [{"role": "user", "content": "the invoice"}, {"role": "assistant", "content": "Here it is."}]
    assert_linear(lambda size: lambda: adapter.reveal_tools(router, turn * size), 20)


@pytest.mark.parametrize("unit", ["weather ", "qwertyuiop", "天气", "aB", "_-.", "x\n"], ids=repr)
def test_a_question_grows_with_its_length(unit: str) -> None:
    router = adapter.ToolRouter(many(50))
    assert_linear(lambda size: lambda: router.select([{"role": "user", "content": unit * size}] * 3), 500)
