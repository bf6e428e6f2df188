"""Least privilege: tools that write run only when confirmed, alone, and never twice by mistake."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter import ToolCall
from tests.running.plays import NATIVE, Way, both_kinds, every_way, play

if TYPE_CHECKING:
    from collections.abc import Callable

SEND = [("send", {"to": "Ann"})]


class Outbox:
    """Counts the mails that a tool sends."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.sent: list[str] = []
        self._error = error

    def tool(self, **marks: Any) -> adapter.RunnableTool:
        @adapter.tool(writes=True, progress="Writing to {to}…", **marks)
        def send(to: str) -> str:
            """Send a mail."""
            self.sent.append(to)
            if self._error is not None:
                raise self._error
            return "sent"

        return send


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    def inner(*arguments: Any, **named: Any) -> Any:
        return function(*arguments, **named)

    return inner


PARAMETERS = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
DEFINITION = {"type": "function", "function": {"name": "send", "parameters": PARAMETERS}}
WRAPPED: list[Any] = [
    pytest.param(lambda tool: tool, id="the tool"),
    pytest.param(functools.partial, id="a partial"),
    pytest.param(lambda tool: functools.partial(functools.partial(tool)), id="a partial of a partial"),
    pytest.param(decorated, id="a decorator"),
    pytest.param(lambda tool: functools.partial(decorated(tool)), id="a partial of a decorator"),
    pytest.param(lambda tool: tool.__call__, id="the tool's own method"),
    pytest.param(adapter.tool, id="a tool of the tool"),
    pytest.param(lambda tool: type("Box", (), {"__call__": tool})(), id="an object that calls the tool"),
]


@pytest.mark.parametrize("wrap", WRAPPED)
@pytest.mark.parametrize("pair", [False, True], ids=["alone", "pair"])
def test_the_mark_of_a_tool_holds_however_it_is_wrapped(wrap: Callable[[Any], Any], pair: bool) -> None:
    box = Outbox()
    wrapped = wrap(box.tool(timeout=5))
    tools = [(DEFINITION, wrapped)] if pair else [wrapped]
    assert play(NATIVE[0], [SEND, "I cannot."], tools).outcomes == ["refused"]
    assert box.sent == []
    played = play(NATIVE[0], [SEND, "Sent."], tools, confirm=lambda call: True)
    assert (box.sent, played.outcomes) == (["Ann"], ["finished"])
    assert "Writing to Ann…" in [event.message for event in played.events]


def test_the_mark_of_a_class_method_holds() -> None:
    sent: list[str] = []

    class Box:
        @classmethod
        @adapter.tool(writes=True)
        def send(cls: Any, to: str) -> None:
            sent.append(to)

    for tools in ([Box.send], [(DEFINITION, Box.send)]):
        assert play(NATIVE[0], [SEND, "I cannot."], tools).outcomes == ["refused"]
        assert play(NATIVE[0], [SEND, "Sent."], tools, confirm=lambda call: True).outcomes == ["finished"]
    assert sent == ["Ann", "Ann"]


def test_a_partial_of_a_tool_has_its_name_and_its_marks() -> None:
    @adapter.tool(name="mail", writes=True, progress="To {to} by {by}…", timeout=3)
    def send(to: str, by: str) -> str:
        """Send a mail."""
        return f"{to} by {by}"

    tool = adapter.tool(functools.partial(send, by="post"))
    assert (tool.name, tool.description, tool.writes, tool.timeout) == ("mail", "Send a mail.", True, 3)
    assert list(tool.definition["function"]["parameters"]["properties"]) == ["to"]
    assert (tool("Ann"), tool.progress_text({"to": "Ann"})) == ("Ann by post", "To Ann by post…")


def confirm_in(way: Way, answer: Any) -> tuple[Any, list[ToolCall]]:
    """A function for `confirm`, async for the async ways, and the calls that it is asked about."""
    asked: list[ToolCall] = []

    def plain(call: ToolCall) -> Any:
        asked.append(call)
        return answer

    async def later(call: ToolCall) -> Any:
        return plain(call)

    return (later if way.asynchronous else plain), asked


