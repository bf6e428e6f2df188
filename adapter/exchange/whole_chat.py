"""A chat request and the whole answer."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.api.chat.response import add_usage, reasoning_of
from adapter.api.reasoning import one_name
from adapter.completion.result import assemble
from adapter.completion.whole_completion import read_whole
from adapter.exchange.attempts import Attempts
from adapter.exchange.protocol import Command, Exchange, Reply, Report
from adapter.exchange.request_plan import RequestPlan
from adapter.exchange.upstream_call import ask

if TYPE_CHECKING:
    from collections.abc import Generator

    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import WholeWriter
    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.upstream import Upstream
    from adapter.options import Options

_Asking: TypeAlias = "Generator[Command, Any, tuple[Reply, dict[str, Any] | None, Attempt]]"
_Settling: TypeAlias = "Generator[Command, Any, Reply | tuple[dict[str, Any], dict[str, Any] | None]]"


class WholeChat:
    """A chat request on the way to a whole answer.

    Args:
        request: The request.
        options: The caller's choices.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.
        upstream: The form in which upstream gets the conversation.
        writer: Writes the caller's answer.

    Raises:
        BadRequest: The messages are wrong.
    """

    def __init__(self, request: ChatRequest, options: Options, report: Report, upstream: Upstream, writer: WholeWriter) -> None:
        self._writer = writer
        self._request = request
        self._options = options
        self._report = report
        self._plan = RequestPlan(request, options, upstream)
        self._stream = options.upstream_stream == "always"

    def upstream_body(self) -> dict[str, Any]:
        """Return the request that upstream gets first."""
        return self._plan.first.body

    def exchange(self) -> Exchange:
        """Return the generator for the shell."""
        for problem in self._plan.first.problems():
            self._report(problem)
        reply, completion, first = yield from self._ask(self._plan.first)
        if completion is None:
            return reply
        for position, choice in enumerate(completion["choices"]):
            if choice["message"].get("tool_calls"):  # upstream can call tools after all
                choice["message"] = one_name(choice["message"])
                continue
            settled = yield from self._settle(choice, Attempts(self._plan, first, self._options, self._report))
            if isinstance(settled, Reply):
                return settled
            completion["choices"][position], usage = settled
            if usage is not None:
                completion["usage"] = add_usage(completion.get("usage"), usage)
        return Reply.of_json(200, reply.headers, self._writer.answer(completion))

    def _ask(self, attempt: Attempt) -> _Asking:
        """Ask upstream; twice for a model that thinks before a call with a prefill."""
        reply, completion = yield from ask(attempt.body, stream=self._stream, endpoint=attempt.endpoint)
        if completion is None or attempt.after is None or not completion["choices"]:
            return reply, completion, attempt
        choice, usage = completion["choices"][0], completion.get("usage")
        message = choice["message"]
        thought = self._plan.thought(attempt, message.get("content") or "", reasoning_of(message))
        if thought is None or choice.get("finish_reason") == "length":
            return reply, completion, attempt
        attempt = self._plan.after(attempt, thought, (usage or {}).get("completion_tokens") or 0)
        reply, completion = yield from ask(attempt.body, stream=self._stream, endpoint=attempt.endpoint)
        if completion is not None and usage is not None:
            completion["usage"] = add_usage(usage, completion.get("usage"))
        return reply, completion, attempt

    def _settle(self, choice: dict[str, Any], attempts: Attempts) -> _Settling:
        """Ask again until an answer can stand. Returns the choice and the usage of the re-asks, or upstream's error."""
        usage: Any = None
        while True:
            text = choice["message"].get("content") or ""
            text = attempts.present.answer(text) if attempts.present.prefill else text
            finish_reason = choice.get("finish_reason") or "stop"
            events = self._read(text, finish_reason, attempts.present.rules)
            parsed = assemble(events, finish_reason)
            for problem in parsed.problems:
                self._report(problem)
            fault, again = attempts.judge(parsed, finish_reason, text, may_ask=attempts.left)
            if fault is None or not again:
                break
            reply, answered, attempts.present = yield from self._ask(attempts.again(fault, parsed, text))
            if answered is None or not answered["choices"]:
                return reply
            usage = add_usage(usage, answered.get("usage"))
            choice = {**answered["choices"][0], "index": choice.get("index", 0)}
        if fault is not None and self._options.on_invalid == "text":
            events = self._read(text, finish_reason, dataclasses.replace(attempts.present.rules, invalid_as_text=True))
            parsed = assemble(events, finish_reason)
        return self._writer.choice(self._request, choice, parsed, events, self._options), usage

    def _read(self, text: str, finish_reason: str, rules: Rules) -> list[Event]:
        return read_whole(text, finish_reason, rules, self._options)
