"""Errors name the caller's own places, cut long lists, and show what is near (behaviour 6.0, 6.5)."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI

import adapter
from tests.support.loopback import Upstream, completion, raw_completion

PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
SEE: Any = {"role": "user", "content": [{"type": "text", "text": "See"}, PNG]}
ASK: Any = {"role": "user", "content": "Hi"}
CALLED: Any = {
    "role": "assistant",
    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
RESULT: Any = {"role": "tool", "tool_call_id": "a", "content": "1"}
FUNCTION = {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}
TOOLS: Any = [{"type": "function", "function": FUNCTION}]
FLAT: Any = [{"type": "function", **FUNCTION}]
RAW = {"upstream": "completions", "chat_template": "qwen3"}

# The place that is named, the request, the options.
PLACES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("messages[0].content[1]", {"messages": [SEE]}, RAW),
    ("messages[3].content[1]", {"messages": [ASK, CALLED, RESULT, SEE]}, RAW),
    ("messages[2].content[0]", {"messages": [ASK, CALLED, {**RESULT, "content": [PNG]}]}, RAW),
    ("messages[4].content[1]", {"messages": [ASK, CALLED, ASK, {"role": "assistant", "content": "Hm."}, SEE]}, RAW),
    ("messages[1].role", {"messages": [ASK, {"role": "robot"}]}, {}),
    ("input[0].content[1]", {"input": [SEE]}, RAW),
    ("input[1].content[1]", {"input": [ASK, SEE], "instructions": "Be brief."}, RAW),
]


@pytest.mark.parametrize(("place", "request_body", "options"), PLACES, ids=[place for place, _, _ in PLACES])
def test_6_5_a_place_is_the_callers(place: str, request_body: dict[str, Any], options: dict[str, Any]) -> None:
    responses = "input" in request_body
    body = {"model": "m", "tools": FLAT if responses else TOOLS, **request_body}
    if responses:
        image = {"type": "input_image", "image_url": PNG["image_url"]["url"]}  # type: ignore[index]
        body["input"] = [
            {**item, "content": [{"type": "input_text", "text": "See"}, image]} if item is SEE else item
            for item in body["input"]
        ]
    with Upstream(completion("Hi")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped: Any = adapter.wrap(client, **options)
        with pytest.raises(openai.BadRequestError) as raised:
            wrapped.post("/responses" if responses else "/chat/completions", body=body, cast_to=object)
        assert upstream.received == []
    assert raised.value.param == place
    assert f"'{place}'" in raised.value.message


@pytest.mark.parametrize(
    "content",
    [
        "The answer",
        [{"type": "text", "text": "The answer"}],
        [{"type": "text", "text": "The "}, {"type": "text", "text": "answer"}],
    ],
    ids=["a string", "a part", "two parts"],
)
def test_an_answer_that_is_begun_for_the_model_may_be_a_list(content: Any) -> None:
    begun = {"continue_final_message": True, "add_generation_prompt": False}
    with Upstream(raw_completion(" is 4.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        messages: Any = [ASK, {"role": "assistant", "content": content}]
        adapter.wrap(client, **RAW).chat.completions.create(model="m", messages=messages, tools=TOOLS, extra_body=begun)  # type: ignore[arg-type]
        assert upstream.bodies[0]["prompt"].endswith("The answer")


MANY = [{"type": "function", "function": {"name": f"tool_{number}", "parameters": {"type": "object"}}} for number in range(150)]


def test_a_long_list_of_names_is_cut_and_begins_with_the_nearest() -> None:
    with pytest.raises(adapter.BadRequest) as raised:
        adapter.render([ASK], MANY, tool_choice={"type": "function", "function": {"name": "Tool_77"}})
    assert "The tools offered are 'tool_77', " in raised.value.message
    assert raised.value.message.endswith("… and 140 more.")


def test_a_long_list_of_names_is_cut_for_the_model_too() -> None:
    told = adapter.parse('<tool_call>{"name": "tol_77", "arguments": {}}</tool_call>', MANY).problems
    [message] = [problem.message for problem in told if problem.kind == "unknown_tool"]
    assert message.startswith("there is no tool 'tol_77' to call; use 'tool_77' or ")
    assert message.endswith(" or … and 140 more")


CHOICES: list[tuple[Any, str, str | None]] = [
    ("any", "required", None),
    ({"type": "any"}, "required", None),
    ({"type": "auto"}, "auto", None),
    ({"type": "none"}, "none", None),
    ({"type": "function", "name": "f"}, "named", "f"),
    ({"type": "tool", "name": "f"}, "named", "f"),
    ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}, "auto", None),
    ({"type": "function", "function": {"name": "f"}}, "named", "f"),
]


@pytest.mark.parametrize("responses", [False, True], ids=["chat", "responses"])
@pytest.mark.parametrize(("choice", "mode", "name"), CHOICES, ids=[str(choice) for choice, _, _ in CHOICES])
def test_3_6_a_choice_in_the_form_of_another_api(choice: Any, mode: str, name: str | None, responses: bool) -> None:
    from adapter.api.chat.request import read_request
    from adapter.api.responses.request import read_request as read_responses

    if responses:
        read = read_responses({"model": "m", "input": "Hi", "tools": FLAT, "tool_choice": choice}, (), "max_tokens").chat
    else:
        chat = read_request({"model": "m", "messages": [ASK], "tools": TOOLS, "tool_choice": choice})
        assert chat is not None
        read = chat
    assert (read.choice.mode, read.choice.name) == (mode, name)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("pattern", ["[[a-z]", "a[b--c]", "[a||b]", "[a&&b]", "[a~~b]"])
def test_a_pattern_that_python_warns_of_is_no_error(pattern: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}, "unevaluatedProperties": False}
    inner = {**schema, "patternProperties": {pattern: {"type": "string"}}}
    for each in (schema, inner):
        tools = [{"type": "function", "function": {"name": "f", "parameters": each}}]
        assert adapter.render([ASK], tools)
        assert adapter.parse('<tool_call>{"name": "f", "arguments": {"a": "b"}}</tool_call>', tools).tool_calls
