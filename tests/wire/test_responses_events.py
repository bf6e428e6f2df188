"""Responses as they are written: the events in their order, every one strictly valid, and the object they amount to (behaviour 7)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

import adapter
from tests.facts.completions import CALL, TIME_CALL
from tests.support.loopback import DONE, Stream, Upstream, chunk, completion, event, streamed

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TIME = {"type": "function", "name": "get_time", "description": "The time.", "parameters": {"type": "object", "properties": {}}}
TOOLS: list[Any] = [WEATHER, TIME]
BAD_CALL = CALL.replace('"city"', '"town"')
STRICT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
# Fields that a later or an earlier release of the SDK has.
BESIDES = {"response.function_call_arguments.done": {"name"}, "error": {"error"}}
BEGIN = ["created", "in_progress"]
USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 15,
}


def frames(upstream: Upstream, options: dict[str, Any] | None = None, **request: Any) -> list[dict[str, Any]]:
    """The events as they stand on the wire; each is strictly valid, and they are numbered from 0."""
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        body = {"model": "m", "input": "Weather in Paris?", "tools": TOOLS, "stream": True, **request}
        response = adapter.wrap(client, **(options or {})).responses.with_raw_response.create(**body)
        text = response.http_response.read().decode()
    assert text.endswith("\n\n")
    found = []
    for frame in text.removesuffix("\n\n").split("\n\n"):
        name, data = frame.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    assert [item["sequence_number"] for item in found] == list(range(len(found)))
    for item in found:
        check(item)
    return found


def check(item: dict[str, Any]) -> None:
    """Strictly what the SDK's own type is, with no field that it does not know."""
    read = STRICT.validate_python(item, strict=True)
    assert item.keys() - BESIDES.get(item["type"], set()) <= set(type(read).model_fields)
    if "response" in item:
        assert item["response"].keys() - {"store"} <= set(Response.model_fields)  # (OpenAI sends it; its type does not say so)
    places = [key for key in ("item_id", "output_index") if key in item]
    assert places in ([], ["item_id", "output_index"], ["output_index"])


def trace(found: list[dict[str, Any]]) -> list[str]:
    """The events in short, deltas of one kind joined."""
    out: list[str] = []
    for item in found:
        kind = item["type"].removeprefix("response.")
        said = ""
        if "part" in item:
            said = f" {item['part']['type']}"
        elif "item" in item:
            said = f" {item['item']['type']}" + (f" {item['item']['status']}" if kind == "output_item.done" else "")
        elif "delta" in item:
            if out and out[-1].startswith(f"{kind} "):
                out[-1] += item["delta"]
                continue
            said = f" {item['delta']}"
        elif kind.endswith(".done"):
            said = f" {item.get('text', item.get('arguments', item.get('refusal')))}"
        out.append(kind + said)
    return out


def text(*said: str, status: str = "completed") -> list[str]:
    """A message."""
    return block("message", "output_text", "output_text", "".join(said), status)


def thought(said: str) -> list[str]:
    """What was thought."""
    return block("reasoning", "reasoning_text", "reasoning_text", said, "completed")


def summary(said: str) -> list[str]:
    """The same where its summary would stand."""
    return [
        "output_item.added reasoning",
        "reasoning_summary_part.added summary_text",
        f"reasoning_summary_text.delta {said}",
        f"reasoning_summary_text.done {said}",
        "reasoning_summary_part.done summary_text",
        "output_item.done reasoning completed",
    ]


def block(item: str, part: str, name: str, said: str, status: str) -> list[str]:
    return [
        f"output_item.added {item}",
        f"content_part.added {part}",
        f"{name}.delta {said}",
        f"{name}.done {said}",
        f"content_part.done {part}",
        f"output_item.done {item} {status}",
    ]


def begun(arguments: str) -> list[str]:
    """A call that is not finished."""
    return ["output_item.added function_call", f"function_call_arguments.delta {arguments}"]


def call(arguments: str) -> list[str]:
    """A call."""
    return [*begun(arguments), f"function_call_arguments.done {arguments}", "output_item.done function_call completed"]


PARIS = call('{"city": "Paris"}')
NOW = call("{}")


