"""`wrap`: the ordinary openai client over a text-only upstream, whole answers (behaviour 3, 5.3, 5.4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import OpenAI

import adapter
from tests.facts.completions import CALL, TIME_CALL
from tests.facts.tools import ECHO, TIME, TOOLS, WEATHER, function
from tests.support.loopback import Answer, Upstream, completion

if TYPE_CHECKING:
    from adapter.events import Problem

ASK: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
BAD_CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"town": "Paris"}}\n</tool_call>'
UNKNOWN = '<tool_call>\n{"name": "nope", "arguments": {}}\n</tool_call>'


def create(upstream: Upstream, options: dict[str, Any] | None = None, **request: Any) -> Any:
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        wrapped = adapter.wrap(client, **(options or {}))
        return wrapped.chat.completions.create(**{"model": "m", "messages": ASK, "tools": TOOLS, **request})


def raw(upstream: Upstream, options: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
    """The answer as JSON, before the SDK fills in what it lacks."""
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        body = {"model": "m", "messages": ASK, "tools": TOOLS, **request}
        response = adapter.wrap(client, **(options or {})).chat.completions.with_raw_response.create(**body)
        answer: dict[str, Any] = json.loads(response.text)
        return answer


def test_3_1_the_message_of_a_call_is_what_a_native_server_sends() -> None:
    with Upstream(completion(CALL)) as upstream:
        answer = raw(upstream)
    [choice] = answer["choices"]
    call_id = choice["message"]["tool_calls"][0]["id"]
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "annotations": [],
        "tool_calls": [
            {"id": call_id, "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
        ],
    }
    assert choice["finish_reason"] == "tool_calls"
    assert call_id.startswith("call_")
    assert {key: answer[key] for key in ("id", "object", "created", "model")} == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "text-only",
    }


def test_3_1_the_message_of_text_has_no_tool_calls() -> None:
    with Upstream(completion("Sunny.")) as upstream:
        [choice] = raw(upstream)["choices"]
    assert choice["message"] == {"role": "assistant", "content": "Sunny.", "refusal": None, "annotations": []}
    assert choice["finish_reason"] == "stop"


def test_3_11_upstream_gets_no_word_about_tools_and_all_else() -> None:
    extra = {"enable_thinking": False, "top_k": 3}
    with Upstream(completion("Sunny.")) as upstream:
        create(upstream, tool_choice="auto", parallel_tool_calls=True, temperature=0.5, extra_body=extra)
        [body] = upstream.bodies
    assert set(body) == {"model", "messages", "temperature", "enable_thinking", "top_k"}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert json.dumps(WEATHER) in body["messages"][0]["content"]


def test_a_request_without_tools_passes_untouched() -> None:
    with Upstream(completion("<think>x</think><tool_call>{")) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        answer = adapter.wrap(client).chat.completions.create(model="m", messages=ASK, temperature=0.1)
        assert answer.choices[0].message.content == "<think>x</think><tool_call>{"
        assert upstream.bodies == [{"model": "m", "messages": ASK, "temperature": 0.1}]


def test_history_with_tools_and_no_tools_offered_is_made_readable() -> None:
    messages: list[Any] = [*ASK, _called("get_weather"), {"role": "tool", "tool_call_id": "a", "content": "18"}]
    with Upstream(completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        answer = adapter.wrap(client).chat.completions.create(model="m", messages=messages)
        [body] = upstream.bodies
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_call>'
    assert body["messages"][2]["content"] == "<tool_response>\n18\n</tool_response>"
    assert answer.choices[0].message.content == CALL  # nothing was offered, so nothing is called


def _called(name: str) -> Any:
    call = {"id": "a", "type": "function", "function": {"name": name, "arguments": '{"city": "Rome"}'}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


FINISH = [
    pytest.param({}, CALL, "stop", "tool_calls", id="free choice"),
    pytest.param({"tool_choice": "required"}, CALL, "stop", "tool_calls", id="required"),
    pytest.param({"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}, CALL, "stop", "stop", id="named"),
    pytest.param({}, CALL, "length", "length", id="length stays length"),
    pytest.param({}, CALL[:50], "length", "length", id="cut in the call"),
    pytest.param({"tool_choice": "required"}, CALL[:50], "length", "length", id="cut in a required call"),
    pytest.param({}, "Sunny.", "content_filter", "content_filter", id="anything else stays"),
]


@pytest.mark.parametrize(("request_body", "text", "upstream_reason", "reason"), FINISH)
def test_3_2_finish_reason(request_body: dict[str, Any], text: str, upstream_reason: str, reason: str) -> None:
    with Upstream(completion(text, upstream_reason)) as upstream:
        assert create(upstream, **request_body).choices[0].finish_reason == reason


def test_3_2_finish_reason_of_a_named_choice_by_option() -> None:
    named = {"type": "function", "function": {"name": "get_weather"}}
    with Upstream(completion(CALL)) as upstream:
        answer = create(upstream, {"named_finish_reason": "tool_calls"}, tool_choice=named)
    assert answer.choices[0].finish_reason == "tool_calls"


def test_3_6_choice_none_shows_no_tools_and_reads_no_calls() -> None:
    with Upstream(completion(CALL)) as upstream:
        answer = create(upstream, tool_choice="none")
        [body] = upstream.bodies
    assert body["messages"] == ASK
    assert answer.choices[0].message.tool_calls is None
    assert answer.choices[0].message.content == CALL


def test_3_6_a_named_choice_shows_and_allows_one_tool() -> None:
    with Upstream(completion(TIME_CALL)) as upstream:
        with pytest.raises(openai.UnprocessableEntityError) as caught:
            create(upstream, tool_choice={"type": "function", "function": {"name": "get_weather"}})
        assert isinstance(caught.value.body, dict)
        assert "there is no tool 'get_time' to call; use 'get_weather'" in caught.value.body["message"]
        system = upstream.bodies[0]["messages"][0]["content"]
    assert "get_weather" in system
    assert "get_time" not in system


def test_3_6_allowed_tools() -> None:
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "get_time"}}]}
    with Upstream(completion(TIME_CALL)) as upstream:
        answer = create(upstream, tool_choice={"type": "allowed_tools", "allowed_tools": allowed})
        system = upstream.bodies[0]["messages"][0]["content"]
    assert answer.choices[0].message.tool_calls[0].function.name == "get_time"
    assert "get_weather" not in system


def test_3_6_parallel_false_returns_one_call() -> None:
    with Upstream(completion(CALL + TIME_CALL)) as upstream:
        assert len(create(upstream, parallel_tool_calls=False).choices[0].message.tool_calls) == 1
        assert len(create(upstream).choices[0].message.tool_calls) == 2
        assert "at most one" in upstream.bodies[0]["messages"][0]["content"]


def test_3_1_reasoning_of_the_text_and_of_the_server() -> None:
    with Upstream(completion(f"<think>Hm.</think>{CALL}"), completion("Yes.", reasoning_content="Server.")) as upstream:
        first = create(upstream).choices[0].message
        second = create(upstream).choices[0].message
    assert (first.reasoning_content, first.content) == ("Hm.", None)
    assert (second.reasoning_content, second.content) == ("Server.", "Yes.")


def test_3_4_every_choice_is_read() -> None:
    first, second = completion(CALL).body["choices"][0], completion("Sunny.").body["choices"][0]
    both = {**completion("").body, "choices": [first, {**second, "index": 1}]}
    with Upstream(Answer(both)) as upstream:
        answer = create(upstream, n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert [choice.finish_reason for choice in answer.choices] == ["tool_calls", "stop"]


def test_one_choice_of_several_is_asked_again_alone() -> None:
    first, second = completion(CALL).body["choices"][0], completion(BAD_CALL).body["choices"][0]
    both = {**completion("").body, "choices": [first, {**second, "index": 1}]}
    with Upstream(Answer(both), completion(TIME_CALL)) as upstream:
        answer = create(upstream, n=2)
        assert [body.get("n") for body in upstream.bodies] == [2, 1]
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[1].message.tool_calls[0].function.name == "get_time"


def test_upstream_that_calls_tools_after_all_is_believed() -> None:
    call = {"id": "x", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    with Upstream(completion(None, "tool_calls", tool_calls=[call])) as upstream:
        message = create(upstream).choices[0].message
    assert message.tool_calls[0].id == "x"


def test_3_8_legacy_functions() -> None:
    functions: list[Any] = [tool["function"] for tool in (WEATHER, TIME)]
    with Upstream(completion(CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        answer = adapter.wrap(client).chat.completions.create(
            model="m", messages=ASK, functions=functions, function_call="auto"
        )
        message = answer.choices[0].message
        history: list[Any] = [
            *ASK,
            {"role": "assistant", "content": None, "function_call": {"name": "get_weather", "arguments": '{"city": "Paris"}'}},
            {"role": "function", "name": "get_weather", "content": "18"},
        ]
        adapter.wrap(client).chat.completions.create(model="m", messages=history, functions=functions)
        body = upstream.bodies[1]
    assert message.tool_calls is None
    assert message.function_call is not None
    assert (message.function_call.name, message.function_call.arguments) == ("get_weather", '{"city": "Paris"}')
    assert answer.choices[0].finish_reason == "function_call"
    assert set(body) == {"model", "messages"}
    assert body["messages"][2]["content"] == CALL
    assert body["messages"][3] == {"role": "user", "content": "<tool_response>\n18\n</tool_response>"}


class TestReask:
    def test_5_3_an_invalid_call_is_quoted_with_its_error(self) -> None:
        events: list[Problem] = []
        with Upstream(completion(BAD_CALL), completion("Sorry.\n" + CALL)) as upstream:
            answer = create(upstream, {"on_event": events.append})
            second = upstream.bodies[1]["messages"]
        assert answer.choices[0].message.tool_calls[0].function.arguments == '{"city": "Paris"}'
        assert second[2] == {"role": "assistant", "content": BAD_CALL}
        assert second[3]["role"] == "user"
        assert second[3]["content"].startswith("<tool_response>\nError: call of 'get_weather': arguments: 'city' is a required")
        assert [event.kind for event in events] == ["invalid_arguments", "reask"]

    def test_5_3_usage_adds_up(self) -> None:
        with Upstream(completion(BAD_CALL), completion(CALL)) as upstream:
            usage = create(upstream).usage
        assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (20, 10, 30)

    def test_5_3_a_missing_call_is_asked_for(self) -> None:
        with Upstream(completion("Sunny, I guess."), completion(CALL)) as upstream:
            answer = create(upstream, tool_choice="required")
            last = upstream.bodies[1]["messages"][-1]
        assert answer.choices[0].message.tool_calls[0].function.name == "get_weather"
        assert last["role"] == "user"
        assert "was required" in last["content"]

    def test_valid_calls_beside_an_invalid_one_are_not_lost(self) -> None:
        with Upstream(completion(CALL + BAD_CALL), completion(CALL + TIME_CALL)) as upstream:
            answer = create(upstream)
            told = upstream.bodies[1]["messages"][-1]["content"]
        assert len(answer.choices[0].message.tool_calls) == 2
        assert told.count("<tool_response>") == 2
        assert "Not run" in told

    def test_retries_count(self) -> None:
        with Upstream(completion(BAD_CALL), completion(UNKNOWN), completion(CALL)) as upstream:
            assert create(upstream, {"retries": 2}).choices[0].message.tool_calls
            assert len(upstream.received) == 3

    def test_an_error_of_the_second_request_is_handed_on(self) -> None:
        failed = Answer({"error": {"message": "overloaded"}}, 429, {"retry-after": "7"})
        with Upstream(completion(BAD_CALL), failed) as upstream, pytest.raises(openai.RateLimitError) as caught:
            create(upstream)
        assert caught.value.response.headers["retry-after"] == "7"

    def test_no_retries(self) -> None:
        with Upstream(completion(UNKNOWN)) as upstream:
            with pytest.raises(openai.UnprocessableEntityError):
                create(upstream, {"retries": 0})
            assert len(upstream.received) == 1


class TestRefusal:
    def test_5_4_raise(self) -> None:
        events: list[Problem] = []
        with Upstream(completion(BAD_CALL)) as upstream, pytest.raises(openai.UnprocessableEntityError) as caught:
            create(upstream, {"on_event": events.append})
        assert caught.value.status_code == 422
        assert caught.value.code == "invalid_tool_call"
        assert caught.value.response.headers["x-should-retry"] == "false"
        assert isinstance(caught.value.body, dict)
        for word in ("'get_weather'", "arguments", "'city' is a required property"):
            assert word in caught.value.body["message"]
        assert [event.kind for event in events] == ["invalid_arguments", "reask", "invalid_arguments", "refused"]

    def test_the_sdk_does_not_try_again(self) -> None:
        with Upstream(completion(BAD_CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=3) as client:
            with pytest.raises(openai.UnprocessableEntityError):
                adapter.wrap(client, retries=0).chat.completions.create(model="m", messages=ASK, tools=[WEATHER])  # type: ignore[list-item]  # a plain dict, as callers write it
            assert len(upstream.received) == 1

    def test_5_4_return(self) -> None:
        with Upstream(completion(BAD_CALL)) as upstream:
            [call] = create(upstream, {"on_invalid": "return"}).choices[0].message.tool_calls
        assert call.function.arguments == '{"town": "Paris"}'

    def test_5_4_text(self) -> None:
        with Upstream(completion(f"So: {CALL} and {BAD_CALL}")) as upstream:
            message = create(upstream, {"on_invalid": "text"}).choices[0].message
        assert message.content == f"So:  and {BAD_CALL}"
        assert len(message.tool_calls) == 1

    def test_5_4_a_required_call_that_never_comes(self) -> None:
        with Upstream(completion("No.")) as upstream, pytest.raises(openai.UnprocessableEntityError) as caught:
            create(upstream, {"on_invalid": "text"}, tool_choice="required")
        assert (caught.value.status_code, caught.value.code) == (422, "tool_call_required")

    def test_an_unreadable_block_is_asked_for_again_and_then_text_when_the_choice_is_free(self) -> None:
        text = '<tool_call>\n{"name": "f", "arguments": {"a": NaN}}\n</tool_call>'
        with Upstream(completion(text)) as upstream:
            assert create(upstream).choices[0].message.content == text
            assert len(upstream.received) == 2
            with pytest.raises(openai.UnprocessableEntityError, match="holds no readable call"):
                create(upstream, tool_choice="required")

    @pytest.mark.parametrize("on_invalid", ["return", "text"])
    def test_3_7_strict_is_always_an_error(self, on_invalid: str) -> None:
        strict = function("get_weather", {"city": {"type": "string"}}, ["city"], strict=True)
        with Upstream(completion(BAD_CALL)) as upstream, pytest.raises(openai.UnprocessableEntityError):
            create(upstream, {"on_invalid": on_invalid}, tools=[strict])


class TestEnforcedBySchema:
    def test_one_object_per_tool(self) -> None:
        with Upstream(completion('{"name": "get_time", "arguments": {}}')) as upstream:
            answer = create(upstream, {"enforce": "json_schema"}, tools=[WEATHER, TIME], tool_choice="required")
            sent = upstream.bodies[0]["response_format"]
        assert answer.choices[0].message.tool_calls[0].function.name == "get_time"
        assert answer.choices[0].finish_reason == "tool_calls"
        assert sent["type"] == "json_schema"
        forms = sent["json_schema"]["schema"]["anyOf"]
        assert [form["properties"]["name"] for form in forms] == [{"const": "get_weather"}, {"const": "get_time"}]
        assert forms[0]["properties"]["arguments"] == WEATHER["function"]["parameters"]
        assert forms[1]["properties"]["arguments"] == {"type": "object"}

    def test_a_named_choice_is_one_object(self) -> None:
        named = {"type": "function", "function": {"name": "echo"}}
        with Upstream(completion('{"name": "echo", "arguments": {"text": "x"}}')) as upstream:
            answer = create(upstream, {"enforce": "json_schema"}, tools=[WEATHER, ECHO], tool_choice=named)
            schema = upstream.bodies[0]["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["name"] == {"const": "echo"}
        assert answer.choices[0].message.tool_calls[0].function.arguments == '{"text": "x"}'

    def test_definitions_move_to_the_top_under_names_of_their_own(self) -> None:
        tools = [
            {
                "type": "function",
                "function": {
                    "name": name,
                    "parameters": {
                        "type": "object",
                        "properties": {"x": {"$ref": "#/$defs/X"}},
                        "$defs": {"X": {"enum": [name]}},
                    },
                },
            }
            for name in ("a", "b")
        ]
        with Upstream(completion('{"name": "b", "arguments": {"x": "b"}}')) as upstream:
            create(upstream, {"enforce": "json_schema"}, tools=tools, tool_choice="required")
            schema = upstream.bodies[0]["response_format"]["json_schema"]["schema"]
        assert schema["$defs"] == {"tool_0_X": {"enum": ["a"]}, "tool_1_X": {"enum": ["b"]}}
        assert schema["anyOf"][1]["properties"]["arguments"]["properties"]["x"] == {"$ref": "#/$defs/tool_1_X"}

    def test_a_free_choice_is_not_constrained(self) -> None:
        with Upstream(completion("Hello.")) as upstream:
            create(upstream, {"enforce": "json_schema"})
            assert "response_format" not in upstream.bodies[0]

    def test_a_free_choice_beside_the_callers_own_format_allows_either(self) -> None:
        city = {"type": "object", "properties": {"city": {"$ref": "#/$defs/City"}}, "$defs": {"City": {"type": "string"}}}
        mine = {"type": "json_schema", "json_schema": {"name": "answer", "schema": city}}
        call = '{"name": "get_time", "arguments": {}}'
        with Upstream(completion('{"city": "Rome"}'), completion(call)) as upstream:
            first = create(upstream, {"enforce": "json_schema", "recover": False}, tools=[TIME], response_format=mine)
            second = create(upstream, {"enforce": "json_schema", "recover": False}, tools=[TIME], response_format=mine)
            schema = upstream.bodies[0]["response_format"]["json_schema"]["schema"]
        assert schema["anyOf"][1] == {"type": "object", "properties": {"city": {"$ref": "#/$defs/answer_City"}}}
        assert schema["$defs"] == {"answer_City": {"type": "string"}}
        assert first.choices[0].message.content == '{"city": "Rome"}'
        assert second.choices[0].message.tool_calls[0].function.name == "get_time"

    def test_recovery_is_not_needed_for_it(self) -> None:
        with Upstream(completion('{"name": "get_time", "arguments": {}}')) as upstream:
            answer = create(upstream, {"enforce": "json_schema", "recover": False}, tool_choice="required")
        assert answer.choices[0].message.tool_calls

    def test_a_cut_answer_leaks_nothing(self) -> None:
        with Upstream(completion('{"name": "get_ti', "length")) as upstream:
            choice = create(upstream, {"enforce": "json_schema"}, tool_choice="required").choices[0]
        assert (choice.finish_reason, choice.message.tool_calls, choice.message.content) == ("length", None, "")