@every_way
def test_without_confirm_a_call_that_writes_is_refused(way: Way) -> None:
    box = Outbox()
    played = play(way, [SEND, "I cannot."], [box.tool()])
    assert (box.sent, played.outcomes, played.result.answer) == ([], ["refused"], "I cannot.")
    assert played.replies == ["Error: send was not run: it changes something, and nobody is there to confirm the call."]
    assert played.kinds == ["asking", "refused", "asking", "stopped"]


@every_way
def test_a_call_that_writes_runs_when_confirmed(way: Way) -> None:
    box = Outbox()
    confirm, asked = confirm_in(way, True)
    played = play(way, [SEND, "Sent."], [box.tool()], confirm=confirm)
    assert (box.sent, played.outcomes, played.replies) == (["Ann"], ["finished"], ["sent"])
    [call] = asked
    assert (call.name, call.arguments, call.writes, call.progress) == ("send", {"to": "Ann"}, True, "Writing to Ann…")
    assert (call.description, call.id) == ("Send a mail.", played.result.calls[0].id)
    assert played.kinds == ["asking", "waiting", "started", "finished", "asking", "stopped"]


@every_way
def test_a_call_that_is_refused_does_not_run(way: Way) -> None:
    box = Outbox()
    confirm, _ = confirm_in(way, False)
    played = play(way, [SEND, "Very well."], [box.tool()], confirm=confirm)
    assert (box.sent, played.outcomes) == ([], ["refused"])
    assert played.replies == ["Error: send was not run: the user refused the call."]
    assert played.kinds == ["asking", "waiting", "refused", "asking", "stopped"]


@pytest.mark.parametrize("answer", ["no", "yes", 1, None])
@both_kinds
def test_an_answer_that_is_neither_true_nor_false_runs_nothing(way: Way, answer: Any) -> None:
    box = Outbox()
    confirm, _ = confirm_in(way, answer)
    played = play(way, [SEND, "x"], [box.tool()], confirm=confirm)
    assert isinstance(played.error, TypeError)
    assert "must answer True or False" in str(played.error)
    assert (box.sent, played.outcomes) == ([], ["not_run"])


@both_kinds
def test_a_confirm_that_raises_stop_iteration_is_no_end_of_the_run(way: Way) -> None:
    box, answers = Outbox(), iter([True])
    played = play(way, [[*SEND, *SEND], "x"], [box.tool()], confirm=lambda call: next(answers))
    assert isinstance(played.error, RuntimeError if way.asynchronous else StopIteration)  # Python's rule for coroutines
    assert (box.sent, played.outcomes) == (["Ann"], ["finished", "not_run"])


def test_an_async_confirm_is_refused_by_the_sync_runner() -> None:
    box = Outbox()

    async def confirm(call: ToolCall) -> bool:
        return True

    played = play(Way(False, False, False), [SEND, "x"], [box.tool()], confirm=confirm)
    assert isinstance(played.error, TypeError)
    assert "arun_tools" in str(played.error)
    assert (box.sent, played.outcomes) == ([], ["not_run"])


def test_a_plain_confirm_is_taken_by_the_async_runner() -> None:
    box = Outbox()
    assert play(Way(True, False, False), [SEND, "x"], [box.tool()], confirm=lambda call: True).outcomes == ["finished"]


@pytest.mark.parametrize("arguments", ['{"to": "Ann", "to": "Bob"}', '{"to": "\\u0042ob"}', '\n { "to":"Bob" }\n'])
@both_kinds
def test_the_function_gets_what_was_confirmed(way: Way, arguments: str) -> None:
    box = Outbox()
    confirm, asked = confirm_in(way, True)
    play(way, [[("send", arguments)], "Sent."], [box.tool()], confirm=confirm)
    assert ([call.arguments["to"] for call in asked], box.sent) == (["Bob"], ["Bob"])


@both_kinds
def test_bad_arguments_are_told_before_anybody_is_asked(way: Way) -> None:
    confirm, asked = confirm_in(way, True)
    played = play(way, [[("send", {"to": 5})], "x"], [Outbox().tool()], confirm=confirm)
    assert (played.outcomes, asked) == (["invalid"], [])


