"""Grammars: what they allow is what the schema says, and the real engine takes them."""

from __future__ import annotations

import json
import os
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import adapter
from adapter.dialects.registry import load, resolve
from adapter.dialects.templates import names
from adapter.enforce.gbnf.answer import gbnf, has_grammar
from adapter.enforce.gbnf.integers import integer_range
from adapter.enforce.gbnf.schema_rules import Grammar
from adapter.enforce.ladder import enforce
from adapter.enforce.shape import Shape
from adapter.enforce.structural_tag import structural_tag
from adapter.schema.compiled import compile_schema
from adapter.servers import server_for
from adapter.tools.definitions import ToolSet, read_tools
from tests.facts.tools import TOOLS, function
from tests.support.gbnf_walk import Walk
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from pathlib import Path

    from adapter.demo.engine import Engine

HERMES = resolve("hermes")


def walk(schema: Any) -> tuple[Walk, list[str]]:
    grammar = Grammar()
    grammar.rules["root"] = grammar.schema(schema, schema if isinstance(schema, dict) else {})
    return Walk(grammar.text()), grammar.unenforced


def on_one_line(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False)


def as_pattern(expression: str) -> re.Pattern[str]:
    return re.compile(re.sub(r'"([^"]*)"', lambda found: re.escape(found[1]), expression).replace(" ", ""))


@pytest.mark.parametrize("least", [None, -120, -100, -99, -10, -9, -1, 0, 1, 7, 10, 13, 99, 100, 101])
def test_ranges_of_integers_are_exact(least: int | None) -> None:
    for most in (None, -101, -11, -1, 0, 1, 5, 9, 10, 11, 42, 99, 100, 117, 1000):
        if least is not None and most is not None and most < least:
            continue
        pattern = as_pattern(integer_range(least, most))
        for number in range(-1100, 1101):
            allowed = (least is None or number >= least) and (most is None or number <= most)
            assert bool(pattern.fullmatch(str(number))) == allowed, (least, most, number)
        assert not pattern.fullmatch("007")


def test_the_ends_of_a_large_range() -> None:
    pattern = as_pattern(integer_range(0, 2**63 - 1))
    assert pattern.fullmatch(str(2**63 - 1))
    assert not pattern.fullmatch(str(2**63))


SAID: list[Any] = [
    pytest.param({"type": "string"}, {"a", ""}, {1}, id="string"),
    pytest.param({"enum": ["a", 1, None, 'q"uote\\']}, {"a", 1, None, 'q"uote\\'}, {"b"}, id="enum"),
    pytest.param({"const": "x\ny"}, {"x\ny"}, {"x"}, id="const"),
    pytest.param({"type": "integer", "minimum": 3, "exclusiveMaximum": 6}, {3, 5}, {2, 6}, id="integer bounds"),
    pytest.param({"type": "integer", "exclusiveMinimum": 2.5, "maximum": 4.5}, {3, 4}, {2, 5}, id="bounds between integers"),
    pytest.param({"type": ["boolean", "null"]}, {True, None}, {"x"}, id="types"),
    pytest.param({"type": "string", "minLength": 2, "maxLength": 3}, {"ab", "abc"}, {"a", "abcd"}, id="lengths"),
    pytest.param({"anyOf": [{"const": 1}, {"const": "b"}]}, {1, "b"}, {2}, id="anyOf"),
]


@pytest.mark.parametrize(("schema", "allowed", "refused"), SAID)
def test_what_a_grammar_says(schema: Any, allowed: set[Any], refused: set[Any]) -> None:
    grammar, unenforced = walk(schema)
    chance = random.Random(1)
    texts = {grammar.text(chance) for _ in range(400)}
    values = [json.loads(text) for text in texts]
    compiled = compile_schema({"properties": {"v": schema}}, "p", "f")
    assert not any(compiled.errors({"v": value}) for value in values)
    assert not set(map(json.dumps, refused)) & texts
    assert unenforced == []
    if len(texts) < 20:
        assert texts >= {json.dumps(value) for value in allowed if value != ""}


def test_an_object_keeps_the_order_and_its_commas() -> None:
    schema = {
        "type": "object",
        "properties": {name: {"const": 1} for name in "abcd"},
        "required": ["b", "d"],
    }
    grammar, _ = walk(schema)
    chance = random.Random(2)
    texts = {on_one_line(grammar.text(chance)) for _ in range(300)}
    assert texts == {
        '{"b": 1, "d": 1}',
        '{"a": 1, "b": 1, "d": 1}',
        '{"b": 1, "c": 1, "d": 1}',
        '{"a": 1, "b": 1, "c": 1, "d": 1}',
    }


