"""A choice of a streamed answer: text into a parser, events of the parser into chunks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from adapter.api.chat.logprobs import LogprobTrimmer
from adapter.api.chat.response import finish_reason, reasoning_of
from adapter.api.reasoning import REASONING, one_name
from adapter.completion.parser import CompletionParser
from adapter.completion.result import ParsedCompletion, assemble
from adapter.errors import InvalidToolCall
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Event, Problem, ReasoningDelta, TextDelta
from adapter.exchange.attempts import Attempts
from adapter.exchange.prefill import Incoming
from adapter.exchange.streamed_answer import Answer
from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import StreamWriter
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.protocol import Report
    from adapter.exchange.request_plan import RequestPlan
    from adapter.exchange.retry_policy import Fault
    from adapter.exchange.think_first import Thought
    from adapter.options import Options

# Members of a delta written by the writer.
_OURS = {"role", "content", "tool_calls", "function_call"}


class StreamedChoice:
    """A choice of a streamed answer.

    Args:
        index: The index of the choice.
        request: The request.
        options: The caller's choices.
        plan: The request, made ready.
        writer: Writes the chunks.
        report: Called with each `Problem`: repairs, coercions, re-asks and refusals.

    Attributes:
        index: The index of the choice.
        finished: Upstream has finished the choice.
    """

    def __init__(
        self, index: int, request: ChatRequest, options: Options, plan: RequestPlan, writer: StreamWriter, report: Report
    ) -> None:
        self.index = index
        self._request = request
        self._options = options
        judged_whole = options.on_invalid == "text" or (options.loop_guard == "reask" and plan.settled)
        self._incremental = options.stream_calls == "incremental" and not judged_whole
        self._writer = writer
        self._report = report
        self._attempts = Attempts(plan, plan.first, options, report)
        self._accepted: list[tuple[str, str]] = []  # calls that left and that a re-asked answer may repeat
        self._started = 0
        self._wrote = self._wrote_before = False  # content has left; of an earlier attempt
        self._native = False  # upstream makes tool calls itself
        self._begin()

    def _begin(self) -> None:
        """Make ready for an answer to the present attempt."""
        as_text = not self._attempts.left and self._options.on_invalid == "text"
        present = self._attempts.present
        rules = dataclasses.replace(present.rules, incremental=self._incremental, invalid_as_text=as_text)
        parser = CompletionParser.for_rules(rules, self._options)
        self._answer = Answer(Incoming(present.prefill), parser, list(self._accepted))
        self._logprobs: LogprobTrimmer | None = None  # of an upstream that sends some
        self._keeps = self._attempts.left  # the text may have to be quoted in a further attempt
        self._wrote_before = self._wrote
        self._thinking = (TextBuffer(), TextBuffer())  # content and reasoning, until the model has thought
        self._fault: tuple[Fault, ParsedCompletion] | None = None
        self._thought: Thought | None = None  # while the model has been asked for the thinking alone
        self.finished = False

    def _may_ask_again(self) -> bool:
        """Return True where a further attempt could not contradict the part of the answer that has left."""
        return self._attempts.left and not (self._incremental and (self._wrote or self._started))

    @property
    def goes_on(self) -> bool:
        """Upstream is to be asked for more."""
        return self._fault is not None or self._thought is not None

    def go_on(self, used: int) -> Attempt:
        """Make ready for a further answer, or for the rest after the thinking. Returns the attempt.

        Args:
            used: The length of the thinking in tokens; 0 when unknown.
        """
        if self._fault is not None:
            attempt = self._attempts.again(*self._fault, self._answer.text.text())
            self._begin()
            return attempt
        if self._thought is None:
            raise RuntimeError("this choice is over")
        attempt = self._attempts.after(self._thought, used)
        self._answer.incoming = Incoming(attempt.prefill, self._thought.read)
        self.finished, self._thought = False, None
        return attempt

    def add(self, part: Mapping[str, Any], out: list[bytes]) -> None:
        """Read a choice of a chunk of upstream's.

        Args:
            part: The choice.
            out: Gets the chunks for the caller.

        Raises:
            RefusedAnswer: The answer cannot stand.
        """
        delta = part["delta"]
        content = delta.get("content")
        if self.finished:
            if content and isinstance(content, str):
                self.text(content, out)
            return
        if not (len(delta) == 1 and isinstance(content, str)):
            other = self._other(delta)
            if other:
                out.append(self._writer.delta(self.index, other))
        if part.get("logprobs"):
            if self._logprobs is None:
                self._logprobs = LogprobTrimmer(self._request.top_logprobs)
            self._logprobs.add(part["logprobs"])
        if self._attempts.present.after is not None:
            self._thinking[1].append(reasoning_of(delta))
        if content and isinstance(content, str):
            self.text(content, out)
        if part.get("finish_reason"):
            extra = {key: value for key, value in part.items() if key not in {"delta", "logprobs"} and value is not None}
            self.finish(part["finish_reason"], extra, out)

    def text(self, content: str, out: list[bytes]) -> None:
        """Read a piece of the choice's text."""
        if self.finished:
            self._report(Problem("late", "upstream sent more text after the end of its answer; it was left out", content))
            return
        if self._attempts.present.after is not None:  # kept: the call after the thinking gets a prefill
            self._thinking[0].append(content)
        text = self._answer.incoming.add(content)
        if text:
            if self._keeps:
                self._keep(text)
            self._write(self._answer.parser.feed(text), out)

    def _other(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        """Return the members that pass unchanged: unknown fields, content that is no text, calls of upstream's own."""
        other = one_name({key: value for key, value in delta.items() if key not in _OURS and value is not None})
        if other.get(REASONING) == "":
            del other[REASONING]
        calls = {key: delta[key] for key in ("tool_calls", "function_call") if delta.get(key)}
        self._native = self._native or bool(calls)
        if not isinstance(delta.get("content"), str | None):
            other["content"] = delta["content"]
        return other | calls

    def finish(self, reason: str, extra: Mapping[str, Any], out: list[bytes]) -> None:
        """End the choice: upstream has finished it.

        Args:
            reason: Upstream's `finish_reason`.
            extra: Further members that upstream wrote beside the reason.
            out: Gets the chunks for the caller.

        Raises:
            RefusedAnswer: The answer cannot stand.
        """
        self.finished = True
        rest = self._answer.incoming.rest()
        if rest:
            self._keep(rest)
            self._write(self._answer.parser.feed(rest), out)
        if reason != "length":
            self._thought = self._attempts.thought(*(buffer.text() for buffer in self._thinking))
        if self._thought is not None:
            return
        self._write(self._answer.parser.close(reason), out)
        if self._native:
            out.append(self._writer.finish(self.index, reason, extra))
            return
        parsed = assemble(self._answer.told, reason)
        self._judge(parsed, reason)
        if self._fault is None:
            if len(self._answer.later) and not parsed.tool_calls:
                out.append(self._writer.delta(self.index, {"content": self._answer.later.text()}))
            told = finish_reason(self._request, reason, self._options, called=self._started > 0)
            out.append(self._writer.finish(self.index, told, extra))

    def _judge(self, parsed: ParsedCompletion, reason: str) -> None:
        text = self._answer.text.text()
        if self._started and parsed.incomplete and reason != "length":
            message = "The model's answer ended inside a tool call that had begun to be streamed."
            raise self._attempts.refused(InvalidToolCall(message), text)
        fault, again = self._attempts.judge(parsed, reason, text, may_ask=self._may_ask_again())
        if fault is not None and again:
            self._fault = (fault, parsed)

    def _keep(self, text: str) -> None:
        """Keep a text for a further attempt, as long as one could follow what has left."""
        self._keeps = self._keeps and not (self._incremental and (self._wrote or self._started))
        if self._keeps:
            self._answer.text.append(text)

    def _write(self, events: list[Event], out: list[bytes]) -> None:
        """Write the chunks of events."""
        answer, writer = self._answer, self._writer
        finished = {event.index: event for event in events if isinstance(event, CallFinished)} if len(events) > 1 else {}
        for event in events:
            logprobs = None if self._logprobs is None else self._logprobs.take(event)
            match event:
                case TextDelta() if not (answer.held or self._wrote_before):
                    self._wrote = True
                    out.append(writer.delta(self.index, {"content": event.text}, logprobs))
                case TextDelta() if not answer.held:
                    answer.later.append(event.text)
                case ArgumentsDelta():
                    if event.index in answer.places:
                        out.append(writer.arguments(self.index, answer.places[event.index], event.text))
                case ReasoningDelta():
                    out.append(writer.delta(self.index, {REASONING: event.text}))
                case CallStarted():
                    self._start(event, finished.get(event.index), out)
                case CallFinished():
                    self._finished(event, out)
                case Problem():
                    self._problem(event)

    def _start(self, event: CallStarted, finished: CallFinished | None, out: list[bytes]) -> None:
        """Begin a call; a call that is complete already is judged before it leaves."""
        answer = self._answer
        if finished is not None and self._attempts.holds(finished, may_ask=self._may_ask_again()):
            answer.held = True
        if answer.held:
            return
        if finished is not None and (event.name, finished.arguments) in answer.repeated:
            answer.repeated.remove((event.name, finished.arguments))
            return
        answer.places[event.index] = self._started
        out.append(self._writer.call(self.index, self._started, event.id, event.name))
        self._started += 1

    def _finished(self, event: CallFinished, out: list[bytes]) -> None:
        self._answer.told.append(event)
        if event.index not in self._answer.places:
            return
        if event.valid or self._attempts.lets_through(event.name):
            complete = self._writer.complete(self.index, self._answer.places[event.index])
            if complete:
                out.append(complete)
        if event.valid and not self._incremental:
            self._accepted.append((event.name, event.arguments))

    def _problem(self, problem: Problem) -> None:
        self._answer.told.append(problem)
        self._report(problem)
        if problem.kind == "contradicted":
            message = f"The model's tool call cannot be completed: {problem.message}."
            raise self._attempts.refused(InvalidToolCall(message), self._answer.text.text())
