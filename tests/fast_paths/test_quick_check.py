"""The quick check of arguments never says more than jsonschema does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from adapter.schema.quick_check import certain
from adapter.tools.definitions import read_tools

SCALARS = st.sampled_from([None, True, False, 0, 1, -1, 1.0, 0.5, float("nan"), float("inf"), 10**30, "", "a", "b", "é"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
KEYWORDS = {
    "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
    "enum": st.lists(VALUES, max_size=3),
    "minimum": st.sampled_from([0, 0.5, 1]),
    "maximum": st.sampled_from([0, 0.5, 1]),
    "minLength": st.sampled_from([0, 1, 1.0]),
    "maxLength": st.sampled_from([0, 1]),
    "minItems": st.sampled_from([0, 1]),
    "maxItems": st.sampled_from([0, 1]),
    "required": st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True),
    "description": st.just("words"),
    "default": VALUES,
}


def object_schemas(inner: Any) -> Any:
    nested = {
        "items": inner,
        "additionalProperties": inner,
        "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    }
    return st.fixed_dictionaries({}, optional={**KEYWORDS, **nested})


SCHEMAS = st.recursive(st.booleans() | st.fixed_dictionaries({}, optional=KEYWORDS), object_schemas, max_leaves=5)


@given(schema=SCHEMAS, value=VALUES)
def test_what_it_says_is_valid_is_valid(schema: Any, value: Any) -> None:
    check = certain(schema)
    if check is not None and check(value):
        assert Draft202012Validator(schema).is_valid(value)


ORDINARY = {
    "type": "object",
    "properties": {
        "place": {"type": "string", "minLength": 1, "description": "Where."},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "more": {"type": ["object", "null"], "additionalProperties": {"type": "number"}},
    },
    "required": ["place"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "known"),
    [
        pytest.param({"place": "Oslo", "days": 3, "unit": "celsius", "tags": ["a"], "more": {"x": 0.5}}, True, id="all of it"),
        pytest.param({"place": "Oslo", "more": None}, True, id="the least"),
        pytest.param({"days": 3}, False, id="what is required is missing"),
        pytest.param({"place": "Oslo", "days": True}, False, id="true is no integer"),
        pytest.param({"place": "Oslo", "days": 3.0}, False, id="3.0 is one, which jsonschema says"),
        pytest.param({"place": "Oslo", "days": 8}, False, id="too many days"),
        pytest.param({"place": ""}, False, id="too short"),
        pytest.param({"place": "Oslo", "unit": "kelvin"}, False, id="not in the list"),
        pytest.param({"place": "Oslo", "tags": ["a", "b", "c"]}, False, id="too many tags"),
        pytest.param({"place": "Oslo", "other": 1}, False, id="a further property"),
        pytest.param({"place": "Oslo", "more": {"x": "y"}}, False, id="wrong inside"),
    ],
)
def test_it_knows_ordinary_arguments(value: Any, known: bool) -> None:
    check = certain(ORDINARY)
    assert check is not None
    assert check(value) is known


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"anyOf": [{"required": ["a"]}]}, id="a keyword it does not know"),
        pytest.param({"properties": {"a": {"pattern": "^x"}}}, id="one inside"),
        pytest.param({"properties": {"a": {"$ref": "#/properties/b"}, "b": {}}}, id="a reference"),
        pytest.param({"properties": {"a": False}}, id="nothing allowed"),
        pytest.param({"properties": {"a": {"$schema": "http://json-schema.org/draft-04/schema#"}}}, id="another draft inside"),
    ],
)
def test_it_leaves_other_schemas_alone(more: dict[str, Any]) -> None:
    assert certain({"type": "object", **more}) is None


def schema_of(**more: Any) -> Any:
    function = {"name": "f", "parameters": {"type": "object", **more}}
    return read_tools([{"type": "function", "function": function}]).tools[0].schema


def test_another_draft_has_no_quick_check() -> None:
    assert schema_of().certain is not None
    assert schema_of(**{"$schema": "https://json-schema.org/draft/2020-12/schema"}).certain is not None
    assert schema_of(**{"$schema": "http://json-schema.org/draft-04/schema#"}).certain is None
