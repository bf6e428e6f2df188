"""Schemas as generators write them: what they mean, what is told, what a call may hold then (behaviour 5.6)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from adapter.dialects.registry import load
from adapter.enforce.gbnf.answer import gbnf
from adapter.enforce.shape import Shape
from adapter.events import CallFinished
from adapter.schema.as_meant import as_meant
from tests.support.gbnf_walk import Walk
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from pathlib import Path

TEXT = {"type": "string"}
REF = {"$defs": {"A": {"type": "object", "properties": {}}}}


def members(**schemas: Any) -> dict[str, Any]:
    return {"type": "object", "properties": schemas}


def tool(schema: Any, name: str = "f") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": "d", "parameters": schema}}


def call(arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': 'f', 'arguments': arguments})}\n</tool_call>"


NULL_ALLOWED = [
    pytest.param(members(a={**TEXT, "nullable": True}), {"a": None}, id="nullable"),
    pytest.param(members(a={"type": "string", "enum": ["x"], "nullable": True}), {"a": None}, id="nullable list of words"),
    pytest.param(members(a={"type": "array", "items": TEXT, "nullable": True}), {"a": None}, id="nullable list"),
    pytest.param(members(o=members(a={"type": "integer", "nullable": True})), {"o": {"a": None}}, id="nullable inside"),
    pytest.param({**members(a={"$ref": "#/$defs/A", "nullable": True}), **REF}, {"a": None}, id="nullable reference"),
    pytest.param({**members(a={"allOf": [{"$ref": "#/$defs/A"}], "nullable": True}), **REF}, {"a": None}, id="nullable allOf"),
    pytest.param(members(a={"anyOf": [TEXT], "nullable": True}), {"a": None}, id="nullable anyOf"),
    pytest.param(members(a={"const": "x", "nullable": True}), {"a": None}, id="nullable constant"),
    pytest.param(members(a={"type": ["string", "null"]}), {"a": None}, id="null in a list of types"),
    pytest.param(members(a={**TEXT, "default": None}), {"a": None}, id="default null"),
    pytest.param(members(a={"type": "array", "default": None}), {"a": None}, id="default null for a list"),
    pytest.param({**members(q={"$ref": "#/$defs/Q"}), "$defs": {"Q": members(t={"type": "array", "default": None})}},
                 {"q": {"t": None}}, id="default null behind a reference"),
]  # fmt: skip
SEVERAL = [
    pytest.param({"oneOf": [{"type": "number"}, {"type": "integer"}]}, 5, id="a number and an integer"),
    pytest.param({"oneOf": [TEXT, {"enum": ["x"]}]}, "x", id="text and a listed word"),
    pytest.param({"oneOf": [members(a=TEXT), members(b=TEXT)]}, {"a": "x"}, id="two objects without required members"),
]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("schema", "arguments"),
    [*NULL_ALLOWED, *(pytest.param(members(a=case.values[0]), {"a": case.values[1]}, id=case.id) for case in SEVERAL)],
)
def test_valid(schema: Any, arguments: Any, streamed: bool) -> None:
    text = call(arguments)
    parser = adapter.CompletionParser([tool(schema)])
    events = [event for piece in (text if streamed else [text]) for event in parser.feed(piece)] + parser.close()
    assert not [event for event in events if isinstance(event, adapter.Problem)]
    [finished] = [event for event in events if isinstance(event, CallFinished)]
    assert (json.loads(finished.arguments), finished.valid) == (arguments, True)


@pytest.mark.parametrize(("schema", "arguments"), NULL_ALLOWED)
def test_the_grammar_allows_null_too(schema: Any, arguments: Any) -> None:
    walk = Walk(gbnf(load("hermes"), Shape(adapter.read_tools([tool(schema)]), forced=True)).text())
    assert walk.allows(load("hermes").tool_call("f", arguments))


def test_no_branch_is_named_where_none_fits() -> None:
    parsed = adapter.parse(call({"a": []}), [tool(members(a={"oneOf": [{"type": "number"}, TEXT]}))], coerce=False)
    [problem] = parsed.problems
    assert "fits none of the allowed forms" in problem.message


FAULTS: dict[str, tuple[Any, Any]] = {
    "required null": ({**members(a=TEXT), "required": None}, members(a=TEXT)),
    "required an object": ({**members(a=TEXT), "required": {"a": ["b"]}}, members(a=TEXT)),
    "required true in a member": (members(a={**TEXT, "required": True}), {**members(a=TEXT), "required": ["a"]}),
    "required false in a member": (members(a={**TEXT, "required": False}), members(a=TEXT)),
    "required among the members": (
        {"type": "object", "properties": {"a": TEXT, "required": ["a"]}},
        {**members(a=TEXT), "required": ["a"]},
    ),
    "required names twice": ({**members(a=TEXT), "required": ["a", "a"]}, {**members(a=TEXT), "required": ["a"]}),
    "the type among the members": ({"type": "object", "properties": {"a": TEXT, "type": "object"}}, members(a=TEXT)),
    "a member named type": (members(type=TEXT), members(type=TEXT)),
    "members without properties": ({"a": TEXT}, members(a=TEXT)),
    "members without properties, and required ones": ({"a": TEXT, "required": ["a"]}, {**members(a=TEXT), "required": ["a"]}),
    "members beside the type": ({"type": "object", "a": TEXT, "title": "T"}, {**members(a=TEXT), "title": "T"}),
    "members without properties, some named like keywords": ({"type": TEXT, "title": TEXT, "a": TEXT}, members(type=TEXT, title=TEXT, a=TEXT)),
    "members without properties inside": (members(at={"x": TEXT}), members(at=members(x=TEXT))),
    "a keyword of a vendor": ({"type": "object", "x-meta": TEXT}, {"type": "object", "x-meta": TEXT}),
    "a keyword nobody knows beside properties": ({**members(a=TEXT), "b": TEXT}, {**members(a=TEXT), "b": TEXT}),
    "a keyword nobody knows without a type inside": ({"hint": {"text": "x"}}, {"hint": {"text": "x"}}),
    "an example of an object": ({"type": "object", "example": TEXT}, {"type": "object", "example": TEXT}),
    "a keyword that takes a schema": ({"additionalProperties": TEXT}, {"additionalProperties": TEXT}),
    "an empty list of members": ({"type": "object", "properties": []}, members()),
    "an empty list of members inside": (members(m={"type": "object", "properties": []}), members(m=members())),
    "members null": ({"type": "object", "properties": None}, {"type": "object"}),
    "a description null": (members(a={**TEXT, "description": None}), members(a=TEXT)),
    "enum null": (members(a={**TEXT, "enum": None}), members(a=TEXT)),
    "items null": (members(a={"type": "array", "items": None}), members(a={"type": "array"})),
    "a flag for an exclusive minimum": (
        members(a={"type": "integer", "minimum": 0, "exclusiveMinimum": True}),
        members(a={"type": "integer", "exclusiveMinimum": 0}),
    ),
    "a flag for an inclusive maximum": (
        members(a={"type": "integer", "maximum": 9, "exclusiveMaximum": False}),
        members(a={"type": "integer", "maximum": 9}),
    ),
    "a word for a schema": (members(a="object"), members(a={"type": "object"})),
    "null for a schema": (members(a=None), members(a={})),
    "no parameters as null": ({"type": "null"}, {"type": "object"}),
    "the parameters are text": ({"type": "string", "description": "the title"}, {"description": "the title"}),
    "the parameters may be null": ({**members(a=TEXT), "type": ["object", "null"]}, members(a=TEXT)),
    "a list of items": (members(a={"type": "array", "items": [TEXT]}), members(a={"type": "array", "prefixItems": [TEXT]})),
    "an empty list of items": (members(a={"type": "array", "items": []}), members(a={"type": "array"})),
    "a draft that is a number": ({**members(a=TEXT), "$schema": 7}, members(a=TEXT)),
    "a pattern that nobody can read": (members(a={**TEXT, "pattern": "("}), members(a=TEXT)),
    "a pattern of names that jsonschema cannot read": (
        {"type": "object", "patternProperties": {"^\\p{L}": TEXT}, "unevaluatedProperties": False},
        {"type": "object", "patternProperties": {}, "unevaluatedProperties": False},
    ),
    "a pattern of names that nobody can read": (
        {"type": "object", "patternProperties": {"(": TEXT}},
        {"type": "object", "patternProperties": {}},
    ),
}  # fmt: skip
UNTOLD = {
    "a member named type", "a keyword of a vendor", "a keyword nobody knows beside properties",
    "a keyword nobody knows without a type inside", "an example of an object", "a keyword that takes a schema",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_read_as_meant(fault: str) -> None:
    schema, meant = FAULTS[fault]
    found, told = as_meant(schema)
    assert found == meant
    assert bool(told) == (fault not in UNTOLD)
    assert as_meant(found) == (found, ())


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in UNTOLD])
def test_a_request_with_such_a_tool_goes_through_and_tells(fault: str) -> None:
    told: list[adapter.Problem] = []
    schema = FAULTS[fault][0]
    good = tool(members(a=TEXT), "good")
    answer = completion('<tool_call>{"name": "good", "arguments": {"a": "x"}}</tool_call>')
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as plain:
        client = adapter.wrap(plain, on_event=told.append)
        request: Any = {"model": "m", "messages": [{"role": "user", "content": "go"}], "tools": [tool(schema), good]}
        [made] = client.chat.completions.create(**request).choices[0].message.tool_calls or []
        shown = upstream.bodies[0]["messages"][0]["content"]
    assert (made.function.name, made.function.arguments) == ("good", '{"a": "x"}')
    assert {problem.kind for problem in told} == {"schema_mended"}
    assert "'f'" in told[0].message
    assert json.dumps(schema, ensure_ascii=False) in shown  # the model reads the caller's own text


DEAD = {
    "nothing in the document": "#/$defs/OrderCond",
    "another document": "https://example.com/schema.json",
    "a file": "file:///etc/passwd",
}


@pytest.mark.parametrize("reference", DEAD.values(), ids=DEAD)
def test_a_reference_that_leads_nowhere_is_unchecked(reference: str) -> None:
    tools = [tool(members(a={"$ref": reference}, b=TEXT))]
    [told] = adapter.read_tools(tools).by_name["f"].schema.told
    assert reference in told
    assert adapter.parse(call({"a": [1], "b": "x"}), tools).tool_calls[0].valid
    assert not adapter.parse(call({"a": [1], "b": []}), tools).tool_calls[0].valid


DRAFT_4 = "http://json-schema.org/draft-04/schema#"


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"$schema": DRAFT_4, **members(a={"minimum": 0, "exclusiveMinimum": True})}, id="flags of draft 4"),
        pytest.param({"$schema": DRAFT_4, **members(a={"items": [TEXT]})}, id="a list of items"),
    ],
)
def test_a_draft_that_is_named_is_left_alone(schema: Any) -> None:
    assert as_meant(schema) == (schema, ())


PATTERNS = [
    pytest.param(r"^\p{L}+$", "Größe", "1", id="classes of Unicode"),
    pytest.param(r"^[^]$", "\n", "ab", id="any character"),
    pytest.param(r"^[\w.+-]+@[\w-]+\.[\w.]+$", "me@ex.org", "me", id="an address"),
    pytest.param(r"^\d{4}-\d{2}$", "2026-11", "26", id="plain"),
    pytest.param(r"^(?<year>\d{4})$", "2026", "x", id="a named group"),
    pytest.param(r"^\d$", "5", "٥", id="digits are ASCII"),
]


@pytest.mark.parametrize(("pattern", "right", "wrong"), PATTERNS)
def test_patterns_are_those_of_ecma(pattern: str, right: str, wrong: str) -> None:
    value = members(a={**TEXT, "pattern": pattern})
    assert adapter.parse(call({"a": right}), [tool(value)]).tool_calls[0].valid
    assert not adapter.parse(call({"a": wrong}), [tool(value)]).tool_calls[0].valid
    names = {"type": "object", "patternProperties": {pattern: {"type": "null"}}, "additionalProperties": TEXT}
    assert adapter.parse(call({right: None, wrong: "x"}), [tool(names)]).tool_calls[0].valid
    assert not adapter.parse(call({right: "x", wrong: None}), [tool(names)]).tool_calls[0].valid


def test_installed_packages_change_nothing(tmp_path: Path) -> None:
    """A package that checks references as URIs, which jsonschema uses where it finds it, refuses none of ours."""
    (tmp_path / "rfc3986_validator.py").write_text("def validate_rfc3986(url, rule='URI'):\n    return None\n")
    schema = {**members(a={"$ref": "#/$defs/List of {text}"}), "$defs": {"List of {text}": {"type": "array"}}}
    code = f"import adapter; print(adapter.parse({call({'a': ['x']})!r}, [{tool(schema)!r}]).tool_calls[0].valid)"
    path = json.dumps([str(tmp_path), *sys.path])
    program = f"import json, sys; sys.path[:] = json.loads({path!r}); {code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "True"
