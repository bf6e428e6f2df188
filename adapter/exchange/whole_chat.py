"""A chat request and its whole answer."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.api.chat.response import add_usage, reasoning_of
from adapter.api.reasoning import one_name
from adapter.completion.result import ParsedCompletion, assemble
from adapter.completion.whole_completion import read_whole
from adapter.events import Event, Problem
from adapter.exchange.protocol import Command, Exchange, Reply, Report
from adapter.exchange.request_plan import Turn
from adapter.exchange.retry_policy import Fault, find_fault, reask_turns, refusal
from adapter.exchange.upstream_call import ask

if TYPE_CHECKING:
    from collections.abc import Generator

    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import WholeWriter
    from adapter.completion.request_rules import Rules
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.upstream import Upstream
    from adapter.options import Options

_Answer: TypeAlias = tuple[ParsedCompletion, list[Event]]
_Asking: TypeAlias = "Generator[Command, Any, tuple[Reply, dict[str, Any] | None, Attempt]]"
_Settling: TypeAlias = "Generator[Command, Any, Reply | tuple[dict[str, Any], dict[str, Any] | None]]"


class WholeChat:
    """A chat request on its way.

    Args:
        request: The request.
        options: What the caller chose.
        report: Told of every repair, coercion, re-ask and refusal.
        upstream: How the conversation is put to upstream.
        writer: Writes what the caller gets.

    Raises:
        BadRequest: The messages are wrong.
    """

    def __init__(self, request: ChatRequest, options: Options, report: Report, upstream: Upstream, writer: WholeWriter) -> None:
        self._writer = writer
        self._request = request
        self._options = options
        self._report = report
        self._turn = Turn(request, options, upstream)
        self._stream = options.upstream_stream == "always"

    def upstream_body(self) -> dict[str, Any]:
        """The request that upstream gets first."""
        return self._turn.first.body

    def exchange(self) -> Exchange:
        """The generator for the shell."""
        reply, completion, first = yield from self._ask(self._turn.first)
        if completion is None:
            return reply
        for position, choice in enumerate(completion["choices"]):
            if choice["message"].get("tool_calls"):  # upstream can call tools after all
                choice["message"] = one_name(choice["message"])
                continue
            settled = yield from self._settle(choice, first)
            if isinstance(settled, Reply):
                return settled
            completion["choices"][position], usage = settled
            if usage is not None:
                completion["usage"] = add_usage(completion.get("usage"), usage)
        return Reply.of_json(200, reply.headers, self._writer.answer(completion))

    def _ask(self, attempt: Attempt) -> _Asking:
        """Ask upstream, twice where the model thinks before a call that is begun for it."""
        if attempt.noted or attempt.unenforced:
            for problem in attempt.problems():
                self._report(problem)
        reply, completion = yield from ask(attempt.body, stream=self._stream, endpoint=attempt.endpoint)
        if completion is None or attempt.after is None or not completion["choices"]:
            return reply, completion, attempt
        choice, usage = completion["choices"][0], completion.get("usage")
        message = choice["message"]
        thought = self._turn.thought(attempt, message.get("content") or "", reasoning_of(message))
        if thought is None or choice.get("finish_reason") == "length":
            return reply, completion, attempt
        attempt = self._turn.after(attempt, thought, (usage or {}).get("completion_tokens") or 0)
        reply, completion = yield from ask(attempt.body, stream=self._stream, endpoint=attempt.endpoint)
        if completion is not None and usage is not None:
            completion["usage"] = add_usage(usage, completion.get("usage"))
        return reply, completion, attempt

    def _settle(self, choice: dict[str, Any], attempt: Attempt) -> _Settling:
        """Ask again until an answer can stand. Returns it with the usage of the re-asks, or upstream's error."""
        further: list[dict[str, Any]] = []
        usage: Any = None
        tries = 0
        while True:
            text = choice["message"].get("content") or ""
            text = attempt.whole(text) if attempt.prefill else text
            finish_reason = choice.get("finish_reason") or "stop"
            parsed, events = self._parse(text, finish_reason, attempt.rules)
            fault = self._fault(parsed, finish_reason, attempt.rules, last=tries == self._options.retries)
            if fault is None:
                break
            if tries == self._options.retries:
                parsed, events = self._last_resort(text, finish_reason, attempt.rules, (parsed, events), fault)
                break
            tries += 1
            self._report(Problem("reask", fault.message, text))
            further = [*further, *reask_turns(text, parsed, fault, self._turn.dialect)]
            reply, again, attempt = yield from self._ask(self._turn.again(attempt, fault, further))
            if again is None or not again["choices"]:
                return reply
            usage = add_usage(usage, again.get("usage"))
            choice = {**again["choices"][0], "index": choice.get("index", 0)}
        return self._writer.choice(self._request, choice, parsed, events, self._options), usage

    def _fault(self, parsed: ParsedCompletion, finish_reason: str, rules: Rules, *, last: bool) -> Fault | None:
        """What is wrong with an answer; a call that repeats itself is only reported where it is not to be asked about."""
        fault = find_fault(parsed, rules, finish_reason)
        if fault is not None:
            return fault
        settled = self._turn.settled
        again = self._turn.repeats((call.name, call.arguments) for call in parsed.tool_calls) if settled else None
        if again is None:
            return None
        self._report(Problem("repeated_call", again.message))
        return again if self._options.loop_guard == "reask" and not last else None

    def _last_resort(self, text: str, finish_reason: str, rules: Rules, answer: _Answer, fault: Fault) -> _Answer:
        """What becomes of an answer that is still at fault after the last attempt."""
        error = refusal(fault, self._options)
        if error is not None:
            self._report(Problem("refused", error.message, text))
            raise error
        if self._options.on_invalid == "text":
            return self._read(text, finish_reason, dataclasses.replace(rules, invalid_as_text=True))
        return answer

    def _parse(self, text: str, finish_reason: str, rules: Rules) -> _Answer:
        """Read an answer, and report what was found."""
        parsed, events = self._read(text, finish_reason, rules)
        for problem in parsed.problems:
            self._report(problem)
        return parsed, events

    def _read(self, text: str, finish_reason: str, rules: Rules) -> _Answer:
        events = read_whole(text, finish_reason, rules, self._options)
        return assemble(events, finish_reason), events
