"""The judgement of answers, turn by turn, while they come or out of a file of results: no model and no server is asked here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.evaluation.checking import Checked, check, pairs_of, schema_faults
from adapter.evaluation.outcome import Called, Fault
from adapter.evaluation.simulated import Simulated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.cases import Case, Turn
    from adapter.evaluation.outcome import Answer, Judgement, Verdict
    from adapter.evaluation.simulation import Simulation

# Faults that further tokens could mend: a call that has not come yet.
_OPEN = frozenset({"not_called", "count", "unread"})


class Question(NamedTuple):
    """The next question of a case.

    Attributes:
        turn: The number of the turn, from 1.
        messages: Messages to add to the conversation; empty for an answer to results alone.
        tools: Tools to offer from now on, beside those of the case.
    """

    turn: int
    messages: tuple[dict[str, Any], ...] = ()
    tools: tuple[dict[str, Any], ...] = ()


@dataclass
class Findings:
    """The judgement so far.

    Attributes:
        expected: The expected calls of the turns that were answered.
        calls: The calls made.
        faults: The differences; the judgement ends with the first turn that has any.
        cut: The length limit ended an answer that more tokens could have made right.
        lenient: The answers are right if types may differ.
        bare: The verdict of the first completions; None where they are not judged.
    """

    expected: list[Called] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    cut: bool = False
    lenient: bool = True
    bare: Verdict | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict, if no server failed."""
        return "cut_off" if self.cut else "wrong" if self.faults else "right"


class Judging:
    """The judgement of a case whose calls are compared with expected calls.

    Attributes:
        found: The judgement so far.
        by: The kind of the judgement.
    """

    by: Judgement = "calls"

    def __init__(self, case: Case) -> None:
        self.found = Findings()
        self._case = case
        self._answered = 0

    def question(self) -> Question | None:
        """Return the next question; None after the last turn or a wrong answer."""
        if self.found.faults or self._answered == len(self._case.turns):
            return None
        return Question(self._answered + 1, self._case.turns[self._answered].messages)

    def asked(self) -> None:
        """Count the expected calls of the next turn, which is asked: an error of the server is no answer to it."""
        self.found.expected += _calls_of(self._case.turns[self._answered])

    def hear(self, answer: Answer) -> list[str]:
        """Judge an answer. Returns the scripted results of its calls."""
        turn, found = self._case.turns[self._answered], self.found
        self._answered += 1
        checked = check(self._case, turn, answer.calls)
        faults = self._faults(turn, answer, checked)
        where = f"turn {self._answered}: " if len(self._case.turns) > 1 else ""
        found.calls += answer.calls
        found.faults += [Fault(one.kind, where + one.message, one.tool, one.parameter) for one in faults]
        found.lenient = found.lenient and checked.lenient and not answer.refused
        found.cut = bool(faults) and answer.finish == "length" and not _final(turn, answer.calls, checked)
        if found.bare == "right" or self._answered == 1:
            found.bare = _bare(self._case, turn, answer)
        scripted = {column: turn.expect[row].result for row, column in pairs_of(self._case, turn.expect, answer.calls)}
        return [scripted.get(number, "") for number in range(len(answer.calls))]

    def _faults(self, turn: Turn, answer: Answer, checked: Checked) -> list[Fault]:
        """Return the differences, with what is known of text that was not read."""
        faults = [*checked.faults]
        if answer.refused and not turn.expect:  # the refused answer held a call
            faults.append(Fault("called", f"no call is expected; the answer was refused: {answer.refused}"))
        if answer.refused:
            faults += schema_faults(self._case, answer.held)
        words = answer.refused or answer.unread
        if faults and len(answer.calls) < max(1, len(turn.expect)) and words:
            faults.append(Fault("unread", words, faults[0].tool))
        return faults


def _calls_of(turn: Turn) -> list[Called]:
    return [Called(one.name, one.arguments or {}) for one in turn.expect]


def _final(turn: Turn, calls: Sequence[Called], checked: Checked) -> bool:
    """Return True for whole calls that further calls could not make right."""
    if not calls or any("" in call.arguments for call in calls):  # arguments that are no JSON object: the call itself is cut
        return False
    return len(calls) > len(turn.expect) or any(fault.kind not in _OPEN for fault in checked.faults)


def _bare(case: Case, turn: Turn, answer: Answer) -> Verdict | None:
    """Return the verdict of the first completion; None for a completion that is not judged."""
    if answer.strict is None and not answer.mended:
        return None
    cut = answer.strict_finish == "length"
    if answer.strict is None:
        return "cut_off" if cut else "wrong"
    checked = check(case, turn, answer.strict)
    if checked.right:
        return "right"
    return "cut_off" if cut and not _final(turn, answer.strict, checked) else "wrong"


class Simulating(Judging):
    """The judgement of a conversation whose calls run on simulated APIs: states and results are compared after each turn."""

    by: Judgement = "state"

    def __init__(self, case: Case, simulation: Simulation) -> None:
        super().__init__(case)
        self._apis = Simulated(simulation)
        self._within = False  # the model has called, and gets results

    def question(self) -> Question | None:
        """Return the next question: results alone while the model goes on calling."""
        following = super().question()
        if following is None or not self._within:
            tools = () if following is None else self._apis.later(self._answered)
            return None if following is None else following._replace(tools=tools)
        return Question(self._answered + 1)

    def asked(self) -> None:
        """Count the reference calls of a turn once."""
        if not self._within:
            super().asked()

    def hear(self, answer: Answer) -> list[str]:
        """Run the calls of an answer; without calls the turn is over, and judged. Returns the results."""
        found = self.found
        found.calls += answer.calls
        results = self._apis.run(answer.calls)
        self._within = bool(answer.calls)
        faults = [] if self._apis.few_steps else [Fault("steps", self._apis.too_many)]
        if not self._within:
            faults = self._apis.judged(self._answered)
            words = answer.refused or answer.unread
            faults += [Fault("unread", words)] if faults and words else []
            self._answered += 1
        number = self._answered + self._within
        found.faults += [Fault(one.kind, f"turn {number}: {one.message}", one.tool, one.parameter) for one in faults]
        found.lenient = not found.faults
        found.cut = bool(faults) and answer.finish == "length"
        return results


def judging_of(case: Case) -> Judging:
    """Return the judgement of a case, with nothing answered."""
    return Judging(case) if case.simulation is None else Simulating(case, case.simulation)
