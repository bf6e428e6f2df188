"""Grammars of calls whose values are elements within elements: what they allow, what they refuse, what they leave and tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

import adapter
from adapter.dialects.registry import load
from adapter.enforce.call_frame import frame_of, turn
from adapter.enforce.gbnf.answer import gbnf
from adapter.enforce.shape import Shape
from adapter.tools.definitions import read_tools
from tests.support.gbnf_walk import Walk

DIALECT, P = load("minimax-m3"), "]<]minimax[>["
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
POINT = {"type": "object", "properties": {"x": INTEGER, "s": STRING}, "required": ["x"]}
NODE = {
    "type": "object",
    "properties": {"v": INTEGER, "kids": {"type": "array", "items": {"$ref": "#/$defs/N"}}},
    "required": ["v"],
}
LIST_OR_ITEM = {"anyOf": [{"type": "array", "items": INTEGER}, {"type": "object", "properties": {"item": STRING}}]}


def e(name: str, *inside: str) -> str:
    return f"<{name}>{''.join(inside)}</{name}>"


def items(*values: str) -> str:
    return "".join(e("item", value) for value in values)


# The schema of an argument `a`; what may stand in it and the JSON it is; what may not; what is told. Prefixes are put in later.
CASES: list[Any] = [
    pytest.param(STRING, {"x": "x", "": "", "5": "5", "a < b </a> {": "a < b </a> {"}, [e("x", "1")], [], id="a string"),
    pytest.param(INTEGER, {"5": 5, "-3": -3}, ["", "x", "2.5", " 5"], [], id="an integer"),
    pytest.param({"type": "integer", "minimum": 3, "maximum": 12}, {"3": 3, "12": 12}, ["2", "13"], [], id="bounds"),
    pytest.param({"type": ["boolean", "null"]}, {"true": True, "null": None, "": None}, ["1", "x"], [], id="a boolean or nothing"),
    pytest.param({"type": "array", "items": INTEGER, "minItems": 1, "maxItems": 2}, {items("1"): [1], items("1", "2"): [1, 2]},
                 ["", "[1]", items("x"), items("1", "2", "3"), e("x", "1")], [], id="a list of so many"),
    pytest.param({"type": "array", "items": STRING}, {"": [], items("1", ""): ["1", ""]}, ["[]", "x"], [], id="a list of strings"),
    pytest.param({"type": "array", "prefixItems": [STRING, INTEGER], "items": False}, {items("1", "1"): ["1", 1]},
                 [items("1", "x"), items("1", "1", "1")], [], id="a tuple"),
    pytest.param({"type": "array", "items": {"type": "array", "items": INTEGER}}, {items(items("1"), ""): [[1], []]},
                 [items("1")], [], id="lists in a list"),
    pytest.param(POINT, {e("x", "1"): {"x": 1}, e("x", "1") + e("s", "1"): {"x": 1, "s": "1"}},
                 ["", e("s", "1"), e("x", "y"), e("x", "1") + e("y", "1"), '{"x": 1}'], [], id="an object"),
    pytest.param({"type": "object", "properties": {"k": INTEGER}}, {"": {}, e("k", "1"): {"k": 1}}, ["{}"], [], id="an empty object"),
    pytest.param({"type": "object", "additionalProperties": INTEGER}, {"{}": {}, '{"k": 1}': {"k": 1}}, [e("k", "1"), '{"k": "x"}'], [],
                 id="members of any name are JSON"),
    pytest.param({"type": "object", "properties": {"a<b": STRING}}, {'{"a\\u003cb": "\\u003cx>"}': {"a<b": "<x>"}}, ['{"a<b": "x"}'], [],
                 id="a name that no tag can hold is in JSON, in which no tag is"),
    pytest.param({"$ref": "#/$defs/N"}, {e("v", "1") + e("kids", items(e("v", "2"))): {"v": 1, "kids": [{"v": 2}]}},
                 [e("kids", items(e("v", "2")))], [], id="recursive"),
    pytest.param({"enum": ["x", 2, None, [1], {"k": "v"}]}, {"x": "x", "2": 2, "null": None, "[1]": [1], e("k", "v"): {"k": "v"}},
                 ["y", ""], [], id="listed values of every type"),
    pytest.param({"anyOf": [POINT, {"type": "null"}]}, {e("x", "1"): {"x": 1}, "null": None}, ["x", ""], [], id="an object or null"),
    pytest.param({"anyOf": [{"enum": ["x", "y"]}, {"type": "integer", "minimum": 5}]}, {"x": "x", "5": 5}, ["4", "z", "05"], [],
                 id="words or a number"),
    pytest.param({"anyOf": [{"enum": ["x", "1"]}, {"type": "number"}]}, {"x": "x", "1.5": 1.5}, ["1e5", "1.50", "-0"], [],
                 id="beside words a number has one spelling"),
    pytest.param({"anyOf": [STRING, {"type": "array", "items": INTEGER}]}, {"x": "x", items("1"): [1]}, [items("x")], ["items"],
                 id="text or a list"),
    pytest.param(LIST_OR_ITEM, {e("item", "x"): {"item": "x"}, "[1, 2]": [1, 2]}, [items("x", "y")], [],
                 id="a list that would be an object is JSON"),
    pytest.param({"$ref": "#/$defs/I", "minimum": 5}, {"5": 5}, ["4"], [], id="beside a reference"),
    pytest.param({"$ref": "#/$defs/S", "minLength": 2}, {"xy": "xy"}, [], ["minLength"], id="beside a reference to text"),
    pytest.param({}, {"x": "x", "5": "5", items("1"): ["1"]}, [e("k", "1")], [], id="anything"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "allowed", "refused", "told"), CASES)
def test_what_may_stand_in_an_argument(schema: Any, allowed: dict[str, Any], refused: list[str], told: list[str]) -> None:
    definitions = {"N": NODE, "I": INTEGER, "S": STRING}
    source = {"type": "object", "properties": {"a": schema}, "required": ["a"], "$defs": definitions}
    tools = [{"type": "function", "function": {"name": "f", "parameters": source}}]
    grammar = gbnf(DIALECT, Shape(read_tools(tools), forced=True))
    walk, frame = Walk(grammar.text()), frame_of(DIALECT, "f")
    assert frame is not None

    def call(inside: str) -> str:
        names = ("a", "item", "x", "s", "k", "v", "y", "kids")
        for tag in (f"<{slash}{name}>" for name in names for slash in ("", "/")):
            inside = inside.replace(tag, P + tag) if "< b" not in inside else inside
        return f"{frame.before}{P}<a>{inside}{P}</a>{frame.after}"

    assert [text for text in allowed if not walk.allows(call(text))] == []
    assert [text for text in refused if walk.allows(call(text))] == []
    for text, value in allowed.items():
        parsed = adapter.parse(call(text), tools, dialect=DIALECT.name, coerce=False)
        assert [(json.loads(item.arguments), item.valid) for item in parsed.tool_calls] == [({"a": value}, True)]
    assert grammar.unenforced == [f"f: arguments.a: {keyword}" for keyword in told]


def test_what_the_template_writes_of_nested_values_is_allowed() -> None:
    source = {
        "type": "object",
        "properties": {"p": POINT, "l": {"type": "array", "items": POINT}, "n": {"type": ["null", "integer"]}},
    }
    arguments = {"p": {"x": 1, "s": "a\nb"}, "l": [{"x": 2}, {"x": 3, "s": ""}]}
    tools = [{"type": "function", "function": {"name": "f", "parameters": source}}]
    walk = Walk(gbnf(DIALECT, Shape(read_tools(tools), forced=True)).text())
    assert walk.allows(turn(DIALECT, ("f", arguments)))
    assert walk.allows(turn(DIALECT, ("f", {**arguments, "n": None})))  # which is not written
