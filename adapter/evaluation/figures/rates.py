"""The rates: each a question to an outcome, answered yes, no, or "does not concern this case"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.evaluation.cases import ANY_TOOL
from adapter.evaluation.figures.intervals import clustered_wilson
from adapter.evaluation.figures.values import Rate, Slice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapter.evaluation.outcome import CaseOutcome

_PARAMETER_FAULTS = frozenset({"missing", "extra", "type", "value"})


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate by name.

    Attributes:
        name: The name in thresholds and in JSON.
        title: A few words for a table's head.
        counts: The numerator, in words.
        among: The denominator, in words.
        ask: Returns True or False for a case in the denominator, None for other cases.
    """

    name: str
    title: str
    counts: str
    among: str
    ask: Callable[[CaseOutcome], bool | None]


def judged(outcome: CaseOutcome) -> bool:
    """Tell if the case says something of the model: not cut off, and no server error."""
    return outcome.verdict in {"right", "wrong"}


def _answered(outcome: CaseOutcome) -> bool:
    return judged(outcome)


def _end_to_end(outcome: CaseOutcome) -> bool | None:
    return outcome.verdict == "right" if judged(outcome) else None


def _lenient(outcome: CaseOutcome) -> bool | None:
    return outcome.verdict == "right" or outcome.lenient if judged(outcome) else None


def _call_made(outcome: CaseOutcome) -> bool | None:
    if not judged(outcome) or not outcome.expected:
        return None
    return outcome.verdict == "right" or bool(outcome.calls)


def _abstention(outcome: CaseOutcome) -> bool | None:
    if not judged(outcome) or outcome.expected:
        return None
    # A call that was refused never reached the caller, but the model has made it.
    return outcome.verdict == "right" or not (outcome.calls or any(fault.kind == "called" for fault in outcome.faults))


def _selection(outcome: CaseOutcome) -> bool | None:
    if not judged(outcome) or not outcome.expected or outcome.by == "state":
        return None
    # A right answer counts in every figure: a case may accept more than its first list of calls.
    called, expected = {call.name for call in outcome.calls}, {call.name for call in outcome.expected}
    return outcome.verdict == "right" or (bool(called) if ANY_TOOL in expected else called == expected)


def _call_count(outcome: CaseOutcome) -> bool | None:
    if not judged(outcome) or not outcome.expected or outcome.by == "state":
        return None
    if any(call.name == ANY_TOOL for call in outcome.expected):
        return bool(outcome.calls)
    return outcome.verdict == "right" or len(outcome.calls) == len(outcome.expected)


def _schema(outcome: CaseOutcome) -> bool | None:
    broken = any(fault.kind == "schema" for fault in outcome.faults)
    return not broken if judged(outcome) and (outcome.calls or broken) else None


def _parameters(outcome: CaseOutcome) -> bool | None:
    if not _selection(outcome):
        return None
    return all(fault.kind not in _PARAMETER_FAULTS for fault in outcome.faults)


FIGURES = (
    Figure("end_to_end", "end to end", "the answer is right: calls, arguments, order", "judged cases", _end_to_end),
    Figure("lenient", "type-lenient", 'right where "3", 3 and 3.0 count as equal', "judged cases", _lenient),
    Figure("selection", "selection", "the tools called are the tools expected", "judged cases that expect a call", _selection),
    Figure("call_made", "call made", "at least one call reached the caller", "judged cases that expect a call", _call_made),
    Figure("abstention", "abstention", "the model made no call", "judged cases that expect no call", _abstention),
    Figure("call_count", "call count", "as many calls as expected", "judged cases that expect a call", _call_count),
    Figure("schema", "schema", "no call breaks its tool's schema", "judged cases with a call, made or refused", _schema),
    Figure(
        "parameters",
        "parameters",
        "no parameter is missing, extra, or of a wrong type or value",
        "judged cases with the right selection",
        _parameters,
    ),
    Figure("answered", "answered", "the answer was neither cut off nor a server error", "all cases", _answered),
)


def rate(figure: Figure, outcomes: Sequence[CaseOutcome]) -> Rate:
    """Return a figure over outcomes, with the interval that counts clusters."""
    asked = [(answer, outcome.cluster) for outcome in outcomes if (answer := figure.ask(outcome)) is not None]
    return rate_of([answer for answer, _ in asked], [cluster for _, cluster in asked])


def rate_of(hits: Sequence[bool], clusters: Sequence[str]) -> Rate:
    """Return the rate of successes, with its interval; a rate without a value where there are no cases."""
    if not hits:
        return Rate(0, 0, None, None, None)
    low, high = clustered_wilson(hits, clusters)
    return Rate(sum(hits), len(hits), sum(hits) / len(hits), low, high)


def sliced(name: str, outcomes: Sequence[CaseOutcome]) -> Slice:
    """Return all rates of a set of cases with one arm."""
    verdicts = [outcome.verdict for outcome in outcomes]
    return Slice(
        name=name,
        cases=len(outcomes),
        tasks=len({outcome.cluster for outcome in outcomes}),
        right=verdicts.count("right"),
        wrong=verdicts.count("wrong"),
        cut_off=verdicts.count("cut_off"),
        server_error=verdicts.count("server_error"),
        rates={figure.name: rate(figure, outcomes) for figure in FIGURES},
    )
