"""A call whose start was reported before the end of its block, and the settlement with the finished call.

Reported text is not kept a second time if the block, or the block's reader, keeps the text: an offset, a size and the coercions
are enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapter.completion.early_coercion import edited
from adapter.completion.validate import CheckedCall, problems_of
from adapter.events import ArgumentsDelta, CallFinished, Event, Problem
from adapter.text.json_complete import continue_json
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.completion.request_rules import Rules
    from adapter.events import Where
    from adapter.syntax.reading import Progress
    from adapter.text.buffer import TextBuffer


@dataclass(slots=True)
class StartedCall:
    """A call whose start was reported before the end of its block.

    Attributes:
        index: Position among the calls of the answer.
        id: The id.
        name: The tool.
        written: Buffer that begins with the arguments; None for arguments in the payload.
        start: Offset of the arguments in the payload.
        edits: Coercions already sent, as (start, end, replacement), offsets from the beginning of the arguments.
        size: Code points of the arguments that were sent.
        complete: All of the arguments were sent.
        progress: The reader's own account of edits, size and completeness, in place of these.
    """

    index: int
    id: str
    name: str
    written: TextBuffer | None = None
    start: int = 0
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    size: int = 0
    complete: bool = False
    progress: Progress | None = None

    def _sent(self, raw: str, start: int) -> str:
        """Return the text of the arguments that was sent, from a block with the payload's arguments at `start`."""
        if self.written is not None:
            raw, start = self.written.text(), 0
        return edited(raw, start, self.size, self.edits)

    def settle(self, call: CheckedCall, raw: str, payload: int) -> tuple[str, str] | None:
        """Continue the sent arguments to those of the finished call.

        Args:
            call: The finished call.
            raw: The text of the block.
            payload: Position of the payload in `raw`.

        Returns:
            All of the arguments, and the part to send now; None if the sent text and the finished call contradict each other.
        """
        if call.name != self.name:
            return None
        if self.progress is not None:
            self.edits, self.size, self.complete = self.progress.edits, self.progress.sent, self.progress.complete
        final, start = call.arguments, payload + self.start
        if self.written is None and not self.edits and self.size == len(final) and raw.startswith(final, start):
            return final, ""  # nearly all calls, without a copy of a long text
        sent = self._sent(raw, start)
        if self.complete and not call.valid and final.startswith(sent):
            return final, final[len(sent) :]  # text behind the arguments, which makes the call invalid
        if self.complete:
            agrees = sent == final or not call.valid or loads(sent) == loads(final)
            return (sent, "") if agrees else None
        if final.startswith(sent):
            return final, final[len(sent) :]
        rest = continue_json(sent, loads(final))
        return None if rest is None else (sent + rest, rest)


def may_be_reported(rules: Rules, name: str, index: int) -> bool:
    """Tell if a call of this tool may be reported before the call is complete."""
    tools = rules.tools.by_name
    offered = bool(name) and (name in tools or not tools)
    allowed = rules.choice.allowed is None or name in rules.choice.allowed
    return rules.reports(name) and offered and allowed and not (rules.parallel is False and index)


def further_events(call: CheckedCall, started: StartedCall, raw: str, payload: int, places: Where) -> list[Event]:
    """Return the remaining events of a call whose start was reported."""
    settled = started.settle(call, raw, payload)
    if settled is None:
        return [*problems_of(call, started.index, raw), contradiction(started, raw)]
    arguments, rest = settled
    finished = CallFinished(started.index, started.id, started.name, arguments, call.valid, raw, places)
    if not rest and not call.problems:
        return [finished]
    delta: list[Event] = [ArgumentsDelta(started.index, rest)] if rest else []
    return [*delta, finished, *problems_of(call, started.index, raw)]


def contradiction(started: StartedCall, raw: str) -> Problem:
    """Return the problem of a reported call that the finished block does not hold."""
    message = f"a call of {started.name!r} was reported while it was written, and its finished block says something else"
    return Problem("contradicted", message, raw, started.index)
