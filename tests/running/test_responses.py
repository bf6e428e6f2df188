"""Runs over the Responses API, wrapped and native: the conversation is a list of items."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from tests.running.plays import WAYS, Turn, Way, as_text, in_words, run_at
from tests.support.loopback import Answer, Reply, Stream, Upstream, completion, event, streamed

if TYPE_CHECKING:
    from collections.abc import Sequence

every_way = pytest.mark.parametrize("way", WAYS, ids=str)
native_ways = pytest.mark.parametrize("way", [way for way in WAYS if not way.wrapped], ids=str)


def response(turn: Turn, number: int, **more: Any) -> dict[str, Any]:
    """A response as a server of the API sends it."""
    if isinstance(turn, str):
        part = {"type": "output_text", "text": turn, "annotations": []}
        output: list[Any] = [
            {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed", "content": [part]}
        ]
    else:
        output = [{"type": "reasoning", "id": f"rs_{number}", "summary": []}]
        output += [
            {
                "type": "function_call",
                "id": f"fc_{number}_{at}",
                "call_id": f"call_{number}_{at}",
                "name": name,
                "arguments": as_text(given),
                "status": "completed",
            }
            for at, (name, given) in enumerate(turn)
        ]
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": "completed",
        "output": output,
        "usage": usage,
        **more,
    }


def sent(turn: Turn, number: int, way: Way) -> Reply:
    """The reply of the server behind the client."""
    if way.wrapped:
        return streamed(in_words(turn)) if way.stream else completion(in_words(turn))
    whole = response(turn, number)
    if not way.stream:
        return Answer(whole)
    events: list[dict[str, Any]] = [{"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}}]
    if isinstance(turn, str):
        place = {"item_id": f"msg_{number}", "output_index": 0, "content_index": 0}
        events += [{"type": "response.output_text.delta", **place, "delta": letter, "logprobs": []} for letter in turn]
    events.append({"type": "response.completed", "response": whole})
    return Stream(tuple(event({**each, "sequence_number": at}) for at, each in enumerate(events)))


def play(
    way: Way, turns: Sequence[Turn | Reply], tools: Sequence[Any], **options: Any
) -> tuple[adapter.RunResult, list[Any], list[adapter.RunEvent]]:
    """Run a conversation. Returns its result, the requests and the events."""
    heard: list[adapter.RunEvent] = []
    replies = [sent(turn, number, way) if isinstance(turn, str | list) else turn for number, turn in enumerate(turns)]
    with Upstream(*replies) as upstream:
        options = {"model": "m", "api": "responses", "stream": way.stream, "on_event": heard.append, **options}
        result = run_at(way, upstream.url, "How is Oslo?", tools, options)
        check_items(result.messages)
        return result, upstream.bodies, heard


def check_items(items: Sequence[dict[str, Any]]) -> None:
    """Every call has one output behind it."""
    waiting: list[str] = []
    for item in items:
        if item.get("type") == "function_call":
            assert isinstance(json.loads(item["arguments"]), dict)
            waiting.append(item["call_id"])
        elif item.get("type") == "function_call_output":
            assert item["call_id"] == waiting.pop(0)
        else:
            assert waiting == []
    assert waiting == []


def weather(city: str, days: int = 1) -> str:
    """Look up the weather."""
    return f"Fine in {city}."


OSLO: list[tuple[str, Any]] = [("weather", {"city": "Oslo"})]


@every_way
def test_a_question_a_call_an_answer(way: Way) -> None:
    result, bodies, heard = play(way, [OSLO, "It is fine."], [weather])
    assert (result.answer, result.stopped, result.turns, result.finish_reason) == ("It is fine.", "answered", 2, "stop")
    assert [(call.name, call.reply) for call in result.calls] == [("weather", "Fine in Oslo.")]
    kinds = [item.get("type") for item in result.messages if item.get("type") != "reasoning"]
    assert kinds == [None, "function_call", "function_call_output", "message"]
    assert (result.tokens.prompt, result.tokens.completion) == (20, 10)
    assert "".join(event.message for event in heard if event.kind == "text") == ("It is fine." if way.stream else "")
    if not way.wrapped:
        [tool] = bodies[0]["tools"]
        assert (tool["type"], tool["name"], tool["strict"]) == ("function", "weather", False)
        assert bodies[1]["input"] == [dict(item) for item in result.messages[:-1]]


@native_ways
def test_faults_are_answered_as_items(way: Way) -> None:
    calls = [*OSLO, ("nope", {}), ("weather", {"city": 5}), ("weather", '{"city": "Os'), ("send", {}), ("fail", {})]

    @adapter.tool(writes=True)
    def send() -> None: ...

    def fail() -> None:
        raise ValueError

    result, _, _ = play(way, [calls, "Done."], [weather, send, fail])
    assert [call.outcome for call in result.calls] == ["finished", "unknown", "invalid", "invalid", "refused", "failed"]
    assert result.answer == "Done."


@native_ways
def test_a_forced_choice_is_dropped(way: Way) -> None:
    choice = {"type": "function", "name": "weather"}
    _, bodies, _ = play(way, [OSLO, "Fine."], [weather], tool_choice=choice)
    assert [body.get("tool_choice") for body in bodies] == [choice, None]


BROKEN = [
    pytest.param(
        {"status": "failed", "output": [], "error": {"code": "server_error", "message": "busy"}}, "busy", id="a failed response"
    ),
    pytest.param({"output": None}, "has no output", id="no output"),
]


@pytest.mark.parametrize(("members", "words"), BROKEN)
@native_ways
def test_a_response_that_failed_is_an_error_with_the_run(way: Way, members: dict[str, Any], words: str) -> None:
    whole = response("x", 1, **members)
    last: Reply = (
        Stream((event({"type": "response.failed", "response": whole, "sequence_number": 0}),)) if way.stream else Answer(whole)
    )
    with pytest.raises(adapter.AdapterError, match=words) as caught:
        play(way, [OSLO, last], [weather])
    found = adapter.run_of(caught.value)
    assert found is not None
    assert [call.outcome for call in found.calls] == ["finished"]
    check_items(found.messages)


@pytest.mark.parametrize(
    "pieces", [(), (event({"type": "response.created", "response": response("x", 0), "sequence_number": 0}),)]
)
def test_a_stream_without_an_end_is_an_error(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(adapter.AdapterError, match="ended without a last event"):
        play(Way(False, True, False), [Stream(pieces)], [weather])


@native_ways
def test_an_answer_that_was_cut_says_so(way: Way) -> None:
    cut = response("Half an", 0, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    last: Reply = (
        Stream((event({"type": "response.incomplete", "response": cut, "sequence_number": 0}),)) if way.stream else Answer(cut)
    )
    result, _, _ = play(way, [last], [weather])
    assert (result.answer, result.finish_reason) == ("Half an", "max_output_tokens")


CUSTOM = {"type": "custom_tool_call", "call_id": "c", "name": "weather", "input": "Oslo"}
SAID = {"type": "message", "id": "m", "role": "assistant"}
ODD: list[Any] = [
    pytest.param("x", "", "left out", id="a text for an item"),
    pytest.param(CUSTOM, "", "left out", id="a call that no function can answer"),
    pytest.param({**SAID, "content": "Hi."}, "Hi.", "", id="a text for parts"),
    pytest.param({**SAID, "content": ["Hi."]}, "", "", id="a text for a part"),
    pytest.param({**SAID, "content": [{"type": "refusal", "refusal": "No."}]}, "No.", "", id="a refusal"),
]


@pytest.mark.parametrize(("item", "words", "note"), ODD)
def test_odd_items_of_a_response(item: Any, words: str, note: str) -> None:
    way, answer = Way(False, False, False), response("", 1, output=[item])
    heard: list[Any] = []
    with Upstream(Answer(answer)) as upstream:
        options = {"model": "m", "api": "responses", "on_event": heard.append}
        result = run_at(way, upstream.url, "Hi.", [weather], options)
    assert (result.answer, len(result.messages)) == (words, 1 if note else 2)
    assert note in " ".join(one.message for one in heard if one.kind == "note")


def test_the_api_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="api='completions' must be 'chat' or 'responses'"):
        play(Way(False, False, False), ["x"], [weather], api="completions")
    with pytest.raises(TypeError, match="input in the request"):
        play(Way(False, False, False), ["x"], [weather], input="y")
