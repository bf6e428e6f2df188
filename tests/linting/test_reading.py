"""Tools in the forms of all APIs are read, with their places; lines and columns are those of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.linting.lint import subject_of
from adapter.linting.places import Places
from adapter.linting.reading import pointer
from tests.cli.test_cli import call
from tests.linting.seeds import GOOD, tool

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WORDS = {"name": "get_weather", "description": GOOD}
OPENAI = {"type": "function", "function": {**WORDS, "parameters": SCHEMA}}
MCP = {**WORDS, "inputSchema": SCHEMA}
MESSAGES = {**WORDS, "input_schema": SCHEMA}
BEDROCK = {"toolSpec": {**WORDS, "inputSchema": {"json": SCHEMA}}}
GEMINI = {"functionDeclarations": [{**WORDS, "parameters": SCHEMA}]}
FLAT = {"type": "function", **WORDS, "parameters": SCHEMA}
# A value, and the place of the schema in it.
FORMS: dict[str, tuple[Any, str]] = {
    "a list": ([OPENAI], "/0/function/parameters"),
    "a tool": (OPENAI, "/function/parameters"),
    "a request": ({"messages": [], "tools": [OPENAI]}, "/tools/0/function/parameters"),
    "a Responses request": ({"input": "Hi", "tools": [FLAT]}, "/tools/0/parameters"),
    "functions": ({"messages": [], "functions": [{**WORDS, "parameters": SCHEMA}]}, "/functions/0/parameters"),
    "MCP, tools": ({"tools": [MCP]}, "/tools/0/inputSchema"),
    "MCP, result": ({"jsonrpc": "2.0", "id": 1, "result": {"tools": [MCP]}}, "/result/tools/0/inputSchema"),
    "MCP, a list": ([MCP], "/0/inputSchema"),
    "Anthropic": ({"model": "m", "max_tokens": 5, "messages": [], "tools": [MESSAGES]}, "/tools/0/input_schema"),
    "Bedrock": ({"toolConfig": {"tools": [BEDROCK]}}, "/toolConfig/tools/0/toolSpec/inputSchema/json"),
    "Bedrock, a list": ([BEDROCK], "/0/toolSpec/inputSchema/json"),
    "Gemini": ({"contents": [], "tools": [GEMINI]}, "/tools/0/functionDeclarations/0/parameters"),
    "a namespace": ([{"type": "namespace", "name": "w", "tools": [FLAT]}], "/0/tools/0/parameters"),
    "a tool in a tool": ([{"type": "function", "function": OPENAI}], "/0/function/function/parameters"),
    "a bare function": ([{**WORDS, "parameters": SCHEMA}], "/0/parameters"),
}


@pytest.mark.parametrize(("value", "place"), [pytest.param(*case, id=name) for name, case in FORMS.items()])
def test_every_form_is_read(value: Any, place: str) -> None:
    assert [(one.rule, one.tool, one.path) for one in adapter.lint(value)] == [
        ("P01", "get_weather", f"{place}/properties/city")
    ]
    assert [pointer(one.schema_path) for one in subject_of(value).tools] == [place]


def test_a_set_that_was_read_is_taken() -> None:
    assert [one.rule for one in adapter.lint(adapter.read_tools([OPENAI]))] == ["P01"]


def test_custom_tools_have_no_schema() -> None:
    about = {"name": "run_sql", "description": "Runs SQL. Use it when a table is asked for only; it returns rows."}
    values: list[Any] = [[{"type": "custom", **about}], [{"type": "custom", "custom": about}]]
    assert [adapter.lint(value, every=True) for value in values] == [[], []]


def test_a_search_for_tools_is_no_function_without_a_name() -> None:
    search = {"type": "tool_search", "execution": "client", "description": "Finds tools.", "parameters": {"type": "object"}}
    assert adapter.lint({"input": "Hi", "tools": [search]}) == []


def test_a_custom_tool_of_the_messages_api_is_a_function() -> None:
    assert [one.path for one in adapter.lint([{"type": "custom", **MESSAGES}])] == ["/0/input_schema/properties/city"]


def test_a_misspelt_list_of_tools_is_named() -> None:
    with pytest.raises(
        adapter.BadRequest, match=r"there are no tools here: nobody reads the key 'tolls'; did you mean 'tools'\?"
    ):
        adapter.lint({"tolls": []})


def test_tools_that_are_nested_too_deeply_are_refused(tmp_path: Path) -> None:
    deep = f"""[{{"name": "f", "parameters": {{"properties": {{"a": {{"default": {"[" * 900}{"]" * 900}}}}}}}}}]"""
    (tmp_path / "deep.json").write_text(deep, encoding="utf-8")
    status, out, err = call("lint", str(tmp_path / "deep.json"), "--dialect", "hermes", "--select", "R01")
    assert (status, err) == (1, "")
    assert (
        f"{tmp_path / 'deep.json'}:1:2: error R01 tool 'f' is refused: Invalid tool 'f': its definition is nested deeper" in out
    )


def test_a_value_deeper_than_any_rule_can_look_is_a_bad_request() -> None:
    value: Any = "x"
    for _ in range(3000):
        value = [value]
    with pytest.raises(adapter.BadRequest, match="the tools are nested too deeply to be read"):
        adapter.lint([{"name": "f", "parameters": {"type": "object", "properties": {"a": {"default": value}}}}], "gemma-4")


@pytest.mark.parametrize("value", [5, None, "x", {}, {"a": 1}, {"tools": {}}], ids=repr)
def test_a_value_without_tools_is_refused(value: Any) -> None:
    with pytest.raises(adapter.BadRequest, match="there are no tools here"):
        adapter.lint(value)


def test_a_request_without_tools_is_read_for_its_keys() -> None:
    assert [one.path for one in adapter.lint({"messages": [], "toools": []})] == ["/toools"]


def test_schemas_that_lead_back_to_themselves() -> None:
    node = {
        "type": "object",
        "description": "A node.",
        "properties": {"next": {"$ref": "#/$defs/node", "description": "The next."}},
    }
    around = {"type": "array", "items": {"$ref": "#/$defs/list", "description": "A list."}}
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/node"}, "b": {"$ref": "#/$defs/list", "description": "B."}},
    }
    value = {**WORDS, "parameters": {**schema, "required": ["a"], "$defs": {"node": node, "list": around}}}
    assert adapter.lint([value], select=["P", "T01"], ignore=["P10", "P13"]) == []


def test_a_pointer_escapes_its_steps() -> None:
    assert pointer(("a/b", "c~d", 0)) == "/a~1b/c~0d/0"


# --- Places --------------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def every_path(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(path, value), *(found for step, one in inner for found in every_path(one, (*path, step)))]


@given(JSON, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_the_place_of_every_value(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    places, lines = Places(text), text.split("\n")
    for path, inner in every_path(value):
        line, column = places.at(path)
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(rest)[0] == inner
        if path and isinstance(path[-1], str):
            line, column = places.at(path, key=True)
            assert json.JSONDecoder().raw_decode(lines[line - 1][column - 1 :])[0] == path[-1]


def test_a_place_that_is_not_there_is_that_of_the_value_around() -> None:
    places = Places('{\n  "a": {"b": 1}}')
    assert (places.at(("a", "c", 3)), places.at(("a", "c"), key=True), places.at(("z",))) == ((2, 8), (2, 8), (1, 1))


def test_the_last_of_a_doubled_key_counts() -> None:
    assert Places('{"a": 1,\n "a": 2}').at(("a",)) == (2, 7)


def test_deep_and_long_texts() -> None:
    assert Places("[" * 20_000 + "]" * 20_000).at((0,) * 19_999) == (1, 20_000)
    assert Places(json.dumps([{"a": "x" * 10}] * 20_000)).at((19_999, "a"))[0] == 1


@pytest.mark.parametrize("text", ["", "{", '{"a" 1', "{1: 2}", '["a'])
def test_broken_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|string"):
        Places(text)


def test_findings_of_a_file_have_line_and_column() -> None:
    text = '{"tools": [\n  {"type": "function", "function": {"name": "f",\n    "descripton": "x", "description": "Does one thing well."}}]}'
    assert [(one.rule, one.line, one.column) for one in adapter.lint(json.loads(text), text=text)] == []
    text = text.replace(', "description": "Does one thing well."', "")
    found = adapter.lint(json.loads(text), text=text)
    assert [(one.rule, one.line, one.column) for one in found] == [("K01", 3, 5)]


def test_without_a_text_there_are_no_lines() -> None:
    assert [(one.line, one.column) for one in adapter.lint([tool(city={"type": "string"})])] == [(None, None)]
