"""A chat request and the whole answer."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from adapter.api.chat.response import add_usage, finish_reason, reasoning_of
from adapter.api.reasoning import one_name
from adapter.api.upstream_answer import completed
from adapter.completion.ends import CUT
from adapter.completion.result import assemble
from adapter.completion.whole_completion import read_whole
from adapter.events import TextDelta
from adapter.exchange.native_answer import NativeAnswer, without_calls
from adapter.exchange.past_answers import said_in
from adapter.exchange.protocol import Command, Exchange, Reply, Report
from adapter.exchange.request_plan import RequestPlan
from adapter.exchange.search_attempts import SearchAttempts
from adapter.exchange.tool_search import is_search, with_words, without_searches
from adapter.exchange.upstream_call import ask
from adapter.exchange.watching import tell_attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import WholeWriter
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.model_setting import Setting
    from adapter.exchange.retry_policy import Fault
    from adapter.prompt.replay import Said

_Asking: TypeAlias = "Generator[Command, Any, tuple[Reply, dict[str, Any] | None, Attempt]]"
_Settling: TypeAlias = "Generator[Command, Any, Reply | tuple[dict[str, Any], dict[str, Any] | None]]"


class _Judged(NamedTuple):
    """An answer that was read and judged.

    Attributes:
        events: The events of the parser.
        answer: The reader of an answer that may hold calls of upstream's own; None for other answers.
        parsed: The answer.
        content: The content for the caller.
        fault: The fault of the answer; None without one.
        further: The attempt by which the model is asked again; None for an answer that stands.
    """

    events: list[Event]
    answer: NativeAnswer | None
    parsed: ParsedCompletion
    content: str | None
    fault: Fault | None
    further: Attempt | None


class WholeChat:
    """A chat request on the way to a whole answer.

    Args:
        request: The request.
        setting: The options for the model, and the form in which upstream gets the conversation.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        clock: The time in seconds since the epoch.
        writer: Writes the caller's answer.
        said: Earlier answers whose text is known, by the id of their first call.

    Raises:
        BadRequest: The messages are wrong.
    """

    def __init__(
        self,
        request: ChatRequest,
        setting: Setting,
        report: Report,
        clock: Callable[[], float],
        writer: WholeWriter,
        said: Mapping[str, Said] = MappingProxyType({}),
    ) -> None:
        self._clock = clock
        self._writer = writer
        self._request = request
        self._options = setting.options
        self._report = report
        self._plan = RequestPlan(request, setting, said)
        self._past = setting.past
        self._answers: list[Said] = []  # with calls, to be remembered
        self._stream = setting.options.upstream_stream == "always"

    @property
    def first(self) -> Attempt:
        """The first attempt."""
        return self._plan.first

    def exchange(self) -> Exchange:
        """Return the generator for the shell."""
        for problem in self._plan.notices():
            self._report(problem)
        reply, completion, first = yield from self._ask(self._plan.first, self._plan)
        if completion is None:
            return reply
        for position, choice in enumerate(completion["choices"]):
            self._plan.learnt.hear(choice["message"])
            called = choice["message"].get("tool_calls") and not first.native
            if called and self._request.search is None:  # upstream can call tools after all
                choice["message"] = one_name(choice["message"])
                choice["finish_reason"] = finish_reason(self._request, choice.get("finish_reason"), self._options, called=True)
                continue
            attempts = SearchAttempts(self._plan, first, self._options, self._report)
            settled = yield from self._settle(choice, attempts, completion.get("usage"))
            if isinstance(settled, Reply):
                return settled
            completion["choices"][position], usage = settled
            if usage is not None:
                completion["usage"] = add_usage(completion.get("usage"), usage)
        if self._past is not None:
            yield from self._past.keep(self._answers)
        model = str(self._request.body.get("model") or "")
        whole = completed(completion, new_id=self._answer_id, created=self._clock(), model=model)
        return Reply.of_json(200, reply.headers, self._writer.answer(whole))

    def _answer_id(self) -> str:
        return "chatcmpl-" + self._options.new_id().removeprefix("call_")

    def _ask(self, attempt: Attempt, plan: RequestPlan) -> _Asking:
        """Ask upstream; twice for a model that thinks before a call with a prefill."""
        tell_attempt(attempt)
        reply, completion = yield from ask(
            attempt.body, self._plan.learnt, self._request.body, stream=self._stream, endpoint=attempt.endpoint
        )
        if completion is None and (words := plan.refused(attempt, reply)) is not None:
            for problem in words.problems():
                self._report(problem)
            refusal = reply
            reply, completion, answered = yield from self._ask(words, plan)
            if completion is not None:
                self._plan.learnt.native.refused(refusal, attempt.rules.choice)
            return reply, completion, answered
        if completion is None or attempt.after is None or not completion["choices"]:
            return reply, completion, attempt
        choice, usage = completion["choices"][0], completion.get("usage")
        message = choice["message"]
        thought = plan.thought(attempt, message.get("content") or "", reasoning_of(message))
        if thought is None or choice.get("finish_reason") in CUT:
            return reply, completion, attempt
        attempt = plan.after(attempt, thought, (usage or {}).get("completion_tokens") or 0)
        tell_attempt(attempt)
        reply, completion = yield from ask(
            attempt.body, self._plan.learnt, self._request.body, stream=self._stream, endpoint=attempt.endpoint
        )
        if completion is not None and usage is not None:
            completion["usage"] = add_usage(usage, completion.get("usage"))
        return reply, completion, attempt

    def _settle(self, choice: dict[str, Any], attempts: SearchAttempts, told: Any) -> _Settling:
        """Ask again until an answer can stand, from an answer whose usage was told.

        Returns:
            The choice and the usage of the re-asks, or upstream's error.
        """
        usage: Any = None
        while True:
            text = choice["message"].get("content") or ""
            text = attempts.present.answer(text) if attempts.present.prefill else text
            judged = self._judged(text, choice, attempts, told)
            if judged.further is None:
                return self._handed_out(text, choice, judged, attempts), usage
            reply, answered, attempts.present = yield from self._ask(judged.further, attempts.plan)
            if answered is None or not answered["choices"]:
                return reply
            told = answered.get("usage")
            usage = add_usage(usage, told)
            choice = {**answered["choices"][0], "index": choice.get("index", 0)}

    def _judged(self, text: str, choice: dict[str, Any], attempts: SearchAttempts, told: Any) -> _Judged:
        """Read an answer, and judge it."""
        finish_reason = choice.get("finish_reason") or "stop"
        events, answer = self._read(text, choice, finish_reason, attempts.present)
        parsed = assemble(events, finish_reason)
        unused = attempts.unused(answer, parsed, finish_reason, told)
        self._plan.learnt.thinks_in_text |= bool(parsed.reasoning)
        for problem in parsed.problems:
            self._report(problem)
        if self._request.search is not None:
            if unused is None and is_search(self._request, parsed):
                attempts.searched(parsed, text)
                return _Judged(events, answer, parsed, None, None, attempts.present)
            parsed = without_searches(self._request, parsed, self._report)
        fault, again = attempts.judge(parsed, finish_reason, text, may_ask=attempts.left, unused=unused)
        content = parsed.content
        if fault is None and content is not None and not parsed.tool_calls:
            content, fault = attempts.in_format(content, finish_reason, may_ask=attempts.left)
            again = fault is not None
        further = attempts.again(fault, parsed, text) if fault is not None and again else None
        return _Judged(events, answer, parsed, content, fault, further)

    def _handed_out(self, text: str, choice: dict[str, Any], judged: _Judged, attempts: SearchAttempts) -> dict[str, Any]:
        """Return the choice of an answer that stands."""
        events, answer, parsed, content, fault, _ = judged
        if fault is not None and self._options.on_invalid == "text":
            finish_reason = choice.get("finish_reason") or "stop"
            events, _ = self._read(text, choice, finish_reason, attempts.present, as_text=True)
            parsed = assemble(events, finish_reason)
        elif content != parsed.content:
            parsed, choice = dataclasses.replace(parsed, content=content), {**choice, "logprobs": None}
            events = [*(event for event in events if not isinstance(event, TextDelta)), TextDelta(content or "")]
        calls = [(call.id, call.name, call.arguments) for call in parsed.tool_calls]
        if attempts.present.native or (answer is not None and answer.origin == "native"):
            choice = {**choice, "message": without_calls(choice["message"])}
        elif calls and (said := said_in(text, parsed, calls)) is not None:
            self._answers.append(said)
        self._answers += attempts.kept
        if attempts.words or attempts.reasoning:
            parsed, events = with_words(attempts.words, attempts.reasoning, parsed, events)
            choice = {**choice, "logprobs": None if attempts.words else choice.get("logprobs")}
        return self._writer.choice(self._request, choice, parsed, events, self._options)

    def _read(
        self, text: str, choice: dict[str, Any], finish_reason: str, attempt: Attempt, *, as_text: bool = False
    ) -> tuple[list[Event], NativeAnswer | None]:
        """Return the events of an answer, and the reader of an answer to a request with its tools.

        Args:
            text: The text of the answer.
            choice: Upstream's choice.
            finish_reason: Upstream's `finish_reason`.
            attempt: The attempt that was answered.
            as_text: Invalid calls stay in the content.
        """
        rules = dataclasses.replace(attempt.rules, invalid_as_text=True) if as_text else attempt.rules
        if not attempt.native and not choice["message"].get("tool_calls"):
            return read_whole(text, finish_reason, rules, self._options), None
        answer = NativeAnswer(rules, self._options, self._plan.learnt)
        return [*answer.feed(text), *answer.hear(choice["message"]), *answer.close(finish_reason)], answer
