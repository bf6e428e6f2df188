"""A choice of a streamed answer: text into a parser, events of the parser into chunks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from adapter.api.chat.logprobs import LogprobTrimmer
from adapter.api.chat.response import finish_reason, reasoning_of
from adapter.completion.ends import CUT
from adapter.completion.result import ParsedCompletion, assemble
from adapter.errors import InvalidToolCall
from adapter.events import Event, Problem
from adapter.exchange.attempts import Attempts
from adapter.exchange.choice_events import ChoiceEvents
from adapter.exchange.formatted_words import FormattedWords, words_for
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
    from adapter.prompt.replay import Said


class StreamedChoice(ChoiceEvents):
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
        attempts: The attempts at the answer.
        finished: Upstream has finished the choice.
        said: The finished answer, if it holds calls and is to be remembered; else None.
    """

    _attempts_kind = Attempts

    def __init__(
        self, index: int, request: ChatRequest, options: Options, plan: RequestPlan, writer: StreamWriter, report: Report
    ) -> None:
        self.index = index
        self._request = request
        self._options = options
        self._writer = writer
        self._report = report
        self._learnt = plan.learnt
        self.attempts = self._attempts_kind(plan, plan.first, options, report)
        self._incremental = options.stream_calls == "incremental" and not self.attempts.judged_whole
        self._accepted: list[tuple[str, str]] = []  # calls that left and that a re-asked answer may repeat
        self._started = 0
        self._wrote = self._wrote_before = False  # content has left; of an earlier attempt
        self._native = False  # upstream makes tool calls itself
        self._format = plan.answer_format
        self.said: Said | None = None
        self.begin()

    def begin(self) -> None:
        """Make ready for an answer to the present attempt."""
        as_text = not self.attempts.left and self._options.on_invalid == "text"
        present = self.attempts.present
        rules = dataclasses.replace(present.rules, incremental=self._incremental, invalid_as_text=as_text)
        self._answer = Answer.begun(present, rules, self._options, self._learnt, self._accepted)
        self._logprobs: LogprobTrimmer | None = None  # of an upstream that sends some
        self._keeps = self.attempts.left  # the text may have to be quoted in a further attempt
        self._wrote_before = self._wrote
        held = self.attempts.held if self._keeps and self.attempts.doubtful and not self._wrote else None
        awaited = self.attempts.falls_back and rules.choice.forced
        self._words = words_for(self._format, held=held, awaited=awaited, incremental=self._incremental)
        self._thinking = (TextBuffer(), TextBuffer())  # content and reasoning, until the model has thought
        self._fault: tuple[Fault, ParsedCompletion] | None = None
        self._thought: Thought | None = None  # while the model has been asked for the thinking alone
        self.finished = False

    @property
    def searches(self) -> list[Said]:
        """Further answers to be remembered, with searches for tools."""
        return []

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
            attempt = self.attempts.again(*self._fault, self._answer.text.text())
            self.begin()
            return attempt
        if self._thought is None:
            raise RuntimeError("this choice is over")
        attempt = self.attempts.after(self._thought, used)
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
        events: list[Event] = []  # of calls that upstream makes itself
        if self.finished:
            if content and isinstance(content, str):
                self.text(content, out)
            return
        if not (len(delta) == 1 and isinstance(content, str)):
            events = self._beside(delta, out)
        if part.get("logprobs"):
            if self._logprobs is None:
                self._logprobs = LogprobTrimmer(self._request.top_logprobs)
            self._logprobs.add(part["logprobs"])
        if self.attempts.present.after is not None:
            self._thinking[1].append(reasoning_of(delta))
        if content and isinstance(content, str):
            self.text(content, out)
        if events:
            self._write(events, out)
        if part.get("finish_reason"):
            extra = {key: value for key, value in part.items() if key not in {"delta", "logprobs"} and value is not None}
            self.finish(part["finish_reason"], extra, out)

    def _beside(self, delta: Mapping[str, Any], out: list[bytes]) -> list[Event]:
        """Pass on the members of a delta beside the text. Returns the events of calls that upstream makes and we read."""
        self._learnt.hear(delta)
        other, calls, events = self._answer.take(delta, self._report, begun=self._started > 0)
        self._native = self._native or bool(calls)
        if other or calls:
            out.append(self._writer.delta(self.index, other | calls))
        return events

    def text(self, content: str, out: list[bytes]) -> None:
        """Read a piece of the choice's text."""
        if self.finished:
            self._report(Problem("late", "upstream sent more text after the end of its answer; it was left out", content))
            return
        if self.attempts.present.after is not None:  # kept: the call after the thinking gets a prefill
            self._thinking[0].append(content)
        text = self._answer.incoming.add(content)
        if text:
            if self._keeps or self._answer.wants_text:
                self._keep(text)
            self._write(self._answer.parser.feed(text), out)

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
        if reason not in CUT:
            self._thought = self.attempts.thought(*(buffer.text() for buffer in self._thinking))
        if self._thought is not None:
            return
        self._write(self._answer.parser.close(reason), out)
        if self._native:
            out.append(self._writer.finish(self.index, finish_reason(self._request, reason, self._options, called=True), extra))
            return
        parsed = assemble(self._answer.told, reason)
        if self._looks_further(parsed, out):
            return
        self._judge(parsed, reason)
        if self._words is not None and self._fault is None and not (self._format is not None and parsed.tool_calls):
            self._end_words(self._words, parsed, reason, out)
        if self._fault is None:
            if len(self._answer.later) and not parsed.tool_calls:
                out.append(self._writer.delta(self.index, {"content": self._answer.later.text()}))
            if not self._wrote_before and self._started == len(self._answer.places):  # nothing of an earlier attempt left
                self.said = self._answer.said(parsed)
            told = finish_reason(self._request, reason, self._options, called=self._started > 0)
            out.append(self._writer.finish(self.index, told, extra))

    def _looks_further(self, _: ParsedCompletion, __: list[bytes]) -> bool:
        """Return True for an answer after which the model is asked again, for another reason than a fault."""
        return False

    def _end_words(self, words: FormattedWords, parsed: ParsedCompletion, reason: str, out: list[bytes]) -> None:
        """End a content in the caller's own format: unwrapped, unless the content has left already or is asked for again."""
        left = words.flows
        content, fault = self.attempts.in_format(words.text(), reason, may_ask=not left and self._may_ask_again(), left=left)
        if fault is not None:
            self._fault = (fault, parsed)
        elif content and not left:
            out.append(self._writer.delta(self.index, {"content": content}))

    def _judge(self, parsed: ParsedCompletion, reason: str) -> None:
        text = self._answer.text.text()
        if self._started and parsed.incomplete and reason not in CUT:
            message = "The model's answer ended inside a tool call that had begun to be streamed."
            raise self.attempts.refused(InvalidToolCall(message), text, parsed.problems)
        unused = self.attempts.unused(self._answer.native, parsed, reason, None)
        may_ask = self._answer.unread or self._may_ask_again()
        fault, again = self.attempts.judge(parsed, reason, text, may_ask=may_ask, unused=unused)
        self._fault = (fault, parsed) if fault is not None and again else self._fault
