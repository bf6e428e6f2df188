"""Requests that are wrong: the status, the place and the message each gets, and none reaches upstream (behaviour 5, 6)."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI

import adapter
from tests.facts.tools import TIME, WEATHER
from tests.support.loopback import Upstream, completion

USER = {"role": "user", "content": "Hi"}


def tool(**function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", **function}}


def parameters(schema: Any) -> dict[str, Any]:
    return {"tools": [tool(parameters=schema)]}


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"x": schema}}
    return schema


def called(*ids: str) -> dict[str, Any]:
    calls = [{"id": name, "type": "function", "function": {"name": "get_time", "arguments": "{}"}} for name in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def result(call_id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "12:00"}


def case(name: str, request: dict[str, Any], param: str, *words: str) -> Any:
    return pytest.param(request, param, words, id=name)


CASES = [
    case("tools is an object", {"tools": {"a": 1}}, "tools", "expected an array", "dict"),
    case("tool is a string", {"tools": ["get_weather"]}, "tools[0]", "expected an object", "'get_weather'"),
    case("tool without type", {"tools": [{"function": {"name": "f"}}]}, "tools[0].type", '"type": "function"'),
    case("custom tool without a name", {"tools": [{"type": "custom", "custom": {}}]}, "tools[0].custom.name", "Missing"),
    case("built-in tool", {"tools": [{"type": "web_search"}]}, "tools[0].type", "'web_search'", "on_builtin"),
    case("tool without function", {"tools": [{"type": "function"}]}, "tools[0].function", "Missing required parameter"),
    case("function is a string", {"tools": [{"type": "function", "function": "f"}]}, "tools[0].function", "expected an object"),
    case("no name", {"tools": [WEATHER, {"type": "function", "function": {}}]}, "tools[1].function.name", "Missing"),
    case("name is a number", {"tools": [tool(name=5)]}, "tools[0].function.name", "expected a string", "5"),
    case("name with a space", {"tools": [tool(name="get weather")]}, "tools[0].function.name", "'get weather'", "'-'"),
    case("name is empty", {"tools": [tool(name="")]}, "tools[0].function.name", "1 to 128"),
    case("name of 129 characters", {"tools": [tool(name="x" * 129)]}, "tools[0].function.name", "128"),
    case("duplicate name", {"tools": [TIME, WEATHER, TIME]}, "tools[2].function.name", "'get_time'", "tools[0].function"),
    case("description is a list", {"tools": [tool(description=["x"])]}, "tools[0].function.description", "expected a string"),
    case("strict is a word", {"tools": [tool(strict="yes")]}, "tools[0].function.strict", "true or false"),
    case("parameters is a list", parameters([]), "tools[0].function.parameters", "not a JSON schema object"),
    case("parameters is true", parameters(True), "tools[0].function.parameters", "not a JSON schema object"),
    case("type dict", parameters({"type": "dict"}), "tools[0].function.parameters", "'type': 'object'", "'dict'"),
    case(
        "type float",
        parameters({"type": "object", "properties": {"x": {"type": "float"}}}),
        "tools[0].function.parameters.properties.x.type",
        "'float' is not a JSON schema type",
        "'number'",
    ),
    case(
        "type any",
        parameters({"type": "object", "properties": {"x": {"type": "any"}}}),
        "tools[0].function.parameters.properties.x.type",
        "no 'type' at all",
    ),
    case(
        "type in capitals",
        parameters({"type": "object", "properties": {"x": {"type": "STRING"}}}),
        "tools[0].function.parameters.properties.x.type",
        "write 'string'",
    ),
    case(
        "required is a word",
        parameters({"type": "object", "required": "x"}),
        "tools[0].function.parameters.required",
        "is not of type 'array'",
    ),
    case(
        "reference to itself",
        parameters({"type": "object", "properties": {"x": {"$ref": "#/$defs/X"}}, "$defs": {"X": {"$ref": "#/$defs/X"}}}),
        "tools[0].function.parameters",
        "'#/$defs/X' leads back to itself",
    ),
    case(
        "references in a circle, by way of alternatives",
        parameters({
            "type": "object",
            "properties": {"x": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/X"}]}},
            "$defs": {"X": {"allOf": [{"$ref": "#/$defs/Y"}]}, "Y": {"then": {"oneOf": [{"$ref": "#/$defs/X"}]}}},
        }),
        "tools[0].function.parameters",
        "leads back to itself",
    ),
    case("deeply nested schema", parameters(nested(200)), "tools[0].function.parameters", "nested too deeply", "'$defs'"),
    case("tool_choice is a wrong word", {"tool_choice": "must"}, "tool_choice", "'must'", "'required'"),
    case("tool_choice is a list", {"tool_choice": []}, "tool_choice", "'auto'"),
    case("tool_choice without a name", {"tool_choice": {"type": "function"}}, "tool_choice.function.name", "Missing"),
    case(
        "tool_choice of another tool",
        {"tool_choice": {"type": "function", "function": {"name": "nope"}}},
        "tool_choice.function.name",
        "'nope' not found in 'tools'",
        "'get_weather'",
    ),
    case(
        "allowed_tools without mode",
        {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"tools": []}}},
        "tool_choice.allowed_tools",
        "'mode'",
    ),
    case(
        "allowed_tools without tools",
        {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}},
        "tool_choice.allowed_tools.tools",
        "at least one",
    ),
    case(
        "allowed_tools names another tool",
        {
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "nope"}}]},
            }
        },
        "tool_choice.allowed_tools.tools[0].function.name",
        "'nope' not found",
    ),
    case("parallel_tool_calls is a word", {"parallel_tool_calls": "yes"}, "parallel_tool_calls", "true or false", "'yes'"),
    case(
        "required tool_choice without tools",
        {"tools": None, "tool_choice": "required"},
        "tool_choice",
        "'tool_choice' is only allowed when 'tools' are specified.",
    ),
    case(
        "any call without tools",
        {"tools": [], "tool_choice": "any"},
        "tool_choice",
        "'tool_choice' is only allowed when 'tools' are specified.",
    ),
    case(
        "function_call with tools",
        {"function_call": {"name": "get_weather"}},
        "function_call",
        "'function_call' is only allowed when 'functions' are specified.",
    ),
    case("tools and functions", {"functions": [{"name": "g"}]}, "functions", "cannot be used together"),
    case("function_call of another function", {"tools": None, "functions": [{"name": "g"}], "function_call": {"name": "h"}},
         "function_call.name", "'h' not found"),
    case("legacy function without a name", {"tools": None, "functions": [{}]}, "functions[0].name", "Missing"),
    case("stream is a string", {"stream": "yes"}, "stream", "expected true or false"),
    case("messages is a string", {"messages": "Hi"}, "messages", "expected an array"),
    case("messages is empty", {"messages": []}, "messages", "at least one"),
    case("message is a string", {"messages": ["Hi"]}, "messages[0]", "expected an object"),
    case("message without a role", {"messages": [{"content": "Hi"}]}, "messages[0].role", "Missing"),
    case("message with another role", {"messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role", "'robot'"),
    case("content is a number", {"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "expected a string"),
    case("content part is a string", {"messages": [{"role": "user", "content": ["Hi"]}]}, "messages[0].content[0]", "'type'"),
    case("text of a part is a number", {"messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]},
         "messages[0].content[0].text", "expected a string, but got int"),
    case("result without a call", {"messages": [USER, result("a")]}, "messages[1].role", "preceding message with 'tool_calls'"),
    case(
        "result of another call",
        {"messages": [USER, called("a"), result("b")]},
        "messages[2].tool_call_id",
        "'b' not found in 'tool_calls' of the previous message",
    ),
    case(
        "result twice",
        {"messages": [USER, called("a"), result("a"), result("a")]},
        "messages[3].tool_call_id",
        "Duplicate value for 'tool_call_id'",
    ),
    case(
        "call without a result",
        {"messages": [USER, called("a", "b"), result("a"), USER]},
        "messages[1].tool_calls",
        "did not have response messages: b",
    ),
    case("result without an id", {"messages": [USER, called("a"), {"role": "tool", "content": "x"}]},
         "messages[2].tool_call_id", "Missing"),
    case("call id twice", {"messages": [USER, called("a", "a"), result("a")]}, "messages[1].tool_calls[1].id", "Duplicate"),
    case("past call without a name", {"messages": [USER, {"role": "assistant", "tool_calls": [{"id": "a"}]}, result("a")]},
         "messages[1].tool_calls[0].function.name", "Missing"),
    case("past call without an id", {"messages": [USER, {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}]},
         "messages[1].tool_calls[0].id", "Missing"),
    case("past custom call", {"messages": [USER, {"role": "assistant", "tool_calls": [{"id": "a", "type": "custom"}]}]},
         "messages[1].tool_calls[0].type", "'custom'"),
]  # fmt: skip


# Histories that are mended unless `history="strict"` (4.8).
MESSY = {
    "result without a call", "result of another call", "result twice", "call without a result", "result without an id",
    "call id twice", "past call without an id",
}  # fmt: skip


@pytest.mark.parametrize(("request_body", "param", "words"), [case for case in CASES if case.id not in MESSY])
def test_6_bad_request(request_body: dict[str, Any], param: str, words: tuple[str, ...]) -> None:
    refused(request_body, param, words)


@pytest.mark.parametrize(("request_body", "param", "words"), [case for case in CASES if "messages" in str(case.values[1])])
def test_4_8_bad_messages_in_a_strict_history(request_body: dict[str, Any], param: str, words: tuple[str, ...]) -> None:
    refused(request_body, param, words, history="strict")


def refused(request_body: dict[str, Any], param: str, words: tuple[str, ...], **options: Any) -> None:
    body = {"model": "m", "messages": [USER], "tools": [WEATHER], **request_body}
    body = {key: value for key, value in body.items() if value is not None}
    with Upstream(completion("Hello.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        with pytest.raises(openai.BadRequestError) as caught:
            adapter.wrap(client, **options).post("/chat/completions", body=body, cast_to=object)
        assert upstream.received == []
    error = caught.value
    assert error.status_code == 400
    assert error.type == "invalid_request_error"
    assert error.param == param
    assert isinstance(error.body, dict)
    message = error.body["message"]
    for word in words:
        assert word in message
    assert "\n" not in message


def test_the_table_is_as_long_as_promised() -> None:
    assert len(CASES) >= 25
