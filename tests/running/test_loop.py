"""The loop from the question to the answer: requests, history, results, counts."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.running.plays import Way, both_kinds, check_history, every_native_way, every_way, native, play
from tests.support.loopback import Answer, Upstream, completion


def weather(city: str) -> str:
    """Look up the weather.

    Args:
        city: City, such as Oslo.
    """
    return f"Fine in {city}."


async def aweather(city: str) -> str:
    return weather(city)


WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Look up the weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "City, such as Oslo."}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
OSLO = [("weather", {"city": "Oslo"})]


@every_way
def test_a_question_a_call_an_answer(way: Way) -> None:
    played = play(way, [OSLO, "It is fine."], [weather], "How is Oslo?", temperature=0.5)
    result = played.result
    assert (result.answer, result.stopped, result.turns, result.finish_reason) == ("It is fine.", "answered", 2, "stop")
    assert [(call.name, call.result, call.reply, call.turn) for call in result.calls] == [
        ("weather", "Fine in Oslo.", "Fine in Oslo.", 1)
    ]
    assert [message["role"] for message in result.messages] == ["user", "assistant", "tool", "assistant"]
    assert (result.tokens.prompt, result.tokens.completion, result.tokens.total, result.tokens.reported) == (20, 10, 30, 2)
    assert result.seconds >= result.model_seconds > 0
    assert played.kinds == ["asking", "started", "finished", "asking", "stopped"]
    assert [body["temperature"] for body in played.bodies] == [0.5, 0.5]
    if not way.wrapped:
        assert [body["tools"] for body in played.bodies] == [[WEATHER], [WEATHER]]
        assert played.bodies[1]["messages"] == [dict(message) for message in result.messages[:3]]


@every_way
def test_no_call_is_an_answer(way: Way) -> None:
    played = play(way, ["Hello."], [weather])
    assert (played.result.answer, played.result.calls, played.kinds) == ("Hello.", [], ["asking", "stopped"])


@every_way
def test_a_streamed_answer_is_told_as_it_comes(way: Way) -> None:
    played = play(way, ["Hello to you."], [weather])
    told = [event.message for event in played.events if event.kind == "text"]
    assert "".join(told) == ("Hello to you." if way.stream else "")


@every_way
def test_several_calls_run_side_by_side(way: Way) -> None:
    meeting = threading.Barrier(3)

    def wait(place: int) -> int:
        meeting.wait(20)
        return place

    played = play(way, [[("wait", {"place": place}) for place in range(3)], "Done."], [wait])
    assert [call.result for call in played.result.calls] == [0, 1, 2]
    assert played.replies == ["0", "1", "2"]


@every_native_way
def test_fifty_calls_run_at_the_same_time(way: Way) -> None:
    meeting: Any = None

    async def wait_async(place: int) -> int:
        nonlocal meeting
        meeting = meeting or asyncio.Barrier(50)
        await asyncio.wait_for(meeting.wait(), 20)
        return place

    threads = threading.Barrier(50)

    def wait(place: int) -> int:
        threads.wait(20)
        return place

    tool = adapter.tool(name="wait")(wait_async if way.asynchronous else wait)
    played = play(way, [[("wait", {"place": place}) for place in range(50)], "Done."], [tool])
    assert [call.result for call in played.result.calls] == list(range(50))


@pytest.mark.parametrize(("parallel", "most"), [(False, 1), (1, 1), (2, 2), (True, 6)])
@both_kinds
def test_no_more_calls_run_than_may(way: Way, parallel: bool | int, most: int) -> None:
    running, seen, lock = 0, [], threading.Lock()
    reached = threading.Event()

    def work(place: int) -> int:
        nonlocal running
        with lock:
            running += 1
            seen.append(running)
            if running == most:
                reached.set()
        assert reached.wait(20)
        with lock:
            running -= 1
        return place

    played = play(way, [[("work", {"place": place}) for place in range(6)], "Done."], [work], parallel=parallel)
    assert played.outcomes == ["finished"] * 6
    assert max(seen) == most


@both_kinds
def test_without_a_limit_and_one_by_one_functions_run_in_the_callers_thread(way: Way) -> None:
    threads = []

    def where() -> None:
        threads.append(threading.current_thread())

    play(way, [[("where", {})] * 2, "Done."], [where], parallel=False, timeout=None)
    assert (threads == [threading.current_thread()] * 2) is not way.asynchronous


@every_native_way
def test_the_history_has_what_the_server_sent(way: Way) -> None:
    thought: list[Any] = [native(OSLO, 0, reasoning_content="Hm."), "Fine."]
    played = play(Way(way.asynchronous, stream=False, wrapped=False), thought, [weather])
    assert played.bodies[1]["messages"][1]["reasoning_content"] == "Hm."


@both_kinds
def test_the_callers_messages_stay(way: Way) -> None:
    given: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Go."}]
    played = play(way, [OSLO, "Fine."], [weather], given)
    assert len(given) == 2
    assert played.result.messages[:2] == given
    again = play(way, ["Bye."], [weather], played.result.messages)
    assert again.bodies[0]["messages"] == played.result.messages
    check_history(again.result.messages)


def test_messages_of_completions_are_taken() -> None:
    with Upstream(native(OSLO, 0), completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        asked = [{"role": "user", "content": "Go."}]
        first = client.chat.completions.create(model="m", messages=asked)  # type: ignore[arg-type]  # plain messages
        message = first.choices[0].message
        result = {"role": "tool", "tool_call_id": "call_0_0", "content": "Fine."}
        run = adapter.run_tools(client, [*asked, message, result], [weather], model="m")
        assert upstream.bodies[1]["messages"][1]["tool_calls"][0]["id"] == "call_0_0"
    assert run.answer == "Fine."


# --- Odd answers of native servers -----------------------------------------------------------------------------------------

CALL = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
ODD = [
    pytest.param([{**CALL, "id": None}], ["finished"], id="no id"),
    pytest.param([{**CALL, "id": ""}], ["finished"], id="an empty id"),
    pytest.param([CALL, CALL], ["finished", "finished"], id="an id twice"),
    pytest.param([{**CALL, "index": 0}], ["finished"], id="an index"),
    pytest.param(
        [{**CALL, "function": {"name": "weather", "arguments": {"city": "Oslo"}}}], ["finished"], id="arguments as an object"
    ),
    pytest.param([{**CALL, "function": {"name": "weather", "arguments": '{"city": "Os'}}], ["invalid"], id="cut arguments"),
    pytest.param([{**CALL, "function": {"name": "weather", "arguments": "[1]"}}], ["invalid"], id="an array of arguments"),
    pytest.param([{**CALL, "function": {"name": None, "arguments": "{}"}}], ["unknown"], id="no name"),
    pytest.param(
        [{"id": "a", "type": "custom", "custom": {"name": "x", "input": "y"}}], ["unknown"], id="a call of another kind"
    ),
    pytest.param([{"id": "a", "type": "function"}], ["unknown"], id="no function"),
]


@pytest.mark.parametrize(("calls", "outcomes"), ODD)
@both_kinds
def test_odd_calls_leave_a_valid_history(way: Way, calls: list[Any], outcomes: list[str]) -> None:
    played = play(way, [completion(None, "tool_calls", tool_calls=calls), "Fine."], [weather])
    assert played.outcomes == outcomes
    assert played.result.answer == "Fine."
    check_history(played.bodies[1]["messages"])


def now() -> str:
    return "noon"


@pytest.mark.parametrize(
    ("finish", "outcome"), [("tool_calls", "finished"), ("stop", "finished"), ("length", "invalid"), (None, "invalid")]
)
@both_kinds
def test_no_arguments_are_an_object_unless_the_answer_was_cut(way: Way, finish: str | None, outcome: str) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "now", "arguments": ""}}
    answer = completion(None, tool_calls=[call])
    answer.body["choices"][0]["finish_reason"] = finish
    assert play(way, [answer, "Fine."], [now]).outcomes == [outcome]


@both_kinds
def test_an_answer_without_a_message_is_an_error(way: Way) -> None:
    played = play(way, [Answer({"choices": []})], [weather])
    assert isinstance(played.error, adapter.AdapterError)
    assert played.result.messages == [{"role": "user", "content": "Go."}]


# --- The end -------------------------------------------------------------------------------------------------------------


@every_way
def test_turns_are_counted(way: Way) -> None:
    turns: list[Any] = [[("weather", {"city": f"City {number}"})] for number in range(9)]
    played = play(way, turns, [weather], max_turns=3)
    assert (played.result.stopped, played.result.answer, played.result.turns) == ("max_turns", None, 3)
    assert played.outcomes == ["finished"] * 3


@every_way
def test_a_loop_ends_at_the_third_time(way: Way) -> None:
    played = play(way, [OSLO], [weather])
    assert (played.result.stopped, len(played.result.calls)) == ("loop", 3)
    assert [kind for kind in played.kinds if kind == "repeated"] == ["repeated"]
    assert played.replies[0] == played.replies[2] == "Fine in Oslo."
    assert played.replies[1].startswith("Fine in Oslo.\n[The same call")


@both_kinds
def test_the_same_call_with_another_result_is_no_loop(way: Way) -> None:
    results = iter(range(10))

    def look() -> int:
        return next(results)

    played = play(way, [[("look", {})]] * 5 + ["Done."], [look])
    assert (played.result.stopped, played.result.answer) == ("answered", "Done.")


@both_kinds
def test_a_tool_that_polls_may_be_called_again_and_again(way: Way) -> None:
    definition = {
        "type": "function",
        "polls": True,
        "function": {"name": "now", "parameters": {"type": "object", "properties": {}}},
    }
    played = play(way, [[("now", {})]] * 6 + ["Done."], [(definition, now)])
    assert (played.result.stopped, len(played.result.calls)) == ("answered", 6)


CHOICES = [
    pytest.param("required", True, id="required"),
    pytest.param({"type": "function", "function": {"name": "weather"}}, True, id="named"),
    pytest.param(
        {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [WEATHER]}}, True, id="required of some"
    ),
    pytest.param({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [WEATHER]}}, False, id="some"),
    pytest.param("auto", False, id="auto"),
]


@pytest.mark.parametrize(("choice", "dropped"), CHOICES)
@both_kinds
def test_a_forced_choice_is_dropped_after_its_call(way: Way, choice: Any, dropped: bool) -> None:
    played = play(way, [OSLO, "Fine."], [weather], tool_choice=choice)
    assert played.bodies[0]["tool_choice"] == choice
    assert ("tool_choice" not in played.bodies[1]) is dropped
    assert ("note" in played.kinds) is dropped


@both_kinds
def test_usage_is_asked_for_in_streams_unless_the_caller_says_not(way: Way) -> None:
    streaming = Way(way.asynchronous, stream=True, wrapped=False)
    assert play(streaming, ["x"], []).bodies[0]["stream_options"] == {"include_usage": True}
    assert "stream_options" not in play(streaming, ["x"], [], stream_options=None).bodies[0]
    assert "tools" not in play(streaming, ["x"], []).bodies[0]


# --- Clients and values ----------------------------------------------------------------------------------------------------


def test_a_client_of_the_other_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="takes a sync client; for a AsyncOpenAI: await arun_tools"):
        adapter.run_tools(AsyncOpenAI(api_key="k"), "Go.", [], model="m")
    with pytest.raises(TypeError, match="takes an async client; for a OpenAI: run_tools"):
        asyncio.run(adapter.arun_tools(OpenAI(api_key="k"), "Go.", [], model="m"))
    with pytest.raises(TypeError, match="takes an openai client, wrapped or not, not 'x'"):
        adapter.run_tools("x", "Go.", [], model="m")


def test_an_async_tool_needs_the_async_runner() -> None:
    with pytest.raises(TypeError, match=r"tool 'aweather' is async.*arun_tools"):
        adapter.run_tools(OpenAI(api_key="k"), "Go.", [aweather], model="m")


WRONG = [
    pytest.param({"max_turns": 0}, ValueError, "max_turns=0 must be 1 or more", id="no turns"),
    pytest.param({"max_turns": "3"}, TypeError, "max_turns='3' must be a whole number", id="turns as text"),
    pytest.param({"timeout": 0}, ValueError, "timeout=0 must be above 0", id="no time"),
    pytest.param({"timeout": "5"}, TypeError, "timeout='5' must be a number of seconds", id="time as text"),
    pytest.param({"timeouts": {"wether": 5}}, ValueError, "'wether', which is no tool; the tools are weather", id="a slip"),
    pytest.param({"timeouts": {"weather": -1}}, ValueError, r"timeouts\['weather'\]=-1", id="a negative limit"),
    pytest.param({"timeouts": 5}, TypeError, "timeouts=5 must be a dictionary", id="one limit for all"),
    pytest.param({"total_timeout": float("nan")}, ValueError, "total_timeout=nan", id="not a number"),
    pytest.param({"confirm": True}, TypeError, "confirm=True must be a function", id="confirm as a flag"),
    pytest.param(
        {"on_event": aweather}, TypeError, "on_event=.* is async, and must be a plain function", id="an async on_event"
    ),
    pytest.param({"api": "completions"}, ValueError, "api='completions' must be 'chat' or 'responses'", id="a former API"),
    pytest.param({"parallel": 0.5}, TypeError, "parallel=0.5", id="half a call"),
    pytest.param({"parallel": -1}, ValueError, "parallel=-1", id="fewer than no calls"),
    pytest.param({"parallel": 0}, ValueError, "parallel=0", id="no calls"),
    pytest.param({"stream": 1}, TypeError, "stream=1 must be True or False", id="a number as flag"),
    pytest.param({"fallback": None}, TypeError, "fallback=None must be a text", id="no fallback"),
    pytest.param({"max_result_chars": 0}, ValueError, "max_result_chars=0", id="no characters"),
    pytest.param({"n": 2}, ValueError, "n=2: a run follows one answer", id="two answers"),
    pytest.param({"functions": []}, ValueError, "former names", id="functions"),
    pytest.param({"model": ""}, TypeError, "model='' must be the name", id="no model"),
]


@pytest.mark.parametrize(("options", "kind", "message"), WRONG)
def test_values_are_checked_before_the_model_is_asked(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with Upstream(completion("Hello.")) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        with pytest.raises(kind, match=message):
            adapter.run_tools(client, "Go.", [weather], **{"model": "m", **options})
        assert upstream.received == []
