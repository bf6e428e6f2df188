"""Which tools are chosen for a text, in which order, with which reason, and which arguments are refused."""

from __future__ import annotations

from typing import Any

import pytest

import adapter
from tests.routing.sets import ASIAN, OFFICE, many, tool

FIRST = [
    pytest.param(OFFICE, "Will it rain in Oslo? What's the weather?", "get_weather", id="a word of the name"),
    pytest.param(OFFICE, "Send an email to Ann", "sendEmail", id="camelCase"),
    pytest.param(OFFICE, "Create an event: lunch on Friday", "calendar.create_event", id="dots and underscores"),
    pytest.param(OFFICE, "convert 20 dollars, which currency rate?", "convert-currency", id="hyphens"),
    pytest.param(OFFICE, "put a meeting for the team at noon", "calendar.create_event", id="a word of the description"),
    pytest.param(OFFICE, "from LHR to which airports can I go?", "searchFlights", id="a plural"),
    pytest.param(OFFICE, "the recipient is bob@example.org", "sendEmail", id="the name of a parameter"),
    pytest.param(OFFICE, "what symbol has Apple, the company", "get_stock_price", id="the description of a parameter"),
    pytest.param(OFFICE, "in fahrenheit", "get_weather", id="an allowed value"),
    pytest.param(OFFICE, "it is urgent", "create_ticket", id="an allowed value of another tool"),
    pytest.param(OFFICE, "We were translating the letter", "translate_text", id="another ending"),
    pytest.param(OFFICE, "meteorological weatherforecast", "get_weather", id="a word that is written together"),
    pytest.param(OFFICE, "book_hotel", "book_hotel", id="the name itself"),
    pytest.param(ASIAN, "北京今天的天气怎么样？", "weather", id="Chinese"),
    pytest.param(ASIAN, "帮我查一下去上海的高铁", "train", id="Chinese in a longer sentence"),
    pytest.param(ASIAN, "汇率是多少", "exchange", id="Chinese at the beginning"),
    pytest.param(ASIAN, "京都のホテルを予約したい", "hotel", id="Japanese, hotel"),
    pytest.param(ASIAN, "近くのレストランを検索して", "restaurant", id="Japanese, restaurant"),
    pytest.param(ASIAN, "음악 틀어줘", "music", id="Korean"),
]


@pytest.mark.parametrize(("tools", "text", "expected"), FIRST)
def test_the_best_tool(tools: list[Any], text: str, expected: str) -> None:
    best = adapter.ToolRouter(tools, limit=3).select(text).ranked()[0]
    assert best.name == expected
    assert best.kind == "words"


@pytest.mark.parametrize("text", [row.values[1] for row in FIRST[:13]], ids=[row.id for row in FIRST[:13]])
def test_the_callers_order_and_objects_are_kept(text: str) -> None:
    chosen = adapter.ToolRouter(OFFICE, limit=4).select(text).tools
    places = [next(at for at, one in enumerate(OFFICE) if one is found) for found in chosen]
    assert places == sorted(places)


def test_a_renamed_tool_is_found_by_its_description() -> None:
    renamed = [tool(f"tool_{at}", one["function"]["description"]) for at, one in enumerate(OFFICE)]
    assert adapter.ToolRouter(renamed, limit=1).select("what is the weather forecast?").names == ["tool_0"]


def test_ties_go_by_the_callers_order() -> None:
    same = [tool(f"copy_{letter}", "Copies a file.") for letter in "wvxu"]
    router = adapter.ToolRouter(same, limit=2)
    assert [router.select("copies of a file").names for _ in range(3)] == [["copy_w", "copy_v"]] * 3
    assert [one.name for one in router.select("copies").ranked()] == ["copy_w", "copy_v"]


def test_reasons_name_the_words() -> None:
    selection = adapter.ToolRouter(OFFICE, limit=2, always=["play_music"]).select("Converting money: the currency of Peru")
    assert selection.names == ["convert-currency", "play_music"]
    assert [one.reason for one in selection] == ["words in common: 'currency', 'converting', 'money'", "in every selection"]
    assert [one.kind for one in selection] == ["words", "always"]
    assert selection.selected[0].score > selection.selected[1].score == 0
    assert str(selection).splitlines()[1] == "play_music          0.00  in every selection"


def test_nothing_in_common_falls_back_to_the_first_tools_and_says_so() -> None:
    selection = adapter.ToolRouter(OFFICE, limit=2).select("xyzzy")
    assert selection.names == ["get_weather", "sendEmail"]
    assert {one.kind for one in selection} == {"fallback"}
    assert "nothing in the conversation meets a tool" in selection.selected[0].reason


def test_fewer_tools_than_the_limit_where_fewer_meet() -> None:
    assert adapter.ToolRouter(OFFICE, limit=9).select("the weather").names == ["get_weather"]


def test_all_tools_where_all_fit() -> None:
    selection = adapter.ToolRouter(OFFICE, limit=10).select("the weather")
    assert selection.tools == OFFICE
    assert [one.kind for one in selection] == ["words"] + ["fits"] * 9


