"""The loop as a generator without I/O: commands for a shell, which asks the model, asks people, and runs functions.

Calls that read run side by side, as many as lie next to each other in the answer; a call that writes runs alone, in its place,
after its confirmation.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.running import replies
from adapter.running.judging import Fault, Ready, judge
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.running.state import Run
    from adapter.running.values import CallRecord, RunResult, ToolCall

# Times that the same calls may have the same results before the run ends.
MOST_SAME = 3


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the model. The reply is the completion, its duration in seconds; or `TooLate`.

    Attributes:
        request: Keyword arguments of the client's `create`.
    """

    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TooLate:
    """The model did not answer before the deadline.

    Attributes:
        error: The client's exception.
    """

    error: BaseException


@dataclass(frozen=True, slots=True)
class Confirm:
    """Ask `confirm` about a call. The reply is the answer."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Execute:
    """Run functions, which `Run.started` and `Run.ended` are told of. There is no reply.

    Attributes:
        batch: Calls that may run side by side.
    """

    batch: Sequence[Ready]


Command = Ask | Confirm | Execute
Steps = Generator[Command, Any, "RunResult"]


def steps(run: Run) -> Steps:
    """Yield the commands of a run, and return its result."""
    seen: Counter[Any] = Counter()
    choice = _Choice(run.settings.request)
    for turn in range(1, run.settings.max_turns + 1):
        run.turn = turn
        run.say("asking", f"Asking {run.settings.model}…")
        answered = yield Ask(_request(run, choice))
        if isinstance(answered, TooLate):
            return run.end("out_of_time", answered.error)
        run.heard(*answered)
        if not run.open_calls:
            return run.end("answered")
        _forbid(run, choice)
        if run.settings.dry_run:
            return _withheld(run)
        for batch in _batches(run):
            yield from _run(run, batch)
        same = _count(run, seen)
        if same == MOST_SAME - 1:
            run.say("repeated", "The same calls had the same results before; the model is told.")
        run.close_turn(replies.REPEATED if same == MOST_SAME - 1 else "")
        if same >= MOST_SAME:
            return run.end("loop")
        if run.over():
            return run.end("out_of_time")
        if choice.drop():
            run.say("note", "The tool choice forced a call, which was made: the next requests leave the choice to the model.")
    return run.end("max_turns")


class _Choice:
    """The tool choice of the requests: a choice that forces a call holds until a call was made."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.members = dict(request)

    @property
    def forbids(self) -> bool:
        """No call may be made, whatever the server answers."""
        choice = self.members.get("tool_choice")
        return choice == "none" or (isinstance(choice, Mapping) and choice.get("type") == "none")

    def drop(self) -> bool:
        """Drop a choice that forces a call. Returns True if one was dropped."""
        choice = self.members.get("tool_choice")
        forced = choice == "required"
        if isinstance(choice, Mapping) and not self.forbids:
            allowed = choice.get("allowed_tools", choice)
            forced = choice.get("type") != "allowed_tools" or (
                isinstance(allowed, Mapping) and allowed.get("mode") == "required"
            )
        if forced:
            del self.members["tool_choice"]
        return forced


def _request(run: Run, choice: _Choice) -> dict[str, Any]:
    request: dict[str, Any] = {"model": run.settings.model, run.wire.conversation: list(run.messages), **choice.members}
    definitions = run.tools.definitions
    if definitions:
        request["tools"] = [run.wire.tool(definition) for definition in definitions]
    if run.settings.stream:
        request = {**run.wire.streaming, **request}
    return {key: value for key, value in request.items() if (key, value) != ("stream_options", None)}


def _forbid(run: Run, choice: _Choice) -> None:
    """Refuse the calls of an answer to a request that allows none: some servers do not hold the model to it."""
    for written in run.open_calls if choice.forbids else ():
        run.settle(written.id, "refused", replies.FORBIDDEN.format(name=written.name))


def _withheld(run: Run) -> RunResult:
    """Record the calls of a dry run: those that would run, and those that would be answered with a fault."""
    for written in run.open_calls:
        judged = judge(written, run.tools, run.finish_reason)
        if isinstance(judged, Fault):
            run.settle(written.id, judged.outcome, judged.reply, error=judged.error)
        else:
            run.settle(written.id, "not_run", replies.DRY_RUN.format(name=written.name), judged)
    run.close_turn()
    return run.end("dry_run")


def _batches(run: Run) -> Iterator[list[Ready]]:
    """Settle the calls that cannot be run, and yield the others as batches that run side by side."""
    ready: list[Ready] = []
    for written in run.open_calls:
        judged = judge(written, run.tools, run.finish_reason)
        if isinstance(judged, Fault):
            run.settle(written.id, judged.outcome, judged.reply, error=judged.error)
        else:
            ready.append(judged)
    for writes, group in itertools.groupby(ready, key=lambda each: each.tool.writes):
        if writes:
            yield from ([each] for each in group)
        else:
            yield list(group)


def _run(run: Run, batch: list[Ready]) -> Generator[Command, Any, None]:
    """Run a batch, a call that writes after its confirmation."""
    if batch[0].tool.writes and (run.too_late(batch[0]) or not (yield from _confirmed(run, batch[0]))):
        return
    yield Execute(batch)


def _confirmed(run: Run, ready: Ready) -> Generator[Command, Any, bool]:
    """Ask for the confirmation of a call that writes. A call without is settled."""
    refusal = ""
    if any(_may_have_written(record) and _same(record, ready) for record in (*run.records, *run.settled)):
        refusal = replies.WRITTEN_BEFORE
    elif run.settings.confirm is None:
        refusal = replies.UNCONFIRMED
    else:
        run.say("waiting", f"{ready.tool.name} changes something, and waits for a confirmation.", ready.call)
        began = run.now()
        allowed = yield Confirm(ready.call)
        if run.deadline is not None:
            run.deadline += run.now() - began
        if not isinstance(allowed, bool):
            raise TypeError(f"confirm answered {allowed!r} on {ready.tool.name}, and must answer True or False")
        refusal = "" if allowed else replies.REFUSED
    if refusal:
        run.settle(ready.call.id, "refused", refusal.format(name=ready.tool.name), ready)
    return not refusal


def _may_have_written(record: CallRecord) -> bool:
    return record.writes and record.outcome in {"failed", "timed_out"}


def _same(record: CallRecord, ready: Ready) -> bool:
    """Tell if a record is of the same call: the same tool and the same arguments, in any spelling, defaults left out or not."""
    left_out = {name: value for name, value in ready.tool.defaults.items() if isinstance(value, str | int | float | None)}
    written = loads(record.arguments or "{}") if record.name == ready.tool.name else None
    return written is not None and {**left_out, **written} == {**left_out, **ready.call.arguments}


def _count(run: Run, seen: Counter[Any]) -> int:
    """Return the number of answers so far with the calls and the results of the current answer.

    Answers with a call of a tool that polls are not counted.
    """
    calls = run.settled
    if any(record.name in run.tools.by_name and run.tools.by_name[record.name].polls for record in calls):
        return 0
    key = frozenset(
        Counter((record.name, record.arguments, record.outcome, record.text or record.reply) for record in calls).items()
    )
    seen[key] += 1
    return seen[key]
