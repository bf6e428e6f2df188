"""Runs that break off, at every point: the exception goes on as it is, and carries a history in which every call is answered."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openai import APIError, AsyncOpenAI, OpenAI

import adapter
from tests.running.plays import Turn, Way, check_history, every_native_way, every_way, native, play
from tests.running.test_responses import check_items, response
from tests.support.loopback import Answer, Raw, Upstream
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from adapter import RunEvent, RunResult, ToolCall

PACKAGE = Path(adapter.__file__).parent / "running"


def fine() -> str:
    return "fine"


FINE = adapter.tool(fine)


@adapter.tool(writes=True)
def write() -> str:
    return "written"


@dataclass(frozen=True)
class Frozen(Exception):
    """An exception that refuses new attributes."""

    code: int


ENDING = [KeyboardInterrupt(), SystemExit(3)]


@pytest.mark.parametrize("error", ENDING, ids=repr)
@every_way
def test_ctrl_c_in_a_tool(way: Way, error: BaseException) -> None:
    def stop() -> None:
        raise error

    async def stop_later() -> None:
        await asyncio.sleep(0)
        raise error

    tool = adapter.tool(name="stop")(stop_later if way.asynchronous else stop)
    played = play(
        way, [[("fine", {}), ("stop", {}), ("write", {})], "x"], [fine, tool, write], parallel=False, confirm=lambda _: True
    )
    assert played.error is error
    assert (played.outcomes, played.result.stopped) == (["finished", "interrupted", "not_run"], "interrupted")
    assert played.replies == [
        "fine", "Error: the run was interrupted while stop was running.", "Error: write was not run: the run was interrupted before."
    ]  # fmt: skip
    assert played.kinds[-3:] == ["interrupted", "not_run", "stopped"]


@pytest.mark.parametrize("error", [*ENDING, RuntimeError("no terminal"), Frozen(3)], ids=repr)
@every_way
def test_ctrl_c_in_confirm(way: Way, error: BaseException) -> None:
    def confirm(call: ToolCall) -> bool:
        raise error

    played = play(way, [[("fine", {}), ("write", {}), ("fine", {})], "x"], [fine, write], confirm=confirm)
    assert played.error is error
    assert played.outcomes == ["finished", "not_run", "not_run"]


@pytest.mark.parametrize("kind", ["asking", "waiting", "started", "finished", "stopped"])
@every_native_way
def test_ctrl_c_in_on_event(way: Way, kind: str) -> None:
    heard: list[str] = []

    def on_event(event: RunEvent) -> None:
        heard.append(event.kind)
        if event.kind == kind:
            raise KeyboardInterrupt

    played = play(way, [[("fine", {}), ("write", {})], "Done."], [fine, write], confirm=lambda _: True, on_event=on_event)
    assert isinstance(played.error, KeyboardInterrupt)
    assert heard.count(kind) == 1, "a function that raised is not called again"
    if kind == "stopped":
        assert played.outcomes == ["finished", "finished"]


@every_way
def test_ctrl_c_in_the_client(way: Way) -> None:
    """The second request is interrupted, before it leaves: the first answer and its results are not lost."""
    sent = []

    def hook(request: Any) -> None:
        sent.append(request)
        if len(sent) == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        for kind, asynchronous in ((OpenAI, False), (AsyncOpenAI, True)):
            _with_hook(patched, kind, hook, asynchronous)
        played = play(way, [[("fine", {})], "x"], [fine])
    assert isinstance(played.error, KeyboardInterrupt)
    assert (played.outcomes, len(played.result.messages), len(played.bodies)) == (["finished"], 3, 1)


def _with_hook(patched: pytest.MonkeyPatch, kind: type[Any], hook: Any, asynchronous: bool) -> None:
    """Give the HTTP client of all openai clients of a class an event hook for requests."""
    begin = kind.__init__

    async def later(request: Any) -> None:
        hook(request)

    def init(self: Any, *given: Any, **options: Any) -> None:
        begin(self, *given, **options)
        if "http_client" not in options:
            self._client.event_hooks = {"request": [later if asynchronous else hook]}

    patched.setattr(kind, "__init__", init)


FAULTS = [
    pytest.param(Answer({"error": {"message": "busy"}}, status=500), id="an error of the server"),
    pytest.param(Raw(b""), id="a connection that breaks off"),
    pytest.param(Answer({"error": {"message": "too long"}}, status=400), id="a refused request"),
]


@pytest.mark.parametrize("fault", FAULTS)
@every_native_way
def test_an_error_of_the_client_goes_on_with_the_history(way: Way, fault: Any) -> None:
    played = play(way, [[("fine", {})], fault], [fine])
    assert isinstance(played.error, APIError)
    assert (played.outcomes, len(played.result.messages)) == (["finished"], 3)


def test_other_errors_carry_no_run() -> None:
    assert adapter.run_of(ValueError("x")) is None
    assert adapter.run_of(None) is None


# --- Real signals ------------------------------------------------------------------------------------------------------------

SCRIPT = """
import asyncio, json, sys, threading
from openai import AsyncOpenAI, OpenAI
import adapter

def hang() -> str:
    print("hanging", flush=True)
    threading.Event().wait()
    return "never"

async def hang_async() -> str:
    print("hanging", flush=True)
    await asyncio.Event().wait()
    return "never"