def test_members_that_are_not_declared_have_other_names() -> None:
    names = ["n", "name", 'q"', "tab\t", "é"]
    properties = {name: {"const": 1} for name in names}
    grammar, unenforced = walk(
        {"type": "object", "properties": properties, "additionalProperties": {"const": 2}, "required": ["n"]}
    )
    assert unenforced == []
    for allowed in ({"n": 1}, {"n": 1, "é": 1, "x": 2}, {"n": 1, "nam": 2, "names": 2, "": 2, "q": 2, "ta": 2, "tab": 2}):
        assert grammar.allows(json.dumps(allowed, ensure_ascii=False))
        assert grammar.allows(json.dumps(allowed, ensure_ascii=False, indent=2))
    for name in names:
        assert not grammar.allows(json.dumps({"n": 1, name: 2}, ensure_ascii=False))
    for refused in ('{"n": 1, "\\u006eame": 2}', '{"x": 2}', '{"x": 2, "n": 1}', '{"n": 1, "x": 1}', '{"n": 1, "q\\n": 2}'):
        assert not grammar.allows(refused)


def test_optional_properties_alone() -> None:
    grammar, _ = walk({"type": "object", "properties": {name: {"const": 1} for name in "abc"}})
    chance = random.Random(3)
    assert len({on_one_line(grammar.text(chance)) for _ in range(400)}) == 8


LAYOUTS: list[Any] = [
    pytest.param({"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}}, id="object"),
    pytest.param({"type": "array", "items": {"const": 1}}, id="array"),
    pytest.param({"type": "array", "prefixItems": [{"const": 1}, {"const": 2}], "items": False}, id="tuple"),
    pytest.param({"type": "object", "additionalProperties": {"const": 1}}, id="map"),
    pytest.param({"type": "array"}, id="any array"),
    pytest.param({"type": "object"}, id="any object"),
]


@pytest.mark.parametrize("schema", LAYOUTS)
def test_json_stands_on_one_line_or_on_many(schema: Any) -> None:
    grammar, _ = walk(schema)
    chance = random.Random(5)
    texts = {grammar.text(chance, 40) for _ in range(300)}
    # A string may hold a newline only as an escape, so every one here is layout.
    assert {"one", "many"} == {"many" if "\n" in text else "one" for text in texts if len(text) > 2}
    assert not any(re.search(r"[\[{]\n *[\]}]|\n *\n|\n {33}", text) for text in texts)


def test_references_that_lead_back() -> None:
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "next": {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}},
        "required": ["name", "next"],
    }
    schema = {"$ref": "#/$defs/N", "$defs": {"N": node}}
    grammar, _ = walk(schema)
    chance = random.Random(4)
    for _ in range(100):
        assert compile_schema({"properties": {"v": node}, **schema}, "p", "f").errors(json.loads(grammar.text(chance))) == []


def test_what_stands_beside_anyof_holds_for_each_branch() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"const": 1}},
        "required": ["a"],
        "anyOf": [{"properties": {"b": {"const": 2}}, "required": ["b"]}, {"properties": {"c": {"const": 3}}}],
    }
    grammar, unenforced = walk(schema)
    chance = random.Random(9)
    texts = {on_one_line(grammar.text(chance)) for _ in range(200)}
    assert texts == {'{"b": 2, "a": 1}', '{"c": 3, "a": 1}', '{"a": 1}'}
    assert unenforced == []


def test_a_description_beside_a_reference_back_does_no_harm() -> None:
    node: dict[str, Any] = {
        "type": "object",
        "properties": {"n": {"anyOf": [{"$ref": "#"}, {"type": "null"}], "description": "x"}},
    }
    assert walk(node)[1] == []


def test_a_schema_that_contains_itself_through_allof_comes_to_an_end() -> None:
    node: dict[str, Any] = {"type": "object", "properties": {"n": {"allOf": [{"$ref": "#"}], "minProperties": 1}}}
    assert walk(node)[1] == ["arguments.n: minProperties"]


