"""Grammars of calls in every dialect: what they allow is read by the dialect's own parser as calls that keep to their schemas.

A text that a grammar allows is made by a walk through it. Where the grammar says less than the schema it must be told; where it
was not, the call must be valid.
"""

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
from adapter.dialects.families import syntax_for
from adapter.dialects.registry import load, names
from adapter.enforce.call_frame import frame_of, notation_of, turn
from adapter.enforce.gbnf.answer import gbnf
from adapter.enforce.ladder import enforce
from adapter.enforce.shape import Shape
from adapter.servers import server_for
from adapter.tools.definitions import read_tools
from tests.enforce.test_grammar import SCHEMAS
from tests.facts.tools import function
from tests.support.gbnf_walk import Walk
from tests.support.tiers import few_or_all, some_first

if TYPE_CHECKING:
    from adapter.demo.engine import Engine
    from adapter.dialects.registry import Dialect
    from adapter.enforce.call_frame import Frame

FRAMES = {name: frame_of(load(name), "f") for name in names()}
DIALECTS = [name for name, frame in FRAMES.items() if frame is not None]
SERVERS = ("llama.cpp", "vllm", "sglang")


def tool(schema: dict[str, Any], name: str = "f") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


NASTY = [
    '"',
    "\\",
    "a\nb",
    "\t",
    "\x7f",
    "\u2028",
    "\U0010ffff",
    "😀",
    "</tool_call>",
    '<|"|>',
    "<escape>",
    "}]",
    "')",
    "null",
    "5",
    "",
]
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
NODE = {
    "type": "object",
    "properties": {"v": INTEGER, "next": {"anyOf": [{"$ref": "#/$defs/N"}, {"type": "null"}]}},
    "required": ["v"],
}
CASES: list[Any] = [
    pytest.param(of(a=STRING), id="a string"),
    pytest.param({"type": "object", "properties": {"a": STRING, "b": INTEGER, "c": {"type": "boolean"}}, "required": ["b"]}, id="optional"),
    pytest.param({"type": "object", "properties": {"a": STRING, "b": INTEGER}}, id="all optional"),
    pytest.param({"type": "object", "properties": {}}, id="no arguments"),
    pytest.param({}, id="no schema"),
    pytest.param(of(a={"type": "string", "enum": NASTY}), id="enum of nasty strings"),
    pytest.param(of(a={"enum": ["a", 1, None, True, 2.5]}), id="enum of several types"),
    pytest.param(of(a={"const": "x y"}, b={"const": 3}, c={"const": [1, {"k": None}]}), id="const"),
    pytest.param(of(a={"type": "integer", "minimum": -3, "maximum": 12}, b={"type": "number", "minimum": 0}), id="numbers"),
    pytest.param(of(a={"type": "array", "items": STRING}, b={"type": "array", "prefixItems": [INTEGER, STRING]}), id="lists"),
    pytest.param(of(a=of(b=of(c={"type": ["boolean", "null"]}, d=STRING))), id="nested"),
    pytest.param(of(a={"type": "object", "additionalProperties": STRING}), id="a map"),
    pytest.param({"type": "object", "additionalProperties": INTEGER}, id="arguments of any name"),
    pytest.param(of(a={"type": "object"}, b={"type": "array"}, c={}), id="anything"),
    pytest.param({**of(a={"$ref": "#/$defs/N"}), "$defs": {"N": NODE}}, id="reference back"),
    pytest.param({"$ref": "#/$defs/A", "$defs": {"A": of(a=INTEGER)}}, id="arguments by reference"),
    pytest.param({"anyOf": [of(a=INTEGER), of(b=STRING)]}, id="arguments of two kinds"),
    pytest.param({"allOf": [of(a=INTEGER), of(b={"type": "boolean"})]}, id="arguments in two parts"),
    pytest.param({"type": "object", "required": ["z"]}, id="required, not declared"),
    pytest.param(of(a={"anyOf": [STRING, INTEGER, {"type": "null"}]}, b={"type": ["string", "null"]}), id="a string or another"),
    pytest.param(of(a={"anyOf": [{"enum": ["x", "y"]}, {"type": "array", "items": INTEGER}]}), id="words or a list"),
    pytest.param(of(**{"class": INTEGER, "we-ird": STRING, "über": STRING, "a b": {"type": "boolean"}}), id="names that are no words"),
    pytest.param(of(a={"type": "string", "minLength": 2, "maxLength": 4}), id="lengths"),
    pytest.param(of(a={"type": "array", "items": {"type": "string", "minLength": 2, "maxLength": 30}}), id="lengths inside"),
    pytest.param(of(b=INTEGER, A=INTEGER, c=INTEGER), id="keys that some dialects sort"),
]  # fmt: skip


