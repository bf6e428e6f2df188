"""Streamed answers over a real server: the wire as native servers speak it (behaviour 2.4–2.6, 3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import OpenAI

import adapter
from tests.facts.completions import CALL, TIME_CALL
from tests.facts.tools import TIME, TOOLS, WEATHER, function
from tests.support.loopback import DONE, Answer, Stream, Upstream, chunk, completion, event, streamed

if TYPE_CHECKING:
    from adapter.events import Problem

ASK: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
BAD_CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"town": "Paris"}}\n</tool_call>'
UNKNOWN = '<tool_call>\n{"name": "nope", "arguments": {}}\n</tool_call>'
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
VALIDATED = {"stream_calls": "validated"}


def raw(upstream: Upstream, options: dict[str, Any] | None = None, **request: Any) -> list[Any]:
    """The data of the events that the caller gets, `[DONE]` as a string."""
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        body = {"model": "m", "messages": ASK, "tools": TOOLS, "stream": True, **request}
        response = adapter.wrap(client, **(options or {})).chat.completions.with_raw_response.create(**body)
        text = response.http_response.read().decode()
    assert text.endswith("\n\n")
    data = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    return [item if item == "[DONE]" else json.loads(item) for item in data]


def choices(data: list[Any], index: int = 0) -> list[Any]:
    """What the chunks say of one choice: deltas, and at the end the finish reason."""
    found: list[Any] = []
    for item in data:
        for choice in item["choices"] if isinstance(item, dict) and "choices" in item else []:
            found += [choice["finish_reason"] or choice["delta"]] if choice["index"] == index else []
    return found


def joined(data: list[Any], index: int = 0) -> dict[str, Any]:
    """A choice put together: content, reasoning, calls as (name, arguments), finish reason."""
    content, reasoning, finish = "", "", None
    calls: dict[int, tuple[str, str]] = {}
    for item in choices(data, index):
        if isinstance(item, str):
            finish = item
            continue
        content += item.get("content") or ""
        reasoning += item.get("reasoning_content") or ""
        for call in item.get("tool_calls") or ():
            name, arguments = calls.get(call["index"], ("", ""))
            function = call["function"]
            calls[call["index"]] = (name + function.get("name", ""), arguments + function["arguments"])
    return {"content": content, "reasoning": reasoning, "calls": [calls[place] for place in sorted(calls)], "finish": finish}


def test_3_3_the_chunks_of_a_call_are_what_a_native_server_sends() -> None:
    with Upstream(streamed("See.\n", CALL[:40], CALL[40:])) as upstream:
        data = raw(upstream, {"new_id": lambda: "call_1"})
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "text-only"}

    def of(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    def part(**call: Any) -> dict[str, Any]:
        return {"tool_calls": [{"index": 0, **call}]}

    assert data == [
        of({"role": "assistant", "content": None}),
        of({"content": "See."}),
        of(part(id="call_1", type="function", function={"name": "get_weather", "arguments": ""})),
        of(part(function={"arguments": '{"city": "Paris"}'})),
        of({}, "tool_calls"),
        "[DONE]",
    ]


def test_2_4_the_first_delta_of_a_call_has_its_name_and_the_later_ones_their_text_only() -> None:
    with Upstream(streamed(*(CALL + TIME_CALL))) as upstream:
        parts = [part for item in choices(raw(upstream)) if isinstance(item, dict) for part in item.get("tool_calls", ())]
    for index in (0, 1):
        first, *later = [part for part in parts if part["index"] == index]
        assert first.keys() == {"index", "id", "type", "function"}
        assert first["function"]["arguments"] == ""
        assert later
        assert all(part.keys() == {"index", "function"} and part["function"].keys() == {"arguments"} for part in later)
        assert all(part["function"]["arguments"] for part in later)
    assert len({part["id"] for part in parts if "id" in part}) == 2


def test_3_3_usage_comes_last_and_is_null_before() -> None:
    with Upstream(streamed("Hi.")) as upstream:
        data = raw(upstream, stream_options={"include_usage": True})
        assert upstream.bodies[0]["stream_options"] == {"include_usage": True}
        assert [item for item in raw(upstream) if "usage" in item] == []
    assert [item["usage"] for item in data[:-1]] == [None, None, None, USAGE]
    assert data[-2]["choices"] == []


PLACES = [
    pytest.param([chunk({"content": "Hi."}), chunk({}, "stop", usage=USAGE)], id="with the finish reason"),
    pytest.param([chunk({"content": "Hi."}, usage=USAGE), chunk({}, "stop")], id="with the text"),
    pytest.param(
        [chunk({"content": "Hi."}, usage={**USAGE, "completion_tokens": 1}), chunk({}, "stop", usage=USAGE)],
        id="in every chunk",
    ),
    pytest.param([chunk(usage=USAGE), chunk({"content": "Hi."}), chunk({}, "stop"), chunk()], id="first"),
    pytest.param([chunk({"content": "Hi."}), chunk({}, "stop"), chunk(usage=USAGE), chunk(usage=USAGE)], id="twice"),
]


@pytest.mark.parametrize("chunks", PLACES)
def test_3_3_usage_in_odd_places_is_sent_once_at_the_end(chunks: list[Any]) -> None:
    with Upstream(Stream((*map(event, chunks), DONE))) as upstream:
        data = raw(upstream, stream_options={"include_usage": True})
    assert [item["usage"] for item in data[:-1] if item["usage"]] == [USAGE]
    assert data[-2]["choices"] == []
    assert joined(data)["content"] == "Hi."


def test_3_4_each_choice_has_a_parser_and_begins_in_order() -> None:
    first, second = CALL, "Sunny."
    chunks = [
        chunk({"content": second[:3]}, index=1),
        chunk({"content": first[:30]}),
        chunk({"content": second[3:]}, "stop", index=1),
    ]
    chunks += [chunk({"content": first[30:]}), chunk({}, "stop")]
    with Upstream(Stream((*map(event, chunks), DONE))) as upstream:
        data = raw(upstream, n=2)
        assert upstream.bodies[0]["n"] == 2
    assert [item["choices"][0]["index"] for item in data[:2]] == [0, 1]
    assert [item["choices"][0]["delta"] for item in data[:2]] == [{"role": "assistant", "content": None}] * 2
    assert joined(data, 0) == {
        "content": "",
        "reasoning": "",
        "calls": [("get_weather", '{"city": "Paris"}')],
        "finish": "tool_calls",
    }
    assert joined(data, 1) == {"content": "Sunny.", "reasoning": "", "calls": [], "finish": "stop"}
    assert data[-1] == "[DONE]"


FINISH = [
    pytest.param({}, CALL, "stop", "tool_calls", id="free choice"),
    pytest.param({"tool_choice": "required"}, CALL, "stop", "tool_calls", id="required"),
    pytest.param({"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}, CALL, "stop", "stop", id="named"),
    pytest.param({}, CALL, "length", "length", id="length stays length"),
    pytest.param({}, CALL[:50], "length", "length", id="cut in the call"),
    pytest.param({}, "Sunny.", "content_filter", "content_filter", id="anything else stays"),
    pytest.param({}, CALL, "tool_calls", "tool_calls", id="upstream says so already"),
]


@pytest.mark.parametrize(("request_body", "text", "upstream_reason", "reason"), FINISH)
def test_3_2_finish_reason(request_body: dict[str, Any], text: str, upstream_reason: str, reason: str) -> None:
    with Upstream(streamed(*text, finish=upstream_reason)) as upstream:
        data = raw(upstream, **request_body)
    assert joined(data)["finish"] == reason
    assert data[-1] == "[DONE]"


def test_3_8_legacy_functions() -> None:
    functions = [tool["function"] for tool in (WEATHER, TIME)]
    with Upstream(streamed(CALL + TIME_CALL)) as upstream:
        data = raw(upstream, tools=openai.omit, functions=functions)
    assert choices(data) == [
        {"role": "assistant", "content": None},
        {"function_call": {"name": "get_weather", "arguments": ""}},
        {"function_call": {"arguments": '{"city": "Paris"}'}},
        "function_call",
    ]


def test_reasoning_of_the_text_and_of_the_server() -> None:
    server = Stream((event(chunk({"reasoning_content": "Server."})), event(chunk({"content": "Yes."}, "stop")), DONE))
    with Upstream(streamed(*f"<think>Hm.</think>\n\n{CALL}"), server) as upstream:
        first, second = joined(raw(upstream)), joined(raw(upstream))
    assert (first["reasoning"], first["content"], len(first["calls"])) == ("Hm.", "", 1)
    assert (second["reasoning"], second["content"]) == ("Server.", "Yes.")


def test_3_6_parallel_false_lets_one_call_through() -> None:
    with Upstream(streamed(*(CALL + TIME_CALL))) as upstream:
        assert len(joined(raw(upstream, parallel_tool_calls=False))["calls"]) == 1
        assert len(joined(raw(upstream))["calls"]) == 2


def test_3_6_choice_none_streams_tags_as_text() -> None:
    with Upstream(streamed(*CALL)) as upstream:
        assert joined(raw(upstream, tool_choice="none")) == {"content": CALL, "reasoning": "", "calls": [], "finish": "stop"}


def test_a_call_leaves_while_it_is_written() -> None:
    opened = '<tool_call>{"name": "get_weather", "arguments": {"city": "Par'
    with (
        Upstream(Stream((event(chunk({"content": opened})),), linger=True)) as upstream,
        OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client,
    ):
        body: dict[str, Any] = {"model": "m", "messages": ASK, "tools": TOOLS, "stream": True}
        stream = adapter.wrap(client).chat.completions.create(**body)
        seen = [next(stream).choices[0].delta for _ in range(3)]
        stream.close()
        assert upstream.hung_up.wait(5)
    assert seen[1].tool_calls[0].function.name == "get_weather"
    assert seen[2].tool_calls[0].function.arguments == '{"city": "Par'


def test_one_json_body_in_place_of_a_stream() -> None:
    with Upstream(completion(f"See. {CALL}", reasoning_content="Hm.")) as upstream:
        data = raw(upstream, stream_options={"include_usage": True})
    assert joined(data) == {
        "content": "See.",
        "reasoning": "Hm.",
        "calls": [("get_weather", '{"city": "Paris"}')],
        "finish": "tool_calls",
    }
    assert data[-2]["usage"] == USAGE
    assert data[-1] == "[DONE]"


def test_upstream_that_calls_tools_after_all_is_believed() -> None:
    call = {"index": 0, "id": "x", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    with Upstream(Stream((event(chunk({"tool_calls": [call]})), event(chunk({}, "tool_calls")), DONE))) as upstream:
        data = raw(upstream)
    assert choices(data)[1:] == [{"tool_calls": [call]}, "tool_calls"]


def test_3_11_extra_fields_reach_upstream_and_come_back() -> None:
    audio = {"id": "a", "data": "AAAA", "expires_at": 1}
    with Upstream(Stream((event(chunk({"content": "Hi.", "audio": audio})), event(chunk({}, "stop")), DONE))) as upstream:
        data = raw(upstream, extra_body={"enable_thinking": False}, modalities=["text", "audio"])
        [body] = upstream.bodies
    assert (body["enable_thinking"], body["modalities"], body["stream"]) == (False, ["text", "audio"], True)
    assert {"audio": audio} in choices(data)


class TestErrors:
    def test_upstream_errors_before_the_stream_are_verbatim(self) -> None:
        body = {"error": {"message": "no such model", "type": "t", "param": "model", "code": "c"}}
        with Upstream(Answer(body, 404, {"x-request-id": "r"})) as upstream, pytest.raises(openai.NotFoundError) as caught:
            raw(upstream)
        assert caught.value.body == body["error"]
        assert caught.value.request_id == "r"

    def test_6_an_invalid_call_that_has_left_ends_the_stream_in_an_error(self) -> None:
        events: list[Problem] = []
        with Upstream(streamed(*BAD_CALL)) as upstream:
            data = raw(upstream, {"on_event": events.append})
            assert len(upstream.received) == 1
        assert data[-1]["error"]["code"] == "invalid_tool_call"
        assert "'city' is a required property" in data[-1]["error"]["message"]
        assert not [item for item in choices(data) if isinstance(item, str)]
        assert [problem.kind for problem in events] == ["invalid_arguments", "refused"]

    def test_the_sdk_raises_it(self) -> None:
        with Upstream(streamed(*BAD_CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client:
            body: dict[str, Any] = {"model": "m", "messages": ASK, "tools": TOOLS, "stream": True}
            with pytest.raises(openai.APIError, match="'city' is a required property"):
                list(adapter.wrap(client).chat.completions.create(**body))

    def test_return_hands_it_out(self) -> None:
        with Upstream(streamed(*BAD_CALL)) as upstream:
            data = raw(upstream, {"on_invalid": "return"})
        assert joined(data)["calls"] == [("get_weather", '{"town": "Paris"}')]
        assert joined(data)["finish"] == "tool_calls"

    def test_text_keeps_it_in_the_content(self) -> None:
        with Upstream(streamed(*f"So: {CALL} and {BAD_CALL}")) as upstream:
            data = raw(upstream, {"on_invalid": "text", "retries": 0})
        assert joined(data)["content"] == f"So:  and {BAD_CALL}"
        assert joined(data)["calls"] == [("get_weather", '{"city": "Paris"}')]

    def test_a_required_call_that_does_not_come(self) -> None:
        with Upstream(streamed("No.")) as upstream:
            data = raw(upstream, tool_choice="required")
        assert data[-1]["error"]["code"] == "tool_call_required"

    def test_a_call_that_ends_in_the_middle_although_upstream_says_stop(self) -> None:
        with Upstream(streamed(*CALL[:60])) as upstream:
            data = raw(upstream)
        assert "ended inside a tool call" in data[-1]["error"]["message"]

    def test_2_7_a_repair_that_contradicts_what_has_left(self) -> None:
        with Upstream(streamed(*'<tool_call>{"name": "f", "arguments": {"a": 1}, "arguments": {}}</tool_call>')) as upstream:
            data = raw(upstream)
        assert "cannot be completed" in data[-1]["error"]["message"]

    def test_2_7_a_repair_that_goes_on_from_what_has_left(self) -> None:
        with Upstream(streamed(*'<tool_call>{"name": "f", "arguments": {"a": \'x\', "b": [1, 2,]}}</tool_call>')) as upstream:
            data = raw(upstream)
        assert joined(data)["calls"] == [("f", '{"a": "x", "b": [1, 2]}')]

    def test_an_unknown_tool_that_comes_first_is_asked_about_again(self) -> None:
        with Upstream(streamed(*UNKNOWN), streamed(*CALL)) as upstream:
            data = raw(upstream, stream_options={"include_usage": True})
            assert len(upstream.received) == 2
        assert joined(data)["calls"] == [("get_weather", '{"city": "Paris"}')]
        assert data[-2]["usage"] == {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}


class TestValidated:
    def test_calls_leave_whole_and_coerced(self) -> None:
        text = '<tool_call>{"name": "get_weather", "arguments": {"city": "Paris", "days": "3"}}</tool_call>'
        with Upstream(streamed(*text)) as upstream:
            data = raw(upstream, VALIDATED)
        assert [item for item in choices(data) if isinstance(item, dict) and "tool_calls" in item][1:] == [
            {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": "Paris", "days": 3}'}}]}
        ]

    def test_an_invalid_call_is_asked_for_again_in_the_stream(self) -> None:
        with Upstream(streamed(*f"Let me see. {BAD_CALL}"), streamed(*f"Sorry. {CALL}")) as upstream:
            data = raw(upstream, VALIDATED, stream_options={"include_usage": True})
            second = upstream.bodies[1]["messages"]
        assert joined(data) == {
            "content": "Let me see.",
            "reasoning": "",
            "calls": [("get_weather", '{"city": "Paris"}')],
            "finish": "tool_calls",
        }
        assert second[2] == {"role": "assistant", "content": f"Let me see. {BAD_CALL}"}
        assert "'city' is a required property" in second[3]["content"]
        assert data[-2]["usage"]["total_tokens"] == 30
        assert len({item["id"] for item in data[:-1]}) == 1

    def test_a_call_that_has_left_is_not_made_twice(self) -> None:
        with Upstream(streamed(*(TIME_CALL + BAD_CALL)), streamed(*(TIME_CALL + CALL))) as upstream:
            data = raw(upstream, VALIDATED)
        assert joined(data)["calls"] == [("get_time", "{}"), ("get_weather", '{"city": "Paris"}')]

    def test_an_answer_in_words_after_all(self) -> None:
        with Upstream(streamed(*f"Let me see. {BAD_CALL}"), streamed(*"I cannot.")) as upstream:
            data = raw(upstream, VALIDATED)
        assert joined(data) == {"content": "Let me see.I cannot.", "reasoning": "", "calls": [], "finish": "stop"}

    def test_still_invalid(self) -> None:
        with Upstream(streamed(*BAD_CALL)) as upstream:
            data = raw(upstream, VALIDATED)
            assert len(upstream.received) == 2
        assert data[-1]["error"]["code"] == "invalid_tool_call"
        assert joined(data)["calls"] == []

    def test_an_error_of_the_second_request(self) -> None:
        failed = Answer({"error": {"message": "overloaded", "code": "busy"}}, 429)
        with Upstream(streamed(*BAD_CALL), failed) as upstream:
            assert raw(upstream, VALIDATED)[-1] == failed.body

    def test_one_choice_of_several(self) -> None:
        both = [chunk({"content": CALL}), chunk({"content": BAD_CALL}, index=1), chunk({}, "stop"), chunk({}, "stop", index=1)]
        with Upstream(Stream((*map(event, both), DONE)), streamed(*TIME_CALL)) as upstream:
            data = raw(upstream, VALIDATED, n=2)
            assert [body["n"] for body in upstream.bodies] == [2, 1]
        assert joined(data, 0)["calls"] == [("get_weather", '{"city": "Paris"}')]
        assert joined(data, 1)["calls"] == [("get_time", "{}")]

    def test_strict_is_an_error_whatever_the_policy(self) -> None:
        strict = function("get_weather", {"city": {"type": "string"}}, ["city"], strict=True)
        for policy in ("return", "text"):
            with Upstream(streamed(*BAD_CALL)) as upstream:
                data = raw(upstream, {"on_invalid": policy, **VALIDATED}, tools=[strict])
            assert data[-1]["error"]["code"] == "invalid_tool_call"


class TestEnforcedBySchema:
    def test_a_bare_call_leaves_while_it_is_written(self) -> None:
        text = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
        with Upstream(streamed(*text)) as upstream:
            data = raw(upstream, {"enforce": "json_schema"}, tool_choice="required")
        assert joined(data)["calls"] == [("get_weather", '{"city": "Paris"}')]
        assert len(choices(data)) > 10

    def test_a_cut_one_stays_a_prefix(self) -> None:
        with Upstream(streamed(*'{"name": "get_weather", "arguments": {"city": "Pa', finish="length")) as upstream:
            data = raw(upstream, {"enforce": "json_schema"}, tool_choice="required")
        assert joined(data) == {
            "content": "",
            "reasoning": "",
            "calls": [("get_weather", '{"city": "Pa')],
            "finish": "length",
        }


def tokens(*texts: str) -> dict[str, Any]:
    found = [{"token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": []} for text in texts]
    return {"content": found, "refusal": None}


def with_logprobs(*deltas: tuple[str, ...]) -> Stream:
    pieces = []
    for delta in deltas:
        item = chunk({"content": "".join(delta)})
        item["choices"][0]["logprobs"] = tokens(*delta)
        pieces.append(event(item))
    return Stream((*pieces, event(chunk({}, "stop")), DONE))


class TestLogprobs:
    def test_3_10_those_of_the_content_stay(self) -> None:
        with Upstream(with_logprobs(("Let", " me"), (" see", "."), ("\n", CALL[:11]), (CALL[11:],))) as upstream:
            data = raw(upstream, logprobs=True)
        found = [item["choices"][0]["logprobs"] for item in data[:-1]]
        assert found[1:3] == [tokens("Let", " me"), tokens(" see", ".")]
        assert found[3:] == [None] * (len(found) - 3)

    def test_3_10_a_token_over_the_edge_leaves_none(self) -> None:
        with Upstream(with_logprobs(("Hi. <tool",), (CALL[5:],))) as upstream:
            data = raw(upstream, logprobs=True)
        assert [item["choices"][0]["logprobs"] for item in data[:-1]] == [None] * (len(data) - 1)

    def test_3_10_whole_answers(self) -> None:
        answer = completion(f"Let me see. {CALL}")
        answer.body["choices"][0]["logprobs"] = tokens("Let", " me", " see", ".", " ", CALL)
        with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
            body: dict[str, Any] = {"model": "m", "messages": ASK, "tools": TOOLS, "logprobs": True}
            logprobs = adapter.wrap(client).chat.completions.create(**body).choices[0].logprobs
        assert logprobs is not None
        assert [token.token for token in logprobs.content or ()] == ["Let", " me", " see", "."]


class TestUpstreamThatOnlyStreams:
    def create(self, upstream: Upstream, **request: Any) -> Any:
        with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
            body: dict[str, Any] = {"model": "m", "messages": ASK, **request}
            return adapter.wrap(client, upstream_stream="always").chat.completions.create(**body)

    def test_a_call(self) -> None:
        with Upstream(streamed(*f"See. {CALL}")) as upstream:
            answer = self.create(upstream, tools=TOOLS, modalities=["text"])
            [body] = upstream.bodies
        assert (body["stream"], body["stream_options"], body["modalities"]) == (True, {"include_usage": True}, ["text"])
        assert answer.object == "chat.completion"
        assert answer.choices[0].message.content == "See."
        assert answer.choices[0].message.tool_calls[0].function.arguments == '{"city": "Paris"}'
        assert answer.choices[0].finish_reason == "tool_calls"
        assert answer.usage.total_tokens == 15

    def test_a_request_without_tools(self) -> None:
        audio = [{"id": "a", "data": "AAAA"}, {"id": "a", "data": "BBBB", "transcript": "Hi"}]
        deltas: list[dict[str, Any]] = [
            {"role": "assistant", "content": "Hi"},
            {"content": "."},
            *({"audio": piece} for piece in audio),
        ]
        pieces = [event(chunk(delta)) for delta in deltas] + [event(chunk({}, "stop")), event(chunk(usage=USAGE)), DONE]
        with Upstream(Stream(tuple(pieces))) as upstream:
            answer = self.create(upstream)
        message = answer.choices[0].message
        assert message.content == "Hi."
        assert message.model_dump(exclude_unset=True)["audio"] == {"id": "a", "data": "AAAABBBB", "transcript": "Hi"}
        assert (answer.choices[0].finish_reason, answer.usage.total_tokens) == ("stop", 15)

    def test_a_reask(self) -> None:
        with Upstream(streamed(*BAD_CALL), streamed(*CALL)) as upstream:
            answer = self.create(upstream, tools=TOOLS)
        assert answer.choices[0].message.tool_calls[0].function.arguments == '{"city": "Paris"}'
        assert answer.usage.total_tokens == 30

    def test_a_cut_stream_is_a_connection_error(self) -> None:
        with Upstream(Stream((event(chunk({"content": "Hi"})),))) as upstream, pytest.raises(openai.APIConnectionError):
            self.create(upstream, tools=TOOLS)

    def test_an_error_in_the_stream(self) -> None:
        body = {"error": {"message": "boom", "code": "x"}}
        failing = Stream((event(chunk({"content": "Hi"})), event(body)))
        with Upstream(failing) as upstream, pytest.raises(openai.InternalServerError, match="boom"):
            self.create(upstream, tools=TOOLS)

    def test_a_server_that_answers_whole_after_all(self) -> None:
        with Upstream(completion(CALL)) as upstream:
            assert self.create(upstream, tools=TOOLS).choices[0].message.tool_calls
