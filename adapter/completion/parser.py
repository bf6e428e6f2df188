"""The parser: a completion in, events out, at any split of the text.

One state machine reads everything a completion can hold. In each mode a handler consumes the text it is sure of and returns the
position reached; text that may still become a marker is seen again with the next delta. So feeding the whole text gives the
same as feeding it character by character, and no character is looked at more often than a marker is long.

    TEXT ──<think>──► REASONING ──</think>──► TEXT      only at the start
    TEXT ──<tool_call>──► OPENING ──{──► BLOCK ──end──► TEXT
    TEXT ──<tool_response>, behind a block──► INVENTED ──► TEXT
    REASONING ──<tool_call>──► REHEARSAL ──</think>──► REASONING, ──end──► TEXT    in some dialects
    OPENING ──header of a message──► PASSAGE ──its end──► TEXT    in syntaxes of messages
    TEXT ──{ or ``` at the start──► BARE ──► TEXT        calls without markers

Deltas of words and of open blocks take a short way past the handlers: `fast_deltas`, `call_stream`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from adapter.completion.ends import CUT
from adapter.completion.fast_deltas import flow_from
from adapter.completion.heard import MOST_PIECES, Heard
from adapter.completion.left_calls import left_call
from adapter.completion.modes.call_block import in_block, in_opening
from adapter.completion.modes.finish import finish_mode
from adapter.completion.modes.invented_result import in_invented
from adapter.completion.modes.message import in_passage
from adapter.completion.modes.rehearsal import finish_rehearsal, in_rehearsal
from adapter.completion.modes.text import in_reasoning, in_text
from adapter.completion.modes.untagged import in_bare
from adapter.completion.reply_filter import ReplyFilter
from adapter.completion.request_rules import Rules
from adapter.completion.state import Mode, State
from adapter.dialects.registry import resolve
from adapter.events import Problem
from adapter.option_keywords import StreamKeywords
from adapter.options import make_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from adapter.events import Event
    from adapter.options import Options
    from adapter.tools.definitions import ToolSet

# A handler takes the state, a text, a position and the list of events. It returns the position reached, and True to wait for
# more text at that position.
_HANDLERS = {
    Mode.TEXT: in_text,
    Mode.REASONING: in_reasoning,
    Mode.REHEARSAL: in_rehearsal,
    Mode.OPENING: in_opening,
    Mode.BLOCK: in_block,
    Mode.PASSAGE: in_passage,
    Mode.INVENTED: in_invented,
    Mode.BARE: in_bare,
}


class ProblemListener:
    """A filter of events that tells each problem to a function.

    Args:
        tell: The option `on_event`.
    """

    __slots__ = ("_tell",)

    def __init__(self, tell: Callable[[Problem], object]) -> None:
        self._tell = tell

    def pass_on(self, events: list[Event]) -> list[Event]:
        """Return the events unchanged."""
        for event in events:
            if isinstance(event, Problem):
                self._tell(event)
        return events


class CompletionParser:
    """A reader of one completion.

    Args:
        tools: The tools offered, as in a chat request, or the result of `adapter.read_tools`. Without tools calls are read but
            not checked.
        tool_choice: As in a chat request. With `"none"` no text is read as a call.
        parallel_tool_calls: As in a chat request. False keeps the first call only.
        options: The options of `adapter.option_keywords.StreamKeywords`; `adapter.Options` documents them. With
            `stream_calls="incremental"`, the default, a call leaves while the model writes the call.

    Raises:
        BadRequest: A chat request may not hold these tools, or this tool choice.
        DialectError: No such dialect.
        TypeError: An option that does not concern a parser.
    """

    __slots__ = ("_filter", "_heard", "_looks", "_state")

    def __init__(
        self,
        tools: Iterable[Mapping[str, Any]] | ToolSet | None = (),
        *,
        tool_choice: Any = None,
        parallel_tool_calls: bool | None = None,
        **options: Unpack[StreamKeywords],
    ) -> None:
        chosen = make_options(options, StreamKeywords)
        self._state = State(Rules.of(tools, tool_choice, parallel_tool_calls, chosen, streamed=True), chosen)
        self._filter: ReplyFilter | ProblemListener | None = None
        if chosen.on_event is not None:
            self._filter = ProblemListener(chosen.on_event)
        self._heard = Heard.by(self._state.rules)
        self._looks = self._heard is not None

    @classmethod
    def for_rules(cls, rules: Rules, options: Options) -> CompletionParser:
        """Make a parser for a request that has been read already."""
        return cls.of(State(rules, options))

    @classmethod
    def of(cls, state: State, *, looks: bool = True) -> CompletionParser:
        """Make a parser with this state; `looks` for calls that were missed, at the end of an answer without calls."""
        parser, reply = cls.__new__(cls), state.rules.reply
        parser._state = state  # noqa: SLF001  # its own
        parser._filter = None if reply is None else ReplyFilter(reply)  # noqa: SLF001
        parser._heard = Heard.by(state.rules) if looks else None  # noqa: SLF001
        parser._looks = parser._heard is not None  # noqa: SLF001
        return parser

    def feed(self, text: str) -> list[Event]:
        """Read the next piece of the completion. Returns the events that are certain by now."""
        heard = self._heard
        if heard is not None:
            heard.pieces.append(text)
            if len(heard.pieces) >= MOST_PIECES and not heard.compact(self._state):
                self._heard = None
        flow = self._state.flow
        out = None if flow is None else flow.feed(text)
        if out is None:
            out = self._read(text)
        return out if self._filter is None else self._filter.pass_on(out)

    def _read(self, text: str) -> list[Event]:
        """Read a delta without a short way, or one that the short way does not let pass."""
        state = self._state
        if state.closed:
            raise ValueError("feed() after close(): a parser reads one completion")
        if state.flow is None:  # looked for only now: many texts are the last
            state.flow = flow_from(state)
            passed = None if state.flow is None else state.flow.feed(text)
            if passed is not None:
                return passed
        out: list[Event] = []
        if state.flow is not None:
            flow, state.flow = state.flow, None
            text = flow.stop(text, out)
        if text or state.again:
            self._run(text, out)
        if state.began:
            self._heard = None  # only an answer without a block is looked at again
        return out

    def close(self, finish_reason: str | None = "stop") -> list[Event]:
        """End the completion. Returns the last events.

        Args:
            finish_reason: The word of upstream. `"length"`, `"content_filter"` and None (a connection that broke) stand for a
                cut completion.
        """
        if self._state.closed:
            raise ValueError("close() twice: a parser reads one completion")
        out: list[Event] = []
        self._state.closed = True
        flow, self._state.flow = self._state.flow, None
        rest = "" if flow is None else flow.stop("", out)
        if rest or self._state.tail or self._state.again:
            self._run(rest, out)
        cut = finish_reason in CUT
        if self._state.mode is Mode.REHEARSAL:
            finish_rehearsal(self._state, cut, read_again, out)
            self._run("", out)
        while finish_mode(self._state, cut, out):
            self._run("", out)
        self._state.reasoning.end(out)
        self._state.content.end(out)
        if self._heard is not None and not self._state.count and not self._state.began:
            out += self._heard.missed(self._state, read_again)
        elif self._looks and self._state.count and (left := self._left()):
            out.append(left)
        return out if self._filter is None else self._filter.pass_on(out)

    def _left(self) -> Problem | None:
        """Return the problem of text like a further call among the words of an answer with calls."""
        state = self._state
        return left_call("".join(state.content.kept), state.rules.tools, resolve(state.options.dialect))

    def _run(self, text: str, out: list[Event]) -> None:
        """Run the loop over modes."""
        state = self._state
        if state.again or state.tail:
            text = state.again + state.tail + text
            state.again = state.tail = ""
        position = 0
        while position < len(text):
            after, wait = _HANDLERS[state.mode](state, text, position, out)
            if state.again:
                text, after = state.again + text[after:], 0
                state.again = ""
            elif wait:
                state.tail = text[after:]
                return
            position = after


def read_again(text: str, rules: Rules, options: Options) -> list[Event]:
    """Read a text once more, by other rules or options, without a look for calls that were missed."""
    parser = CompletionParser.of(State(rules, options), looks=False)
    return parser.feed(text) + parser.close()