async def main(url):
    async with AsyncOpenAI(base_url=url, api_key="k") as client:
        return await adapter.arun_tools(client, "Go.", [adapter.tool(name="hang")(hang_async)], model="m")

try:
    if sys.argv[2] == "async":
        asyncio.run(main(sys.argv[1]))
    else:
        adapter.run_tools(OpenAI(base_url=sys.argv[1], api_key="k"), "Go.", [hang], model="m")
except KeyboardInterrupt as error:
    run = adapter.run_of(error)
    print(json.dumps([run.messages, [[call.outcome, call.abandoned] for call in run.calls]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Windows are others")
@pytest.mark.parametrize(("kind", "abandoned"), [("sync", True), ("async", False)])
def test_a_real_ctrl_c_leaves_a_valid_history_and_the_process_ends(kind: str, abandoned: bool) -> None:
    with (
        Upstream(native([("hang", {})], 0)) as upstream,
        subprocess.Popen([sys.executable, "-c", SCRIPT, upstream.url, kind], stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "hanging\n"
        process.send_signal(signal.SIGINT)
        messages, calls = json.loads(process.stdout.readline())
        assert process.wait(60) == 0
    check_history(messages)
    assert calls == [["interrupted", abandoned]]


# --- Every point ---------------------------------------------------------------------------------------------------------------


class Scripted:
    """A client in the native shape without a network, for tests that run a conversation hundreds of times."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.chat = self
        self.completions = self
        self.responses = self

    def create(self, **request: Any) -> Any:
        return self._answers.pop(0).body


class AsyncScripted(Scripted):
    async def create(self, **request: Any) -> Any:
        await asyncio.sleep(0)
        return super().create(**request)


TURNS: list[Turn] = [[("fine", {}), ("fine", {}), ("nope", {}), ("write", {})], [("fine", {})], "Done."]


def answers(api: str = "chat") -> list[Answer]:
    if api == "chat":
        return [native(turn, number) for number, turn in enumerate(TURNS)]
    return [Answer(response(turn, number)) for number, turn in enumerate(TURNS)]


def _interrupted_at(point: int, api: Any) -> RunResult | None:
    """Run a conversation with Ctrl-C at a line of the package; None if the conversation ended before."""
    passed = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal passed
        path = Path(frame.f_code.co_filename)
        if (
            path.parent != PACKAGE
            or path.name == "ending.py"
            or frame.f_code.co_name in {"interrupt", "tell_interruption", "say"}
        ):
            return None if event == "call" else trace
        if event == "line":
            passed += 1
            if passed == point:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    client = Scripted(*answers(api))
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        adapter.run_tools(client, "Go.", [FINE, write], model="m", api=api, confirm=lambda _: True)
    except KeyboardInterrupt as error:
        found = adapter.run_of(error)
        return found if found is not None else adapter.RunResult(None, "interrupted", [])
    finally:
        sys.settrace(before)
    return None


@pytest.mark.both_tiers
@pytest.mark.parametrize(
    ("api", "check", "id_of"), [("chat", check_history, "tool_call_id"), ("responses", check_items, "output")]
)
def test_ctrl_c_at_every_line_leaves_a_valid_history(api: str, check: Callable[[Any], None], id_of: str) -> None:
    seen: set[tuple[str, ...]] = set()
    for point in itertools.count(1, few_or_all(7, 1)):
        result = _interrupted_at(point, api)
        if result is None:
            break
        check(result.messages)
        assert len(result.calls) == sum(id_of in message for message in result.messages)
        seen.add(tuple(call.outcome for call in result.calls))
    assert point > 300, "lines that the conversation passes"
    assert {(), ("finished", "finished", "unknown", "finished", "finished")} < seen
    assert any("interrupted" in outcomes for outcomes in seen)
    assert any("not_run" in outcomes for outcomes in seen)


def test_a_cancellation_at_every_step_leaves_a_valid_history() -> None:
    async def afine() -> str:
        await asyncio.sleep(0)
        return "fine"

    async def cancelled_after(steps: int) -> RunResult | None:
        client = AsyncScripted(*answers())
        tools = [adapter.tool(name="fine")(afine), write]
        task = asyncio.ensure_future(adapter.arun_tools(client, "Go.", tools, model="m", confirm=lambda _: True))
        for _ in range(steps):
            await asyncio.sleep(0)
        if task.done():
            return None
        task.cancel()
        try:
            await task
        except asyncio.CancelledError as error:
            return adapter.run_of(error) or adapter.RunResult(None, "interrupted", [])
        return None

    threads = threading.active_count()
    outcomes = set()
    for steps in range(1, 25):
        result = asyncio.run(cancelled_after(steps))
        if result is not None:
            check_history(result.messages)
            outcomes |= {call.outcome for call in result.calls}
    assert {"interrupted", "not_run", "finished"} <= outcomes
    assert threading.active_count() <= threads + 1


def test_a_group_of_a_single_run_has_its_result() -> None:
    played = play(Way(False, False, False), ["Hi."], [fine], on_event=lambda event: 1 / 0)
    assert isinstance(played.error, ZeroDivisionError)
    other = ValueError("another task")
    assert adapter.run_of(BaseExceptionGroup("tasks", [other, ExceptionGroup("", [played.error])])) is played.result
    assert adapter.run_of(ExceptionGroup("two runs", [played.error, played.error])) is None
    assert adapter.run_of(ExceptionGroup("no run", [other])) is None