A_STRING = {"$defs": {"S": {"type": "string"}}, "type": "object", "required": ["x"]}
Y = {"type": "object", "properties": {"y": {"type": "string"}}, "required": ["y"]}
TOGETHER: list[Any] = [
    pytest.param({**A_STRING, "properties": {"x": {"$ref": "#/$defs/S", "maxLength": 2}}}, id="beside a reference"),
    pytest.param(
        {"type": "object", "properties": {"x": {"enum": ["a", None, 3], "type": "string"}}}, id="a type beside an enum"
    ),
    pytest.param({"properties": {"x": {"allOf": [Y, {"properties": {"y": {"maxLength": 2}}}]}}}, id="a property named twice"),
    pytest.param({"allOf": [Y, {"additionalProperties": {"enum": ["z"]}}]}, id="a property that another part has a word for"),
    pytest.param(
        {"allOf": [{"properties": {"y": {}}}, {"additionalProperties": False}]}, id="a property that another part forbids"
    ),
    pytest.param(
        {"type": "object", "required": ["x"], "additionalProperties": {"type": "integer"}}, id="required, not declared"
    ),
    pytest.param({"properties": {"x": {"allOf": [{"type": ["string", "null"]}, {"type": "string"}]}}}, id="types"),
    pytest.param({"properties": {"x": {"allOf": [{"enum": [1, 2]}, {"enum": [2, 3]}]}}}, id="enums"),
    pytest.param(
        {"properties": {"x": {"allOf": [{"type": "integer", "minimum": 3, "maximum": 9}, {"minimum": 5, "maximum": 20}]}}},
        id="bounds",
    ),
    pytest.param({"properties": {"x": {"oneOf": [{"type": "integer"}, {"type": "string"}]}}}, id="oneOf, by type"),
    pytest.param(
        {"properties": {"x": {"oneOf": [{**Y, "properties": {"y": {"const": c}}} for c in "ab"]}}},
        id="oneOf, by what a member is",
    ),
]


@pytest.mark.parametrize("schema", TOGETHER)
def test_schemas_that_hold_together(schema: dict[str, Any]) -> None:
    grammar, left = walk({"type": "object", **schema})
    compiled = compile_schema(schema, "p", "f")
    chance = random.Random(3)
    for _ in range(100):
        text = grammar.text(chance)
        assert not compiled.errors(json.loads(text)), text
    assert left == []


LEFT: list[Any] = [
    pytest.param({"type": "string", "pattern": "^a$"}, ["arguments: pattern"], id="pattern"),
    pytest.param({"type": "number", "minimum": 0.5}, ["arguments: minimum"], id="a bound of a number"),
    pytest.param({"type": "number", "minimum": 0}, [], id="no sign is said"),
    pytest.param({"type": "array", "items": {"type": "integer", "multipleOf": 3}}, ["arguments[]: multipleOf"], id="in a list"),
    pytest.param({"type": "object", "properties": {"x": {"not": {}}}}, ["arguments.x: not"], id="in a member"),
    pytest.param({"type": "string", "format": "date"}, [], id="a format is no constraint"),
    pytest.param(
        {"oneOf": [{"type": "integer"}, {"type": "number"}]}, ["arguments: oneOf"], id="branches with a value in common"
    ),
    pytest.param({"$ref": "#name", "$defs": {"x": {"$anchor": "name"}}}, ["arguments: $ref"], id="a reference by name"),
    pytest.param({"const": 3, "enum": [4]}, ["arguments: enum"], id="no value at all"),
    pytest.param(
        {"allOf": [{"pattern": "a"}, {"pattern": "b"}]}, ["arguments: allOf/pattern", "arguments: pattern"], id="two of a kind"
    ),
    pytest.param({"type": "array", "minItems": 5000}, ["arguments: minItems"], id="more than the engine repeats"),
]


@pytest.mark.parametrize(("schema", "left"), LEFT)
def test_what_is_left_to_validation_is_told(schema: Any, left: list[str]) -> None:
    assert walk(schema)[1] == left


NAMES = st.sampled_from(["a", "b", "name", "über", 'q"', "a b"])
LEAVES = st.one_of(
    st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")]),
    st.builds(
        lambda values: {"enum": values},
        st.lists(st.none() | st.booleans() | st.integers() | st.text(max_size=5), min_size=1, max_size=4),
    ),
    st.builds(lambda value: {"const": value}, st.text(max_size=5) | st.integers() | st.lists(st.integers(), max_size=2)),
    st.builds(
        lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size},
        st.integers(-2000, 2000),
        st.integers(0, 5000),
    ),
    st.builds(lambda low: {"type": "integer", "exclusiveMinimum": low}, st.integers(-2000, 2000)),
    st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more}, st.integers(0, 3), st.integers(0, 4)
    ),
    st.just({"type": ["string", "null"]}),
    st.just({}),
    st.just(True),
)