def check(dialect: str, schema: dict[str, Any], chance: random.Random, count: int, depth: int) -> None:
    """Walk a grammar of one forced call, and read what comes of it."""
    tools = [tool(schema)]
    grammar = gbnf(load(dialect), Shape(read_tools(tools), forced=True))
    walk = Walk(grammar.text())
    keys = syntax_for(load(dialect)).limits.keys
    # A name that no tag can hold is told: what stands behind its tag belongs to no argument.
    said = schema.get("properties", {})
    unsayable = any('"' in name for name in said) if dialect == "kimi-k3" else keys and not all(map(keys.fullmatch, said))
    lost = {"malformed", "repaired"} if unsayable else set()
    for _ in range(count):
        text = walk.text(chance, depth)
        parsed = adapter.parse(text, tools, dialect=dialect, coerce=False)
        assert len(parsed.tool_calls) == 1, (text, parsed)
        assert parsed.content is None, (text, parsed)
        assert {problem.kind for problem in parsed.problems} <= {"invalid_arguments"} | lost, (text, parsed.problems)
        assert parsed.tool_calls[0].valid or grammar.unenforced, (text, parsed.problems)


@pytest.mark.both_tiers
@pytest.mark.parametrize("schema", CASES)
@pytest.mark.parametrize("dialect", some_first(DIALECTS))
def test_a_forced_call_is_read_and_valid(dialect: str, schema: dict[str, Any]) -> None:
    check(dialect, schema, random.Random(3), few_or_all(4, 25), 60)


# One dialect for each way of writing calls that differs for a grammar.
def way_of(name: str) -> str:
    found, frame = load(name), frame_of(load(name), "f")
    return json.dumps([found.syntax, bool(found.open), frame is not None and frame.raw is not None, dict(found.form)])


WAYS = list({way_of(name): name for name in DIALECTS}.values())
HOW_MANY = int(os.environ.get("ADAPTER_CALL_GRAMMARS", few_or_all("4", "40")))


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", WAYS)
def test_any_schema(dialect: str) -> None:
    @settings(max_examples=HOW_MANY, deadline=None, suppress_health_check=list(HealthCheck))
    @given(SCHEMAS, st.integers(0, 2**32))
    def one(schema: dict[str, Any], seed: int) -> None:
        check(dialect, schema, random.Random(seed), 4, 30)

    one()


NUMBERED = {"kimi-k3"}  # no frame is the same for each of several calls
TWO = [function("one", {"a": STRING, "n": INTEGER}, ["a"]), function("another", {"flags": {"type": "array", "items": STRING}})]


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", some_first(DIALECTS))
def test_several_calls_stand_as_the_dialect_writes_them(dialect: str) -> None:
    grammar = gbnf(load(dialect), Shape(read_tools(TWO), forced=True, several=True))
    walk = Walk(grammar.text())
    chance = random.Random(4)
    counts = set()
    for _ in range(few_or_all(25, 60)):
        text = walk.text(chance, 60)
        parsed = adapter.parse(text, TWO, dialect=dialect, coerce=False)
        assert parsed.tool_calls
        assert all(call.valid for call in parsed.tool_calls), (text, parsed.problems)
        assert (parsed.content, parsed.problems) == (None, ()), text
        counts.add(len(parsed.tool_calls))
    one = dialect in NUMBERED
    assert (max(counts) == 1) is one
    assert grammar.unenforced == (["the answer: more calls than one"] if one else [])


