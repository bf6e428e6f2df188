"""Schemas and values made to cost: each is checked in a bounded number of steps, or refused in a sentence."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from adapter.enforce.gbnf.schema_rules import Grammar
from adapter.errors import BadRequest
from adapter.schema.compiled import compile_schema
from adapter.schema.patterns import TooLong, matches
from adapter.schema.surely_valid import surely_valid
from adapter.tools.definitions import read_tools
from tests.support.growth import assert_linear, seconds

if TYPE_CHECKING:
    from collections.abc import Callable


def _compiled(inner: Any, **others: Any) -> Any:
    return compile_schema({"type": "object", "properties": {"a": inner}, **others}, "tools[0].function.parameters", "f")


def _doubled(keyword: str, count: int, *, equal: bool) -> Any:
    defs: dict[str, Any] = {"d0": {"type": "string"}}
    for number in range(1, count + 1):
        one = {"$ref": f"#/$defs/d{number - 1}"}
        defs[f"d{number}"] = {keyword: [one, one if equal else {**one, "title": "x"}]}
    return _compiled({"$ref": f"#/$defs/d{count}"}, **{"$defs": defs})


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_references_that_double_are_refused_by_name(keyword: str) -> None:
    with pytest.raises(BadRequest, match=r"\$ref '#/\$defs/d\d+' stands for more than 10000 schemas"):
        _doubled(keyword, 26, equal=False)
    assert not _doubled(keyword, 5, equal=False).errors({"a": "x"})


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_equal_branches_count_once(keyword: str) -> None:
    compiled = _doubled(keyword, 26, equal=True)
    assert not compiled.errors({"a": "x"})
    assert compiled.errors({"a": 1})


UNIQUE = {
    "objects": ([{"k": 1}, {"k": 2}], True),
    "equal objects": ([{"k": 1, "j": [2]}, {"j": [2], "k": 1}], False),
    "1 and 1.0": ([1, 1.0], False),
    "1 and true": ([1, True], True),
    "1 and true in a list": ([[1], [True]], True),
    "an empty object and an empty list": ([{}, []], True),
    "null and text": ([None, "null"], True),
    "4,000 objects": ([{"k": number} for number in range(4000)], True),
    "4,000 objects and the first again": ([*({"k": number} for number in range(4000)), {"k": 0}], False),
}


@pytest.mark.parametrize("name", UNIQUE)
def test_unique_items_are_found_in_linear_time(name: str) -> None:
    value, valid = UNIQUE[name]
    assert (not _compiled({"type": "array", "uniqueItems": True}).errors({"a": value})) is valid


BOMBS = {
    "^(a+)+$": "a" * 3000 + "!",
    "^(a|aa)+$": "a" * 3000 + "!",
    "^(.*a){12}$": "a" * 3000,
    "a*a*a*a*b": "a" * 3000,
    r"^(\w+\s?)*$": "a" * 3000 + "!",
    r"^([a-z]+(-[a-z]+)*)*$": "a-" * 1500,
}


@pytest.mark.parametrize("pattern", BOMBS)
def test_a_pattern_takes_no_time_that_doubles(pattern: str) -> None:
    text = BOMBS[pattern]
    assert matches(pattern, text) is (pattern == "^(.*a){12}$")


def test_a_text_too_long_for_its_pattern_is_told() -> None:
    for pattern in (r"^(?=a)(a+)+$", r"^(a+)+\1$"):
        with pytest.raises(TooLong):
            matches(pattern, "a" * 60 + "!")
    errors = _compiled({"type": "string", "pattern": r"^(?=a)(a+)+$"}).errors({"a": "a" * 60 + "!"})
    assert "too long to be held against" in errors[0].message


def test_half_a_pair_of_surrogates_fits_as_a_sign_that_is_none() -> None:
    assert not matches("^a+$", "\ud800")
    assert matches("^.$", "\ud800")
    assert matches("^(a|é)*$", "é" * 60)
    assert not matches("^(a|b)*$", "a" * 30 + "\udfff")
    assert not matches("\ud800", "x")
    assert _compiled({"type": "string", "pattern": "\ud800"}).told


PATTERNS = (
    "^[a-c]+(-[a-c]+)*$", "(ab|a)(bc|c)?$", "^a{2,3}b*$", "^(?:a|b|-)*c$", r"^\w+-?\w*$", "a+b+", "^$", "", "(a?){3}b", r"\x61[^b]*c",
    "^(a|ab)(c|bcd)*$", "a.c", "(^a|b$)+", "(?<n>a)*b", r"[\]a]+-",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_both_engines_agree(pattern: str) -> None:
    """Python's own is the third; the texts are longer than those that always go to `regress`."""
    rng = random.Random(pattern)
    found = re.compile(pattern.replace("?<n>", "?P<n>"))
    for _ in range(60):
        text = "".join(rng.choice("aabc-]") for _ in range(rng.randrange(10, 24)))
        assert matches(pattern, text) is (found.search(text) is not None), text


