"""Events of the parser into chunks of a streamed choice: what leaves, and what is held back to be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING
from adapter.errors import InvalidToolCall
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Event, Problem, ReasoningDelta, TextDelta
from adapter.exchange.streamed_answer import left_out

if TYPE_CHECKING:
    from adapter.api.chat.logprobs import LogprobTrimmer
    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import StreamWriter
    from adapter.exchange.attempts import Attempts
    from adapter.exchange.formatted_words import FormattedWords
    from adapter.exchange.learnt import Learnt
    from adapter.exchange.protocol import Report
    from adapter.exchange.streamed_answer import Answer


class ChoiceEvents:
    """The chunks of a choice, as far as they follow from events; see `StreamedChoice`."""

    index: int
    attempts: Attempts
    _request: ChatRequest
    _writer: StreamWriter
    _report: Report
    _learnt: Learnt
    _answer: Answer
    _logprobs: LogprobTrimmer | None
    _words: FormattedWords | None
    _incremental: bool
    _accepted: list[tuple[str, str]]  # calls that left and that a re-asked answer may repeat
    _started = 0
    _wrote = _wrote_before = False  # content has left; of an earlier attempt
    _native = False  # upstream makes tool calls itself
    _keeps = False  # the text may have to be quoted in a further attempt

    def _may_ask_again(self) -> bool:
        """Return True where a further attempt could not contradict the part of the answer that has left."""
        return self.attempts.left and not (self._incremental and (self._wrote or self._started))

    def _keep(self, text: str) -> None:
        """Keep a text for a further attempt, as long as one could follow what has left; the beginning for an error."""
        long = self._answer.is_long()
        self._keeps = self._keeps and not (self._incremental and (self._started or (self._wrote and long)))
        self._answer.keep(text, asked=self._keeps)

    def _write(self, events: list[Event], out: list[bytes]) -> None:
        """Write the chunks of events."""
        answer, writer = self._answer, self._writer
        finished = {event.index: event for event in events if isinstance(event, CallFinished)} if len(events) > 1 else {}
        for event in events:
            if answer.remembers or self._request.search is not None:
                answer.hear(event)
            logprobs = None if self._logprobs is None else self._logprobs.take(event)
            match event:
                case TextDelta():
                    self._write_text(event.text, logprobs, out)
                case ArgumentsDelta():
                    if event.index in answer.places:
                        out.append(writer.arguments(self.index, answer.places[event.index], event.text))
                case ReasoningDelta():
                    self._learnt.thinks_in_text = True
                    out.append(writer.delta(self.index, {REASONING: event.text}))
                case CallStarted():
                    self._start(event, finished.get(event.index), out)
                case CallFinished():
                    self._finished(event, out)
                case Problem():
                    self._problem(event, events)

    def _write_text(self, text: str, logprobs: Any, out: list[bytes]) -> None:
        """Write a piece of the content, or keep the piece back."""
        if self._answer.held:
            return
        if self._words is not None:
            text = self._words.add(text)
        elif self._wrote_before:
            self._answer.later.append(text)
            return
        if text:
            self._wrote = True
            out.append(self._writer.delta(self.index, {"content": text}, logprobs))

    def _start(self, event: CallStarted, finished: CallFinished | None, out: list[bytes]) -> None:
        """Begin a call; a call that is complete already is judged before it leaves."""
        answer = self._answer
        if finished is not None and self.attempts.holds(finished, may_ask=self._may_ask_again()):
            answer.held = True
        if answer.held or self._native:
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
            if self._native:
                self._report(left_out(event))
            return
        if event.valid or self.attempts.lets_through(event.name):
            out += filter(None, [self._writer.complete(self.index, self._answer.places[event.index])])
        self._accepted += [(event.name, event.arguments)] if event.valid and not self._incremental else []

    def _problem(self, problem: Problem, events: list[Event]) -> None:
        """Report a problem. An unreadable block whose text comes now is held back, to be asked for again."""
        left = problem.index in self._answer.places
        if problem.kind == "contradicted" and not left and any(told.raw == problem.raw for told in self._answer.problems):
            return  # nothing of the call has left, and its text was told as unreadable
        self._report(problem)
        # Words before an unreadable call may have left, no call may have.
        may_ask = self.attempts.left and self._keeps and not self._native and not (self._incremental and self._started)
        self._answer.note(problem, events, may_ask=may_ask)
        if problem.kind == "contradicted" and left:
            message = f"The model's tool call cannot be completed: {problem.message}."
            raise self.attempts.refused(InvalidToolCall(message), self._answer.text.text(), self._answer.problems)
