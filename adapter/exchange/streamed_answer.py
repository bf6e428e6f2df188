"""An answer of the model while the answer is streamed."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING, one_name
from adapter.completion.parser import CompletionParser
from adapter.events import CallFinished, Problem, ReasoningDelta, TextDelta
from adapter.exchange.native_answer import NativeAnswer, without_calls
from adapter.exchange.past_answers import said_in
from adapter.exchange.prefill import Incoming
from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.completion.request_rules import Rules
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.learnt import Learnt
    from adapter.exchange.protocol import Report
    from adapter.options import Options
    from adapter.prompt.replay import Said

# Code points of an answer that are kept for a further attempt while its content leaves.
MOST_KEPT = 1 << 18
# Code points of an answer that are kept in any case, as the evidence of a refusal.
EVIDENCE = 4096
# Members of a delta written by the writer.
_OURS = {"role", "content", "tool_calls", "function_call"}


@dataclasses.dataclass(slots=True)
class Answer:
    """An answer of the model: a choice has a new answer for each attempt.

    Attributes:
        incoming: The deltas on their way to the parser.
        parser: The parser of the answer; of an answer to a request with its tools, the reader of its calls too.
        repeated: Calls of earlier attempts, as `(name, arguments)`, that have left; the answer may hold them again.
        remembers: The answer may be remembered: the text is kept, the content as `words` and the reasoning as `thoughts`.
        told: The finished calls and the problems, for the judgement.
        text: The text of the answer, kept as long as a re-ask may have to quote it.
        places: The index of a call in the streamed answer, by the index in the text.
        held: The answer holds an invalid call, or an unreadable one to be asked for again; nothing more leaves.
        unread: The answer holds an unreadable call, of which nothing has left and which is asked for again.
        later: Content kept back, because content of an earlier attempt has left already.
    """

    incoming: Incoming
    parser: CompletionParser | NativeAnswer
    repeated: list[tuple[str, str]]
    remembers: bool
    told: list[Event] = dataclasses.field(default_factory=list)
    text: TextBuffer = dataclasses.field(default_factory=TextBuffer)
    places: dict[int, int] = dataclasses.field(default_factory=dict)
    held: bool = False
    unread: bool = False
    later: TextBuffer = dataclasses.field(default_factory=TextBuffer)
    words: TextBuffer = dataclasses.field(default_factory=TextBuffer)
    thoughts: TextBuffer = dataclasses.field(default_factory=TextBuffer)

    def hear(self, event: Event) -> None:
        """Keep content and reasoning."""
        if isinstance(event, TextDelta):
            self.words.append(event.text)
        elif isinstance(event, ReasoningDelta):
            self.thoughts.append(event.text)

    @classmethod
    def begun(cls, present: Attempt, rules: Rules, options: Options, learnt: Learnt, accepted: list[tuple[str, str]]) -> Answer:
        """Make ready for the answer to an attempt.

        Args:
            present: The attempt.
            rules: The rules for reading its answer.
            options: The caller's choices.
            learnt: Facts about the server.
            accepted: Calls of earlier attempts that have left.
        """
        if present.native:
            return cls(Incoming(""), NativeAnswer(rules, options, learnt), list(accepted), remembers=False)
        parser = CompletionParser.for_rules(rules, options)
        return cls(Incoming(present.prefill), parser, list(accepted), options.replay)

    def take(
        self, delta: Mapping[str, Any], report: Report, *, begun: bool
    ) -> tuple[dict[str, Any], dict[str, Any], list[Event]]:
        """Take the members of upstream's delta beside the text.

        Args:
            delta: The delta.
            report: Told of calls that are left out.
            begun: A call of the text has left.

        Returns:
            The unknown members, and calls of upstream's own that pass unchanged; or the events of calls that are read.
        """
        if not isinstance(self.parser, NativeAnswer):
            return (*passing(delta, report, begun=begun), [])
        other, _ = passing(without_calls(delta), report, begun=begun)
        return other, {}, self.parser.hear(delta)

    @property
    def native(self) -> NativeAnswer | None:
        """The reader of an answer to a request with its tools; None for other answers."""
        return self.parser if isinstance(self.parser, NativeAnswer) else None

    def note(self, problem: Problem, events: list[Event], *, may_ask: bool) -> None:
        """Keep a problem for the judgement; hold back an unreadable block that comes now, to be asked for again."""
        if problem.tool:
            comes = any(isinstance(event, TextDelta) and problem.raw in event.text for event in events)
            if comes and may_ask:
                self.held = self.unread = True
            else:
                problem = dataclasses.replace(problem, tool="")  # told, and no fault of the answer
        self.told.append(problem)

    @property
    def wants_text(self) -> bool:
        """The text is kept in any case: to be remembered, or as evidence."""
        return self.remembers or len(self.text) < EVIDENCE

    def is_long(self) -> bool:
        """Return True for a text that is too long to be kept; nor is it remembered then."""
        long = len(self.text) > MOST_KEPT
        self.remembers = self.remembers and not long
        return long

    def keep(self, text: str, *, asked: bool) -> None:
        """Keep a piece of the text, if wanted; `asked`: a further attempt may have to quote the text."""
        if asked or self.wants_text:
            self.text.append(text)

    @property
    def problems(self) -> list[Problem]:
        """The problems told so far."""
        return [told for told in self.told if isinstance(told, Problem)]

    def said(self, parsed: ParsedCompletion) -> Said | None:
        """Return the answer as the model wrote it; None for an answer that is not to be remembered.

        Args:
            parsed: The finished calls and the problems.
        """
        if not self.remembers:
            return None
        finished = [event for event in self.told if isinstance(event, CallFinished) and event.index in self.places]
        found = said_in(self.text.text(), parsed, [(event.id, event.name, event.arguments) for event in finished])
        return None if found is None else found._replace(content=self.words.text(), reasoning=self.thoughts.text())


def passing(delta: Mapping[str, Any], report: Report, *, begun: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the members of upstream's delta that pass unchanged: unknown fields, and calls of upstream's own.

    Args:
        delta: The delta.
        report: Told of calls that are left out.
        begun: A call of the text has left: calls of upstream's own beside that one are left out.
    """
    other = one_name({key: value for key, value in delta.items() if key not in _OURS and value is not None})
    if other.get(REASONING) == "":
        del other[REASONING]
    calls = {key: delta[key] for key in ("tool_calls", "function_call") if delta.get(key)}
    if calls and begun:
        report(_beside("upstream makes a call of its own beside one in its text", json.dumps(calls)))
        calls = {}
    return other, calls


def left_out(event: CallFinished) -> Problem:
    """Return the problem of a call in the text of an answer with calls of upstream's own."""
    return _beside("the text holds a call beside one that upstream makes itself", event.raw)


def _beside(fault: str, raw: str) -> Problem:
    return Problem("left_out", f"{fault}; it was left out", raw)