@dataclass(frozen=True)
class Case:
    id: str
    said: str
    events: list[str]
    ending: str = "completed"
    finish: str = "stop"
    options: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("text only", "It is sunny.", text("It is sunny.")),
    Case("nothing at all", "", []),
    Case("a call only", CALL, PARIS),
    Case("text, then two calls", f"I look.\n{CALL}\n{TIME_CALL}", text("I look.") + PARIS + NOW),
    Case("text, a call, text", f"I look.\n{CALL}\nWait.", text("I look.") + PARIS + text("\n\nWait.")),
    Case("reasoning, then a call", f"<think>Look it up.</think>\n{CALL}", thought("Look it up.") + PARIS),
    Case("reasoning, text, a call", f"<think>Hm.</think>I look.\n{CALL}", thought("Hm.") + text("I look.") + PARIS),
    Case(
        "reasoning as a summary, then a call",
        f"<think>Look it up.</think>\n{CALL}",
        summary("Look it up.") + PARIS,
        request={"reasoning": {"summary": "auto"}},
    ),
    Case("reasoning only", "<think>Hm.</think>", thought("Hm.")),
    Case("one call where several are not wanted", CALL + TIME_CALL, PARIS, request={"parallel_tool_calls": False}),
    Case("no tools, no calls", f"So: {CALL}", text(f"So: {CALL}"), request={"tools": []}),
    Case("a required call", CALL, PARIS, request={"tool_choice": "required"}),
    Case("a named call", CALL, PARIS, request={"tool_choice": {"type": "function", "name": "get_weather"}}),
    Case("length, in the text", "It is", text("It is", status="incomplete"), "incomplete", "length"),
    Case("length, after a call", CALL, PARIS, "incomplete", "length"),
    Case("a content filter", "It is", text("It is", status="incomplete"), "incomplete", "content_filter"),
    Case("validated", f"I look.\n{CALL}", text("I look.") + PARIS, options={"stream_calls": "validated"}),
    Case(
        "an invalid call that is let through",
        BAD_CALL,
        call('{"town": "Paris"}'),
        options={"on_invalid": "return", "retries": 0},
        request={"tools": [{**WEATHER, "strict": False}]},
    ),
    Case(
        "an invalid call as text",
        BAD_CALL,
        text(BAD_CALL),
        options={"on_invalid": "text", "retries": 0},
        request={"tools": [{**WEATHER, "strict": False}]},
    ),
]
SPLITS = {"whole": 10**6, "halves": 40, "character by character": 1}