def _says(schema: Any) -> bool:
    return isinstance(schema, dict)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def obj(properties: dict[str, Any], chosen: list[str], closed: bool) -> dict[str, Any]:
        required = [name for name in properties if name in chosen]
        more = {"additionalProperties": False} if closed else {}
        return {"type": "object", "properties": properties, "required": required, **more}

    return st.one_of(
        st.builds(obj, st.dictionaries(NAMES, inner, max_size=4), st.lists(NAMES, max_size=3), st.booleans()),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(
            lambda items, low, more: {"type": "array", "items": items, "minItems": low, "maxItems": low + more},
            inner,
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        st.builds(
            lambda first, rest: {"type": "array", "prefixItems": first, "items": rest},
            st.lists(inner, min_size=1, max_size=3),
            inner | st.just(False),
        ),
        st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda values: {"type": "object", "additionalProperties": values}, inner),
        st.builds(lambda part: {"allOf": [part]}, inner.filter(lambda schema: schema is not True)),
        st.builds(lambda part: {"$ref": "#/$defs/x", "$defs": {"x": part}}, LEAVES),
        st.builds(lambda parts: {"allOf": parts}, st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda branches: {"oneOf": branches}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part, beside: {**beside, "$ref": "#/$defs/y", "$defs": {"y": part}}, LEAVES, LEAVES.filter(_says)),
    )


SCHEMAS = st.dictionaries(NAMES, st.recursive(LEAVES, nested, max_leaves=6), max_size=4).map(
    lambda properties: {
        "type": "object",
        "properties": _hoisted(properties),
        "required": list(properties)[:2],
        "$defs": _found(properties),
    }
)


def _hoisted(value: Any) -> Any:
    """The schemas without the definitions inside them, which `_found` puts at the top."""
    if isinstance(value, dict):
        return {key: _hoisted(item) for key, item in value.items() if key != "$defs"}
    return [_hoisted(item) for item in value] if isinstance(value, list) else value