@pytest.mark.parametrize("dialect", some_first(DIALECTS))
def test_what_the_dialect_writes_itself_is_allowed(dialect: str) -> None:
    """The template's own turns, by a text that the grammar can only have if it is the same from its first character on."""
    found = load(dialect)
    schema = {**of(a={"const": "x"}, n={"const": 3}), "additionalProperties": False}
    walk = Walk(gbnf(found, Shape(read_tools([tool(schema)]), forced=True)).text())
    chance = random.Random(5)
    assert turn(found, ("f", {"a": "x", "n": 3})) in {walk.text(chance) for _ in range(200)}


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", some_first(DIALECTS))
def test_a_free_answer_is_text_or_valid_calls(dialect: str) -> None:
    walk = Walk(gbnf(load(dialect), Shape(read_tools(TWO))).text())
    chance = random.Random(6)
    calls = texts = 0
    for _ in range(few_or_all(100, 300)):
        text = walk.text(chance, 60)
        parsed = adapter.parse(text, TWO, dialect=dialect, coerce=False)
        assert all(call.valid for call in parsed.tool_calls), (text, parsed.problems)
        assert not {problem.kind for problem in parsed.problems} & {"unreadable", "invalid_arguments", "unknown_tool"}, text
        calls += bool(parsed.tool_calls)
        texts += not parsed.tool_calls
    assert texts


class Begins(random.Random):
    """Goes the way of the literals mostly, but not to a marker, so that what it writes begins as a call does."""

    def choice(self, seq: Any) -> Any:
        literals = [item for item in seq if item and item[0][0] == "text" and item[0][1].strip(" \n<")]
        return super().choice(literals if literals and self.random() < 0.95 else seq)


# Without the dialects that write a token in front of the marker: the walk goes to no marker, and so to no token.
BARE = [name for name, frame in FRAMES.items() if frame and not frame.before.startswith((load(name).open or "\0", "<"))]


@pytest.mark.parametrize("dialect", BARE)
def test_an_answer_that_begins_as_a_call_is_held_to_one(dialect: str) -> None:
    found = load(dialect)
    shape = Shape(read_tools(TWO))
    frames = [frame_of(found, name) for name in ("one", "another")]
    walk = Walk(gbnf(found, shape).text())
    chance = Begins(7)
    begun = 0
    for _ in range(300):
        text = walk.text(chance, 60).lstrip()
        if any(frame is not None and text.startswith(frame.before) for frame in frames):
            begun += 1
            parsed = adapter.parse(text, TWO, dialect=dialect, coerce=False)
            assert [call.valid for call in parsed.tool_calls] == [True], (text, parsed.problems)
    assert begun
    told = enforce("grammar", server_for("llama.cpp", "chat"), found, shape, None).unenforced
    assert "a call that begins otherwise than" in told
    assert enforce("grammar", server_for("llama.cpp", "chat"), found, Shape(shape.tools, forced=True), None).unenforced == ""


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("dialect", some_first(DIALECTS))
def test_every_dialect_has_a_grammar_on_every_server_that_takes_one(dialect: str, forced: bool, server: str) -> None:
    found = load(dialect)
    held = enforce("grammar", server_for(server, found.needs), found, Shape(read_tools(TWO), forced=forced), None)
    assert held.body
    assert not held.bare
    assert "there is no grammar" not in held.unenforced


REF = {"$ref": "#/$defs/A"}
TAGGED: list[Any] = [
    pytest.param(STRING, {"string"}, id="a string"),
    pytest.param(INTEGER, {"number"}, id="an integer"),
    pytest.param({"type": ["string", "null"]}, {"string", "null"}, id="two types"),
    pytest.param({"anyOf": [{"type": "array", "items": INTEGER}, of(k=STRING)]}, {"array", "object"}, id="two branches"),
    pytest.param({"oneOf": [STRING, {"type": "boolean"}], "description": "x"}, {"string", "boolean"}, id="oneOf"),
    pytest.param({"enum": ["a", 1, None, True, [1], {"k": 2}]}, {"string", "number", "null", "boolean", "array", "object"}, id="enum"),
    pytest.param({"const": 2.5}, {"number"}, id="const"),
    pytest.param({"anyOf": [{"enum": ["x", "y"]}, {"const": 7}]}, {"string", "number"}, id="lists of values"),
    pytest.param({"anyOf": [REF, {"type": "null"}]}, {"string", "number", "null"}, id="a reference"),
    pytest.param({"allOf": [{"type": ["integer", "string"]}, {"minimum": 3}]}, {"string", "number"}, id="in two parts"),
    pytest.param({}, {"string", "number", "null", "boolean", "array", "object"}, id="anything"),
]  # fmt: skip