def pieces(said: str, size: int) -> list[str]:
    return [said[start : start + size] for start in range(0, len(said), size)]


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_events(case: Case, split: str) -> None:
    with Upstream(streamed(*pieces(case.said, SPLITS[split]), finish=case.finish)) as upstream:
        found = frames(upstream, case.options, **case.request)
    assert trace(found) == [*BEGIN, *case.events, case.ending]
    response = found[-1]["response"]
    assert response["status"] == case.ending
    assert response["usage"] == USAGE
    assert response["output"] == [item["item"] for item in found if item["type"] == "response.output_item.done"]
    assert all(item["response"]["id"] == response["id"] for item in found if "response" in item)
    assert [item["output_index"] for item in found if item["type"] == "response.output_item.added"] == [
        *range(len(response["output"]))
    ]
    for item in found:
        if "item_id" in item:
            assert item["item_id"] == response["output"][item["output_index"]]["id"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_whole_response_says_the_same(case: Case) -> None:
    with Upstream(completion(case.said, case.finish)) as upstream:
        whole = create(upstream, case.options, **case.request)
    with Upstream(streamed(*case.said, finish=case.finish)) as upstream:
        last = frames(upstream, case.options, **case.request)[-1]["response"]
    assert without_ids(whole) == without_ids(last)
    assert Response.model_validate(whole, strict=True).output_text == "".join(
        part["text"] for item in last["output"] if item["type"] == "message" for part in item["content"]
    )


def create(upstream: Upstream, options: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
    """A response as it stands on the wire."""
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        body = {"model": "m", "input": "Weather in Paris?", "tools": TOOLS, **request}
        response = adapter.wrap(client, **(options or {})).responses.with_raw_response.create(**body)
        data: dict[str, Any] = json.loads(response.http_response.read())
        return data


def without_ids(value: Any) -> Any:
    """The same without what is new each time."""
    if isinstance(value, dict):
        return {k: without_ids(v) for k, v in value.items() if k not in {"id", "call_id", "created_at", "completed_at"}}
    return [without_ids(item) for item in value] if isinstance(value, list) else value


def test_what_a_response_says_of_its_request() -> None:
    with Upstream(completion("Hello.")) as upstream:
        response = create(
            upstream,
            instructions="Be brief.",
            max_output_tokens=50,
            temperature=0.2,
            top_p=0.9,
            metadata={"run": "7"},
            tool_choice="none",
            parallel_tool_calls=False,
            text={"format": {"type": "json_object"}, "verbosity": "low"},
            reasoning={"effort": "low"},
            truncation="auto",
            max_tool_calls=3,
            user="u",
            store=False,
        )
    said = {key: response[key] for key in ("instructions", "max_output_tokens", "temperature", "top_p", "metadata", "user")}
    assert said == {
        "instructions": "Be brief.",
        "max_output_tokens": 50,
        "temperature": 0.2,
        "top_p": 0.9,
        "metadata": {"run": "7"},
        "user": "u",
    }
    assert (response["tool_choice"], response["parallel_tool_calls"], response["truncation"]) == ("none", False, "auto")
    assert response["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}
    assert response["reasoning"] == {"effort": "low", "summary": None}
    assert response["tools"] == [{**tool, "strict": False} for tool in TOOLS]
    assert (response["model"], response["store"], response["previous_response_id"]) == ("text-only", False, None)


def test_ids_are_of_their_kind_and_all_different() -> None:
    with Upstream(completion(f"<think>Hm.</think>I look.\n{CALL}\n{TIME_CALL}")) as upstream:
        response = create(upstream)
    ids = [response["id"], *(item["id"] for item in response["output"])]
    calls = [item["call_id"] for item in response["output"] if item["type"] == "function_call"]
    assert [name.partition("_")[0] for name in ids + calls] == ["resp", "rs", "msg", "fc", "fc", "call", "call"]
    assert len(set(ids + calls)) == 7


class TestEndings:
    def test_a_call_that_is_cut_off_is_left_out_of_a_whole_response_and_unfinished_in_a_stream(self) -> None:
        cut = CALL[:60]
        with Upstream(completion(cut, "length")) as upstream:
            whole = create(upstream)
        assert (whole["status"], whole["output"]) == ("incomplete", [])
        assert whole["incomplete_details"] == {"reason": "max_output_tokens"}
        with Upstream(streamed(*cut, finish="length")) as upstream:
            found = frames(upstream)
        assert trace(found) == [*BEGIN, *begun('{"city": "P'), "incomplete"]
        assert found[-1]["response"]["output"] == []

    def test_a_refused_call_fails_and_is_never_seen_done(self) -> None:
        with Upstream(streamed(*BAD_CALL)) as upstream:
            found = frames(upstream, {"retries": 0})
        assert trace(found) == [*BEGIN, *begun('{"town": "Paris"}'), "error", "failed"]
        error, response = found[-2], found[-1]["response"]
        assert response["status"] == "failed"
        assert response["error"]["code"] == "server_error"
        assert response["error"]["message"].startswith("invalid_tool_call: ")
        assert (error["code"], error["error"]["code"]) == ("invalid_tool_call", "invalid_tool_call")
        assert error["message"] == error["error"]["message"]

    def test_the_sdk_raises_a_refused_call(self) -> None:
        with Upstream(streamed(*BAD_CALL)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
            seen: list[str] = []
            with pytest.raises(openai.APIError, match="get_weather") as raised:
                seen.extend(
                    item.type
                    for item in adapter.wrap(client, retries=0).responses.create(
                        model="m", input="Weather?", tools=TOOLS, stream=True
                    )
                )
        assert raised.value.code == "invalid_tool_call"
        assert seen[-1] == "response.function_call_arguments.delta"
        assert not [kind for kind in seen if kind.endswith(".done")]

    def test_a_refused_call_of_a_whole_response_is_422(self) -> None:
        with Upstream(completion(BAD_CALL)) as upstream, pytest.raises(openai.APIStatusError) as raised:
            create(upstream, {"retries": 0})
        assert (raised.value.status_code, raised.value.code) == (422, "invalid_tool_call")

    def test_a_call_that_is_mended_when_asked_again(self) -> None:
        answers = (streamed(f"I look.\n{BAD_CALL}"), streamed(CALL))
        with Upstream(*answers) as upstream:
            found = frames(upstream, {"stream_calls": "validated"})
        assert trace(found) == [*BEGIN, *text("I look."), *PARIS, "completed"]
        assert found[-1]["response"]["usage"]["total_tokens"] == 30
        with Upstream(completion(BAD_CALL), completion(CALL)) as upstream:
            assert [item["type"] for item in create(upstream)["output"]] == ["function_call"]

    def test_a_stream_that_is_cut_is_a_connection_error(self) -> None:
        half = Stream(tuple(event(chunk({"content": word})) for word in ("It ", "is ")), cut=True)
        with Upstream(half) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
            seen: list[str] = []
            with pytest.raises(Exception, match=r"(?i)peer closed|ended|incomplete|connection error") as raised:
                seen.extend(
                    item.type for item in adapter.wrap(client).responses.create(model="m", input="?", tools=TOOLS, stream=True)
                )
        assert type(raised.value).__name__ in {"APIConnectionError", "RemoteProtocolError"}
        assert seen[:2] == ["response.created", "response.in_progress"]
        assert seen[-1] == "response.output_text.delta"

    def test_an_error_of_upstreams_in_a_stream(self) -> None:
        fault = Stream((event(chunk({"content": "It "})), event({"error": {"message": "out of memory", "code": 500}})))
        with Upstream(fault) as upstream:
            found = frames(upstream)
        assert trace(found) == [*BEGIN, *text("It", status="incomplete"), "error", "failed"]
        assert (found[-2]["code"], found[-2]["error"]["code"]) == ("500", 500)
        assert found[-1]["response"]["error"]["message"] == "500: out of memory"

    def test_an_error_of_upstreams_instead_of_an_answer_is_its_own(self) -> None:
        error = {"error": {"message": "no such model", "type": "not_found_error", "param": "model", "code": "model_not_found"}}
        with Upstream(completion("").__class__(error, 404)) as upstream:
            for stream in (False, True):
                with pytest.raises(openai.NotFoundError, match="no such model"):
                    create(upstream, stream=stream)

    def test_an_upstream_without_usage(self) -> None:
        with Upstream(streamed("Hi.", usage=False)) as upstream:
            usage = frames(upstream)[-1]["response"]["usage"]
        assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (0, 0, 0)

    def test_an_upstream_that_ends_without_an_answer(self) -> None:
        with Upstream(Stream((DONE,))) as upstream:
            assert trace(frames(upstream)) == [*BEGIN, "error", "failed"]


class TestWhatUpstreamSays:
    def test_reasoning_that_the_server_took_out_itself(self) -> None:
        parts = ({"reasoning_content": "Look "}, {"reasoning": "it up."}, {"content": CALL})
        answer = Stream((*(event(chunk(part)) for part in parts), event(chunk({}, "stop")), DONE))
        with Upstream(answer) as upstream:
            assert trace(frames(upstream)) == [*BEGIN, *thought("Look it up."), *PARIS, "completed"]
        with Upstream(completion(CALL, reasoning_content="Look it up.")) as upstream:
            output = create(upstream)["output"]
        assert output[0]["content"] == [{"type": "reasoning_text", "text": "Look it up."}]
        assert output[0]["summary"] == []

    def test_a_refusal(self) -> None:
        parts = ({"refusal": "I "}, {"refusal": "won't."})
        answer = Stream((*(event(chunk(part)) for part in parts), event(chunk({}, "stop")), DONE))
        with Upstream(answer) as upstream:
            found = trace(frames(upstream))
        assert found == [*BEGIN, *block("message", "refusal", "refusal", "I won't.", "completed"), "completed"]

    def test_calls_that_upstream_makes_itself(self) -> None:
        made = {"id": "call_up", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
        with Upstream(completion(None, "tool_calls", tool_calls=[made])) as upstream:
            (item,) = create(upstream)["output"]
        assert (item["call_id"], item["name"], item["arguments"]) == ("call_up", "get_weather", '{"city": "Paris"}')
        begun = {**made, "index": 0, "function": {"name": "get_weather", "arguments": ""}}
        rest = {"index": 0, "function": {"arguments": '{"city": "Paris"}'}}
        parts = ({"tool_calls": [begun]}, {"tool_calls": [rest]})
        answer = Stream((*(event(chunk(part)) for part in parts), event(chunk({}, "tool_calls")), DONE))
        with Upstream(answer) as upstream:
            assert trace(frames(upstream)) == [*BEGIN, *PARIS, "completed"]

    def test_calls_of_its_own_that_arrive_in_turns(self) -> None:
        def part(index: int, text: str, **more: Any) -> dict[str, Any]:
            function = {"arguments": text, **({"name": f"f{index}"} if more else {})}
            return {"tool_calls": [{"index": index, "function": function, **more}]}

        parts = (part(0, "{", id="a"), part(1, "[", id="b"), part(0, "}"), part(1, "]"))
        answer = Stream((*(event(chunk(each)) for each in parts), event(chunk({}, "tool_calls")), DONE))
        with Upstream(answer) as upstream:
            found = frames(upstream)
        done = [frame["item"] for frame in found if frame["type"] == "response.output_item.done"]
        assert [(item["call_id"], item["name"], item["arguments"]) for item in done] == [("a", "f0", "{}"), ("b", "f1", "[]")]
        assert found[-1]["response"]["output"] == done

    def test_what_has_no_place_is_reported_once(self) -> None:
        said: list[adapter.Problem] = []
        parts = ({"content": "Hi", "audio": {"data": "AA=="}}, {"audio": {"data": "BB=="}})
        answer = Stream((*(event(chunk(part)) for part in parts), event(chunk({}, "stop")), DONE))
        with Upstream(answer) as upstream:
            frames(upstream, {"on_event": said.append})
        assert [problem.raw for problem in said if problem.kind == "left_out"] == ['{"data": "AA=="}']

    def test_log_probabilities_of_the_text_alone(self) -> None:
        tokens = ["I", " look", ".", "\n", *CALL]
        logprobs = [{"token": token, "logprob": -0.5, "bytes": None, "top_logprobs": []} for token in tokens]
        answer = completion("".join(tokens))
        answer.body["choices"][0]["logprobs"] = {"content": logprobs}
        wanted: dict[str, Any] = {"include": ["message.output_text.logprobs"], "top_logprobs": 2}
        with Upstream(answer) as upstream:
            message = create(upstream, **wanted)["output"][0]
            assert upstream.bodies[0]["logprobs"] is True
            assert upstream.bodies[0]["top_logprobs"] == 2
        found = message["content"][0]["logprobs"]
        assert [token["token"] for token in found] == ["I", " look", "."]
        assert found[0] == {"token": "I", "bytes": [73], "logprob": -0.5, "top_logprobs": []}
        parts = []
        for token in logprobs:
            part = chunk({"content": token["token"]})
            part["choices"][0]["logprobs"] = {"content": [token]}
            parts.append(event(part))
        with Upstream(Stream((*parts, event(chunk({}, "stop")), DONE))) as upstream:
            streamed_message = frames(upstream, **wanted)[-1]["response"]["output"][0]
        assert streamed_message["content"] == message["content"]

    def test_a_long_silence_is_broken_by_a_sign_of_life(self) -> None:
        """Clients give up on a stream that brings nothing: a long call in `validated` mode."""
        from adapter.exchange import opener
        from adapter.exchange.protocol import Emit, Read, Reply
        from adapter.options import make_options

        now = [0.0]
        body = {"model": "m", "input": "?", "tools": TOOLS, "stream": True}
        options = make_options({"stream_calls": "validated"})
        exchange = opener(options, lambda _: None, lambda: now[0])("/v1/responses", json.dumps(body).encode())
        assert exchange is not None
        next(exchange)
        exchange.send(Reply(200, [("content-type", "text/event-stream")]))
        command: Any = exchange.send(None)
        sent = b""
        for piece in CALL[:40]:
            now[0] += 10.0
            assert isinstance(command, Read)
            command = exchange.send(event(chunk({"content": piece})))
            while isinstance(command, Emit):
                sent += command.data
                command = exchange.send(None)
        assert sent.count(b"event: response.in_progress\n") > 10
        assert b"function_call" not in sent.replace(b'"type": "function"', b"")
