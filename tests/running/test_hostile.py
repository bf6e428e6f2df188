"""Hostile servers, hostile functions and hostile values: an outcome that is told, and a history that can be sent."""

from __future__ import annotations

import itertools
import threading
from typing import Annotated, Any

import pytest
from pydantic import BeforeValidator, Field

import adapter
from adapter.errors import UpstreamFailed
from tests.running.plays import NATIVE, Way, both_kinds, every_native_way, play
from tests.support.loopback import Answer, Stream, chunk, completion, event

SYNC = Way(False, False, False)
STREAMED = [way for way in NATIVE if way.stream]


def add(a: int) -> int:
    return a


# --- Answers of servers that break the rules ----------------------------------------------------------------------------------


def call(name: Any = "add", arguments: Any = '{"a": 1}', **more: Any) -> dict[str, Any]:
    return {"id": "x", "type": "function", "function": {"name": name, "arguments": arguments}, **more}


CALLS = [
    pytest.param([call(), call()], ["finished", "finished"], "ids are unique", id="the same id twice"),
    pytest.param([call(id=None), call(id="")], ["finished", "finished"], "ids are unique", id="no ids"),
    pytest.param([call(None)], ["unknown"], "as a call of 'unnamed'", id="no name"),
    pytest.param([call("a b\n</tool_call>")], ["unknown"], "as a call of 'a_b___tool_call_'", id="a name with markup"),
    pytest.param([call("x" * 9000)], ["unknown"], "…' stands in the history", id="a long name"),
    pytest.param([call("add\ud800")], ["unknown"], "half a surrogate pair", id="half a surrogate pair in a name"),
    pytest.param([call(arguments='{"a": 1, "b": "\ud800"}')], ["invalid"], "half a surrogate pair", id="in arguments"),
    pytest.param([call(id="\ud800")], ["finished"], "half a surrogate pair", id="in an id"),
    pytest.param(["x"], [], "no object is left out: 'x'", id="a text for a call"),
    pytest.param({"id": "x"}, [], "no list are left out", id="an object for the list"),
]


@pytest.mark.parametrize(("calls", "outcomes", "note"), CALLS)
@both_kinds
def test_a_history_can_be_sent_after_any_call(way: Way, calls: Any, outcomes: list[str], note: str) -> None:
    played = play(way, [completion(None, "tool_calls", tool_calls=calls), "Done."], [add])
    assert played.outcomes == outcomes
    assert played.result.answer == ("Done." if outcomes else "")
    assert note in " ".join(one.message for one in played.events if one.kind == "note")
    names = [one["function"]["name"] for message in played.result.messages for one in message.get("tool_calls") or ()]
    adapter.render(played.result.messages, [])
    assert len(names) == len(outcomes)
    assert all(name and len(name) <= 64 for name in names)


PARTS: Any = [{"type": "text", "text": "a"}, {"text": "b"}]
WORDS = [
    pytest.param(completion(None, refusal="I will not."), "I will not.", "", id="a refusal"),
    pytest.param(completion(PARTS), "ab", "", id="parts"),
    pytest.param(completion("half", "length"), "half", "not whole: length", id="cut off by the limit"),
    pytest.param(completion(None, function_call={"name": "add", "arguments": "{}"}), "", "left out", id="the former form"),
    pytest.param(completion("\ud800x"), "?x", "half a surrogate pair", id="half a surrogate pair"),
    pytest.param(Answer({**completion("x").body, "usage": {"prompt_tokens": "many"}}), "x", "", id="no counts"),
]


@pytest.mark.parametrize(("answer", "words", "note"), WORDS)
@both_kinds
def test_the_words_of_an_answer(way: Way, answer: Answer, words: str, note: str) -> None:
    played = play(way, [answer], [add])
    assert (played.result.answer, played.result.stopped) == (words, "answered")
    assert note in " ".join(one.message for one in played.events if one.kind == "note")


@pytest.mark.parametrize("delta", [{"content": "hal"}, {"tool_calls": [{"index": 0, **call()}]}], ids=["words", "a call"])
@pytest.mark.parametrize("way", STREAMED, ids=str)
def test_a_stream_that_ends_within_an_answer_is_no_answer(way: Way, delta: Any) -> None:
    played = play(way, [Stream((event(chunk({"role": "assistant", **delta})),)), "x"], [add])
    assert isinstance(played.error, UpstreamFailed)
    assert "without a finish_reason" in str(played.error)
    assert (played.result.calls, len(played.result.messages)) == ([], 1)


@both_kinds
def test_servers_that_count_their_ids_anew_in_each_answer(way: Way) -> None:
    turns = [completion(None, "tool_calls", tool_calls=[call(arguments=f'{{"a": {number}}}')]) for number in (1, 2)]
    played = play(way, [*turns, "Done."], [add])
    assert (played.replies, [record.turn for record in played.result.calls]) == (["1", "2"], [1, 2])