def _found(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found |= _found(item)
    return found | (value.get("$defs", {}) if isinstance(value, dict) and isinstance(value.get("$defs"), dict) else {})


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(SCHEMAS, st.integers(0, 2**32))
def test_everything_that_a_grammar_allows_is_valid(schema: dict[str, Any], seed: int) -> None:
    grammar, unenforced = walk(schema)
    compiled = compile_schema(schema, "p", "f")
    chance = random.Random(seed)
    for _ in range(5):
        text = grammar.text(chance)
        errors = compiled.errors(json.loads(text))
        assert errors == [] or unenforced, (text, errors)


FREE = Shape(read_tools(TOOLS))


def test_a_free_answer_is_text_or_calls() -> None:
    grammar = Walk(gbnf(HERMES, Shape(FREE.tools, several=True)).text())
    chance = random.Random(5)
    parsed = [adapter.parse(grammar.text(chance, 60), TOOLS) for _ in range(300)]
    assert not any(problem.kind in {"unreadable", "cut", "invalid_arguments"} for item in parsed for problem in item.problems)
    assert any(not item.tool_calls for item in parsed)


def test_a_forced_answer_is_one_call() -> None:
    grammar = Walk(gbnf(HERMES, Shape(FREE.tools, forced=True)).text())
    chance = random.Random(6)
    for _ in range(100):
        parsed = adapter.parse(grammar.text(chance), TOOLS)
        assert [call.valid for call in parsed.tool_calls] == [True]
        assert parsed.content is None
        assert parsed.problems == ()


_TYPED = function(
    "typed",
    {
        "text": {"type": "string"},
        "unit": {"type": "string", "enum": ["c", "f"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 20},
        "flag": {"type": "boolean"},
        "items": {"type": "array", "items": {"type": "number"}, "maxItems": 3},
        "options": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
        "maybe": {"type": ["integer", "null"]},
    },
    ["text", "count"],
)
DESCRIBED = [name for name in names() if has_grammar(load(name))]


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", DESCRIBED)
def test_a_forced_answer_in_every_dialect_is_a_valid_call(name: str) -> None:
    tools = [*TOOLS[:3], _TYPED]
    grammar = Walk(gbnf(load(name), Shape(read_tools(tools), forced=True)).text())
    chance = random.Random(11)
    for _ in range(few_or_all(25, 100)):
        text = grammar.text(chance, 80)
        parsed = adapter.parse(text, tools, dialect=name, coerce=False)
        assert [call.valid for call in parsed.tool_calls] == [True], (text, parsed.problems)
        assert parsed.content is None


MINE = """{# +++
name = "mine"
extends = "hermes"
models = []
+++ #}
{% macro tool_call(call) -%}
<tool_call>{{ call.name }} with {{ call.arguments | length }} arguments</tool_call>
{%- endmacro %}
"""


def test_a_dialect_without_a_grammar_is_held_to_json_and_it_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.jinja"
    path.write_text(MINE)
    mine = load(str(path))
    shape = Shape(FREE.tools, forced=True)
    held = enforce("grammar", server_for("llama.cpp", "chat"), mine, shape, None)
    assert (held.bare, held.unenforced) == (True, "there is no grammar for the calls of dialect 'mine': calls are bare JSON")
    free = enforce("grammar", server_for("llama.cpp", "chat"), mine, FREE, None)
    assert (free.body, free.unenforced) == (
        {},
        "there is no grammar for the calls of dialect 'mine': they are asked for in words",
    )


@pytest.mark.parametrize(("thinking", "prefilled"), [("may", False), ("begun", True)])
def test_a_forced_call_comes_after_the_thinking(thinking: Any, prefilled: bool) -> None:
    grammar = Walk(gbnf(HERMES, Shape(FREE.tools, forced=True, thinking=thinking)).text())
    chance = random.Random(7)
    parsed = [adapter.parse(grammar.text(chance, 60), TOOLS, thinking_prefilled=prefilled) for _ in range(100)]
    assert all([call.valid for call in item.tool_calls] == [True] for item in parsed)
    assert any(item.reasoning for item in parsed)


def test_text_up_to_a_tag_is_any_text_without_it() -> None:
    rules = Walk(gbnf(HERMES, FREE).text())
    chance = random.Random(8)
    for _ in range(200):
        text = rules.text(chance, 40)
        before, tag, _ = text.partition("<tool_call>")
        assert "<tool_call>" not in before
        assert tag or text == before


def test_structural_tags() -> None:
    tag = structural_tag(HERMES, Shape(read_tools([TOOLS[0]]), forced=True)).form
    assert tag == {
        "type": "structural_tag",
        "format": {
            "type": "tags_with_separator",
            "tags": [
                {
                    "type": "tag",
                    "begin": '<tool_call>\n{"name": "get_weather", "arguments": ',
                    "content": {"type": "json_schema", "json_schema": TOOLS[0]["function"]["parameters"]},
                    "end": "}\n</tool_call>",
                }
            ],
            "separator": "\n",
            "at_least_one": True,
            "stop_after_first": True,
        },
    }
    free = structural_tag(HERMES, Shape(FREE.tools, several=True)).form["format"]
    assert (free["type"], free["triggers"], free["at_least_one"], free["stop_after_first"]) == (
        "triggered_tags",
        ["<tool_call>"],
        False,
        False,
    )


def test_a_grammar_of_many_tools_is_made_quickly() -> None:
    tools = [function(f"tool_{number}", {f"p{place}": {"type": "string"} for place in range(20)}) for number in range(100)]
    text = gbnf(HERMES, Shape(ToolSet() if not tools else read_tools(tools))).text()
    assert text.count("\n") < 100 * 20 * 4


HOW_MANY = int(os.environ.get("ADAPTER_GRAMMARS", "25"))


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
def test_the_real_engine_takes_the_grammars_and_keeps_to_them(engine: Engine) -> None:
    from openai import OpenAI

    schemas = _examples(HOW_MANY)
    finished = 0
    with OpenAI(base_url=engine.base_url, api_key=engine.api_key, max_retries=0, timeout=120) as client:
        for number, schema in enumerate(schemas):
            tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
            grammar = gbnf(HERMES, Shape(read_tools([tool]), forced=True))
            answer = client.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": "Call f."}],
                temperature=1.0,
                seed=number,
                max_tokens=150,
                extra_body={"grammar": grammar.text()},
            )
            if answer.choices[0].finish_reason == "stop":
                finished += 1
                parsed = adapter.parse(answer.choices[0].message.content or "", [tool], coerce=False)
                valid = [call.valid for call in parsed.tool_calls]
                assert valid == [True] or (grammar.unenforced and len(valid) == 1), (schema, answer.choices[0].message.content)
    assert finished >= HOW_MANY // 2


def _examples(count: int) -> list[dict[str, Any]]:
    """Schemas from the strategy, the same in every run."""
    found: list[dict[str, Any]] = []

    @settings(max_examples=count * 3, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(SCHEMAS)
    def collect(schema: dict[str, Any]) -> None:
        if schema["properties"] and schema not in found:
            found.append(schema)

    collect()
    return found[:count]
