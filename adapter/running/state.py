"""The state of a run: the conversation, the calls of the current answer, and all that is told.

An answer's calls are open until each has a record; then their results go into the conversation in the order of the calls. A run
that breaks off settles its open calls first, so the conversation never holds a call without a result (behaviour 11.1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapter.running import replies
from adapter.running.values import (
    CallRecord,
    End,
    EventKind,
    Outcome,
    RunEvent,
    RunResult,
    Stopped,
    TokenUse,
    ToolCall,
    ToolOutput,
)
from adapter.running.wires import WIRES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from adapter.running.history import Answer, WrittenCall
    from adapter.running.judging import Ready
    from adapter.running.settings import RunSettings
    from adapter.running.toolbox import Toolbox

# Reasons of an answer's end that leave it unfinished.
_CUT = ("length", "content_filter", "max_output_tokens", "incomplete", "in_progress", "queued", "cancelled")


class Run:
    """The state of a run.

    Args:
        settings: The settings, checked.
        tools: The tools.
        messages: The conversation, which the run extends.
        now: A clock of seconds that never goes back.
        new_id: Makes ids for calls that came without.

    Attributes:
        deadline: Time of the clock at which the run is over; None for no limit.
        wire: The API of the client.
        finish_reason: `finish_reason` of the last answer.
        unstreamed: The answer to come is whole, though a stream was asked for.
    """

    def __init__(
        self,
        settings: RunSettings,
        tools: Toolbox,
        messages: list[dict[str, Any]],
        now: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        self.settings, self.tools, self.messages = settings, tools, messages
        self.now, self._new_id = now, new_id
        self.began = now()
        self.deadline = None if settings.total_timeout is None else self.began + settings.total_timeout
        self.turn = 0
        self.wire = WIRES[settings.api]
        self.finish_reason: str | None = None
        self.unstreamed = False
        self._text = ""
        self.records: list[CallRecord] = []
        self.tokens = TokenUse()
        self._model_seconds = 0.0
        self._answer: Answer | None = None  # with open calls
        self._written: dict[str, WrittenCall] = {}
        self._settled: dict[str, CallRecord] = {}
        self._started: dict[str, tuple[Ready, float]] = {}
        self._telling = False

    @property
    def open_calls(self) -> list[WrittenCall]:
        """Calls of the current answer without a record."""
        return [call for call in self._answer.calls if call.id not in self._settled] if self._answer else []

    @property
    def settled(self) -> list[CallRecord]:
        """Records of the current answer's calls, in the order of the calls."""
        calls = self._answer.calls if self._answer else ()
        return [self._settled[call.id] for call in calls if call.id in self._settled]

    def left(self) -> float | None:
        """Return the seconds until the deadline; None without one."""
        return None if self.deadline is None else self.deadline - self.now()

    def over(self) -> bool:
        """Tell if the deadline has passed."""
        return self.deadline is not None and self.now() >= self.deadline

    def limit(self, ready: Ready) -> float | None:
        """Return the seconds that a call may take; None for no limit."""
        own = self.settings.timeouts.get(ready.tool.name, ready.tool.timeout or self.settings.timeout)
        limits = [limit for limit in (own, self.left()) if limit is not None]
        return max(0.0, min(limits)) if limits else None

    def say(self, kind: EventKind, message: str, call: ToolCall | None = None, record: CallRecord | None = None) -> None:
        """Tell `on_event` of a step. An `on_event` that raised is not called again."""
        if self.settings.on_event is not None and not self._telling:
            self._telling = True
            self.settings.on_event(RunEvent(kind, message, self.turn, call, record))
            self._telling = False

    def heard(self, completion: Any, seconds: float) -> None:
        """Take an answer of the model into the conversation; its calls are open."""
        answer = self.wire.read(completion, self._new_id)
        self._model_seconds += seconds
        self.finish_reason = answer.finish_reason
        if answer.usage is not None:
            prompt, written = answer.usage
            self.tokens = TokenUse(self.tokens.prompt + prompt, self.tokens.completion + written, self.tokens.reported + 1)
        self._settled, self._started = {}, {}
        self._written = {call.id: call for call in answer.calls}
        self._answer = answer
        self.messages.extend(answer.messages)
        self._text = answer.text
        if self.unstreamed and answer.text:
            self.say("text", answer.text)
        self.unstreamed = False
        for sentence in answer.mended:
            self.say("note", sentence)
        if answer.finish_reason in _CUT:
            self.say("note", f"The model's answer is not whole: {answer.finish_reason}.")

    def settle(
        self, call_id: str, outcome: Outcome, reply: str, ready: Ready | None = None, after: str = "", **more: Any
    ) -> None:
        """Record the end of a call, and tell it. A long reply is cut, before the sentence `after`, and kept in `text`."""
        if outcome != "finished":
            reply, whole = replies.cut(replies.sendable(reply), self.settings.max_result_chars), reply
            more = more if reply == whole else {"text": whole, **more}
            reply += after
        record = self._recorded(call_id, outcome, reply, ready, **more)
        if outcome == "finished":
            message = f"{record.name} returned after {record.seconds:.2f} s"
        else:
            message = record.reply + (
                " The function is still running, and its result will be dropped." if record.abandoned else ""
            )
        call = None if ready is None else ready.call
        self.say(outcome, message, call, record)
        if len(record.text) > self.settings.max_result_chars:
            self.say("cut", record.reply.rpartition("\n")[2], call, record)

    def _recorded(self, call_id: str, outcome: Outcome, reply: str, ready: Ready | None = None, **more: Any) -> CallRecord:
        written = self._written[call_id]
        writes = ready is not None and ready.tool.writes
        record = CallRecord(call_id, written.name, written.arguments, outcome, reply, turn=self.turn, writes=writes, **more)
        self._settled[call_id] = record
        return record

    def too_late(self, ready: Ready) -> bool:
        """Tell if the deadline has passed before a function starts; its call is settled then."""
        if self.over():
            self.settle(ready.call.id, "not_run", replies.OVER.format(name=ready.tool.name), ready)
            return True
        return False

    def started(self, ready: Ready) -> float | None:
        """Note that a function starts, and tell it. Returns the seconds that it may take; None for no limit."""
        self.say("started", ready.call.progress, ready.call)
        self._started[ready.call.id] = (ready, self.now())
        return self.limit(ready)

    def ended(self, ready: Ready, end: End, limit: float | None = None) -> None:
        """Record the end of a function.

        Args:
            ready: The call.
            end: The end.
            limit: Seconds that the function had, if it was not over in time.
        """
        _, began = self._started[ready.call.id]
        name, seconds = ready.tool.name, self.now() - began
        maybe = replies.MAYBE_WRITTEN if ready.tool.writes else ""
        if end.timed_out:
            reply = replies.timed_out(name, limit or 0.0, self.settings.fallback)
            self.settle(ready.call.id, "timed_out", reply, ready, maybe, seconds=seconds, abandoned=end.abandoned)
        elif end.error is not None:
            reply = replies.failed(name, end.error)
            self.settle(ready.call.id, "failed", reply, ready, maybe, seconds=seconds, error=end.error)
        else:
            self._returned(ready, end.value, seconds)

    def _returned(self, ready: Ready, value: Any, seconds: float) -> None:
        text: Any = value
        if isinstance(value, ToolOutput):
            text, value, unseen = value.text, value.value, value.unseen
            if unseen:
                self.say("note", f"The result of {ready.tool.name} has {unseen}.", ready.call)
        try:
            text = replies.as_text(text)
        except Exception as error:  # noqa: BLE001  # results are of any class, and so are the errors of showing them
            after = replies.MAYBE_WRITTEN if ready.tool.writes else ""
            reply = replies.failed(ready.tool.name, error)
            self.settle(ready.call.id, "failed", reply, ready, after, seconds=seconds, error=error, result=value)
            return
        shown = replies.cut(text, self.settings.max_result_chars)
        self.settle(ready.call.id, "finished", shown, ready, seconds=seconds, result=value, text=text)

    def close_turn(self, note: str = "") -> None:
        """Put the results of the current answer into the conversation, in the order of the calls.

        Args:
            note: Sentence for the model behind each result.
        """
        if self._answer is None:
            return
        last = self._answer.messages[-1] if self._answer.messages else None
        begun = next((at for at, message in enumerate(self.messages) if message is last), len(self.messages))
        if begun == len(self.messages):  # Ctrl-C came between the answer and its place in the conversation
            self.messages.extend(self._answer.messages)
            begun = len(self.messages)
        answered = {message.get(self.wire.call_id) for message in self.messages[begun + 1 :]}
        kept = {record.id for record in self.records if record.turn == self.turn}
        for record in self.settled:
            noted = replace(record, reply=record.reply + note)
            if record.id not in answered:
                self.messages.append(self.wire.result(noted.id, noted.reply))
            if record.id not in kept:
                self.records.append(noted)
        self._answer = None

    def broke_off(self, ready: Ready, error: BaseException) -> None:
        """Record a function that raised an exception which is to end the program, such as `KeyboardInterrupt`."""
        reply = replies.INTERRUPTED.format(name=ready.tool.name) + (replies.MAYBE_WRITTEN if ready.tool.writes else "")
        _, began = self._started[ready.call.id]
        self._recorded(ready.call.id, "interrupted", reply, ready, seconds=self.now() - began, error=error)

    def interrupt(self, still_running: Mapping[str, bool]) -> RunResult:
        """Settle all open calls of a run that breaks off.

        Args:
            still_running: By id of a call, False if its function has come to an end.
        """
        for written in self.open_calls:
            ready, began = self._started.get(written.id, (None, 0.0))
            if ready is None:
                self._recorded(written.id, "not_run", replies.NOT_REACHED.format(name=written.name))
            else:
                reply = replies.INTERRUPTED.format(name=written.name) + (replies.MAYBE_WRITTEN if ready.tool.writes else "")
                abandoned, seconds = still_running.get(written.id, True), self.now() - began
                self._recorded(written.id, "interrupted", reply, ready, seconds=seconds, abandoned=abandoned)
        self.close_turn()
        return self.result("interrupted")

    def tell_interruption(self, result: RunResult) -> None:
        """Tell the calls that did not come to an end, and the end of the run."""
        for record in result.calls:
            if record.turn == self.turn and record.outcome in {"interrupted", "not_run"}:
                self.say(record.outcome, record.reply, None, record)
        self.say("stopped", "The run was interrupted.")

    def end(self, stopped: Stopped, error: BaseException | None = None) -> RunResult:
        """Tell the end of the run, and return its result."""
        self.say("stopped", f"The run ended: {stopped.replace('_', ' ')}.")
        return self.result(stopped, error)

    def result(self, stopped: Stopped, error: BaseException | None = None) -> RunResult:
        """Return the result of the run."""
        return RunResult(
            self._text if stopped == "answered" else None,
            stopped,
            self.messages,
            self.records,
            self.turn,
            self.tokens,
            self.now() - self.began,
            self._model_seconds,
            self.finish_reason,
            error,
        )
