"""One case asked of a model through the adapter: its turns, its records, and the outcome."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adapter.evaluation.bare import bare_verdict, calls_of
from adapter.evaluation.cases import BadCases
from adapter.evaluation.checking import check, pairs_of, schema_faults
from adapter.evaluation.offering import offered
from adapter.evaluation.outcome import Called, CaseOutcome, Fault
from adapter.evaluation.seen import UNREAD, layers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openai import OpenAI

    from adapter.evaluation.arms import Arm
    from adapter.evaluation.cases import Case, Turn
    from adapter.evaluation.outcome import Verdict
    from adapter.events import Problem
    from adapter.records import ExchangeRecord

_HOPELESS = {401, 403, 404}


class Unreachable(Exception):
    """The server of an arm cannot be asked at all; the message says the reason."""


@dataclass
class _Heard:
    """Answers and records of a case, as they come."""

    records: list[ExchangeRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    told: list[Problem] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    expected: list[Called] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    content: str = ""
    error: str = ""
    failed: Verdict | None = None
    hopeless: bool = False
    unread: bool = False
    lenient: bool = True
    bare: Verdict | None = None

    def hear(self, problem: Problem) -> None:
        """Keep a problem."""
        self.problems.append(problem.kind)
        self.told.append(problem)


class Asker:
    """Asks cases of the model of one arm.

    Args:
        arm: The arm, with the model's name.
        client: An openai client of the server.
        pool: Tools to choose distractors from.
        seed: The seed of the run.
        heard: Called with each record; for a file of records.
        patient: Go on where the server refuses all; for recorded answers.

    Raises:
        BadArm: The dialect or the chat template cannot be loaded.
    """

    def __init__(
        self, arm: Arm, client: OpenAI, pool: Sequence[dict[str, Any]], seed: int,
        heard: Callable[[ExchangeRecord], object] | None = None, *, patient: bool = False,
    ) -> None:  # fmt: skip
        import adapter
        from adapter.errors import AdapterError
        from adapter.evaluation.arms import BadArm

        self.arm, self._pool, self._seed, self._heard = arm, pool, seed, heard
        self._present = threading.local()  # what the case of each thread has heard
        options: Any = {
            **arm.options,
            "on_event": self._told,
            "on_exchange": self._recorded,
            "new_id": lambda: f"call_{next(self._present.ids)}",
        }
        # One client for all cases, as in real use: facts about the server are learnt once.
        try:
            self._wrapped = adapter.wrap(client, **options)
        except AdapterError as error:
            raise BadArm(f"arm {arm.name!r}: {' '.join(error.message.split())}") from error
        self._answered = patient

    def ask(self, case: Case, number: int = 0) -> CaseOutcome:
        """Ask a case, turn by turn, up to the first wrong answer.

        Args:
            case: The case.
            number: The number of the case and the arm in the run.

        Raises:
            Unreachable: The server refuses all requests, or does not answer, and has answered none.
            BadCases: The messages, the tools or the tool choice of the case are none that a chat request may have.
        """
        heard = _Heard()
        tools = offered(case, self.arm, self._pool, self._seed)
        started = time.perf_counter()
        self._converse(case, tools, heard)
        seconds = time.perf_counter() - started
        if heard.hopeless and not self._answered:
            raise Unreachable(f"arm {self.arm.name!r}: {self._wrapped.base_url}: {heard.error}")
        self._answered = self._answered or not heard.failed
        return replace(self._outcome(case, tools, heard, seconds), number=number)

    def _told(self, problem: Problem) -> None:
        """Keep a problem of the case that this thread asks."""
        self._present.heard.hear(problem)

    def _recorded(self, record: ExchangeRecord) -> None:
        """Keep a record of the case that this thread asks; a question about the server (`/models`) is no answer to a case."""
        if record.endpoint.endswith("completions"):
            self._present.heard.records.append(record)
        if self._heard is not None:
            self._heard(record)

    def _converse(self, case: Case, tools: list[dict[str, Any]], heard: _Heard) -> None:
        self._present.heard, self._present.ids = heard, itertools.count(1)
        messages: list[dict[str, Any]] = []
        for number, turn in enumerate(case.turns, 1):
            messages += turn.messages
            heard.expected += [Called(one.name, one.arguments or {}) for one in turn.expect]
            before, heard.told = len(heard.records), []
            message = self._answer(case, messages, tools, heard)
            self._judge(case, turn, number, message, tools, heard, heard.records[before:])
            if heard.faults or message is None:
                return
            messages += _with_results(case, turn, message)

    def _answer(self, case: Case, messages: list[Any], tools: Any, heard: _Heard) -> Any:
        """Return the message of an answer; None for an error, which is kept."""
        import openai

        from adapter.errors import InvalidToolCall, refusal_of

        given: Any = {"tools": tools} if tools else {}
        before = len(heard.records)
        try:
            completion = self._wrapped.chat.completions.create(
                model=self.arm.model, messages=messages, max_tokens=self.arm.max_tokens, **given, **case.request
            )
        except openai.APIError as error:
            refusal = refusal_of(error)
            if isinstance(error, openai.BadRequestError) and len(heard.records) == before:  # nothing was sent to the server
                body = error.body if isinstance(error.body, dict) else {}
                words = " ".join(f"{body.get('param') or 'the request'}: {body.get('message') or error.message}".split())
                raise BadCases(f"{case.place}: no chat request can be made of the case: {words}") from error
            cause = f" ({error.__cause__})" if refusal is None and error.__cause__ else ""
            heard.error = " ".join(f"{refusal or error.message}{cause}".split())
            heard.unread = isinstance(refusal, InvalidToolCall)
            if refusal is None:
                heard.failed = "server_error"
                status = getattr(error, "status_code", None)
                unanswered = isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)
                heard.hopeless = status in _HOPELESS or unanswered
            return None
        message = completion.choices[0].message
        heard.content = message.content or ""
        return message

    def _judge(
        self, case: Case, turn: Turn, number: int, message: Any, tools: Any, heard: _Heard, records: list[ExchangeRecord]
    ) -> None:
        """Check the answer to a turn."""
        if heard.failed:
            heard.lenient = False
            return
        made = () if message is None else message.tool_calls or ()
        calls = calls_of((call.function.name, call.function.arguments) for call in made)
        checked = check(case, turn, calls)
        faults = checked.faults
        if heard.unread and not turn.expect:  # the refused answer held a call
            faults = (*faults, Fault("called", f"no call is expected; the answer was refused: {heard.error}"))
        unread = [problem for problem in heard.told if problem.kind in UNREAD]
        if heard.unread and records:
            held = calls_of((call.name, call.arguments) for call in records[-1].calls)
            faults = (*faults, *schema_faults(case, held))
        if faults and (not calls or len(calls) < len(turn.expect)) and (unread or heard.unread):
            words = heard.error or f"{unread[0].kind}: {unread[0].message}"
            faults = (*faults, Fault("unread", words, faults[0].tool))
        where = f"turn {number}: " if len(case.turns) > 1 else ""
        heard.calls += calls
        heard.faults += [Fault(one.kind, where + one.message, one.tool, one.parameter) for one in faults]
        heard.lenient = heard.lenient and checked.lenient and message is not None
        # More tokens could not take back a whole call that nobody asked for.
        final = bool(calls) and not turn.expect
        if faults and not final and records and records[-1].finish_reason == "length":
            heard.failed = "cut_off"
        if records and heard.bare in {None, "right"} and (number == 1 or heard.bare == "right"):
            heard.bare = bare_verdict(case, turn, self.arm, records[0], tools)

    def _outcome(self, case: Case, tools: list[dict[str, Any]], heard: _Heard, seconds: float) -> CaseOutcome:
        records = heard.records
        return CaseOutcome(
            case=case.id,
            arm=self.arm.name,
            category=case.category,
            cluster=case.cluster or case.id,
            verdict=heard.failed or ("wrong" if heard.faults else "right"),
            lenient=heard.lenient and heard.failed is None,
            faults=tuple(heard.faults),
            expected=tuple(heard.expected),
            calls=tuple(heard.calls),
            offered=tuple(tool["function"]["name"] for tool in tools),
            prompt=records[0].prompt if records else "",
            completions=tuple(record.completion for record in records),
            content=heard.content,
            error=heard.error,
            bare=heard.bare,
            layers=layers_of(records, heard.problems),
            problems=tuple(heard.problems),
            requests=len(records),
            seconds=seconds,
            first=records[0].first if records else None,
            prompt_tokens=_tokens(records, "prompt_tokens"),
            completion_tokens=_tokens(records, "completion_tokens"),
            turns=len(case.turns),
            fingerprint=fingerprint(case, self.arm, self._seed),
        )


def fingerprint(case: Case, arm: Arm, seed: int) -> str:
    """Return the checksums of a case and of an arm's settings."""
    return f"{case.fingerprint}-{arm.fingerprint(seed)}"


def _tokens(records: list[ExchangeRecord], name: str) -> int | None:
    """Return the sum of upstream's counts; None if a count is missing."""
    counts = [(record.usage or {}).get(name) for record in records]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known and len(known) == len(counts) else None


def _with_results(case: Case, turn: Turn, message: Any) -> list[dict[str, Any]]:
    """Return an answer as a message, and the scripted results of its calls."""
    calls = message.tool_calls or ()
    said: dict[str, Any] = {"role": "assistant", "content": message.content}
    if not calls:
        return [said]
    said["tool_calls"] = [call.model_dump(include={"id", "type", "function"}) for call in calls]
    made = calls_of((call.function.name, call.function.arguments) for call in calls)
    scripted = {column: turn.expect[row].result for row, column in pairs_of(case, turn.expect, made)}
    results = ({"role": "tool", "tool_call_id": call.id, "content": scripted.get(n, "")} for n, call in enumerate(calls))
    return [said, *results]