@both_kinds
def test_calls_that_write_run_alone_and_in_their_place(way: Way) -> None:
    steps: list[str] = []
    both = threading.Barrier(2)

    def read(place: int) -> None:
        steps.append("read")
        both.wait(20)  # neighbours run side by side

    @adapter.tool(writes=True)
    def write(place: int) -> None:
        steps.append("write")

    calls = [("read", {"place": 1}), ("read", {"place": 2}), ("write", {"place": 3}), ("write", {"place": 4}), ("read", {"place": 5}),
             ("read", {"place": 6})]  # fmt: skip
    confirm, asked = confirm_in(way, True)
    played = play(way, [calls, "Done."], [read, write], confirm=confirm)
    assert steps == ["read", "read", "write", "write", "read", "read"]
    assert [call.arguments for call in asked] == [{"place": 3}, {"place": 4}]
    assert played.outcomes == ["finished"] * 6


@both_kinds
def test_a_call_that_may_have_written_is_not_repeated(way: Way) -> None:
    box = Outbox(OSError("broken pipe"))
    confirm, asked = confirm_in(way, True)
    turns: list[Any] = [SEND, [("send", '{ "to" : "Ann" }'), ("send", {"to": "Bob"})], "Sorry."]
    played = play(way, turns, [box.tool()], confirm=confirm)
    assert box.sent == ["Ann", "Bob"]
    assert [call.arguments["to"] for call in asked] == ["Ann", "Bob"]
    assert played.outcomes == ["failed", "refused", "failed"]
    assert played.replies[0] == "Error: send failed (OSError). The call may have taken effect all the same."
    assert "may have taken effect, so it is not repeated" in played.replies[1]


@both_kinds
def test_a_default_written_out_is_the_same_call(way: Way) -> None:
    sent = []

    @adapter.tool(writes=True)
    def send(to: str, copies: int = 1) -> None:
        sent.append(copies)
        raise OSError

    calls = [("send", {"to": "Ann"}), ("send", {"to": "Ann", "copies": 1}), ("send", {"to": "Ann", "copies": 2})]
    played = play(way, [calls, "Sorry."], [send], confirm=lambda call: True)
    assert (sent, played.outcomes) == ([1, 2], ["failed", "refused", "failed"])


@both_kinds
def test_a_call_that_writes_and_is_late_is_not_repeated_in_the_same_answer(way: Way) -> None:
    release = threading.Event()
    started = []

    @adapter.tool(writes=True, timeout=0.05)
    def pay(amount: int) -> None:
        started.append(amount)
        release.wait()

    confirm, _ = confirm_in(way, True)
    played = play(way, [[("pay", {"amount": 5}), ("pay", {"amount": 5})], "Sorry."], [pay], confirm=confirm)
    release.set()
    assert (started, played.outcomes) == ([5], ["timed_out", "refused"])
    assert played.replies[0].endswith("The call may have taken effect all the same.")
    assert played.result.calls[0].abandoned


@both_kinds
def test_a_call_that_has_written_may_be_made_again_when_confirmed(way: Way) -> None:
    box = Outbox()
    confirm, asked = confirm_in(way, True)
    play(way, [SEND, SEND, "Twice."], [box.tool()], confirm=confirm)
    assert (box.sent, len(asked)) == (["Ann", "Ann"], 2)


@every_way
def test_a_dry_run_runs_nothing(way: Way) -> None:
    box = Outbox()
    read: list[str] = []

    def look(at: str) -> None:
        read.append(at)

    confirm, asked = confirm_in(way, True)
    played = play(way, [[("look", {"at": "x"}), *SEND], "Done."], [look, box.tool()], confirm=confirm, dry_run=True)
    assert (read, box.sent, asked) == ([], [], [])
    assert (played.result.stopped, played.outcomes, played.result.turns) == ("dry_run", ["not_run", "not_run"], 1)
    assert [event.call.progress for event in played.events if event.call] == ["Running look…", "Writing to Ann…"]


@both_kinds
def test_a_dry_run_shows_bad_calls_too(way: Way) -> None:
    calls = [("sned", {}), ("send", {}), *SEND]
    assert play(way, [calls], [Outbox().tool()], dry_run=True).outcomes == ["unknown", "invalid", "not_run"]