@pytest.mark.both_tiers
@pytest.mark.parametrize(("schema", "types"), TAGGED)
def test_a_value_has_the_tag_of_its_type_where_the_dialect_tells_types(schema: dict[str, Any], types: set[str]) -> None:
    tools = [tool({**of(a=schema), "$defs": {"A": {"type": ["number", "string"]}}})]
    said = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", list: "array", dict: "object"}
    for dialect, tag in (("kimi-k3", r'type="(\w+)"'), ("deepseek-v4", r'string="(\w+)"')):
        walk = Walk(gbnf(load(dialect), Shape(read_tools(tools), forced=True)).text())
        chance, found = random.Random(8), set()
        for _ in range(few_or_all(30, 120)):
            text = walk.text(chance, 40)
            call = adapter.parse(text, tools, dialect=dialect, coerce=False).tool_calls[0]
            kind = said[type(json.loads(call.arguments)["a"])]
            expected = kind if dialect == "kimi-k3" else str(kind == "string").lower()
            assert re.findall(tag, text)[:1] == [expected], text
            assert call.valid or isinstance(schema.get("allOf"), list), text
            found.add(kind)
        assert found == types


RAW = [
    name
    for name, frame in FRAMES.items()
    if frame is not None and (frame.raw is not None or notation_of(load(name)).keys is not None)
]
PLAIN = [
    "",
    " ",
    "x",
    "\n",
    "\n\nx\n",
    " x ",
    "a < b",
    "<b>x</b>",
    "</",
    "\n<",
    "</p>\n",
    "<|",
    "\n</param",
    "if a<b:\n\treturn\n",
]


def around(dialect: Dialect, frame: Frame) -> tuple[str, str, str, str]:
    """What stands before a key, between it and a text, after that, and after the last argument."""
    if frame.raw is not None:
        return frame.raw.key, frame.raw.value, frame.raw.end, frame.raw.tail
    (before, end), tail = notation_of(dialect).argument("a"), frame.after
    key, _, value = before.rpartition("a")
    return key, value, end, tail


@pytest.mark.parametrize("dialect", some_first(DIALECTS))
def test_parts_of_a_schema_that_contradict_each_other_are_told(dialect: str) -> None:
    value = {"type": ["string", "null"], "$ref": "#/$defs/y"}
    schema = {"type": "object", "properties": {"a": value}, "required": ["a"], "$defs": {"y": {"type": "integer"}}}
    assert gbnf(load(dialect), Shape(read_tools([tool(schema)]), forced=True)).unenforced


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", some_first(RAW))
def test_raw_text_that_holds_pieces_of_closing_tags_is_read_as_the_one_value_it_is(dialect: str) -> None:
    """Whatever a grammar allows is what the template writes for the values that are read."""
    found, frame = load(dialect), FRAMES[dialect]
    assert frame is not None
    schema = {"type": "object", "properties": {"a": STRING, "b": STRING}, "required": ["a"], "additionalProperties": False}
    tools = [tool(schema)]
    walk = Walk(gbnf(found, Shape(read_tools(tools), forced=True)).text())

    def call(value: str) -> str:
        return turn(found, ("f", {"a": value}))

    assert [value for value in PLAIN if not walk.allows(call(value))] == []
    key, value, end, tail = around(found, frame)
    chance = random.Random(9)
    tags = re.findall(r"[^>]*>\n?", turn(found, ("f", {"a": "x", "b": "y"}), ("f", {})))
    pieces = [end, tail, end.strip(), key, f"{key}b{value}", found.open, found.close, *tags]
    pieces += ["</a>", "</b>", *found.special] if frame.raw is None else []
    pieces += [piece.strip() for piece in tags] + ["<", "\n", " ", "</", "x", "\n</", "<parameter=b>", "</function>"]
    pieces += [
        re.sub("(?=>)|(?<=[</])", chance.choice(" \n\t"), piece) for piece in pieces for _ in range(2)
    ]  # white space in tags
    allowed = 0
    for _ in range(few_or_all(100, 1500)):
        value = "".join(chance.choices(pieces, k=chance.randint(1, 6)))
        text = call(value)
        if walk.allows(text):
            allowed += 1
            parsed = adapter.parse(text, tools, dialect=dialect, coerce=False)
            assert [item.valid for item in parsed.tool_calls] == [True], (text, parsed.problems)
            assert turn(found, ("f", json.loads(parsed.tool_calls[0].arguments))) == text
            assert (parsed.content, parsed.problems) == (None, ()), text
    assert allowed > few_or_all(3, 50)


