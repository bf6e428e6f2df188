"""The outcome of one case with one arm, as a value and as a line of JSON."""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal

Verdict = Literal[
    "right",  # the calls are the expected calls
    "wrong",  # other calls, too many, too few, or none
    "cut_off",  # the length limit ended the answer before the calls were whole: says nothing of the model's ability
    "server_error",  # upstream answered with an error, or gave no answer
]
FaultKind = Literal[
    "not_called",  # a call was expected, no call came
    "called",  # no call was expected, a call came
    "tool",  # another tool than expected
    "count",  # fewer or more calls than expected
    "order",  # the right calls in another order, in a case with a fixed order
    "schema",  # the arguments break the tool's schema
    "missing",  # a parameter was left out
    "extra",  # a parameter beyond the expected parameters
    "type",  # a value of another type
    "value",  # a value of the right type, outside the accepted values
    "unread",  # the completion holds a call that was not read, or was refused
    "state",  # a simulated API is left in another state
    "result",  # no call gave a result that the reference calls give
    "steps",  # more calls in a turn than a turn may have
]
Judgement = Literal["calls", "state"]  # the calls are compared, or the states and results of simulated APIs
Layer = Literal[
    "repaired",  # the text of a call was mended
    "coerced",  # a value was given the type of the schema
    "recovered",  # a call was read without markers, or in the marks of another dialect
    "reasked",  # the model was asked again
    "constrained",  # a grammar or a JSON schema held the answer
    "refused",  # a call was held back: not asked for, or against the schema
]


@dataclass(frozen=True, slots=True)
class Fault:
    """A difference between an answer and the expectation of the case.

    Attributes:
        kind: The kind; see `FaultKind`.
        message: A sentence, with the expected and the actual value.
        tool: The tool concerned: the expected tool, or the called tool of a surplus call; may be empty.
        parameter: The path of the parameter, as `days` or `items[0].price`; empty for a fault of the whole call.
    """

    kind: FaultKind
    message: str
    tool: str = ""
    parameter: str = ""


@dataclass(frozen=True, slots=True)
class Called:
    """A call, expected or made.

    Attributes:
        name: The tool.
        arguments: The arguments by name; of an expected call each value may be a matcher, as in the case file.
    """

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the model, before any judgement: enough to judge again without asking.

    Attributes:
        turn: The number of the turn, from 1.
        calls: The calls that reached the caller, in order.
        refused: The error of an answer that was refused; else empty.
        held: The calls in a refused answer.
        unread: A sentence about text like a call that was not read; else empty.
        finish: Upstream's reason for the end of the last completion; may be empty.
        strict: The calls of the first completion, read as the dialect's strict form alone; None where that is not judged, or
            the completion is not in that form.
        mended: The first completion is not in the strict form.
        strict_finish: Upstream's reason for the end of the first completion; may be empty.
    """

    turn: int
    calls: tuple[Called, ...] = ()
    refused: str = ""
    held: tuple[Called, ...] = ()
    unread: str = ""
    finish: str = ""
    strict: tuple[Called, ...] | None = None
    mended: bool = False
    strict_finish: str = ""

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Answer:
        """Return the answer that `CaseOutcome.as_json` has written."""
        lists = {name: tuple(Called(**call) for call in value[name]) for name in ("calls", "held")}
        strict = value["strict"]
        lists["strict"] = None if strict is None else tuple(Called(**call) for call in strict)  # type: ignore[assignment]
        return cls(**{**value, **lists})


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """The answer to one case with one arm, checked.

    Attributes:
        case: The id of the case.
        arm: The name of the arm.
        category: The category of the case; may be empty.
        cluster: The task of the case, shared by its variants; else the id of the case.
        verdict: See `Verdict`.
        lenient: The answer is right if `"3"`, `3` and `3.0` count as equal.
        faults: The differences; empty for the verdict `"right"`.
        expected: The expected calls; empty if only an answer without a call is right.
        calls: The calls that reached the caller, in order.
        offered: The names of the tools offered, in the order of the prompt.
        prompt: The text that the model read in its first request.
        completions: The text that the model wrote, of each request to upstream.
        content: The text that reached the caller beside the calls.
        error: The error, in a sentence; may be empty.
        bare: The verdict of the first completion read as the dialect's strict form alone: without repair, coercion, recovery or
            re-asking; None for an answer that was not judged.
        layers: The layers of the adapter that took part, each once.
        problems: The kinds of the problems told, in order.
        requests: The number of requests to upstream.
        seconds: Seconds from the request to the end of the answer.
        first: Seconds to the first bytes of upstream's first answer; None without an answer.
        prompt_tokens: Upstream's count for all requests of the case, or None.
        completion_tokens: Likewise.
        turns: The number of turns of a conversation; 1 for other cases.
        fingerprint: Checksums of the question, of the expectation and of the settings of the arm, by which a broken run finds
            what is done.
        number: The number of the case and the arm in the run, from 0, for the order of reports.
        by: The judgement: of the calls, or of the states and results of simulated APIs, which several ways may lead to.
        answers: The answers as they came, one for each question, for judging again.
        replaced: The tools of the arm that were offered in place of the case's own of the same names.
    """

    case: str
    arm: str
    category: str
    cluster: str
    verdict: Verdict
    lenient: bool
    faults: tuple[Fault, ...]
    expected: tuple[Called, ...]
    calls: tuple[Called, ...]
    offered: tuple[str, ...]
    prompt: str
    completions: tuple[str, ...]
    content: str
    error: str
    bare: Verdict | None
    layers: tuple[Layer, ...]
    problems: tuple[str, ...]
    requests: int
    seconds: float
    first: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    turns: int = 1
    fingerprint: str = ""
    number: int = 0
    by: Judgement = "calls"
    answers: tuple[Answer, ...] = ()
    replaced: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as one JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> CaseOutcome:
        """Return the outcome that `as_json` has written; unknown members are ignored.

        Raises:
            KeyError: A member without a default is missing.
        """
        known = {field.name: value[field.name] for field in fields(cls) if field.name in value or field.default is MISSING}
        known["faults"] = tuple(Fault(**fault) for fault in known["faults"])
        for name in ("expected", "calls"):
            known[name] = tuple(Called(**call) for call in known[name])
        for name in ("offered", "completions", "layers", "problems"):
            known[name] = tuple(known[name])
        known["answers"] = tuple(map(Answer.from_json, known.get("answers", ())))
        known["replaced"] = tuple(known.get("replaced", ()))
        return cls(**known)
