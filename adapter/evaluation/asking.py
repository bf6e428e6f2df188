"""One case asked of a model through the adapter: its turns, its records, and the outcome."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adapter.evaluation.bare import calls_of, strict_calls
from adapter.evaluation.cases import BadCases, checksum, name_of
from adapter.evaluation.judging import judging_of
from adapter.evaluation.offering import offered, with_definitions
from adapter.evaluation.outcome import Answer, CaseOutcome
from adapter.evaluation.seen import UNREAD, layers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openai import OpenAI

    from adapter.evaluation.arms import Arm
    from adapter.evaluation.cases import Case
    from adapter.evaluation.judging import Judging
    from adapter.events import Problem
    from adapter.records import ExchangeRecord

_HOPELESS = {401, 403, 404}


class Unreachable(ConnectionError):
    """The server of an arm cannot be asked at all; the message says the reason."""


@dataclass
class _Heard:
    """Answers and records of a case, as they come."""

    records: list[ExchangeRecord] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    told: list[Problem] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    content: str = ""
    error: str = ""
    refused: str = ""
    failed: bool = False
    hopeless: bool = False

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

        self.arm, self.pool, self._seed, self._heard = arm, pool, seed, heard
        self._mark = checksum(pool) if arm.distractors else ""
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
        heard, judging = _Heard(), judging_of(with_definitions(case, self.arm.definitions))
        tools = offered(case, self.arm, self.pool, self._seed)
        started = time.perf_counter()
        self._converse(case, judging, tools, heard)
        seconds = time.perf_counter() - started
        if heard.hopeless and not self._answered:
            raise Unreachable(f"arm {self.arm.name!r}: {self._wrapped.base_url}: {heard.error}")
        self._answered = self._answered or not heard.failed
        return replace(self._outcome(case, judging, tools, heard, seconds), number=number)

    def _told(self, problem: Problem) -> None:
        """Keep a problem of the case that this thread asks."""
        self._present.heard.hear(problem)

    def _recorded(self, record: ExchangeRecord) -> None:
        """Keep a record of the case that this thread asks; a question about the server (`/models`) is no answer to a case."""
        if record.endpoint.endswith("completions"):
            self._present.heard.records.append(record)
        if self._heard is not None:
            self._heard(record)

    def _converse(self, case: Case, judging: Judging, tools: list[dict[str, Any]], heard: _Heard) -> None:
        """Ask questions until an answer is wrong, the server fails, or the case ends; `tools` get those of later turns."""
        self._present.heard, self._present.ids = heard, itertools.count(1)
        messages: list[dict[str, Any]] = []
        while (question := judging.question()) is not None:
            messages += question.messages
            tools += [self.arm.definitions.get(name_of(tool), tool) for tool in question.tools]
            judging.asked()
            before, heard.told, heard.refused = len(heard.records), [], ""
            message = self._answer(case, messages, tools, heard)
            if heard.failed:
                return
            answer = self._heard_answer(question.turn, message, tools, heard, heard.records[before:])
            heard.answers.append(answer)
            messages += _with_results(message, judging.hear(answer))

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
            heard.refused = heard.error if isinstance(refusal, InvalidToolCall) else ""
            if refusal is None:
                heard.failed = True
                status = getattr(error, "status_code", None)
                unanswered = isinstance(error, openai.APIConnectionError) and not isinstance(error, openai.APITimeoutError)
                heard.hopeless = status in _HOPELESS or unanswered
            return None
        message = completion.choices[0].message
        heard.content = message.content or ""
        return message

    def _heard_answer(self, turn: int, message: Any, tools: Any, heard: _Heard, records: list[ExchangeRecord]) -> Answer:
        """Return an answer with all that a judgement needs."""
        made = () if message is None else message.tool_calls or ()
        unread = [problem for problem in heard.told if problem.kind in UNREAD]
        first, last = (records[0], records[-1]) if records else (None, None)
        held = calls_of((call.name, call.arguments) for call in last.calls) if heard.refused and last else []
        strict = None if first is None else strict_calls(self.arm, first, tools)
        return Answer(
            turn=turn,
            calls=tuple(calls_of((call.function.name, call.function.arguments) for call in made)),
            refused=heard.refused,
            held=tuple(held),
            unread=f"{unread[0].kind}: {unread[0].message}" if unread else "",
            finish=(last.finish_reason or "") if last else "",
            strict=tuple(strict) if isinstance(strict, list) else None,
            mended=isinstance(strict, str),
            strict_finish=(first.finish_reason or "") if first else "",
        )

    def _outcome(self, case: Case, judging: Judging, tools: list[dict[str, Any]], heard: _Heard, seconds: float) -> CaseOutcome:
        records, found = heard.records, judging.found
        return CaseOutcome(
            case=case.id,
            arm=self.arm.name,
            category=case.category,
            cluster=case.cluster or case.id,
            verdict="server_error" if heard.failed else found.verdict,
            lenient=found.lenient and not heard.failed and not found.cut,
            faults=tuple(found.faults),
            expected=tuple(found.expected),
            calls=tuple(found.calls),
            offered=tuple(tool["function"]["name"] for tool in tools),
            prompt=records[0].prompt if records else "",
            completions=tuple(record.completion for record in records),
            content=heard.content,
            error=heard.error,
            bare=found.bare,
            layers=layers_of(records, heard.problems),
            problems=tuple(heard.problems),
            requests=len(records),
            seconds=seconds,
            first=records[0].first if records else None,
            prompt_tokens=_tokens(records, "prompt_tokens"),
            completion_tokens=_tokens(records, "completion_tokens"),
            turns=len(case.turns),
            fingerprint=fingerprint(case, self.arm, self._seed, self._mark),
            by=judging.by,
            answers=tuple(heard.answers),
            replaced=tuple(self.arm.definitions[name] for name in case.names if name in self.arm.definitions),
        )


def fingerprint(case: Case, arm: Arm, seed: int, pool: str) -> str:
    """Return the checksums of a case's question, of its expectation, and of an arm's settings.

    Args:
        case: The case.
        arm: The arm.
        seed: The seed of the run.
        pool: The checksum of the tools to choose distractors from.
    """
    settings = arm.fingerprint(seed)
    return f"{case.asked}-{case.expected}-{checksum([settings, pool]) if arm.distractors else settings}"


def _tokens(records: list[ExchangeRecord], name: str) -> int | None:
    """Return the sum of upstream's counts; None if a count is missing."""
    counts = [(record.usage or {}).get(name) for record in records]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known and len(known) == len(counts) else None


def _with_results(message: Any, results: list[str]) -> list[dict[str, Any]]:
    """Return an answer as a message, and the results of its calls; nothing for an answer that was refused."""
    if message is None:
        return []
    calls = message.tool_calls or ()
    said: dict[str, Any] = {"role": "assistant", "content": message.content}
    if not calls:
        return [said]
    said["tool_calls"] = [call.model_dump(include={"id", "type", "function"}) for call in calls]
    pairs = zip(calls, results, strict=True)
    return [said, *({"role": "tool", "tool_call_id": call.id, "content": result} for call, result in pairs)]
