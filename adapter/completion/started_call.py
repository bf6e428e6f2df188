"""A call that was reported while its block was written, and how the finished block continues it.

What was reported is not kept a second time where it stands in the block: then its place there is known, its length, and what
of it was coerced.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapter.completion.argument_gate import ArgumentsWriter
from adapter.schema.raw_place import RawPlace
from adapter.text.json_complete import continue_json
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.completion.argument_gate import Edit
    from adapter.completion.request_rules import Rules
    from adapter.completion.validate import CheckedCall
    from adapter.options import Options
    from adapter.schema.known_place import KnownPlace
    from adapter.text.buffer import TextBuffer

from typing import TYPE_CHECKING

from adapter.completion.validate import CheckedCall, problems_of
from adapter.events import ArgumentsDelta, CallFinished, Event, Problem

if TYPE_CHECKING:
    from adapter.completion.request_rules import Rules
    from adapter.options import Options


@dataclass(slots=True)
class EarlyCall:
    """A call that was reported before its block was complete.

    Attributes:
        index: Its position among the calls of the answer.
        id: Its id.
        name: The tool.
        written: Holds the arguments, and perhaps what follows; None where they stand in the payload.
        start: Where in the payload they begin.
        edits: Where what was reported differs from it: from there on, up to there, this was reported.
        size: How much of that was reported.
        complete: Whether these are all.
    """

    index: int
    id: str
    name: str
    written: TextBuffer | None = None
    start: int = 0
    edits: list[Edit] = field(default_factory=list)
    size: int = 0
    complete: bool = False

    def _sent(self, raw: str, start: int) -> str:
        """The text of the arguments that was reported. The payload's stand in `raw`, from `start` on."""
        if self.written is not None:
            raw, start = self.written.text(), 0
        return self._edited(raw, start, self.size)

    def _edited(self, raw: str, start: int, size: int) -> str:
        """Arguments that stand in `raw`, from `start` on, as they are reported: so many characters of them."""
        pieces, position = [], start
        for begin, end, text in self.edits:
            pieces += [raw[position : start + begin], text]
            position = start + end
        if not pieces:
            return raw[start : start + size]
        return "".join([*pieces, raw[position : position + size]])[:size]

    def settle(self, call: CheckedCall, raw: str, payload: int) -> tuple[str, str] | None:
        """How the finished call continues what was reported.

        Args:
            call: The finished call.
            raw: The block it was read from.
            payload: Where its payload begins.

        Returns:
            The whole arguments, and the part that is still to be reported; None when the two contradict each other.
        """
        if call.name != self.name:
            return None
        final, start = call.arguments, payload + self.start
        if self.written is None and not self.edits and self.size == len(final) and raw.startswith(final, start):
            return final, ""  # as nearly always, and found without a copy of what may be long
        sent = self._sent(raw, start)
        if self.complete:
            agrees = sent == final or not call.valid or loads(sent) == loads(final)
            return (sent, "") if agrees else None
        if self.edits and not call.valid:  # what was coerced has left, though it did not make the call valid
            final = self._edited(final, 0, self.size + len(final))
        if final.startswith(sent):
            return final, final[len(sent) :]
        rest = continue_json(sent, loads(final))
        return None if rest is None else (sent + rest, rest)


def may_be_reported(rules: Rules, name: str, index: int) -> bool:
    """Whether a call of this tool may be reported before it is complete."""
    offered = bool(name) and (not rules.tools or name in rules.tools.by_name)
    allowed = rules.choice.allowed is None or name in rules.choice.allowed
    return rules.reports(name) and offered and allowed and not (rules.parallel is False and index)


def place_for(rules: Rules, options: Options, name: str) -> KnownPlace | None:
    """What the schema of this tool says of its arguments; None where they leave as they are written."""
    tool = rules.tools.by_name.get(name)
    return tool.schema.place if tool is not None and options.coerce else None


def doubts_of(rules: Rules, options: Options, name: str) -> RawPlace | None:
    """All that the schema of this tool says of its arguments, where a value may be coerced though its type may stand there."""
    tool = rules.tools.by_name.get(name)
    if tool is None or not options.coerce or tool.schema.certain is not None:  # plain words leave no doubt
        return None
    return RawPlace(tool.schema.source, (tool.schema.source,))


def writer_for(rules: Rules, options: Options, name: str) -> ArgumentsWriter:
    """What lets the arguments of a call of this tool leave."""
    return ArgumentsWriter(place_for(rules, options, name), doubts_of(rules, options, name))


def further_events(call: CheckedCall, early: EarlyCall, raw: str, payload: int) -> list[Event]:
    """The events that are still to come of a call which was reported while it was written."""
    settled = early.settle(call, raw, payload)
    if settled is None:
        return [*problems_of(call, early.index, raw), contradiction(early, raw)]
    arguments, rest = settled
    delta: list[Event] = [ArgumentsDelta(early.index, rest)] if rest else []
    finished = CallFinished(early.index, early.id, early.name, arguments, call.valid, raw)
    return [*delta, finished, *problems_of(call, early.index, raw)]


def contradiction(early: EarlyCall, raw: str) -> Problem:
    """A call was reported that the finished block does not hold."""
    message = f"a call of {early.name!r} was reported while it was written, and its finished block says something else"
    return Problem("contradicted", message, raw, early.index)
