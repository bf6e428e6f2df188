"""Answers that nobody asked for: calls repeated after their result, calls of values that nobody said (behaviour 5.10, 5.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.events import Problem
from adapter.exchange.just_answered import SHORT
from adapter.exchange.retry_policy import Fault

if TYPE_CHECKING:
    from adapter.completion.result import ParsedCompletion
    from adapter.events import CallFinished
    from adapter.exchange.protocol import Report
    from adapter.exchange.request_plan import RequestPlan
    from adapter.options import Options


class OutOfPlace:
    """The judgement on answers by the conversation.

    Args:
        plan: The request, made ready.
        options: The options `loop_guard` and `grounding`.
        report: Called with each `Problem`.
    """

    __slots__ = ("_format", "_grounds", "_guards", "_idle", "_report", "_settled")

    def __init__(self, plan: RequestPlan, options: Options, report: Report) -> None:
        self._grounds = plan.grounds
        self._settled = plan.settled
        self._format = plan.answer_format
        self._guards = options.loop_guard == "reask" and bool(plan.settled)
        self._idle = not plan.settled and plan.grounds.said is None  # nothing is known by which to judge
        self._report = report

    @property
    def doubtful(self) -> bool:
        """No call leaves before the judgement, nor a content that begins as JSON."""
        return self._grounds.asks_in_words or self._guards

    @property
    def held(self) -> int:
        """Characters of a content that a stream holds, lest they have to be taken back."""
        return SHORT if self._guards else 0

    def fault(self, parsed: ParsedCompletion, text: str, *, may_ask: bool) -> Fault | None:
        """Report the faults of an answer. Returns the fault for which the model is asked again, or None.

        Args:
            parsed: The answer.
            text: The answer as the model wrote it.
            may_ask: A further attempt is left.
        """
        if self._idle:
            return None
        calls = [(call.name, call.arguments) for call in parsed.tool_calls]
        again = self._settled.repeats(calls)
        if again is not None:
            self._report(Problem("repeated_call", again.message))
        found = again if self._guards else None
        found = found or self._ungrounded(calls, parsed, text) or self._given_back(parsed, text)
        return found if may_ask else None

    def _ungrounded(self, calls: list[tuple[str, str]], parsed: ParsedCompletion, text: str) -> Fault | None:
        reason = ""
        if self._grounds.out_of_place(calls):
            reason = f"no value in the call of {calls[0][0]!r} occurs in the conversation"
        elif not calls and self._format is None and (name := self._grounds.other_tool(parsed.content or text)):
            reason = f"the answer is a call of {name!r}, a tool that was not offered"
            self._report(Problem("ungrounded", reason, text))
        return Fault("ungrounded", reason) if reason and self._grounds.asks_in_words else None

    def _given_back(self, parsed: ParsedCompletion, text: str) -> Fault | None:
        content = parsed.content or self._grounds.answer(text)
        if not self._guards or self._format is not None or parsed.tool_calls:
            return None
        message = "the answer to a result is nothing but JSON" if self._settled.is_given_back(content) else ""
        if copied := self._settled.copied(content):
            message = f"the answer to a result holds {copied!r}, out of a worked example"
        elif not message and self._settled.tells_nothing(content):
            message = "the answer to a result holds none of its values"
        if not message:
            return None
        self._report(Problem("given_back", message, content))
        return Fault("repeated", message)

    def holds(self, call: CallFinished) -> bool:
        """Return True for a complete call, while the model can be asked again, that must not leave before the judgement."""
        made = [(call.name, call.arguments)]
        if call.index == 0 and self._grounds.asks_in_words and self._grounds.out_of_place(made):
            return True
        return self._guards and self._settled.repeats(made) is not None
