"""Histories as agents send them, put in an order that a model understands, and told (behaviour 4.8)."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai import OpenAI

import adapter
from tests.facts.tools import TIME, WEATHER
from tests.support.loopback import Upstream, completion, streamed

ASK: Any = {"role": "user", "content": "Weather?"}
STOP: Any = {"role": "user", "content": "Stop."}
PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
IMAGE: Any = {"role": "user", "content": [PNG]}
LOST = "No result: the call was interrupted before its result came."


def called(*ids: str | None, **fields: Any) -> dict[str, Any]:
    """A message with a call for each id, of the city with the name of the id."""
    calls = [
        {"id": each, "type": "function", "function": {"name": "get_weather", "arguments": f'{{"city": "{each}"}}'}}
        for each in ids
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls, **fields}


def result(call_id: str | None = "a", content: Any = "Sun.", **fields: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content, **fields}


def made(*cities: str, text: str = "") -> dict[str, Any]:
    """What the model reads of a message with calls."""
    calls = [f'<tool_call>\n{{"name": "get_weather", "arguments": {{"city": "{city}"}}}}\n</tool_call>' for city in cities]
    return {"role": "assistant", "content": "\n".join([*([text] if text else []), *calls])}


def came(*texts: str) -> dict[str, Any]:
    """What the model reads of neighbouring results."""
    return {"role": "user", "content": "\n".join(f"<tool_response>\n{text}\n</tool_response>" for text in texts)}


def words(text: str, name: str = "") -> dict[str, Any]:
    """What the model reads of a result without a call."""
    of = f" ({name})" if name else ""
    said = f"Result of an earlier tool call that is no longer part of this conversation{of}:\n\n{text}"
    return {"role": "user", "content": said}


ORDER = "without ids of their own were paired by their order"
# The messages, what the model reads of them, and words of the problems.
CASES: dict[str, tuple[list[Any], list[Any], list[str]]] = {
    "in order": ([ASK, called("a", "b"), result("b", "2"), result("a", "1")], [ASK, made("a", "b"), came("1", "2")], []),
    "an image between two results": (
        [ASK, called("a", "b"), result("a", "1"), IMAGE, result("b", "2"), IMAGE],
        [ASK, made("a", "b"), came("1", "2"), IMAGE, IMAGE],
        ["messages[4]: a result was moved behind its call"],
    ),
    "a user's message between a call and its result": (
        [ASK, called("a"), STOP, {"role": "assistant", "content": "Yes."}, result("a")],
        [ASK, made("a"), came("Sun."), STOP, {"role": "assistant", "content": "Yes."}],
        ["messages[4]: a result was moved behind its call"],
    ),
    "parallel calls split over messages": (
        [ASK, called("a", content="One."), called("b", content="Two."), result("a", "1"), result("b", "2")],
        [ASK, made("a", "b", text="One.\n\nTwo."), came("1", "2")],
        ["messages[2]: calls of neighbouring messages"],
    ),
    "a call after a result is no parallel call": (
        [ASK, called("a"), result("a", "1"), called("b"), result("b", "2")],
        [ASK, made("a"), came("1"), made("b"), came("2")],
        [],
    ),
    "interrupted": ([ASK, called("a"), STOP], [ASK, made("a"), came(LOST), STOP], ["messages[1]: a call without a result"]),
    "interrupted at the end": ([ASK, called("a")], [ASK, made("a"), came(LOST)], ["messages[1]: a call without a result"]),
    "one of two results is missing": (
        [ASK, called("a", "b"), result("b", "2"), STOP],
        [ASK, made("a", "b"), came(LOST, "2"), STOP],
        ["messages[1]: a call without a result"],
    ),
    "a result whose call was trimmed away": (
        [result("x", "Rain."), ASK],
        [words("Rain."), ASK],
        ["messages[0]: a result whose call is not in the conversation"],
    ),
    "a result of another call moves to no call": (
        [ASK, called("a"), result("x", "Rain.", name="get_time"), STOP],
        [ASK, made("a"), came(LOST), words("Rain.", "get_time"), STOP],
        ["messages[1]: a call without a result", "messages[2]: a result whose call is not in the conversation"],
    ),
    "an id in two turns": (
        [ASK, called("a"), result("a", "1"), STOP, called("a"), result("a", "2")],
        [ASK, made("a"), came("1"), STOP, made("a"), came("2")],
        [],
    ),
    "an id in two turns, the first interrupted": (
        [ASK, called("a"), STOP, called("a"), result("a", "2")],
        [ASK, made("a"), came(LOST), STOP, made("a"), came("2")],
        ["messages[1]: a call without a result"],
    ),
    "an id twice in a message": ([ASK, called("a", "a"), result("a", "1"), result("a", "2")], [ASK, made("a", "a"), came("1", "2")], [ORDER]),
    "a result twice": ([ASK, called("a"), result(), result()], [ASK, made("a"), came("Sun.")], ["messages[3]: a further result"]),
    "two results": ([ASK, called("a"), result("a", "1"), result("a", "2")], [ASK, made("a"), came("1\n\n2")], ["messages[3]: a further result"]),
    "empty ids": ([ASK, called("", ""), result("", "1"), result("", "2")], [ASK, made("", ""), came("1", "2")], [ORDER]),
    "no ids": ([ASK, called(None), {"role": "tool", "content": "1"}], [ASK, made("None"), came("1")], [ORDER]),
    "no ids, by name": (
        [ASK, {"role": "assistant", "tool_calls": [{"function": {"name": name, "arguments": "{}"}} for name in ("get_time", "get_date")]},
         {"role": "tool", "name": "get_date", "content": "1"}, {"role": "tool", "tool_name": "get_time", "content": "2"}],
        [ASK, {"role": "assistant", "content": "\n".join(f'<tool_call>\n{{"name": "{name}", "arguments": {{}}}}\n</tool_call>' for name in ("get_time", "get_date"))}, came("2", "1")],
        [ORDER],
    ),
    "empty ids of two turns": (
        [ASK, called(""), result("", "1"), called(""), result("", "2")], [ASK, made(""), came("1"), made(""), came("2")], [ORDER]),
    "a result without an id and one call": ([ASK, called("a"), result(None, "1")], [ASK, made("a"), came("1")], [ORDER]),
    "a result without an id and two calls": (
        [ASK, called("a", "b"), result(None, "1")], [ASK, made("a", "b"), came(LOST, LOST), words("1")], ["a call without", "a result whose"]),
    "a result without an id moves to no earlier turn": (
        [ASK, called(""), STOP, called(""), result("", "1"), result("", "2")],
        [ASK, made(""), came(LOST), STOP, made(""), came("1"), words("2")],
        ["a call without", "a result whose", ORDER],
    ),
    "an object": ([ASK, called("a"), result("a", {"sun": True})], [ASK, made("a"), came('{"sun": true}')], ["messages[2]: content"]),
    "a list of objects": ([ASK, called("a"), result("a", [{"k": "ö"}])], [ASK, made("a"), came('[{"k": "ö"}]')], ["messages[2]: content"]),
    "a directory": (
        [ASK, called("a"), result("a", [{"type": "file", "name": "a"}])], [ASK, made("a"), came('[{"type": "file", "name": "a"}]')],
        ["messages[2]: content"]),
    "a number": ([ASK, called("a"), result("a", 5)], [ASK, made("a"), came("5")], ["messages[2]: content"]),
    "nothing": ([ASK, called("a"), result("a", None)], [ASK, made("a"), came("")], []),
    "an empty list": ([ASK, called("a"), result("a", [])], [ASK, made("a"), came("")], []),
    "parts of the Responses API": (
        [ASK, called("a"), result("a", [{"type": "input_text", "text": "Su"}, {"type": "output_text", "text": "n."}])],
        [ASK, made("a"), came("Sun.")], ["messages[2]: content"]),
    "an image of the Responses API": (
        [ASK, called("a"), result("a", [{"type": "input_image", "image_url": PNG["image_url"]["url"]}])],  # type: ignore[index]
        [ASK, made("a"), {"role": "user", "content": [{"type": "text", "text": "<tool_response>\n\n</tool_response>"}, PNG]}],
        ["messages[2]: content"]),
    "a legacy function": (
        [ASK, {"role": "assistant", "content": None, "function_call": {"name": "get_weather", "arguments": '{"city": "a"}'}}, STOP,
         {"role": "function", "name": "get_weather", "content": "1"}],
        [ASK, made("a"), came("1"), STOP], ["messages[3]: a result was moved"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_4_8_a_history_in_order(case: str) -> None:
    messages, wanted, sentences = CASES[case]
    told: list[Any] = []
    with Upstream(completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client, on_event=told.append)
        wrapped.chat.completions.create(model="m", messages=messages, tools=[WEATHER, TIME])  # type: ignore[list-item]
        assert upstream.bodies[0]["messages"][1:] == wanted
    problems = sorted(problem.message for problem in told if problem.kind == "history")
    assert len(problems) == len(sentences)
    for sentence in sentences:
        assert any(sentence in problem for problem in problems), (sentence, problems)
    rendered = adapter.render(messages, [WEATHER, TIME])  # the same without a client
    assert rendered[1:] == wanted


# Parts of an unknown kind go upstream as they are.
UNKNOWN = {"a directory", "parts of the Responses API", "an image of the Responses API"}


@pytest.mark.parametrize("case", [case for case, (_, _, told) in CASES.items() if told and case not in UNKNOWN])
def test_4_8_a_strict_history_is_refused(case: str) -> None:
    messages = CASES[case][0]
    with Upstream(completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client, history="strict")
        with pytest.raises(openai.BadRequestError):
            wrapped.chat.completions.create(model="m", messages=messages, tools=[WEATHER])  # type: ignore[list-item]
        assert upstream.received == []


FUNCTION: Any = {"type": "function", "name": "get_weather", "parameters": WEATHER["function"]["parameters"]}


def call(call_id: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "get_weather", "arguments": f'{{"city": "{call_id}"}}'}


def output(call_id: str, value: Any = "Sun.") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": value}


def without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != name}


SAYS_NOTHING = {"type": "message", "role": "assistant", "content": None}
# The items, what the model reads of them, and words of the problems.
ITEMS: dict[str, tuple[list[Any], list[Any], list[str]]] = {
    "in any order": ([ASK, call("a"), call("b"), STOP, output("b", "2"), output("a", "1")], [ASK, made("a", "b"), came("1", "2"), STOP], []),
    "interrupted": ([ASK, call("a"), STOP], [ASK, made("a"), came(LOST), STOP], ["input[1]: a call without a result"]),
    "an output whose call was trimmed away": ([output("x", "Rain."), ASK], [words("Rain."), ASK], ["input[0]: a result whose call"]),
    "an output twice": ([ASK, call("a"), output("a"), output("a")], [ASK, made("a"), came("Sun.")], ["input[3]: a further result"]),
    "an id in two turns": (
        [ASK, call("a"), output("a", "1"), STOP, call("a"), output("a", "2")], [ASK, made("a"), came("1"), STOP, made("a"), came("2")], []),
    "an id twice in a turn": ([ASK, call("a"), call("a"), output("a", "1"), output("a", "2")], [ASK, made("a", "a"), came("1", "2")], [ORDER]),
    "empty ids": ([ASK, call(""), call(""), output("", "1"), output("", "2")], [ASK, made("", ""), came("1", "2")], [ORDER]),
    "no ids": (
        [ASK, without(call("a"), "call_id"), {**call("b"), "call_id": None}, without(output("", "1"), "call_id"), output("", "2")],
        [ASK, made("a", "b"), came("1", "2")], [ORDER]),
    "arguments that are an object": ([ASK, {**call("a"), "arguments": {"city": "a"}}, output("a")], [ASK, made("a"), came("Sun.")], []),
    "an output of null": ([ASK, call("a"), output("a", None)], [ASK, made("a"), came("")], []),
    "content is null": ([ASK, SAYS_NOTHING, call("a"), output("a")], [ASK, made("a"), came("Sun.")], []),
    "content is null and nothing else": ([ASK, SAYS_NOTHING, STOP], [ASK, {"role": "assistant", "content": ""}, STOP], []),
    "an object": ([ASK, call("a"), output("a", {"sun": True})], [ASK, made("a"), came('{"sun": true}')], ["input[2]: content"]),
    "a list of objects": ([ASK, call("a"), output("a", [{"k": 1}])], [ASK, made("a"), came('[{"k": 1}]')], ["input[2]: content"]),
    "an image of Chat Completions": (
        [ASK, call("a"), output("a", [{"type": "text", "text": "See."}, PNG])],
        [ASK, made("a"), {"role": "user", "content": [{"type": "text", "text": "<tool_response>\nSee.\n</tool_response>"}, PNG]}], []),
}  # fmt: skip


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", ITEMS)
def test_4_8_items_in_order(case: str, stream: bool) -> None:
    items, wanted, sentences = ITEMS[case]
    told: list[Any] = []
    answer: Any = streamed("Fine.") if stream else completion("Fine.")
    with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped: Any = adapter.wrap(client, on_event=told.append)
        response = wrapped.responses.create(model="m", input=items, tools=[FUNCTION], instructions="Be brief.", stream=stream)
        if stream:
            assert list(response)[-1].type == "response.completed"
        assert upstream.bodies[0]["messages"][1:] == wanted
    problems = [problem.message for problem in told if problem.kind == "history"]
    assert len(problems) == len(sentences)
    assert all(sentence in problem for sentence, problem in zip(sentences, problems, strict=True))


STRICT_ITEMS = {
    "interrupted": "No tool output found for function call a.",
    "an output whose call was trimmed away": "No tool call found for function call output with call_id x.",
    "an output twice": "This call has an output already.",
    "an id in two turns": "Another call has it too.",
    "an object": "Invalid type for 'input[2].content'",
}


@pytest.mark.parametrize("case", STRICT_ITEMS)
def test_4_8_strict_items_are_refused(case: str) -> None:
    with Upstream(completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped: Any = adapter.wrap(client, history="strict")
        with pytest.raises(openai.BadRequestError) as raised:
            wrapped.responses.create(model="m", input=ITEMS[case][0], tools=[FUNCTION])
        assert upstream.received == []
    assert STRICT_ITEMS[case] in raised.value.message


def test_long_lists_of_places_are_cut() -> None:
    messages = [ASK, *(message for _ in range(50) for message in (called("a"), STOP))]
    told: list[Any] = []
    adapter.render(messages, [WEATHER], on_event=told.append)
    [problem] = told
    assert problem.message.startswith("messages[1], messages[3], ")
    assert "… and 40 more: a call without a result" in problem.message