def test_always_and_keep_come_first() -> None:
    router = adapter.ToolRouter(OFFICE, limit=3, always=["book_hotel", "play_music"])
    selection = router.select("weather", keep=["sendEmail"])
    assert selection.names == ["sendEmail", "book_hotel", "play_music"]
    assert [one.kind for one in selection] == ["kept", "always", "always"]


def test_a_limit_for_one_selection() -> None:
    router = adapter.ToolRouter(OFFICE)
    assert len(router.select("create send convert search book", limit=2)) == 2


def test_no_tools() -> None:
    selection = adapter.ToolRouter([]).select("weather")
    assert (selection.tools, selection.names, str(selection)) == ([], [], "")


FORMS = [
    pytest.param({"type": "function", "name": "f", "description": "weather"}, id="flat, as in the Responses API"),
    pytest.param({"type": "custom", "custom": {"name": "f", "description": "weather"}}, id="a custom tool"),
    pytest.param({"type": "function", "function": {"name": "f", "parameters": {"properties": {"weather": {}}}}}, id="words in a parameter"),
    pytest.param({"type": "function", "function": {"name": "f", "parameters": {"$defs": {"a": {"anyOf": [{"description": "weather"}]}}}}}, id="words in a definition"),
]  # fmt: skip


@pytest.mark.parametrize("item", FORMS)
def test_forms_of_definitions(item: dict[str, Any]) -> None:
    selection = adapter.ToolRouter([*many(40), item], limit=1).select("weather")
    assert selection.tools == [item]


def test_definitions_that_are_read() -> None:
    read = adapter.read_tools(OFFICE)
    assert adapter.ToolRouter(read, limit=1).select("weather").tools == [OFFICE[0]]


REFUSED = [
    pytest.param(lambda: adapter.ToolRouter("get_weather"), "Invalid type for 'tools'", id="a text"),  # type: ignore[arg-type]
    pytest.param(lambda: adapter.ToolRouter([1]), r"Invalid type for 'tools\[0\]'", id="a number"),  # type: ignore[list-item]
    pytest.param(lambda: adapter.ToolRouter([OFFICE[0], OFFICE[0]]), r"Duplicate function name 'get_weather': tools\[0\]", id="a name twice"),
    pytest.param(lambda: adapter.ToolRouter([{"type": "function", "function": {}}]), r"Missing required parameter: 'tools\[0\].function.name'", id="no name"),
    pytest.param(lambda: adapter.ToolRouter([{"name": "f", "parameters": {}}]), "a function without its tool", id="a bare function"),
    pytest.param(lambda: adapter.ToolRouter([{"type": "function", "function": {"name": "a b"}}]), r"'tools\[0\].function.name'", id="a name with a space"),
    pytest.param(lambda: adapter.ToolRouter([{"type": "web_search"}]), r"Invalid value for 'tools\[0\].type': 'web_search'", id="a vendor's tool"),
    pytest.param(lambda: adapter.ToolRouter([{"name": "f", "input_schema": {}}]), "Anthropic", id="another API's form"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE, 0), "limit is at least 1, not 0", id="no place"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE, "5"), "limit is a number of tools, not '5'", id="a limit that is a text"),  # type: ignore[arg-type]
    pytest.param(lambda: adapter.ToolRouter(OFFICE, True), "limit is a number of tools, not True", id="a limit that is a truth value"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE, always="sendEmail"), "always is a list of names of tools, not 'sendEmail'", id="always as a text"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE, always=["send_email"]), "did you mean 'sendEmail'", id="an unknown name"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE, 1, ["sendEmail", "book_hotel"]), "always with 2, limit=1", id="more than have place"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE, embed=3), "embed is a function", id="embed that is no function"),  # type: ignore[arg-type]
    pytest.param(lambda: adapter.ToolRouter(OFFICE).select(7), "Invalid type for 'messages'", id="a conversation that is a number"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE).select([7]), r"Invalid type for 'messages\[0\]'", id="a message that is a number"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE).select({"role": "user"}), "Invalid type for 'messages'", id="one message"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE).select("x", keep=["nothing"]), "keep names 'nothing', which is none of the 10 tools", id="keep that is unknown"),
    pytest.param(lambda: adapter.ToolRouter(OFFICE).select("x", limit=-1), "limit is at least 1, not -1", id="a negative limit"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_refused(make: Any, message: str) -> None:
    with pytest.raises((adapter.BadRequest, ValueError, TypeError), match=message):
        make()


def test_other_tools_with_the_same_settings() -> None:
    router = adapter.ToolRouter(OFFICE, 1, ["book_hotel"]).with_tools(OFFICE[4:])
    assert (router.limit, router.always, router.select("weather").names) == (1, ("book_hotel",), ["book_hotel"])
    with pytest.raises(ValueError, match="always names 'book_hotel'"):
        router.with_tools(OFFICE[:2])


def test_repr() -> None:
    assert repr(adapter.ToolRouter(OFFICE, 5, ["book_hotel"])) == "ToolRouter(10 tools, limit=5, always=['book_hotel'])"
