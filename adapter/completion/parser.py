"""The parser: a completion in, events out, at any split of the text.

One state machine reads everything a completion can hold. In each mode a handler consumes what it is sure of and says how far
it got; what may still become a tag is seen again with the next delta. So feeding the whole text is the same as feeding it
character by character, and nothing is looked at more often than a tag is long.

    TEXT ──<think>──► REASONING ──</think>──► TEXT      only at the start
    TEXT ──<tool_call>──► OPENING ──{──► BLOCK ──end──► TEXT
    TEXT ──<tool_response>, after a block──► INVENTED ──► TEXT
    OPENING ──a text's header──► PASSAGE ──its end──► TEXT    where a syntax has such
    TEXT ──{ or ``` at the start──► BARE ──► TEXT        calls without tags
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

# A handler takes the state, a text, where to begin and the list of events; it returns how far it got, and whether it waits
# there for more text.
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
    """Reads one completion.

    Args:
        tools: The tools offered, as in a chat request. Without them calls are read but not checked.
        tool_choice: As in a chat request. With `"none"` nothing is read as a call.
        parallel_tool_calls: As in a chat request. False keeps the first call only.
        options: See `adapter.options.Options`.

    Raises:
        BadRequest: The tools or the tool choice are not what a chat request may hold.
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
        """A parser for a request that has been read already."""
        parser = cls.__new__(cls)
        parser._state = State(rules, options)  # noqa: SLF001  # its own
        parser._reply = None if rules.reply is None else ReplyFilter(rules.reply)  # noqa: SLF001
        return parser

    def feed(self, text: str) -> list[Event]:
        """Read the next piece of the completion. Returns what is certain by now."""
        flow = self._state.flow
        out = None if flow is None else flow.feed(text)
        if out is None:
            out = self._read(text)
        return out if self._reply is None else self._reply.pass_on(out)

    def _read(self, text: str) -> list[Event]:
        """A delta for which no short way was open, or that the one there was does not let pass."""
        state = self._state
        if state.closed:
            raise ValueError("feed() after close(): a parser reads one completion")
        if state.flow is None:  # what comes next is looked for only now: for many texts nothing does
            state.flow = flow_from(state)
            passed = None if state.flow is None else state.flow.feed(text)
            if passed is not None:
                return passed
        out: list[Event] = []
        text = self._stop_flow(text, out)
        if text:
            self._run(text, out)
        return out

    def _stop_flow(self, text: str, out: list[Event]) -> str:
        """Leave the short way, if there is one. Returns what is to be read now."""
        flow, self._state.flow = self._state.flow, None
        return text if flow is None else flow.stop(text, out)

    def close(self, finish_reason: str | None = "stop") -> list[Event]:
        """The completion is over.

        Args:
            finish_reason: What upstream said. `"length"` and None (a connection that broke) mean that it was cut.
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
        """The loop over modes."""
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
