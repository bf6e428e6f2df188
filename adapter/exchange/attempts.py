"""Judge an answer and ask again: one place for whole and for streamed answers (behaviour 5.3, 5.4).

Both read an answer in a way of their own, and a streamed answer may have left in part. The shared rules are in `Attempts`: the
fault of an answer, the further request, the refusal after the last attempt, and the fate of a single call while it streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.completion.ends import CUT
from adapter.enforce.answer_format import unwrapped
from adapter.events import Problem
from adapter.exchange.enforced import advice, cut_short, is_ignored
from adapter.exchange.native_request import native_reask
from adapter.exchange.native_use import IGNORED, NATIVE_ADVICE
from adapter.exchange.out_of_place import OutOfPlace
from adapter.exchange.retry_policy import Fault, find_fault, lets_through, objection, reask_messages, refusal, shown_whole
from adapter.exchange.watching import present_watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.completion.result import ParsedCompletion
    from adapter.errors import RefusedAnswer
    from adapter.events import CallFinished
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.native_answer import NativeAnswer
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
        plan: The request, made ready.
        present: The attempt whose answer is being read.
    """

    __slots__ = (
        "_asked_natively",
        "_further",
        "_ignored",
        "_options",
        "_place",
        "_report",
        "_silent",
        "_tries",
        "plan",
        "present",
    )

    def __init__(self, plan: RequestPlan, present: Attempt, options: Options, report: Report) -> None:
        self.plan = plan
        self._options = options
        self._report = report
        self._place = OutOfPlace(plan, options, report)
        self._tries = 0
        self._asked_natively = False  # the re-asks hold calls
        self._silent = False  # an answer to a request with its tools holds no call
        self._ignored = False  # an answer did not fit the constraint that was sent
        self._further: list[dict[str, Any]] = []  # the messages of the re-asks
        self.present = present

    def goes_on_with(self, plan: RequestPlan) -> None:
        """Go on with another request, whose first attempt is the present one."""
        self.plan, self.present, self._further = plan, plan.first, []
        self._place = OutOfPlace(plan, self._options, self._report)

    @property
    def left(self) -> bool:
        """The options allow a further attempt."""
        return self._tries < self._options.retries

    @property
    def falls_back(self) -> bool:
        """The present request has its tools, and may go again in words: no re-ask, so that `retries` does not count."""
        return self.present.native and self._options.native == "auto"

    @property
    def judged_whole(self) -> bool:
        """No call may leave before it is complete and judged."""
        options = self._options
        return options.on_invalid == "text" or options.optional == "drop" or self.doubtful

    @property
    def doubtful(self) -> bool:
        """A content may turn out to be a call of a tool that was not offered, or a result given back."""
        return self._place.doubtful

    @property
    def held(self) -> int:
        """Characters of a doubtful content that a stream holds."""
        return self._place.held

    def thought(self, content: str, reasoning: str) -> Thought | None:
        """Return the thinking in an answer that was to end with the thinking; None for any other answer."""
        return self.plan.thought(self.present, content, reasoning)

    def after(self, thought: Thought, used: int) -> Attempt:
        """Go on from the thinking. Returns the new present attempt.

        Args:
            thought: The thinking.
            used: The length of the thinking in tokens; 0 when unknown.
        """
        self.present = self.plan.after(self.present, thought, used)
        return self.present

    def judge(
        self, parsed: ParsedCompletion, finish_reason: str, text: str, *, may_ask: bool, unused: Fault | None = None
    ) -> Judgement:
        """Judge a finished answer.

        Args:
            parsed: The answer.
            finish_reason: Upstream's `finish_reason`.
            text: The answer as the model wrote it, for the report of a refusal.
            may_ask: A further attempt is left, and could not contradict the text and calls that the caller already has.
            unused: Upstream did not use the tools of the request, which goes again in words.

        Raises:
            RefusedAnswer: The answer is at fault, no attempt is left, and the options do not let the answer through.
        """
        if (watch := present_watch()) is not None:
            watch.tell_answer(self.present, parsed)
        if unused is not None:
            return Judgement(unused, again=True)
        fault = find_fault(parsed, self.present.rules, finish_reason)
        text = shown_whole(text, parsed) if self.present.native else text
        self._notice(parsed, fault, finish_reason, text)
        if cut := cut_short(self.present, parsed, finish_reason):
            self._report(Problem("cut_short", cut, text))
        if fault is None:
            fault = self._place.fault(parsed, text, may_ask=may_ask)
        if fault is None or may_ask:
            return Judgement(fault, fault is not None)
        error = refusal(fault, self._options, self._advice())
        if error is not None:
            raise self.refused(error, text, parsed.problems)
        return Judgement(fault, again=False)

    def in_format(self, content: str, finish_reason: str, *, may_ask: bool, left: bool = False) -> tuple[str, Fault | None]:
        """Read an answer in words that is to be in the caller's own format.

        Args:
            content: The content of the answer.
            finish_reason: Upstream's `finish_reason`.
            may_ask: A further attempt is left.
            left: The content has left as it is.

        Returns:
            The content, out of its fence or its words, and the fault for which the model is asked again, or None.
        """
        wanted = self.plan.answer_format
        if wanted is None or finish_reason in CUT or not content:
            return content, None
        plain = content if left else unwrapped(content)
        given = plain if left else wanted.as_given(plain)
        reason = wanted.fault(given)
        if reason and may_ask:
            return content, Fault("format", f"the answer does not fit the response_format: {reason}")
        if reason:
            self._report(Problem("off_format", f"the answer does not fit the response_format: {reason}", content))
        if plain != content:
            message = "the answer in the caller's response_format was taken out of a fence, or out of words around it"
            self._report(Problem("unwrapped", message, content))
        return given, None

    def _notice(self, parsed: ParsedCompletion, fault: Fault | None, finish_reason: str, text: str) -> None:
        """Report a server that does not hold the answer to the constraint of the request, once for a client and model."""
        if not self.present.constraint or finish_reason in CUT:
            return
        if is_ignored(self.present, parsed, fault) and not self._taken_back():
            self._ignored = True
            sent = " and ".join(map(repr, self.present.constraint))
            message = f"the answer does not fit the constraint sent in {sent}: the upstream does not enforce it"
            self.plan.learnt.once("not_enforced", message, text)

    def _taken_back(self) -> list[str]:
        """Return the constraints of the present request that the server refuses."""
        return self.plan.learnt.refused.among({name: self.present.body.get(name) for name in self.present.constraint})

    def unused(self, answer: NativeAnswer | None, parsed: ParsedCompletion, finish_reason: str, usage: Any) -> Fault | None:
        """Learn from an answer to a request with its tools. Returns the fault for which the request goes again in words.

        Args:
            answer: The reader of the answer; None for an answer to a request in words, which teaches nothing.
            parsed: The answer.
            finish_reason: Upstream's `finish_reason`.
            usage: The usage of the answer; None while unknown.
        """
        self._silent = False
        if answer is None or not self.present.native:
            return None
        self._silent = answer.origin == "none" and self.present.rules.choice.mode != "none"
        learnt, choice = self.plan.learnt.native, self.present.rules.choice
        learnt.heard(answer.origin, parsed, decides=self.falls_back)
        if not self.falls_back or answer.origin != "none":
            return None
        if finish_reason in CUT:  # would be cut again; the next request may know better
            self.hear_usage(usage)
            return None
        if answer.refused and not parsed.content:
            message = "upstream made a call although tool_choice is 'none'"
            learnt.learn("none", message)
            return Fault("native", message)
        if self._silent and learnt.ignores(self.present.rules.tools, self.present.body["messages"], usage):
            return Fault("native", IGNORED)
        if choice.forced:
            fault = find_fault(parsed, self.present.rules, finish_reason)
            learnt.learn("forced", "upstream answered such a request without a call")
            return None if fault is None else Fault("required", fault.message)
        return None

    def hear_usage(self, usage: Any) -> None:
        """Learn from the usage, which a stream tells behind an answer that has left: further requests go another way."""
        if self._silent and self.falls_back:
            self.plan.learnt.native.ignores(self.present.rules.tools, self.present.body["messages"], usage)

    def _advice(self) -> str:
        if self.present.native:
            return NATIVE_ADVICE[self._options.native]
        ignored = self.present.constraint if self._ignored else ()
        return advice(self.present.rung, self._options, ignored=ignored, refused=self._taken_back())

    def holds(self, call: CallFinished, *, may_ask: bool) -> bool:
        """Return True for a complete call that must not leave before the judgement."""
        if not call.valid:
            return may_ask or not self.lets_through(call.name)
        return may_ask and self._place.holds(call)

    def lets_through(self, name: str) -> bool:
        """Return True for a tool whose invalid calls are handed out unchanged."""
        return lets_through(name, self.present.rules, self._options)

    def refused(self, error: RefusedAnswer, text: str, problems: Iterable[Problem]) -> RefusedAnswer:
        """Report a refusal, and return the error to be raised, with the answer and its faults as evidence."""
        self._report(Problem("refused", error.message, text))
        return error.with_evidence(text, [(problem.kind, problem.message) for problem in problems])

    def again(self, fault: Fault, parsed: ParsedCompletion, text: str) -> Attempt:
        """Object to an answer at fault, or ask without tools. Returns the new present attempt.

        Args:
            fault: The fault.
            parsed: The answer.
            text: The answer as the model wrote it; goes back upstream before the objection.
        """
        falls_back = self.falls_back and fault.kind in {"required", "native"}
        learnt = self._options.native == "auto" and self.plan.learnt.native.in_words(self.present.rules.choice)
        native = self.present.native and not falls_back and not learnt
        self._tries += not falls_back
        in_words = self.present.native and not native
        self._report(Problem("reask", f"{fault.message}; asked again in words" if in_words else fault.message, text))
        if self._asked_natively and not native:  # upstream refused the objection with its calls, or gets words by now
            self._further = []
        self._asked_natively = native
        if falls_back:
            self._further = []
        elif fault.form.tools:
            self._further = [*self._further, *self._objection(fault, parsed, text, native=native)]
        self.present = self.plan.again(self.present, fault, self._further, native=native)
        for problem in self.present.problems():
            self._report(problem)
        return self.present

    def _objection(self, fault: Fault, parsed: ParsedCompletion, text: str, *, native: bool) -> list[dict[str, Any]]:
        """Return the messages that object to an answer, in the form that fits the fault."""
        guard = self.plan.guard
        if native:
            return native_reask(parsed, fault, guard)
        if not fault.form.quote:
            return [objection(fault, guard)]
        shown = shown_whole(text, parsed) if self.present.native else text
        return reask_messages(shown, parsed, fault, self.plan.dialect, guard)
