"""Calls that cannot be run, fail, or do not end: what the model reads, what the caller sees, and that nothing is left open."""

from __future__ import annotations

import asyncio
import datetime as dt  # noqa: TC003  # a hint that the runner reads
import functools
import threading
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.running import asynchronous, run
from adapter.running.settings import FALLBACK
from tests.running.plays import Clock, Way, both_kinds, every_native_way, every_way, play, run_at
from tests.support.loopback import Raw, Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRIVATE = "sk-proj-secret"
SHORT = 0.05


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Set at the end of a test: functions that hang until then leave no thread behind."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of runs, which only a test moves."""
    made = Clock()
    monkeypatch.setattr(run, "time", made)
    return made


def tool_of(way: Way, function: Callable[..., Any], **marks: Any) -> Any:
    """The function as a tool, as a coroutine function for the async ways."""
    if not way.asynchronous:
        return adapter.tool(**marks)(function)

    @functools.wraps(function)
    async def inner(*arguments: Any, **named: Any) -> Any:
        await asyncio.sleep(0)
        return function(*arguments, **named)

    return adapter.tool(**marks)(inner)


def add(a: int, b: int = 1) -> int:
    return a + b


# --- Functions that raise --------------------------------------------------------------------------------------------------


class Odd(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


RAISED = [
    pytest.param(ValueError(f"connect to {PRIVATE} failed"), "Error: fail failed (ValueError).", id="an exception"),
    pytest.param(adapter.ToolError("There is no city Osol."), "Error: There is no city Osol.", id="words for the model"),
    pytest.param(Odd(), "Error: fail failed (Odd).", id="an exception without a text"),
    pytest.param(StopIteration(3), "Error: fail failed (StopIteration).", id="StopIteration"),
    pytest.param(TimeoutError("socket"), "Error: fail failed (TimeoutError).", id="a time-out of its own"),
    pytest.param(RecursionError(), "Error: fail failed (RecursionError).", id="too deep"),
]


@pytest.mark.parametrize(("error", "reply"), RAISED)
@every_native_way
def test_the_model_reads_no_more_of_an_exception_than_its_type(way: Way, error: Exception, reply: str) -> None:
    if way.asynchronous and isinstance(error, StopIteration):
        pytest.skip("a coroutine cannot raise StopIteration: Python makes it a RuntimeError")

    def fail() -> None:
        raise error

    played = play(way, [[("fail", {})], "Sorry."], [tool_of(way, fail)])
    assert (played.outcomes, played.replies, played.result.answer) == (["failed"], [reply], "Sorry.")
    assert played.result.calls[0].error is error
    assert PRIVATE not in str(played.bodies)
    assert "Traceback" not in str(played.bodies)


@both_kinds
def test_one_failure_does_not_touch_the_other_calls(way: Way) -> None:
    def half(n: int) -> float:
        return 10 / n

    played = play(way, [[("half", {"n": n}) for n in (1, 0, 2)], "Done."], [tool_of(way, half)])
    assert (played.outcomes, played.replies) == (
        ["finished", "failed", "finished"],
        ["10.0", "Error: half failed (ZeroDivisionError).", "5.0"],
    )


@both_kinds
def test_a_function_that_cancels_itself_has_failed(way: Way) -> None:
    def cancel() -> None:
        raise asyncio.CancelledError

    assert play(way, [[("cancel", {})], "Sorry."], [tool_of(way, cancel)]).outcomes == ["failed"]


def test_a_plain_function_that_returns_a_coroutine_has_failed_in_the_sync_runner() -> None:
    async def later() -> str:
        return "x"

    tool = adapter.tool(name="look")(lambda: later())  # noqa: PLW0108  # the function is plain, its result is not
    assert play(Way(False, False, False), [[("look", {})], "x"], [tool]).replies == ["Error: look failed (TypeError)."]
    assert play(Way(True, False, False), [[("look", {})], "x"], [tool]).replies == ["x"]


# --- Functions that do not end -----------------------------------------------------------------------------------------------


@every_way
def test_a_function_in_a_thread_is_left_behind_at_its_limit(way: Way, release: threading.Event) -> None:
    def hang() -> None:
        release.wait()

    played = play(way, [[("hang", {}), ("add", {"a": 1})], "Later then."], [hang, add], timeouts={"hang": SHORT})
    late, fine = played.result.calls
    assert (late.outcome, late.abandoned, late.reply) == (
        "timed_out",
        True,
        f"Error: hang did not end within {SHORT:g} s. {FALLBACK}",
    )
    assert late.seconds >= SHORT
    assert (fine.outcome, fine.result, played.result.answer) == ("finished", 2, "Later then.")
    assert "The function is still running" in next(event.message for event in played.events if event.kind == "timed_out")


@pytest.mark.parametrize("stream", [False, True])
def test_a_coroutine_is_cancelled_at_its_limit(stream: bool) -> None:
    cancelled = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    played = play(
        Way(True, stream, False), [[("hang", {})], "Later."], [adapter.tool(timeout=SHORT)(hang)], fallback="Try later."
    )
    [late] = played.result.calls
    assert (late.outcome, late.abandoned, late.reply) == (
        "timed_out",
        False,
        f"Error: hang did not end within {SHORT:g} s. Try later.",
    )
    assert cancelled == [True]


@pytest.mark.parametrize("stream", [False, True])
def test_a_coroutine_that_ignores_its_cancellation_is_left_behind(monkeypatch: pytest.MonkeyPatch, stream: bool) -> None:
    monkeypatch.setattr(asynchronous, "GRACE", SHORT)
    asked = 0

    async def stay() -> None:
        nonlocal asked
        while asked < 2:  # the second comes from asyncio.run, at the end
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asked += 1

    played = play(Way(True, stream, False), [[("stay", {})], "Later."], [stay], timeout=SHORT)
    assert [(call.outcome, call.abandoned) for call in played.result.calls] == [("timed_out", True)]
    assert asked == 2


@both_kinds
def test_the_limit_of_the_call_is_the_nearest(way: Way, release: threading.Event) -> None:
    def hang() -> None:
        release.wait()

    def limit(**options: Any) -> str:
        tool = adapter.tool(timeout=options.pop("own", None))(hang)
        return play(way, [[("hang", {})], "Later."], [tool], **options).replies[0]

    assert "within 0.02 s" in limit(timeout=0.02)
    assert "within 0.03 s" in limit(timeout=60, own=0.03)
    assert "within 0.04 s" in limit(timeout=60, own=50, timeouts={"hang": 0.04})


@every_native_way
def test_a_late_result_is_dropped(way: Way) -> None:
    go, gone = threading.Event(), threading.Event()

    def slow() -> str:
        go.wait()
        gone.set()
        return "late"

    def next_call() -> bool:
        go.set()
        return gone.wait(20)

    played = play(way, [[("slow", {})], [("next_call", {})], "Done."], [slow, next_call], timeouts={"slow": SHORT})
    assert [(call.outcome, call.result) for call in played.result.calls] == [("timed_out", None), ("finished", True)]


# --- The time of the whole run -------------------------------------------------------------------------------------------------


@both_kinds
def test_the_run_ends_when_its_time_is_over(way: Way, clock: Clock) -> None:
    def slow() -> None:
        clock.time += 3600

    @adapter.tool(writes=True)
    def write() -> None:
        raise AssertionError

    played = play(way, [[("slow", {}), ("write", {})], "Too late."], [slow, write], total_timeout=600)
    assert (played.result.stopped, played.result.answer) == ("out_of_time", None)
    assert (played.outcomes, len(played.bodies)) == (["finished", "not_run"], 1)
    assert played.replies[1] == "Error: write was not run: the time of the run is over."


@both_kinds
def test_the_time_of_a_person_does_not_count(way: Way, clock: Clock) -> None:
    written = []

    @adapter.tool(writes=True)
    def write() -> None:
        written.append(True)

    def confirm(call: adapter.ToolCall) -> bool:
        clock.time += 3600
        return True

    played = play(way, [[("write", {})], "Done."], [write], confirm=confirm, total_timeout=600)
    assert (played.result.stopped, written) == ("answered", [True])
    assert played.result.seconds >= 3600


@every_native_way
def test_a_model_that_does_not_answer_ends_the_run(way: Way) -> None:
    with Upstream(Raw(b"", linger=True)) as upstream:
        result = run_at(way, upstream.url, "Go.", [add], {"model": "m", "total_timeout": 0.2, "stream": way.stream})
    assert (result.stopped, result.messages, result.turns) == ("out_of_time", [{"role": "user", "content": "Go."}], 1)
    assert result.error is not None


# --- Calls that cannot be run ------------------------------------------------------------------------------------------------

BAD = [
    pytest.param("subtract", {"a": 1}, "unknown", "Error: there is no tool 'subtract'. The tools are: add.", id="unknown"),
    pytest.param("add", {"a": "x"}, "invalid", 'arguments.a: "x" is a string, and must be of type integer', id="a wrong type"),
    pytest.param("add", {}, "invalid", "'a' is a required property", id="a missing argument"),
    pytest.param(
        "add", {"a": 1, "c": 2}, "invalid", "('c' was unexpected); the parameters are a, b", id="an invented argument"
    ),
    pytest.param("add", '{"a": 1', "invalid", """they must be a JSON object, and are '{"a": 1'""", id="half an object"),
    pytest.param("add", "[1]", "invalid", "they must be a JSON object, and are '[1]'", id="an array"),
    pytest.param("add", "x" * 5000, "invalid", "xxx…'", id="no JSON, and long"),
    pytest.param("add", '{"a": NaN}', "invalid", "must be a JSON object", id="NaN"),
]


@pytest.mark.parametrize(("name", "arguments", "outcome", "words"), BAD)
@every_native_way
def test_a_bad_call_goes_back_to_the_model(way: Way, name: str, arguments: Any, outcome: str, words: str) -> None:
    played = play(way, [[(name, arguments)], [("add", {"a": 1})], "2."], [tool_of(way, add)])
    assert (played.outcomes, played.result.answer) == ([outcome, "finished"], "2.")
    assert words in played.replies[0]
    assert len(played.replies[0]) < 600
    assert outcome in played.kinds


@both_kinds
def test_values_that_only_pydantic_refuses_go_back_too(way: Way) -> None:
    def on(day: dt.date) -> str:
        return day.isoformat()

    played = play(way, [[("on", {"day": "soon"})], [("on", {"day": "2026-11-30"})], "Done."], [tool_of(way, on)])
    assert played.outcomes == ["invalid", "finished"]
    assert played.replies[0].startswith(
        "Error: on was not run: its arguments are not valid. arguments.day: Input should be a valid date"
    )
    assert "soon" not in played.replies[0]


# --- Results -------------------------------------------------------------------------------------------------------------------


@every_native_way
def test_ten_megabytes_are_cut_for_the_model_and_kept_for_the_caller(way: Way) -> None:
    def read() -> str:
        return "x" * 10_000_000

    played = play(way, [[("read", {})], "Long."], [tool_of(way, read)], max_result_chars=1000)
    [call] = played.result.calls
    assert len(call.text) == len(call.result) == 10_000_000
    assert call.reply == "x" * 1000 + "\n[Cut: these are the first 1,000 of 10,000,000 characters.]"
    assert played.bodies[1]["messages"][2]["content"] == call.reply
    assert "cut" in played.kinds


class Plain:
    pass


LOOP: list[Any] = []
LOOP.append(LOOP)
RESULTS = [
    pytest.param("text", "text", id="text"),
    pytest.param("", "", id="no text"),
    pytest.param(None, "null", id="nothing"),
    pytest.param({"a": [1, 2.5, True, None]}, '{"a":[1,2.5,true,null]}', id="JSON"),
    pytest.param("Zoë \ud800 x", "Zoë ? x", id="half a surrogate pair"),
    pytest.param(["Zoë"], '["Zoë"]', id="letters beyond ASCII"),
    pytest.param(Plain(), "Error: give failed (PydanticSerializationError).", id="no JSON form"),
    pytest.param(LOOP, "Error: give failed (PydanticSerializationError).", id="a list in itself"),
    pytest.param(b"\xff", "Error: give failed (PydanticSerializationError).", id="bytes that are no text"),
]


@pytest.mark.parametrize(("value", "reply"), RESULTS)
@both_kinds
def test_results_as_the_model_reads_them(way: Way, value: Any, reply: str) -> None:
    def give() -> Any:
        return value

    played = play(way, [[("give", {})], "Done."], [tool_of(way, give)])
    assert played.replies == [reply]
    assert played.result.calls[0].result is value
