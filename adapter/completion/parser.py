"""The parser: a completion in, events out, at any split of the text.

One state machine reads everything a completion can hold. In each mode a handler consumes what it is sure of and says how far
it got; what may still become a tag is seen again with the next delta. So feeding the whole text is the same as feeding it
character by character, and nothing is looked at more often than a tag is long.

    TEXT ──<think>──► REASONING ──</think>──► TEXT      only at the start
    TEXT ──<tool_call>──► OPENING ──{──► BLOCK ──end──► TEXT
    TEXT ──<tool_response>, after a block──► INVENTED ──► TEXT
    TEXT ──{ or ``` at the start──► BARE ──► TEXT        calls without tags
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Unpack

from adapter.completion.bare import BareCall
from adapter.completion.blocks import Block
from adapter.completion.checking import check, events
from adapter.completion.marks import Marks, fence_at_end
from adapter.completion.rules import Rules
from adapter.completion.runs import SPACE, Run
from adapter.dialects.registry import resolve
from adapter.events import Event, Markup, Problem, ReasoningDelta, TextDelta
from adapter.options import OptionKeywords, make_options
from adapter.syntax import make_syntax
from adapter.syntax.calls import Nameless, RawCall
from adapter.syntax.scanner import End
from adapter.syntax.tokens import COMMON_TOKENS
from adapter.tools.choice import ToolChoice, read_choice
from adapter.tools.definitions import ToolSet, read_tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapter.options import Options
    from adapter.syntax.json_in_tags import Reading


class _Mode(Enum):
    TEXT = auto()
    REASONING = auto()
    OPENING = auto()
    BLOCK = auto()
    INVENTED = auto()
    BARE = auto()


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

    def __init__(
        self,
        tools: Iterable[Mapping[str, Any]] = (),
        *,
        tool_choice: Any = None,
        parallel_tool_calls: bool | None = None,
        **options: Unpack[OptionKeywords],
    ) -> None:
        tool_set = read_tools(list(tools))
        choice = read_choice(tool_choice, tool_set.names)
        self._set_up(Rules(tool_set, choice, parallel_tool_calls), make_options(options))

    @classmethod
    def for_rules(cls, rules: Rules, options: Options) -> CompletionParser:
        """A parser for a request that has been read already."""
        parser = cls.__new__(cls)
        parser._set_up(rules, options)
        return parser

    def _set_up(self, rules: Rules, options: Options) -> None:
        dialect = resolve(options.dialect)
        self._rules = rules
        self._options = options
        tokens = tuple(dict.fromkeys((*COMMON_TOKENS, *dialect.special)))
        self._marks = Marks.of(dialect, tokens)
        self._syntax = make_syntax(dialect.syntax, dialect.open, dialect.close, (*tokens, dialect.result[0]))
        self._dialect = dialect
        self._content = Run(TextDelta)
        self._reasoning = Run(ReasoningDelta)
        self._reasoning.edge = "reasoning"
        self._mode = _Mode.TEXT
        if options.thinking_prefilled and dialect.reasoning:
            self._mode = _Mode.REASONING
        self._may_think = dialect.reasoning is not None
        self._may_be_bare = bool(rules.tools) and (options.recover or rules.constrained) and rules.choice.mode != "none"
        self._bare = BareCall(self._syntax, tokens)
        self._block: Block | None = None
        self._held: list[str] = []  # the opening tag and what follows it, or a result the model invented
        self._again = ""  # text that was consumed and is to be read again
        self._owed = False  # a block ended without its tag, which may still come
        self._fenced = False  # a code fence was opened around blocks
        self._count = 0
        self._tail = ""
        self._closed = False

    def feed(self, text: str) -> list[Event]:
        """Read the next piece of the completion. Returns what is certain by now."""
        if self._closed:
            raise ValueError("feed() after close(): a parser reads one completion")
        out: list[Event] = []
        self._run(text, out)
        return out

    def close(self, finish_reason: str | None = "stop") -> list[Event]:
        """The completion is over.

        Args:
            finish_reason: What upstream said. `"length"` and None (a connection that broke) mean that it was cut.
        """
        out: list[Event] = []
        cut = finish_reason in {"length", None}
        while self._finish_mode(cut, out):
            self._run("", out)
        self._reasoning.end(out)
        self._content.end(out)
        self._closed = True
        return out

    def _run(self, text: str, out: list[Event]) -> None:
        """The loop over modes. A handler returns how far it got, or None to wait for more text from where it stood."""
        text = self._again + self._tail + text
        self._again = self._tail = ""
        position = 0
        while position < len(text):
            after, wait = _HANDLERS[self._mode](self, text, position, out)
            if self._again:
                text, after = self._again + text[after:], 0
                self._again = ""
            elif wait:
                self._tail = text[after:]
                return
            position = after

    def _in_text(self, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
        if self._fenced:
            position, wait = self._fence_end(text, position, out)
            if wait or position == len(text):
                return position, wait
        if self._may_be_bare and not self._content.seen:
            start = len(text) - len(text[position:].lstrip(SPACE)) if text[position] in SPACE else position
            if start == len(text):
                self._content.text(text[position:], out)
                return start, False
            if BareCall.may_begin(text[start]):
                self._content.text(text[position:start], out)
                self._mode = _Mode.BARE
                return start, False
            if text[start] != "<":
                self._may_be_bare = False
        mark = self._marks.find(text, position)
        end = len(text) if mark is None else mark.start
        held = self._running_text(text, position, end, out, last=mark is None)
        if held is not None:
            return held, True
        if mark is None or not mark.text:
            return end, mark is not None
        return self._at_mark(mark.text, text, end, out)

    def _running_text(self, text: str, start: int, end: int, out: list[Event], *, last: bool) -> int | None:
        """Text without marks. Returns where to wait, if it ends in what may become a code fence."""
        piece = text[start:end]
        if "`" not in piece[-_FENCE_REACH:]:
            self._content.text(piece, out)
            return None
        body = piece.rstrip(SPACE)
        fence = fence_at_end(body, line_start=self._content.last == "\n")
        if fence is None:
            self._content.text(piece, out)
            return None
        at, whole = fence
        self._content.text(piece[:at], out)
        if last and len(body) == len(piece):
            return start + at
        if whole:
            self._content.fence(body[at:])
            self._content.text(piece[len(body) :], out)
        else:
            self._content.text(piece[at:], out)
        return None

    def _at_mark(self, mark: str, text: str, start: int, out: list[Event]) -> tuple[int, bool]:
        marks, content = self._marks, self._content
        end = start + len(mark)
        if mark == marks.open and self._rules.choice.mode != "none":
            if content.last == "`" and not self._owed:
                if end == len(text):
                    return start, True
                if text[end] == "`":  # a mention: `<tool_call>`
                    content.text(mark, out)
                    return end, False
            self._mode, self._held = _Mode.OPENING, [mark]
        elif mark == marks.close and content.edge == "block":
            out.append(Markup(mark))
            self._owed = False
        elif mark == marks.close and self._owed:
            content.block(out)
            out.append(Markup(mark))
            self._owed = False
        elif mark == marks.result[0] and content.edge == "block":
            content.block(out)
            self._mode, self._held = _Mode.INVENTED, [mark]
        elif mark == marks.reasoning[0] and self._may_think and not content.seen and content.edge != "block":
            content.end(out)
            out.append(Markup(mark))
            self._mode = _Mode.REASONING
        elif mark in marks.tokens:
            content.token(mark)
        else:
            content.text(mark, out)
        return end, False

    def _fence_end(self, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
        """The end of a code fence that was opened around blocks."""
        start = position + len(text[position:]) - len(text[position:].lstrip(SPACE))
        self._content.text(text[position:start], out)
        rest = text[start : start + 3]
        if rest == "```":
            out.append(Markup(rest))
            self._fenced = False
            return start + 3, False
        if rest and not rest.startswith("<") and not "```".startswith(rest):
            self._fenced = False
        return start, bool(rest) and "```".startswith(rest)

    def _in_reasoning(self, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
        mark = self._marks.find(text, position)
        end = len(text) if mark is None else mark.start
        self._reasoning.text(text[position:end], out)
        if mark is None or not mark.text:
            return end, mark is not None
        opening, closing = self._marks.reasoning
        if mark.text == closing:
            self._leave_reasoning(out)
            out.append(Markup(closing))
        elif mark.text == opening and not self._reasoning.seen:
            out.append(Markup(opening))  # prefilled, and written once more
        elif mark.text == self._marks.open and self._options.calls_in_thinking:
            self._leave_reasoning(out)
            self._mode, self._held = _Mode.OPENING, [mark.text]
        elif mark.text in self._marks.tokens:
            self._reasoning.token(mark.text)
        else:
            self._reasoning.text(mark.text, out)
        return end + len(mark.text), False

    def _leave_reasoning(self, out: list[Event]) -> None:
        self._reasoning.edge = "reasoning"
        self._reasoning.end(out)
        self._mode = _Mode.TEXT
        self._may_think = False
        self._content.edge = "reasoning"

    def _in_opening(self, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
        after, payload = self._syntax.opening(text, position)
        self._held.append(text[position:after])
        if payload is None:
            return after, True
        opening = "".join(self._held)
        self._held = []
        self._mode = _Mode.TEXT
        if payload:
            self._fenced = self._content.block(out) or self._fenced
            self._may_be_bare = self._may_think = self._owed = False
            self._mode, self._block = _Mode.BLOCK, Block(opening, self._syntax)
        elif self._owed:  # an opening tag in place of the closing one
            out.append(Markup(self._marks.open))
            self._owed = False
            self._content.text(opening[len(self._marks.open) :], out)
        else:
            self._content.text(opening, out)
        return after, False

    def _in_block(self, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
        assert self._block is not None
        after, end = self._block.feed(text, position)
        if end is None:
            return after, after < len(text)
        reading = self._block.read(end)
        if end is End.TEXT and reading.fault:
            self._block.go_on()
            return after, False
        self._owed = end in {End.TEXT, End.OPENER}
        self._finish_block(reading, end, out)
        return after, False

    def _finish_block(self, reading: Reading, end: End, out: list[Event]) -> None:
        assert self._block is not None
        payload, closing, self._again = self._block.parts()
        opening = self._block.opening
        raw = opening + payload + closing
        self._block, self._mode = None, _Mode.TEXT
        if reading.fault and end is End.CUT:
            out += [Markup(raw), Problem("cut", f"the completion ended inside a call ({reading.fault})", raw)]
        elif reading.fault:
            self._content.literal(raw, out)
            out.append(Problem("unreadable", f"a block holds no readable call: {reading.fault}", raw))
            return
        else:
            faults = self._syntax.markup_faults(opening + closing)
            if faults:
                out.append(Problem("markup", f"the tags of a call are not right: {faults[0]}", raw))
            if reading.repaired:
                out.append(Problem("repaired", "the JSON of a call was repaired", raw))
            self._report(reading.calls, raw, out)
        self._content.edge = "block"

    def _report(self, calls: Sequence[RawCall | Nameless], raw: str, out: list[Event]) -> None:
        """Check the calls of one block and report them."""
        checked = [
            check(call, self._rules.tools, self._rules.choice, self._options)
            for call in calls
            if isinstance(call, RawCall)
        ]
        if self._rules.invalid_as_text and not all(call.valid for call in checked):
            self._content.literal(raw, out)
            return
        out.append(Markup(raw))
        for call in calls:
            if isinstance(call, Nameless):
                out.append(Problem("unreadable", "an object without a name stands beside a call", call.raw))
        for call in checked:
            if self._rules.parallel is False and self._count:
                message = f"a further call, of {call.name!r}, although parallel_tool_calls is false"
                out.append(Problem("extra_call", message, raw))
                continue
            out += events(call, self._count, self._options.new_id(), raw)
            self._count += 1

    def _in_invented(self, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
        closing = self._marks.result[1]
        found = text.find(closing, position)
        if found >= 0:
            end = found + len(closing)
            self._finish_invented(text[position:end], out)
            return end, False
        for place in range(max(position, len(text) - len(closing) + 1), len(text)):
            if closing.startswith(text[place:]):
                self._held.append(text[position:place])
                return place, True
        self._held.append(text[position:])
        return len(text), False

    def _finish_invented(self, last: str, out: list[Event]) -> None:
        raw = "".join(self._held) + last
        self._held = []
        self._mode = _Mode.TEXT
        message = "the model wrote a tool result of its own after its call; it was left out"
        out += [Markup(raw), Problem("invented_result", message, raw)]

    def _in_bare(self, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
        self._bare.feed(text[position:])
        if self._bare.dead:
            self._mode, self._may_be_bare = _Mode.TEXT, False
            self._again = self._bare.text
        return len(text), False

    def _finish_mode(self, cut: bool, out: list[Event]) -> bool:
        """End the present mode at the end of the completion. Returns whether text is to be read again."""
        tail, self._tail = self._tail, ""
        if self._mode is _Mode.BLOCK:
            assert self._block is not None
            end = self._block.finish(tail, cut=cut)
            self._owed = False
            self._finish_block(self._block.read(end), end, out)
        elif self._mode is _Mode.OPENING:
            self._cut_opening(tail, out)
        elif self._mode is _Mode.INVENTED:
            self._finish_invented(tail, out)
        elif self._mode is _Mode.BARE:
            self._finish_bare(cut, out)
        elif self._mode is _Mode.REASONING:
            self._reasoning.text(tail, out)
            self._reasoning.edge = "reasoning"
        else:
            self._content.text(tail, out)
        return bool(self._again)

    def _cut_opening(self, tail: str, out: list[Event]) -> None:
        raw = "".join(self._held) + tail
        self._content.block(out)
        self._mode = _Mode.TEXT
        out.append(Markup(raw))
        if not self._owed:
            out.append(Problem("cut", "the completion ended after an opening tag", raw))

    def _finish_bare(self, cut: bool, out: list[Event]) -> None:
        payload, complete = self._bare.finish()
        raw = self._bare.text
        self._mode, self._may_be_bare = _Mode.TEXT, False
        calls = self._bare_calls(payload) if complete else ()
        if calls:
            self._content.block(out)
            if not self._rules.constrained:
                out.append(Problem("recovered", "a call was written without its tags", raw))
            self._report(calls, raw, out)
        elif self._rules.constrained and cut:
            self._content.block(out)
            out += [Markup(raw), Problem("cut", "the completion ended inside a call", raw)]
        else:
            self._again = raw

    def _bare_calls(self, payload: str) -> Sequence[RawCall]:
        """The calls of a bare payload, if it passes the gates: nothing but calls, of tools offered, with valid arguments."""
        calls = self._syntax.read(payload, End.TEXT).calls
        named = [call for call in calls if isinstance(call, RawCall)]
        if len(named) < len(calls):
            return ()
        if self._rules.constrained:
            return named
        rules = self._rules
        return named if all(check(call, rules.tools, rules.choice, self._options).valid for call in named) else ()


_FENCE_REACH = 64
_HANDLERS = {
    _Mode.TEXT: CompletionParser._in_text,
    _Mode.REASONING: CompletionParser._in_reasoning,
    _Mode.OPENING: CompletionParser._in_opening,
    _Mode.BLOCK: CompletionParser._in_block,
    _Mode.INVENTED: CompletionParser._in_invented,
    _Mode.BARE: CompletionParser._in_bare,
}
