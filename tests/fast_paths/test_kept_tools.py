"""Tools that come again are not read and rendered again, and what a caller does to their list is never missed."""

from __future__ import annotations

import copy
import enum
import re
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import adapter
from adapter.errors import BadRequest
from adapter.prompt import shown
from adapter.recent import Recent
from adapter.schema import compiled
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
    definitions._kept.clear()
    shown.system_text.clear()
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
    with pytest.raises(BadRequest, match=r"'tools\[0\]' is a function without its tool"):
        read_tools([function])


class City(enum.StrEnum):
    OSLO = "Oslo"


def test_other_than_plain_values_are_read_each_time() -> None:
    tools = [types.MappingProxyType({"type": "function", "function": {"name": "f", "x": City.OSLO}})]
    assert read_tools(tools) is not read_tools(tools)
    plain = [{"type": "function", "function": {"name": "f", "x": City.OSLO}}]
    assert '"x": "Oslo"' in adapter.system_prompt(plain)


def test_what_is_kept_is_bounded_by_bytes() -> None:
    padding = "x" * (definitions.MOST_KEPT // 20)
    for number in range(40):
        adapter.system_prompt([weather(title=f"{number}{padding}")])
    for cache in (definitions._kept, shown._shown, shown.system_text, compiled._compile):
        held = cache.held()
        assert 0 < held.values < 41
        assert cache.most / 2 < held.cost <= cache.most
    large = [weather(title="x" * definitions.MOST_KEPT)]
    assert read_tools(large) is not read_tools(large)


def test_what_a_request_repeats_is_kept_whatever_its_number() -> None:
    tools = [weather(title=str(number)) for number in range(2000)]
    for number, tool in enumerate(tools):
        tool["function"]["name"] += str(number)
    assert read_tools(tools) is read_tools(tools)
    schema = read_tools([tools[0], tools[1]]).tools[1].schema
    assert schema is read_tools(tools).tools[1].schema


def test_what_was_used_least_recently_leaves_first() -> None:
    made: list[str] = []

    def make(text: str) -> str:
        made.append(text)
        if text == "bad":
            raise ValueError(text)
        return text.upper()

    kept = Recent(make, 3 * 256 + 12, len)
    for text in ("one", "two", "six", "one", "ten", "one", "six", "two"):
        assert kept(text) == text.upper()
    assert made == ["one", "two", "six", "ten", "two"]
    assert kept.held() == (3, 3 * 259)
    assert [kept("x" * 1000), kept("x" * 1000)] == ["X" * 1000] * 2
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            kept("bad")
    assert made[5:] == ["x" * 1000, "x" * 1000, "bad", "bad"]


def test_threads_share_what_is_kept() -> None:
    kept = Recent(lambda number: [number], 64 * 256, lambda _: 0)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: kept(number % 100)[0] == number % 100, range(20_000)))
    assert all(found)
    assert kept.held() == (64, 64 * 256)


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


def test_every_cache_is_in_the_table_with_its_bound() -> None:
    root = Path(adapter.__file__).parents[1]
    page = (root / "docs" / "fast-paths.md").read_text(encoding="utf-8").partition("## Caches")[2]
    listed = set(re.findall(r"`(adapter/[\w/]+\.py)`", page))
    keeping = {
        str(path.relative_to(root))
        for path in sorted((root / "adapter").rglob("*.py"))
        if re.search(
            r"lru_cache\(|functools\.cache$|@recent\(|@cached_property", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert keeping - listed == set()
    unbounded = [path for path in keeping if re.search(r"lru_cache\((\)|maxsize=None|None)", (root / path).read_text("utf-8"))]
    assert unbounded == []