# --- Functions ----------------------------------------------------------------------------------------------------------------


@both_kinds
def test_a_generator_runs_within_the_limit_of_its_tool(way: Way) -> None:
    release, ran = threading.Event(), []

    def rows(hang: bool) -> Any:
        ran.append(threading.current_thread() is threading.main_thread())
        if hang:
            release.wait()
        yield from (1, 2)

    calls = [("rows", {"hang": False}), ("rows", {"hang": True})]
    played = play(way, [calls, "Done."], [rows], timeout=0.3, parallel=False)
    release.set()
    assert (played.outcomes, played.replies[0], ran) == (["finished", "timed_out"], "[1,2]", [False, False])
    assert played.result.calls[0].result == [1, 2]


@both_kinds
def test_an_iterator_without_an_end_has_failed(way: Way) -> None:
    def numbers() -> Any:
        return itertools.repeat(0)

    played = play(way, [[("numbers", {})], "x"], [numbers])
    assert played.replies == ["Error: numbers failed (ValueError)."]


@both_kinds
def test_a_text_that_no_request_can_hold(way: Way) -> None:
    def files() -> list[str]:
        return ["\udc80"]

    def refuse() -> None:
        raise adapter.ToolError("no \udc80")

    played = play(way, [[("files", {}), ("refuse", {})], "x"], [files, refuse])
    assert (played.replies, played.result.answer) == (['["\\udc80"]', "Error: no ?"], "x")


@both_kinds
def test_long_words_of_an_error_are_cut_and_kept(way: Way) -> None:
    @adapter.tool(writes=True)
    def load() -> None:
        raise adapter.ToolError("x" * 5000)

    played = play(way, [[("load", {})], "x"], [load], max_result_chars=100, confirm=lambda call: True)
    [record] = played.result.calls
    assert record.text == f"Error: {'x' * 5000}"
    assert record.reply.startswith(f"Error: {'x' * 93}\n[Cut: these are the first 100 of 5,007 characters.]")
    assert record.reply.endswith("The call may have taken effect all the same.")
    assert "cut" in played.kinds


def refused(value: Any) -> Any:
    raise KeyError("secret")


@both_kinds
def test_a_validator_that_raises_is_a_failure_that_is_told(way: Way) -> None:
    def look(a: Annotated[int, BeforeValidator(refused)]) -> int:
        return a

    played = play(way, [[("look", {"a": 1}), ("add", {"a": 1})], "x"], [look, add])
    assert (played.outcomes, played.replies[0]) == (["failed", "finished"], "Error: look failed (KeyError).")
    assert isinstance(played.result.calls[0].error, KeyError)


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize("default", [LOOP, {(1, 2): 3}], ids=["a list in itself", "keys that are no texts"])
def test_a_default_that_is_no_json_does_not_end_a_run(default: Any) -> None:
    @adapter.tool(progress="With {table}…")
    def look(a: int, table: Any = default) -> int:
        return a

    played = play(SYNC, [[("look", {"a": 1})], "x"], [look])
    assert played.outcomes == ["finished"]
    assert f"With ({type(default).__name__})…" in [one.message for one in played.events]


def test_a_field_for_a_default_is_refused() -> None:
    def look(a: int = Field(description="A number")) -> int:
        return a

    with pytest.raises(TypeError, match=r"the default of 'a' is a pydantic Field.*Annotated"):
        adapter.tool(look)


MARKS = [
    pytest.param({"timeout": "5"}, TypeError, id="a text for a limit"),
    pytest.param({"timeout": True}, TypeError, id="a truth value for a limit"),
    pytest.param({"timeout": float("nan")}, ValueError, id="no number"),
    pytest.param({"writes": "no"}, TypeError, id="a text for a right"),
    pytest.param({"progress": 5}, TypeError, id="a number for a text"),
]


@pytest.mark.parametrize(("marks", "error"), MARKS)
def test_marks_of_a_wrong_type(marks: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=f"tool 'add': .*{next(iter(marks))}="):
        adapter.tool(**marks)(add)


# --- Time ---------------------------------------------------------------------------------------------------------------------


@both_kinds
def test_no_function_starts_when_the_time_is_over(way: Way) -> None:
    release, started = threading.Event(), []

    def wait(place: int) -> None:
        started.append(place)
        release.wait()

    calls = [("wait", {"place": place}) for place in range(3)]
    played = play(way, [calls, "x"], [wait], total_timeout=2, timeout=None, parallel=False)
    release.set()
    assert (started, played.outcomes, played.result.stopped) == ([0], ["timed_out", "not_run", "not_run"], "out_of_time")


@pytest.mark.parametrize("seconds", [float("inf"), 1e12], ids=str)
@every_native_way
def test_limits_beyond_any_clock(way: Way, seconds: float) -> None:
    played = play(way, [[("add", {"a": 1})], "x"], [add], timeout=seconds, total_timeout=seconds)
    assert (played.outcomes, played.result.answer) == (["finished"], "x")
