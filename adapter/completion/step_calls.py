"""Calls inside a block whose reader says itself what is certain of them: reported while they are written.

`StepTracker` does for such blocks what `CallTracker` does for plain JSON. Both leave their calls to `EarlyCall.settle`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.started_call import EarlyCall, may_be_reported, writer_for
from adapter.completion.validate import call_id
from adapter.events import ArgumentsDelta, CallStarted
from adapter.syntax.reading import StepKind
from adapter.text.buffer import TextBuffer
from adapter.text.json_tokens import JsonWalker

if TYPE_CHECKING:
    from adapter.completion.argument_gate import ArgumentsWriter
    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.options import Options
    from adapter.syntax.reading import Step


class StepTracker:
    """Reports calls while their block is written.

    Args:
        rules: What the request says.
        options: What the caller chose.
        first: The index that the first call gets.
        ids: The ids that calls of this answer have; those of the calls reported here are added.

    Attributes:
        calls: The calls reported so far: always the first ones of the block, without a gap.
    """

    __slots__ = ("_first", "_ids", "_options", "_own", "_quiet", "_rules", "_walker", "_writer", "calls")

    def __init__(self, rules: Rules, options: Options, first: int, ids: set[str]) -> None:
        self._ids = ids
        self._rules = rules
        self._options = options
        self._first = first
        self._walker = JsonWalker()
        self._writer: ArgumentsWriter | None = None
        self._own: TextBuffer | None = None  # keeps what is reported of the last call, where its reader does not
        self._quiet = False  # a call of this block is not reported early, so none after it is
        self.calls: list[EarlyCall] = []

    def take(self, steps: list[Step], out: list[Event]) -> None:
        """Report what the steps make certain, and clear them."""
        written: list[str] = []
        for step in steps:
            if self._quiet:
                break
            if step.kind is StepKind.CALL:
                self._flush(written, out)
                self._start(step, out)
            elif step.kind is StepKind.TEXT:
                written.append(step.text)
            elif self._writer is not None and not self._walker.broken:
                written += self._allowed(self._writer, step.text)
        steps.clear()
        self._flush(written, out)

    @property
    def silent(self) -> bool:
        """Whether no more of this block is reported."""
        return self._quiet

    def flowing(self, kind: StepKind | None) -> bool:
        """Whether what comes now is the inside of a string that leaves as it grows."""
        if kind is StepKind.TEXT:
            return True
        return self._writer is not None and self._writer.flowing and self._walker.in_string and not self._walker.broken

    def flowed(self, text: str) -> None:
        """Such text was reported."""
        self._sent(self.calls[-1], text)
        if self._writer is not None:
            self._writer.passed += len(text)

    def _sent(self, call: EarlyCall, text: str) -> None:
        """Text of a call was reported, and is kept unless its reader keeps it."""
        call.size += len(text)
        if self._own is not None:
            self._own.append(text)

    def _start(self, step: Step, out: list[Event]) -> None:
        name, index = step.text, self._first + len(self.calls)
        if not may_be_reported(self._rules, name, index):
            self._quiet = True
            return
        self._own = TextBuffer() if step.written is None and step.start is None else None
        self._walker, self._writer = JsonWalker(), writer_for(self._rules, self._options, name)
        edits = step.edits  # of a reader that coerces what leaves
        if edits is None:
            edits = self._writer.edits if self._own is None else []  # it keeps the text with what was written instead
        written = step.written if self._own is None else self._own
        call = EarlyCall(index, call_id(step.id, self._ids, self._options), name, written, step.start or 0, edits)
        self.calls.append(call)
        out.append(CallStarted(index, call.id, name))

    def _allowed(self, writer: ArgumentsWriter, text: str) -> list[str]:
        """What of the model's own JSON may leave."""
        allowed: list[str] = []
        for token in self._walker.feed(text):
            if writer.frozen or writer.complete:
                break
            allowed.append(writer.write(token))
        self.calls[-1].complete = writer.complete
        return allowed

    def _flush(self, written: list[str], out: list[Event]) -> None:
        """Report what was written of the last call, as one piece."""
        text = "".join(written)
        written.clear()
        if text:
            self._sent(self.calls[-1], text)
            out.append(ArgumentsDelta(self.calls[-1].index, text))
