"""Arguments against schemas: what is valid, what is mended, what a model is told (behaviour 5)."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

import adapter
from adapter.schema.compiled import compile_schema
from tests.facts.tools import function

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def parse_with(schema: Any, arguments: str, **options: Any) -> adapter.ParsedCompletion:
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    block = '<tool_call>{"name": "f", "arguments": ' + arguments + "}</tool_call>"
    return adapter.parse(block, [tool], **options)


def properties(**schemas: Any) -> dict[str, Any]:
    return {"type": "object", "properties": schemas}


VALID = [
    pytest.param(None, '{"x": 1}', id="no parameters: any object"),
    pytest.param({}, '{"x": [1]}', id="empty parameters: any object"),
    pytest.param(OBJECT, '{"a": 5}', id="2020-12 by default"),
    pytest.param(OBJECT, '{"a": 5.0}', id="5.0 is an integer in 2020-12"),
    pytest.param({"$schema": "http://json-schema.org/draft-07/schema#", **OBJECT}, '{"a": 5}', id="another draft by $schema"),
    pytest.param(
        {"type": "object", "properties": {"x": {"$ref": "#/$defs/X"}}, "$defs": {"X": {"enum": ["y"]}}},
        '{"x": "y"}',
        id="a reference inside the schema",
    ),
    pytest.param(
        {"$id": "https://example.com/root", "type": "object", "properties": {"x": {"$ref": "https://example.com/root#/$defs/X"}},
         "$defs": {"X": {"type": "null"}}},
        '{"x": null}',
        id="an absolute reference to the schema itself",
    ),
    pytest.param(
        properties(x={"$ref": "#/properties/y"}, y={"type": "array", "items": {"$ref": "#/properties/y"}}),
        '{"x": [[], [[]]]}',
        id="a recursive schema",
    ),
    pytest.param(properties(x={"enum": [{"$ref": "no reference"}]}), '{"x": {"$ref": "no reference"}}', id="$ref as data"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "arguments"), VALID)
def test_5_1_valid(schema: Any, arguments: str) -> None:
    parsed = parse_with(schema, arguments)
    assert [(call.arguments, call.valid) for call in parsed.tool_calls] == [(arguments, True)]
    assert parsed.problems == ()


N: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}}}


def tagged(tag: str, kind: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"is": {"const": tag}, "n": {"type": kind}}, "required": ["is"]}


COERCED = [
    pytest.param({"type": "integer"}, '"5"', "5", id="text to integer"),
    pytest.param({"type": "integer"}, '" -7 "', "-7", id="text with spaces to integer"),
    pytest.param({"type": "number"}, '"1.50"', "1.50", id="text to number, spelling kept"),
    pytest.param({"type": "number"}, '"1e5"', "1e5", id="text with exponent to number"),
    pytest.param({"type": "boolean"}, '"true"', "true", id="text to true"),
    pytest.param({"type": "boolean"}, '"False"', "false", id="Python text to false"),
    pytest.param({"type": "null"}, '"null"', "null", id="text to null"),
    pytest.param({"type": "array"}, '"[1, 2]"', "[1, 2]", id="text to array"),
    pytest.param({"type": "object"}, r'"{\"x\": 1.0}"', '{"x": 1.0}', id="text to object"),
    pytest.param({"type": "array", "items": {"type": "string"}}, '"x"', '["x"]', id="scalar to list"),
    pytest.param({"type": "array", "items": {"type": "integer"}}, "3", "[3]", id="number to list"),
    pytest.param({"type": "array", "items": {"type": "integer"}}, '"3"', "[3]", id="text to list of integers, in two steps"),
    pytest.param({"type": "array", "items": {"type": "integer"}}, '["1", 2, "3"]', "[1, 2, 3]", id="elements"),
    pytest.param({"type": "object", "properties": {"n": {"type": "integer"}}}, r'"{\"n\": \"4\"}"', '{"n": 4}', id="nested text"),
    pytest.param({"type": "object"}, '"{\\"x\\": ' + "7" * 5000 + '}"', '{"x": ' + "7" * 5000 + "}", id="text with a number of many digits"),
    pytest.param({"type": "string"}, "5643763743", '"5643763743"', id="number to text"),
    pytest.param({"type": "string"}, "1.50", '"1.50"', id="number to text, in its own spelling"),
    pytest.param({"type": "string"}, "true", '"true"', id="truth value to text"),
    pytest.param({"type": ["string", "null"]}, "-1e5", '"-1e5"', id="number to text that may be null"),
    pytest.param({"enum": ["1", "2"], "type": "string"}, "2", '"2"', id="number to a listed text"),
    pytest.param({"type": "array", "items": {"type": "string"}}, "[1, \"x\", 2.0]", '["1", "x", "2.0"]', id="numbers to texts"),
    pytest.param({"type": ["integer", "null"]}, '"5"', "5", id="union without text"),
    pytest.param({"anyOf": [{"type": "integer"}, {"type": "null"}]}, '"5"', "5", id="anyOf"),
    pytest.param({"anyOf": [N, {"type": "null"}]}, '{"n": "5"}', '{"n": 5}', id="in an object that may be null"),
    pytest.param({"anyOf": [N, {"type": "integer"}, {"items": N, "type": "array"}]}, '[{"n": "5"}]', '[{"n": 5}]', id="deep in a union"),
    pytest.param({**N, "if": {"required": ["n"]}, "then": {}}, '{"n": "5"}', '{"n": 5}', id="in an object with conditions"),
    pytest.param({**N, "allOf": [{"minProperties": 1}]}, '{"n": "5"}', '{"n": 5}', id="beside allOf"),
    pytest.param({"type": "integer", "allOf": [{"minimum": 1}]}, '"5"', "5", id="a type beside allOf"),
    pytest.param({"anyOf": [{"const": "auto"}, {"type": "integer"}]}, '"5"', "5", id="a word or a number"),
    pytest.param({"anyOf": [{"const": "all"}, {"type": "array"}]}, "5", "[5]", id="a word or a list, of a number"),
    pytest.param({"anyOf": [{"const": "all"}, {"type": "array"}]}, '"long text"', '["long text"]', id="a word or a list, of text"),
    pytest.param({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "object"}]}, '"{ }"', "{ }", id="a letter or an object"),
    pytest.param({"allOf": [N, {"properties": {"m": {"type": "null"}}}]}, '{"n": "5"}', '{"n": 5}', id="what one of two parts says"),
    pytest.param({"type": "object", "oneOf": [N, {"required": ["m"]}]}, '{"n": "5"}', '{"n": 5}', id="what one branch says"),
    pytest.param({"oneOf": [tagged("a", "string"), tagged("b", "integer")]}, '{"n": "5", "is": "b"}', '{"n": 5, "is": "b"}', id="what the tag says"),
    pytest.param({"oneOf": [tagged("a", "string"), tagged("b", "number")]}, r'{"n": "\t-1e5 ", "is": "b"}', '{"n": -1e5, "is": "b"}', id="what the tag says, with spaces"),
    pytest.param({"patternProperties": {"^n": {"type": "boolean"}}, "type": "object"}, '{"n": "true"}', '{"n": true}', id="what a pattern says"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "before", "after"), COERCED)
def test_5_2_coerced(schema: Any, before: str, after: str) -> None:
    whole = properties(v=schema, other={})
    given = '{"other": 1.0, "v": ' + before + ', "z": "\\u00e9"}'
    parsed = parse_with(whole, given)
    call = parsed.tool_calls[0]
    assert call.arguments == given.replace(before, after)
    assert call.valid
    assert {problem.kind for problem in parsed.problems} == {"coerced"}
    assert "arguments.v" in parsed.problems[0].message

    untouched = parse_with(whole, given, coerce=False).tool_calls[0]
    assert (untouched.arguments, untouched.valid) == (given, False)


def test_5_2_coerced_beside_a_number_of_more_digits_than_python_reads() -> None:
    call = parse_with(properties(v={"type": "integer"}), '{"n": ' + "7" * 5000 + ', "v": "5"}').tool_calls[0]
    assert (call.arguments, call.valid) == ('{"n": ' + "7" * 5000 + ', "v": 5}', True)


def test_draft_4_tells_5_0_from_5() -> None:
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", **OBJECT}
    call = parse_with(schema, '{"a": 5.0}').tool_calls[0]
    assert (call.arguments, call.valid) == ('{"a": 5}', True)


NOT_COERCED = [
    pytest.param({"type": "integer"}, '"5.5"', id="a fraction is no integer"),
    pytest.param({"type": "integer"}, '"007"', id="leading zeros would be lost"),
    pytest.param({"type": "integer"}, '"five"', id="a word"),
    pytest.param({"type": "integer"}, "5.5", id="rounding"),
    pytest.param({"type": "boolean"}, '"yes"', id="yes is not true"),
    pytest.param({"type": "boolean"}, "1", id="1 is not true"),
    pytest.param({"type": "string"}, "null", id="null is not text"),
    pytest.param({"type": "string"}, "[5]", id="a list is not text"),
    pytest.param({"type": "object"}, '"{x}"', id="text that is no JSON"),
    pytest.param({"type": "object"}, r'"{\"x\": NaN}"', id="text that is JSON to Python alone"),
    pytest.param({"type": "array"}, "7" * 5000, id="a number of more digits than Python reads, for a list of such"),
    pytest.param({"type": "array"}, "1e400", id="a number beyond a double, for a list of such"),
    pytest.param({"type": "integer", "maximum": 3}, '"5"', id="valid type but invalid value"),
    pytest.param({"enum": ["a"]}, '"A"', id="another case of a word"),
    pytest.param({"type": "array", "items": {"type": "integer"}}, '"x"', id="a list of the wrong thing"),
]


@pytest.mark.parametrize(("schema", "value"), NOT_COERCED)
def test_5_2_not_coerced(schema: Any, value: str) -> None:
    given = '{"v": ' + value + "}"
    parsed = parse_with(properties(v=schema), given)
    assert (parsed.tool_calls[0].arguments, parsed.tool_calls[0].valid) == (given, False)
    assert [problem.kind for problem in parsed.problems] == ["invalid_arguments"]


def test_5_2_valid_arguments_are_never_coerced() -> None:
    given = '{"v": "5"}'
    parsed = parse_with(properties(v={"type": ["string", "integer"]}), given)
    assert (parsed.tool_calls[0].arguments, parsed.problems) == (given, ())


def test_5_2_no_key_is_dropped_or_added() -> None:
    schema = {**properties(a={"type": "integer", "default": 3}), "additionalProperties": False, "required": ["a"]}
    for arguments in ('{"a": 1, "b": 2}', "{}"):
        call = parse_with(schema, arguments).tool_calls[0]
        assert (call.arguments, call.valid) == (arguments, False)


MESSAGES = [
    pytest.param(OBJECT, '{"a": [1]}', "arguments.a: [1] is an array, and must be of type integer", id="type"),
    pytest.param(OBJECT, "{}", "arguments: 'a' is a required property", id="required"),
    pytest.param(properties(u={"enum": ["c", "f"]}), '{"u": "k"}', 'arguments.u: "k" is not one of ["c", "f"]', id="enum"),
    pytest.param({**OBJECT, "additionalProperties": False}, '{"a": 1, "b": 2}', "the parameters are a", id="unknown key"),
    pytest.param(properties(x={"type": "array", "items": {"type": "null"}}), '{"x": [null, {}]}',
                 "arguments.x[1]: {} is an object, and must be of type null", id="place in a list"),
    pytest.param(properties(x={"anyOf": [{"type": "null"}, {"type": "object", "required": ["k"]}]}), '{"x": {}}',
                 "arguments.x:", id="anyOf says where"),
    pytest.param(OBJECT, "[1]", "the arguments are an array, and must be a JSON object", id="not an object"),
    pytest.param(properties(s={"maxLength": 2}), json.dumps({"s": "x" * 5000}), "is too long", id="a long value"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "arguments", "message"), MESSAGES)
def test_a_message_a_model_can_act_on(schema: Any, arguments: str, message: str) -> None:
    [problem] = parse_with(schema, arguments).problems
    assert problem.kind == "invalid_arguments"
    assert message in problem.message
    assert "'f'" in problem.message
    assert len(problem.message) < 700


def test_many_errors_are_counted() -> None:
    schema = properties(**{f"k{n}": {"type": "null"} for n in range(9)})
    [problem] = parse_with(schema, json.dumps({f"k{n}": [n] for n in range(9)})).problems
    assert problem.message.count("must be of type null") == 5
    assert "and 4 more" in problem.message


def test_5_1_compiled_once_and_kept() -> None:
    schema = {"type": "object", "properties": {"once": {"type": "string"}}}
    first = compile_schema(schema, "p", "f")
    assert compile_schema(copy.deepcopy(schema), "p", "g") is first


def test_a_mutated_schema_is_another_one() -> None:
    tool = function("f", {"x": {"type": "string"}})
    text = '<tool_call>{"name": "f", "arguments": {"x": [1]}}</tool_call>'
    assert not adapter.parse(text, [tool]).tool_calls[0].valid
    tool["function"]["parameters"]["properties"]["x"] = {"type": "array"}
    assert adapter.parse(text, [tool]).tool_calls[0].valid


def _nested(depth: int, *, in_lists: bool) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    return value


@pytest.mark.parametrize("depth", [400, 900, 50_000])
@pytest.mark.parametrize("in_lists", [False, True], ids=["objects", "lists"])
@pytest.mark.parametrize("key", ["default", "const", "x-unknown"])
@pytest.mark.parametrize("where", ["in the schema", "beside it"])
def test_a_deep_value_in_a_definition_is_a_bad_request(where: str, key: str, in_lists: bool, depth: int) -> None:
    """A schema that is not checked by its depth may hold any value, which every template would have to write."""
    value = _nested(depth, in_lists=in_lists)
    tool = {"name": "f", "parameters": {"type": "object", "properties": {"p": {key: value}}}}
    if where == "beside it":
        tool = {"name": "f", "parameters": {"type": "object"}, key: value}
    with pytest.raises(adapter.BadRequest, match="nested"):
        adapter.render([{"role": "user", "content": "x"}], [{"type": "function", "function": tool}])


@pytest.mark.parametrize("dialect", ["hermes", "gemma-4", "qwen3-coder", "kimi-k3"])
def test_a_default_as_deep_as_a_definition_may_be_is_written(dialect: str) -> None:
    tool = {"name": "f", "parameters": {"type": "object", "properties": {"p": {"default": _nested(290, in_lists=False)}}}}
    assert adapter.render([{"role": "user", "content": "x"}], [{"type": "function", "function": tool}], dialect=dialect)


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    deep = "[" * 100_000
    parsed = adapter.parse('<tool_call>{"name": "f", "arguments": {"x": ' + deep)
    assert [problem.kind for problem in parsed.problems] == ["cut"]
    closed = adapter.parse('<tool_call>{"name": "f", "arguments": {"x": ' + deep + "]" * 100_000 + "}}</tool_call>")
    assert [problem.kind for problem in closed.problems] == ["unreadable"]


def test_long_numbers_beside_a_wrong_value_are_no_crash() -> None:
    digits = "7" * 5000
    call = parse_with(properties(a={}, b={"type": "integer"}), f'{{"a": {digits}, "b": "5"}}').tool_calls[0]
    assert (call.arguments, call.valid) == (f'{{"a": {digits}, "b": 5}}', True)
    call = parse_with(properties(a={"type": "string"}), f'{{"a": {digits}}}').tool_calls[0]
    assert (call.arguments, call.valid) == (f'{{"a": "{digits}"}}', True)
    call = parse_with(properties(a={"type": "boolean"}), f'{{"a": {digits}}}').tool_calls[0]
    assert (call.arguments, call.valid) == (f'{{"a": {digits}}}', False)
