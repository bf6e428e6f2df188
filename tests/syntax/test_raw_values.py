"""Raw values typed by the schema of their parameter: one table for the types, one for where a schema says them."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.syntax.raw_values import only_string, typed
from adapter.text.json_spans import loads
from adapter.text.json_writer import escaped, quoted
from adapter.tools.argument_types import parameter_types
from adapter.tools.definitions import read_tools
from tests.facts.tools import function

S, I, N, B, O, A, Z = "string", "integer", "number", "boolean", "object", "array", "null"  # noqa: E741  # one letter per type
BIG = "9" * 500

# The fact, the types, the value as written, the JSON text.
TYPED: dict[str, tuple[set[str] | None, str, str]] = {
    "nothing known: a string": (None, "5", '"5"'),
    "no types at all: a string": (set(), "5", '"5"'),
    "a string that looks like JSON": ({S}, '{"a": 1}', '"{\\"a\\": 1}"'),
    "a string with white space around": ({S}, " x\n", '" x\\n"'),
    "a string that says null": ({S}, "null", '"null"'),
    "an empty string": ({S}, "", '""'),
    "an integer": ({I}, "5", "5"),
    "an integer with white space around": ({I}, " 5\n", "5"),
    "an integer with a plus": ({I}, "+5", "5"),
    "an integer with zeros before it": ({I}, "007", "7"),
    "a negative integer": ({I}, "-5", "-5"),
    "an integer written with a point": ({I}, "5.0", "5"),
    "an integer with an exponent": ({I}, "1e3", "1000"),
    "an integer beyond 2^53": ({I}, "9007199254740993", "9007199254740993"),
    "an integer of hundreds of digits": ({I}, BIG, BIG),
    "no integer: JSON all the same": ({I}, "5.5", "5.5"),
    "no integer: a word is a string": ({I}, "five", '"five"'),
    "no integer: nothing written": ({I}, "", '""'),
    "no integer: two signs": ({I}, "--8", '"--8"'),
    "no integer: a plus and a minus": ({I}, "+-8", '"+-8"'),
    "no integer: a sign": ({I}, "-", '"-"'),
    "digits that are not ASCII are no integer": ({I}, "٣", '"٣"'),
    "digits that are not ASCII are no number": ({N}, "٣", '"٣"'),
    "underscores are Python's": ({I}, "1_000", '"1_000"'),
    "a number": ({N}, "1.5", "1.5"),
    "a whole number": ({N}, "2", "2"),
    "a number keeps its spelling": ({N}, "2.0", "2.0"),
    "an exponent keeps its spelling": ({N}, "1E-7", "1E-7"),
    "a number that JSON spells otherwise": ({N}, ".5", "0.5"),
    "NaN is no number": ({N}, "NaN", '"NaN"'),
    "infinity is no number": ({N}, "inf", '"inf"'),
    "out of range for Python, and JSON all the same": ({N}, "1e999", "1e999"),
    "true": ({B}, "true", "true"),
    "Python's True": ({B}, "True", "true"),
    "TRUE": ({B}, "TRUE", "true"),
    "False with white space": ({B}, "\nFalse ", "false"),
    "a digit for a truth value": ({B}, "1", "true"),
    "zero for a truth value": ({B}, "0", "false"),
    "yes is no truth value": ({B}, "yes", '"yes"'),
    "null": ({Z}, "null", "null"),
    "Python's None": ({Z, I}, "None", "null"),
    "NULL": ({Z, O}, "NULL", "null"),
    "null where none is allowed": ({I}, "null", "null"),
    "an object": ({O}, '{"a": 1.0}', '{"a": 1.0}'),
    "an object keeps its spelling": ({O}, ' {"b":1 ,\n"a":2}\n', '{"b":1 ,\n"a":2}'),
    "an object as Python writes it": ({O}, "{'a': True, 'b': None}", '{"a": true, "b": null}'),
    "a list": ({A}, "[1, 2]", "[1, 2]"),
    "a list as Python writes it": ({A}, "['é', 1.5]", '["é", 1.5]'),
    "a backslash in a Python literal": ({A}, "['\\d']", '["\\\\d"]'),
    "a list where an object is due": ({O}, "[1]", "[1]"),
    "an object that is cut": ({O}, '{"a": ', '"{\\"a\\": "'),
    "an object with NaN": ({O}, '{"a": NaN}', '"{\\"a\\": NaN}"'),
    "a Python expression is not run": ({A}, "[1] * 3", '"[1] * 3"'),
    "a set is no JSON": ({O}, "{1, 2}", '"{1, 2}"'),
    "nested without end": ({A}, "[" * 100_000, '"' + "[" * 100_000 + '"'),
    # Several types: null, integer, number, boolean, object or array, string.
    "an integer before a truth value": ({B, I}, "1", "1"),
    "a truth value before a string": ({B, S}, "true", "true"),
    "a digit beside strings is no truth value": ({B, S}, "1", '"1"'),
    "an integer before a string": ({S, I}, "7", "7"),
    "an integer before a number": ({N, I}, "7", "7"),
    "zeros before it: a string": ({S, I}, "007", '"007"'),
    "white space around it: a string": ({S, I}, " 7", '" 7"'),
    "a plus: a string": ({S, N}, "+7", '"+7"'),
    "a number before a string": ({S, N}, "3.14", "3.14"),
    "a version is a string": ({S, N}, "1.10", '"1.10"'),
    "a whole number with a point: as JSON": ({S, N}, "2.0", "2.0"),
    "a fraction where integers and strings are due": ({S, I}, "3.14", '"3.14"'),
    "null before a string": ({S, Z}, "null", "null"),
    "Python's None before a string": ({S, Z}, "None", "null"),
    "none is a word": ({S, Z}, "none", '"none"'),
    "NONE is a word": ({S, Z}, "NONE", '"NONE"'),
    "NULL is a word beside strings": ({S, Z}, "NULL", '"NULL"'),
    "Null is a word beside strings": ({S, Z, I}, "Null", '"Null"'),
    "none where no string may stand": ({I, Z}, "none", "null"),
    "NONE where a list may stand": ({A, Z}, "NONE", "null"),
    "a nullable string": ({S, Z}, "nullable", '"nullable"'),
    "an object before a string": ({S, O}, '{"a": 1}', '{"a": 1}'),
    "words before an object: a string": ({S, O}, 'see {"a": 1}', '"see {\\"a\\": 1}"'),
    "a list beside strings": ({S, A}, "[x]", '"[x]"'),
}  # fmt: skip


@pytest.mark.parametrize("fact", TYPED)
def test_typed(fact: str) -> None:
    kinds, text, expected = TYPED[fact]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert typed(text, None if kinds is None else frozenset(kinds)) == expected


@given(st.text(), st.none() | st.frozensets(st.sampled_from([S, I, N, B, O, A, Z])))
def test_every_value_is_json_and_none_is_lost(text: str, kinds: frozenset[str] | None) -> None:
    value = loads(typed(text, kinds))
    if only_string(kinds):
        assert value == text
    elif isinstance(value, str):
        assert value == text or json.loads(text) == value


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5))  # fmt: skip
def test_what_is_written_as_json_is_read_as_itself(value: Any) -> None:
    kind = {type(None): Z, bool: B, int: I, float: N, list: A, dict: O}.get(type(value))
    if kind is not None:
        assert typed(json.dumps(value), frozenset({kind})) == json.dumps(value)
        assert loads(typed(str(value), frozenset({kind}))) == value  # as Python writes it


@given(st.text(), st.integers(0, 20))
def test_a_string_escaped_in_pieces(text: str, cut: int) -> None:
    assert f'"{escaped(text[:cut])}{escaped(text[cut:])}"' == quoted(text)


DEFINED = {"$defs": {"N": {"type": "integer"}, "Any": {}}}
# The fact, the schema of the parameter `v`, its types.
WHERE: dict[str, tuple[Any, set[str] | None]] = {
    "a type": ({"type": "integer"}, {I}),
    "types": ({"type": ["integer", "null"]}, {I, Z}),
    "nothing": ({}, None),
    "true": (True, None),
    "the values of an enum": ({"enum": [1, "a", None]}, {I, S, Z}),
    "truth values of an enum are no integers": ({"enum": [True]}, {B}),
    "a constant": ({"const": 1.5}, {N}),
    "the type counts before the values": ({"type": "string", "enum": [1]}, {S}),
    "a reference": ({"$ref": "#/$defs/N"}, {I}),
    "a reference to anything": ({"$ref": "#/$defs/Any"}, None),
    "anyOf": ({"anyOf": [{"type": "integer"}, {"const": "auto"}]}, {I, S}),
    "oneOf with anything": ({"oneOf": [{"type": "integer"}, {}]}, None),
    "allOf": ({"allOf": [{"minimum": 1}, {"type": ["integer", "string"]}, {"type": "integer"}]}, {I}),
    "a type beside conditions": ({"type": "integer", "allOf": [{"minimum": 1}], "if": {}}, {I}),
}


@pytest.mark.parametrize("fact", WHERE)
def test_the_types_of_a_parameter(fact: str) -> None:
    schema, expected = WHERE[fact]
    tool = {"type": "object", "properties": {"v": schema}, **DEFINED}
    types = parameter_types(read_tools([{"type": "function", "function": {"name": "f", "parameters": tool}}]))
    assert types("f", "v") == expected


INTEGER = {"properties": {"v": {"type": "integer"}}}
OBJECTS: dict[str, tuple[dict[str, Any], set[str] | None]] = {
    "a parameter not named": ({"properties": {"w": {"type": "integer"}}}, None),
    "any other parameter": ({"additionalProperties": {"type": "integer"}}, {I}),
    "by a pattern": ({"patternProperties": {"^v": {"type": "integer"}}, "additionalProperties": {"type": "null"}}, {I}),
    "by no pattern": ({"patternProperties": {"^w": {"type": "integer"}}, "additionalProperties": {"type": "null"}}, {Z}),
    "named under a condition too": ({**INTEGER, "if": {}, "then": {"properties": {"v": {"const": "x"}}}}, {I}),
    "named under a condition alone": ({"if": {}, "else": INTEGER}, {I}),
    "named without a type, typed under a condition": ({"properties": {"v": {}}, "allOf": [INTEGER]}, {I}),
    "in one of several forms": ({"oneOf": [{"properties": {"w": {}}}, INTEGER]}, {I}),
    "by a reference": ({"$ref": "#/$defs/Args", "$defs": {"Args": INTEGER}}, {I}),
}


@pytest.mark.parametrize("fact", OBJECTS)
def test_where_a_parameter_is_described(fact: str) -> None:
    schema, expected = OBJECTS[fact]
    types = parameter_types(
        read_tools([{"type": "function", "function": {"name": "f", "parameters": {"type": "object", **schema}}}])
    )
    assert types("f", "v") == expected


def test_a_tool_that_is_not_offered() -> None:
    types = parameter_types(read_tools([function("f", {"v": {"type": "integer"}})]))
    assert types("f", "v") == frozenset({I})
    assert types("g", "v") is None