def test_every_dialect_has_a_frame() -> None:
    assert list(FRAMES) == DIALECTS


ANY_NAME: list[Any] = [
    pytest.param({"type": "object", "additionalProperties": INTEGER}, id="any name"),
    pytest.param({"anyOf": [of(a=INTEGER), {"type": "object", "additionalProperties": True}]}, id="any name in one of two"),
    pytest.param(of(**{"a<b": INTEGER}), id="no tag can hold a required name"),
]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("schema", ANY_NAME)
def test_names_that_no_grammar_can_repeat_are_told(schema: dict[str, Any], server: str) -> None:
    """The closing tag of an element repeats its name: where that may be any, calls are held as bare JSON, or not at all."""
    found = load("minimax-m3")
    shapes = [Shape(read_tools([*TWO, tool(schema)]), forced=forced) for forced in (False, True)]
    free, forced = (enforce("grammar", server_for(server, found.needs), found, shape, None) for shape in shapes)
    why = "there is no grammar in dialect 'minimax-m3' for the names that arguments of 'f' may have"
    assert (free.body, free.unenforced) == ({}, f"{why}: they are asked for in words")
    assert (forced.bare, forced.unenforced) == (True, f"{why}: calls are bare JSON")
    held = enforce("grammar", server_for(server, "chat"), load("hermes"), shapes[1], None)
    assert "there is no grammar" not in held.unenforced


RAW_TOLD: list[Any] = [
    pytest.param({"type": "string", "pattern": "^a"}, ["pattern"], id="pattern"),
    pytest.param({"type": "string", "minLength": 1, "maxLength": 3}, ["minLength", "maxLength"], id="lengths"),
    pytest.param({"anyOf": [{"type": "integer", "minimum": 5}, STRING]}, ["minimum"], id="a number or text"),
    pytest.param({"type": "string", "minLength": 0}, [], id="nothing"),
]


@pytest.mark.parametrize(("schema", "told"), RAW_TOLD)
@pytest.mark.parametrize("dialect", ["qwen3-coder", "glm-4.5", "minimax-m2", "seed-oss"])
def test_what_raw_text_cannot_be_held_to_is_told(dialect: str, schema: dict[str, Any], told: list[str]) -> None:
    grammar = gbnf(load(dialect), Shape(read_tools([tool(of(a=schema))]), forced=True))
    assert grammar.unenforced == [f"f: arguments.a: {keyword}" for keyword in told]


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("dialect", WAYS)
def test_the_real_engine_takes_the_grammars(engine: Engine, dialect: str, forced: bool) -> None:
    from openai import OpenAI

    tools = [tool(case.values[0], f"f{number}") for number, case in enumerate(CASES)]
    held = enforce("grammar", server_for("llama.cpp", "chat"), load(dialect), Shape(read_tools(tools), forced=forced), None)
    with OpenAI(base_url=engine.base_url, api_key=engine.api_key, max_retries=0, timeout=120) as client:
        answer = client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "Call f0."}],
            temperature=1.0,
            seed=7,
            max_tokens=100,
            extra_body=dict(held.body),
        )
    choice = answer.choices[0]
    if forced and choice.finish_reason == "stop":
        parsed = adapter.parse(choice.message.content or "", tools, dialect=dialect, coerce=False)
        assert len(parsed.tool_calls) == 1, choice.message.content
