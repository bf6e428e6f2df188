"""The parser: a completion in, events out, at any split of the text.

One state machine reads everything a completion can hold. In each mode a handler consumes the text it is sure of and returns the
position reached; text that may still become a marker is seen again with the next delta. So feeding the whole text gives the
same as feeding it character by character, and no character is looked at more often than a marker is long.

    TEXT ──<think>──► REASONING ──</think>──► TEXT      only at the start
    TEXT ──<tool_call>──► OPENING ──{──► BLOCK ──end──► TEXT
    TEXT ──<tool_response>, behind a block──► INVENTED ──► TEXT
    OPENING ──header of a message──► PASSAGE ──its end──► TEXT    in syntaxes of messages
    TEXT ──{ or ``` at the start──► BARE ──► TEXT        calls without markers

Deltas of words and of open blocks take a short way past the handlers: `fast_deltas`, `call_stream`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from adapter.completion.fast_deltas import flow_from
from adapter.completion.modes.call_block import in_block, in_opening
from adapter.completion.modes.finish import finish_mode
from adapter.completion.modes.invented_result import in_invented
from adapter.completion.modes.message import in_passage
from adapter.completion.modes.text import in_reasoning, in_text
from adapter.completion.modes.untagged import in_bare
from adapter.completion.reply_filter import ReplyFilter
from adapter.completion.request_rules import Rules
from adapter.completion.state import Mode, State
from adapter.options import OptionKeywords, make_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.events import Event
    from adapter.options import Options

# A handler takes the state, a text, a position and the list of events. It returns the position reached, and True to wait for
# more text at that position.
_HANDLERS = {
    Mode.TEXT: in_text,
    Mode.REASONING: in_reasoning,
    Mode.OPENING: in_opening,
    Mode.BLOCK: in_block,
    Mode.PASSAGE: in_passage,
    Mode.INVENTED: in_invented,
    Mode.BARE: in_bare,
}


class CompletionParser:
    """A reader of one completion.

    Args:
        tools: The tools offered, as in a chat request. Without tools calls are read but not checked.
        tool_choice: As in a chat request. With `"none"` no text is read as a call.
        parallel_tool_calls: As in a chat request. False keeps the first call only.
        options: See `adapter.options.Options`.

    Raises:
        BadRequest: A chat request may not hold these tools, or this tool choice.
        DialectError: No such dialect.
    """

    __slots__ = ("_reply", "_state")

    def __init__(
        self,
        tools: Iterable[Mapping[str, Any]] = (),
        *,
        tool_choice: Any = None,
        parallel_tool_calls: bool | None = None,
        **options: Unpack[OptionKeywords],
    ) -> None:
        self._state = State(Rules.of(tools, tool_choice, parallel_tool_calls), make_options(options))
        self._reply: ReplyFilter | None = None

    @classmethod
    def for_rules(cls, rules: Rules, options: Options) -> CompletionParser:
        """Make a parser for a request that has been read already."""
        return cls.of(State(rules, options))

    @classmethod
    def of(cls, state: State) -> CompletionParser:
        """Make a parser with this state."""
        parser, reply = cls.__new__(cls), state.rules.reply
        parser._state = state  # noqa: SLF001  # its own
        parser._reply = None if reply is None else ReplyFilter(reply)  # noqa: SLF001
        return parser

    def feed(self, text: str) -> list[Event]:
        """Read the next piece of the completion. Returns the events that are certain by now."""
        flow = self._state.flow
        out = None if flow is None else flow.feed(text)
        if out is None:
            out = self._read(text)
        return out if self._reply is None else self._reply.pass_on(out)

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
        text = self._stop_flow(text, out)
        if text or state.again:
            self._run(text, out)
        return out

    def _stop_flow(self, text: str, out: list[Event]) -> str:
        """Leave the short way, if there is one. Returns the text to read now."""
        flow, self._state.flow = self._state.flow, None
        return text if flow is None else flow.stop(text, out)

    def close(self, finish_reason: str | None = "stop") -> list[Event]:
        """End the completion. Returns the last events.

        Args:
            finish_reason: The word of upstream. `"length"` and None (a connection that broke) stand for a cut completion.
        """
        if self._state.closed:
            raise ValueError("close() twice: a parser reads one completion")
        out: list[Event] = []
        self._state.closed = True
        rest = self._stop_flow("", out)
        if rest or self._state.tail or self._state.again:
            self._run(rest, out)
        while finish_mode(self._state, finish_reason in {"length", None}, out):
            self._run("", out)
        self._state.reasoning.end(out)
        self._state.content.end(out)
        return out if self._reply is None else self._reply.pass_on(out)

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
