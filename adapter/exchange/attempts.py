"""Judge an answer and ask again: one place for whole and for streamed answers (behaviour 5.3, 5.4).

Both read an answer in a way of their own, and a streamed answer may have left in part. The shared rules are in `Attempts`: the
fault of an answer, the further request, the refusal after the last attempt, and the fate of a single call while it streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.events import Problem
from adapter.exchange.retry_policy import Fault, find_fault, lets_through, reask_messages, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.completion.result import ParsedCompletion
    from adapter.errors import RefusedAnswer
    from adapter.events import CallFinished
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.protocol import Report
    from adapter.exchange.request_plan import RequestPlan
    from adapter.exchange.think_first import Thought
    from adapter.options import Options


class Judgement(NamedTuple):
    """The judgement on an answer.

    Attributes:
        fault: The fault of the answer; None for an answer that stands.
        again: Ask the model again. An answer at fault, neither asked for again nor refused, is let through.
    """

    fault: Fault | None
    again: bool


class Attempts:
    """The attempts at a choice of an answer, in order.

    Args:
        plan: The request, made ready.
        present: The first attempt.
        options: The caller's choices.
        report: Called with each `Problem`.

    Attributes:
        present: The attempt whose answer is being read.
    """

    __slots__ = ("_further", "_options", "_plan", "_report", "_tries", "present")

    def __init__(self, plan: RequestPlan, present: Attempt, options: Options, report: Report) -> None:
        self._plan = plan
        self._options = options
        self._report = report
        self._tries = 0
        self._further: list[dict[str, Any]] = []  # the messages of the re-asks
        self.present = present

    @property
    def left(self) -> bool:
        """The options allow a further attempt."""
        return self._tries < self._options.retries

    def thought(self, content: str, reasoning: str) -> Thought | None:
        """Return the thinking in an answer that was to end with the thinking; None for any other answer."""
        return self._plan.thought(self.present, content, reasoning)

    def after(self, thought: Thought, used: int) -> Attempt:
        """Go on from the thinking. Returns the new present attempt.

        Args:
            thought: The thinking.
            used: The length of the thinking in tokens; 0 when unknown.
        """
        self.present = self._plan.after(self.present, thought, used)
        return self.present

    def judge(self, parsed: ParsedCompletion, finish_reason: str, text: str, *, may_ask: bool) -> Judgement:
        """Judge a finished answer.

        Args:
            parsed: The answer.
            finish_reason: Upstream's `finish_reason`.
            text: The answer as the model wrote it, for the report of a refusal.
            may_ask: A further attempt is left, and could not contradict the text and calls that the caller already has.

        Raises:
            RefusedAnswer: The answer is at fault, no attempt is left, and the options do not let the answer through.
        """
        fault = find_fault(parsed, self.present.rules, finish_reason)
        if fault is None:
            fault = self._repeated(((call.name, call.arguments) for call in parsed.tool_calls), may_ask=may_ask)
        if fault is None or may_ask:
            return Judgement(fault, fault is not None)
        error = refusal(fault, self._options)
        if error is not None:
            raise self.refused(error, text)
        return Judgement(fault, again=False)

    def _repeated(self, calls: Iterable[tuple[str, str]], *, may_ask: bool) -> Fault | None:
        """Report calls that were made just before; they are a fault only while the model can be asked about them."""
        again = self._plan.repeats(calls)
        if again is None:
            return None
        self._report(Problem("repeated_call", again.message))
        return again if may_ask and self._options.loop_guard == "reask" else None

    def holds(self, call: CallFinished, *, may_ask: bool) -> bool:
        """Return True for a complete call that must not leave before the judgement."""
        if not call.valid:
            return may_ask or not self.lets_through(call.name)
        guarded = may_ask and self._options.loop_guard == "reask"
        return guarded and self._plan.repeats([(call.name, call.arguments)]) is not None

    def lets_through(self, name: str) -> bool:
        """Return True for a tool whose invalid calls are handed out unchanged."""
        return lets_through(name, self.present.rules, self._options)

    def refused(self, error: RefusedAnswer, text: str) -> RefusedAnswer:
        """Report a refusal, and return the error to be raised."""
        self._report(Problem("refused", error.message, text))
        return error

    def again(self, fault: Fault, parsed: ParsedCompletion, text: str) -> Attempt:
        """Object to an answer at fault. Returns the new present attempt.

        Args:
            fault: The fault.
            parsed: The answer.
            text: The answer as the model wrote it; goes back upstream before the objection.
        """
        self._tries += 1
        self._report(Problem("reask", fault.message, text))
        self._further = [*self._further, *reask_messages(text, parsed, fault, self._plan.dialect)]
        self.present = self._plan.again(self.present, fault, self._further)
        for problem in self.present.problems():
            self._report(problem)
        return self.present