def test_a_bound_of_many_digits_is_left_to_validation() -> None:
    grammar, schema = Grammar(), {"type": "integer", "minimum": -(10**1500), "maximum": 10**1500}
    assert grammar.schema(schema, schema) == "integer"
    assert grammar.unenforced == ["arguments: minimum", "arguments: maximum"]
    assert _compiled(json.loads(json.dumps(schema))).errors({"a": 10**1501})


PLAIN: tuple[Any, ...] = (
    {"type": "string", "minLength": 1}, {"type": ["string", "null"], "enum": ["a", None], "default": None, "const": 1},
    {"type": "array", "items": {"type": "integer", "minimum": -1.5}, "minItems": 0, "uniqueItems": True}, True,
    {"anyOf": [{"type": "string"}, False], "title": "x", "examples": []}, {"properties": {"b": {}}, "required": ["b"]},
    {"$ref": "#/$defs/x", "$defs": {"x": {"format": "date"}}, "additionalProperties": False}, {"maximum": 10**400},
)  # fmt: skip
WRONG: tuple[Any, ...] = (None, 1, -1, 1.5, True, "x", [], ["x", "x"], [1], {}, {"a": 1}, ["string", "string"], [{"type": 1}])


@pytest.mark.parametrize("schema", PLAIN, ids=str)
def test_a_schema_valid_at_a_look_is_valid_to_the_metaschema(schema: Any) -> None:
    assert surely_valid(schema)
    Draft202012Validator.check_schema(schema)
    if isinstance(schema, dict):
        for key in schema:
            for value in WRONG:
                changed = {**schema, key: value}
                assert not surely_valid(changed) or Draft202012Validator(Draft202012Validator.META_SCHEMA).is_valid(changed)


def test_8000_properties_are_read_without_the_metaschema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Draft202012Validator, "check_schema", lambda *_, **__: pytest.fail("held against the metaschema"))
    many = {f"p{number}": {"type": "string", "description": "x"} for number in range(8000)}
    assert not _compiled({"type": "object", "properties": many}).errors({"a": {"p1": "x"}})


def test_many_tools_and_many_properties_are_read_in_linear_time() -> None:
    def tools(count: int) -> Callable[[], object]:
        made = [
            _tool(f"tool_{count}_{number}", {f"p{number}": {"type": "string", "minLength": number}}) for number in range(count)
        ]
        return lambda: read_tools(made)

    def properties(count: int) -> Callable[[], object]:
        many = {f"p{number}": {"type": "string", "description": "x"} for number in range(count)}
        return lambda: _compiled({"type": "object", "properties": many})

    assert_linear(tools, 150)
    assert_linear(properties, 500)


@pytest.mark.proof
def test_10000_tools_and_8000_properties_are_read_in_time() -> None:
    """The limits are ten times what is measured: 1.7 s, and 0.10 s."""
    made = [_tool(f"tool_{number}", {f"p{number}": {"type": "string", "minLength": number}}) for number in range(10_000)]
    assert seconds(lambda: read_tools(made)) < 20
    many = {f"p{number}": {"type": "string", "description": "x"} for number in range(8000)}
    assert seconds(lambda: _compiled({"type": "object", "properties": many})) < 2


def _tool(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}}


def test_a_name_too_long_for_a_pattern_of_names_is_told() -> None:
    linear = _compiled({"type": "object", "patternProperties": {"^(a+)+$": {"type": "integer"}}})
    assert not linear.errors({"a": {"a" * 1000: 1, "b" * 1000: "x"}})
    assert "is not of type 'integer'" in str(linear.errors({"a": {"a" * 1000: "x"}}))
    looking = _compiled({"type": "object", "patternProperties": {"^(?=b)(b+)+$": {"type": "integer"}}})
    assert not looking.errors({"a": {"b" * 20: 1}})
    (error,) = looking.errors({"a": {"b" * 30: 1}})
    assert "a text of 30 characters is too long to be held against '^(?=b)(b+)+$': at most 24 characters" in str(error)
