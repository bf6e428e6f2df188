"""One choice of a streamed answer: its text through a parser, what comes of it into chunks."""

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
from adapter.exchange.prefill import Incoming
from adapter.exchange.retry_policy import Fault, find_fault, reask_turns, refusal
from adapter.exchange.streamed_answer import Answer, Refused
from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.api.chat.request import ChatRequest
    from adapter.api.writers import StreamWriter
    from adapter.errors import RefusedAnswer
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.protocol import Report
    from adapter.exchange.request_plan import Turn
    from adapter.exchange.think_first import Thought
    from adapter.options import Options

# What the writer writes itself.
_OURS = {"role", "content", "tool_calls", "function_call"}


class StreamedChoice:
    """One choice.

    Args:
        index: Its index.
        request: The request.
        options: What the caller chose.
        turn: The same, made ready.
        attempt: The request that upstream got.
        writer: Writes the chunks.
        report: Told of every repair, coercion, re-ask and refusal.

    Attributes:
        finished: Whether upstream has finished it.
        fault: Why it must be asked for again, once it is finished.
        thought: What the model thought, when that is all it has been asked for yet.
    """

    def __init__(
        self,
        index: int,
        request: ChatRequest,
        options: Options,
        turn: Turn,
        attempt: Attempt,
        writer: StreamWriter,
        report: Report,
    ) -> None:
        self.index = index
        self._request = request
        self._options = options
        self._turn = turn
        self._asked = attempt
        judged_whole = options.on_invalid == "text" or (options.loop_guard == "reask" and turn.settled)
        self._incremental = options.stream_calls == "incremental" and not judged_whole
        self._writer = writer
        self._report = report
        self._tries = 0
        self._further: list[dict[str, Any]] = []  # the turns of the re-asks
        self._logprobs = LogprobTrimmer(request.top_logprobs)
        self._accepted: list[tuple[str, str]] = []  # calls that left and that a re-asked answer may repeat
        self._started = 0
        self._wrote = self._wrote_before = False  # content has left; of an earlier attempt
        self._native = False  # upstream makes tool calls itself
        self._answer = self._begin()
        self.finished = False
        self.fault: tuple[Fault, ParsedCompletion] | None = None
        self.thought: Thought | None = None
        self._thinking = (TextBuffer(), TextBuffer())  # its content and its reasoning, until it has thought

    def _begin(self) -> Answer:
        as_text = self._tries >= self._options.retries and self._options.on_invalid == "text"
        rules = dataclasses.replace(self._asked.rules, incremental=self._incremental, invalid_as_text=as_text)
        parser = CompletionParser.for_rules(rules, self._options)
        return Answer(Incoming(self._asked.prefill), parser, list(self._accepted))

    def _may_ask_again(self) -> bool:
        """Whether a further attempt would not contradict what has left."""
        untouched = not self._wrote and not self._started
        return self._tries < self._options.retries and (untouched or not self._incremental)

    @property
    def goes_on(self) -> bool:
        """Whether upstream is to be asked for more."""
        return self.fault is not None or self.thought is not None

    def go_on(self, used: int) -> Attempt:
        """Make ready for what follows the thinking, which took this many tokens. Returns the request for it."""
        if self.thought is None:
            raise RuntimeError("this choice is not thinking")
        self._asked = self._turn.after(self._asked, self.thought, used)
        self._answer.incoming = Incoming(self._asked.prefill, self.thought.read)
        self.finished, self.thought = False, None
        return self._asked

    def begin_again(self) -> Attempt:
        """Make ready for a further answer. Returns the request for it."""
        if self.fault is None:
            raise RuntimeError("nothing is wrong with this choice")
        fault, parsed = self.fault
        text = self._answer.text.text()
        self._report(Problem("reask", fault.message, text))
        self._further += reask_turns(text, parsed, fault, self._turn.dialect)
        self._asked = self._turn.again(self._asked, fault, self._further)
        self._tries += 1
        self._wrote_before = self._wrote
        self._logprobs = LogprobTrimmer(self._request.top_logprobs)
        self._answer = self._begin()
        self._thinking = (TextBuffer(), TextBuffer())
        self.finished, self.fault = False, None
        return self._asked

    def add(self, part: Mapping[str, Any], out: list[bytes]) -> None:
        """A choice of one chunk of upstream's.

        Raises:
            Refused: The answer cannot stand.
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
            self._logprobs.add(part["logprobs"])
        if self._asked.after is not None:
            self._thinking[1].append(reasoning_of(delta))
        if content and isinstance(content, str):
            self.text(content, out)
        if part.get("finish_reason"):
            extra = {key: value for key, value in part.items() if key not in {"delta", "logprobs"} and value is not None}
            self.finish(part["finish_reason"], extra, out)

    def text(self, content: str, out: list[bytes]) -> None:
        """A piece of its text."""
        if self.finished:
            self._report(Problem("late", "upstream sent more text after the end of its answer; it was left out", content))
            return
        if self._asked.after is not None:  # kept where the call that follows is begun for the model
            self._thinking[0].append(content)
        self._feed(self._answer.incoming.add(content), out)

    def _other(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        """What passes as it is: unknown fields, content that is no text, and calls that upstream makes itself."""
        other = one_name({key: value for key, value in delta.items() if key not in _OURS and value is not None})
        if other.get(REASONING) == "":
            del other[REASONING]
        calls = {key: delta[key] for key in ("tool_calls", "function_call") if delta.get(key)}
        self._native = self._native or bool(calls)
        if not isinstance(delta.get("content"), str | None):
            other["content"] = delta["content"]
        return other | calls

    def finish(self, reason: str, extra: Mapping[str, Any], out: list[bytes]) -> None:
        """Upstream has finished this choice.

        Args:
            reason: Its `finish_reason`.
            extra: What else it said of the choice.
            out: Gets the chunks.

        Raises:
            Refused: The answer cannot stand.
        """
        self.finished = True
        self._feed(self._answer.incoming.rest(), out)
        if reason != "length":
            self.thought = self._turn.thought(self._asked, *(buffer.text() for buffer in self._thinking))
        if self.thought is not None:
            return
        self._events(self._answer.parser.close(reason), out)
        if self._native:
            out.append(self._writer.finish(self.index, reason, extra))
            return
        parsed = assemble(self._answer.told, reason)
        self._judge(parsed, reason)
        if self.fault is None:
            if len(self._answer.later) and not parsed.tool_calls:
                out.append(self._writer.delta(self.index, {"content": self._answer.later.text()}))
            told = finish_reason(self._request, reason, self._options, called=self._started > 0)
            out.append(self._writer.finish(self.index, told, extra))

    def _judge(self, parsed: ParsedCompletion, reason: str) -> None:
        """Whether the answer can stand, is asked for again, or ends the stream."""
        if self._started and parsed.incomplete and reason != "length":
            raise self._refused(InvalidToolCall("The model's answer ended inside a tool call that had begun to be streamed."))
        fault = self._fault(parsed, reason)
        if fault is not None and self._may_ask_again():
            self.fault = (fault, parsed)
            return
        error = None if fault is None else refusal(fault, self._options)
        if error is not None:
            raise self._refused(error)

    def _fault(self, parsed: ParsedCompletion, reason: str) -> Fault | None:
        """What is wrong with an answer; a call that repeats itself is only reported where it cannot be asked about."""
        fault = find_fault(parsed, self._asked.rules, reason)
        again = self._turn.repeats((call.name, call.arguments) for call in parsed.tool_calls) if fault is None else None
        if again is None:
            return fault
        self._report(Problem("repeated_call", again.message))
        return again if self._options.loop_guard == "reask" and self._may_ask_again() else None

    def _refused(self, error: RefusedAnswer) -> Refused:
        self._report(Problem("refused", error.message, self._answer.text.text()))
        return Refused(error.to_body())

    def _feed(self, text: str, out: list[bytes]) -> None:
        if not text:
            return
        if self._may_ask_again():
            self._answer.text.append(text)
        self._events(self._answer.parser.feed(text), out)

    def _events(self, events: list[Event], out: list[bytes]) -> None:
        finished = {event.index: event for event in events if isinstance(event, CallFinished)} if len(events) > 1 else {}
        for event in events:
            logprobs = self._logprobs.take(event)
            match event:
                case TextDelta():
                    self._content(event.text, logprobs, out)
                case ArgumentsDelta():
                    if event.index in self._answer.places:
                        out.append(self._writer.arguments(self.index, self._answer.places[event.index], event.text))
                case ReasoningDelta():
                    out.append(self._writer.delta(self.index, {REASONING: event.text}))
                case CallStarted():
                    self._start(event, finished.get(event.index), out)
                case CallFinished():
                    self._finished(event, out)
                case Problem():
                    self._problem(event)

    def _content(self, text: str, logprobs: Any, out: list[bytes]) -> None:
        if self._answer.held:
            return
        if self._wrote_before:
            self._answer.later.append(text)
            return
        self._wrote = True
        out.append(self._writer.delta(self.index, {"content": text}, logprobs))

    def _start(self, event: CallStarted, finished: CallFinished | None, out: list[bytes]) -> None:
        """A call begins; when it is complete already, the verdict on it is known."""
        answer = self._answer
        if finished is not None and self._holds(finished):
            answer.held = True
        if answer.held:
            return
        if finished is not None and (event.name, finished.arguments) in answer.repeated:
            answer.repeated.remove((event.name, finished.arguments))
            return
        answer.places[event.index] = self._started
        out.append(self._writer.call(self.index, self._started, event.id, event.name))
        self._started += 1

    def _holds(self, call: CallFinished) -> bool:
        """Whether a complete call is not to leave, because of what will be done about it."""
        if not call.valid:
            return self._may_ask_again() or not self._lets_through(call.name)
        guarded = self._options.loop_guard == "reask" and self._may_ask_again()
        return guarded and self._turn.repeats([(call.name, call.arguments)]) is not None

    def _lets_through(self, name: str) -> bool:
        """Whether an invalid call of this tool is handed out as it is."""
        tool = self._asked.rules.tools.by_name.get(name)
        return self._options.on_invalid == "return" and not (tool is not None and tool.strict)

    def _finished(self, event: CallFinished, out: list[bytes]) -> None:
        self._answer.told.append(event)
        if event.index in self._answer.places and (event.valid or self._lets_through(event.name)):
            complete = self._writer.complete(self.index, self._answer.places[event.index])
            if complete:
                out.append(complete)
        if event.valid and event.index in self._answer.places and not self._incremental:
            self._accepted.append((event.name, event.arguments))

    def _problem(self, problem: Problem) -> None:
        self._answer.told.append(problem)
        self._report(problem)
        if problem.kind == "contradicted":
            raise self._refused(InvalidToolCall(f"The model's tool call cannot be completed: {problem.message}."))
