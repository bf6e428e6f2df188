"""Tools that come again are not read and rendered again, and what a caller does to their list is never missed."""

from __future__ import annotations

import copy
import enum
import types
from typing import Any

import pytest

import adapter
from adapter.errors import BadRequest
from adapter.prompt import shown
from adapter.tools import definitions
from adapter.tools.definitions import read_functions, read_tools


def weather(**more: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"city": {"type": "string", "enum": ["Oslo"]}}, **more}
    return {"type": "function", "function": {"name": "get_weather", "description": "Weather.", "parameters": parameters}}


def test_equal_tools_are_read_once() -> None:
    tools = [weather()]
    assert read_tools(copy.deepcopy(tools)) is read_tools(tools)
    assert read_tools(read_tools(tools)) is read_tools(tools)


CHANGES = [
    pytest.param(lambda tools: tools.append({"type": "function", "function": {"name": "other"}}), "other", id="one more"),
    pytest.param(lambda tools: tools[0]["function"].update(description="Snow."), "Snow.", id="a description"),
    pytest.param(
        lambda tools: tools[0]["function"]["parameters"]["properties"]["city"]["enum"].append("Bergen"),
        "Bergen",
        id="deep down",
    ),
    pytest.param(lambda tools: tools[0]["function"]["parameters"].update(x=True), '"x": true', id="true"),
    pytest.param(lambda tools: tools[0]["function"]["parameters"].update(x=1), '"x": 1}', id="one is not true"),
    pytest.param(lambda tools: tools[0]["function"]["parameters"].update(x=1.0), '"x": 1.0', id="nor 1.0"),
    pytest.param(lambda tools: tools[0]["function"]["parameters"].update(x=-0.0), '"x": -0.0', id="minus zero"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_a_list_changed_in_place_is_read_anew(change: Any, said: str) -> None:
    tools = [weather(x=0.0)]
    before = adapter.system_prompt(tools)
    assert adapter.system_prompt(tools) == before
    change(tools)
    changed = adapter.system_prompt(tools)
    assert said in changed
    assert said not in before
    definitions._kept.cache_clear()
    shown.system_text.cache_clear()
    assert adapter.system_prompt(tools) == changed


def test_order_counts() -> None:
    tools = [weather(), {"type": "function", "function": {"name": "other"}}]
    turned = [{"function": tools[0]["function"], "type": "function"}, tools[1]]
    assert adapter.system_prompt(tools[::-1]) != adapter.system_prompt(tools)
    assert '{"function"' in adapter.system_prompt(turned)


def test_a_set_that_was_read_does_not_change_with_the_list() -> None:
    tools = [weather()]
    kept = read_tools(tools)
    before = adapter.system_prompt(kept)
    tools[0]["function"]["parameters"]["properties"].clear()
    tools.clear()
    assert adapter.system_prompt(kept) == before
    assert adapter.render([{"role": "user", "content": "x"}], kept)[0]["content"] == before
    assert kept.tools[0].schema.errors({"city": "Rome"}) != []


def test_tools_and_functions_are_two_things() -> None:
    function = weather()["function"]
    assert len(read_functions([function]).tools) == 1
    with pytest.raises(BadRequest, match=r"tools\[0\].type"):
        read_tools([function])


class City(enum.StrEnum):
    OSLO = "Oslo"


def test_other_than_plain_values_are_read_each_time() -> None:
    tools = [types.MappingProxyType({"type": "function", "function": {"name": "f", "x": City.OSLO}})]
    assert read_tools(tools) is not read_tools(tools)
    plain = [{"type": "function", "function": {"name": "f", "x": City.OSLO}}]
    assert '"x": "Oslo"' in adapter.system_prompt(plain)


def test_what_is_kept_is_bounded() -> None:
    for number in range(100):
        adapter.system_prompt([weather(title=str(number))])
    for cache in (definitions._kept, shown._shown, shown.system_text):
        info = cache.cache_info()
        assert info.maxsize is not None
        assert 0 < info.currsize <= info.maxsize < 100
    large = [weather(title="x" * definitions._MOST_BYTES)]
    assert read_tools(large) is not read_tools(large)


def test_the_choice_and_the_dialect_count() -> None:
    tools = read_tools([weather()])
    seen = {
        adapter.system_prompt(tools),
        adapter.system_prompt(tools, "Hello."),
        adapter.system_prompt(tools, tool_choice="required"),
        adapter.system_prompt(tools, tool_choice="none"),
        adapter.system_prompt(tools, parallel_tool_calls=False),
        adapter.system_prompt(tools, parallel_tool_calls=True),
        adapter.system_prompt(tools, dialect="qwen3-coder"),
    }
    assert len(seen) == 7
