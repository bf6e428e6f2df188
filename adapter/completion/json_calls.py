"""Calls inside a block that is still being written: what of them may be reported early.

`CallTracker` reads the payload along with the scanner that looks for its end, strictly: it knows the forms in which calls are
written (`adapter.syntax.json.call_forms`), and stops at the first character that is not valid JSON. When the block is
complete it is read as a whole, as ever, and `settle` says how that continues what was reported.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adapter.completion.started_call import EarlyCall, may_be_reported, writer_for
from adapter.events import ArgumentsDelta, CallStarted
from adapter.text.json_tokens import JsonWalker, Kind

if TYPE_CHECKING:
    from adapter.completion.argument_gate import ArgumentsWriter
    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.options import Options
    from adapter.syntax.reading import StepKind
    from adapter.text.json_tokens import Token

# Keys of a wrapper, and how their values begin. `parameters` in place of `arguments` waits for the end: `arguments` may follow.
_VALUES = frozenset({Kind.OPEN, Kind.STRING, Kind.STRING_END, Kind.SCALAR})
_HOLDS_CALLS = {"function": "{", "tool_calls": "["}


class _Frame:
    """An object that may be a call, or a list in which calls stand."""

    __slots__ = ("call", "has_arguments", "is_list", "key", "name", "parts", "start", "waiting", "wrapper", "writer")

    def __init__(self, *, is_list: bool) -> None:
        self.is_list = is_list
        self.wrapper = False  # what it holds is the call
        self.parts: list[str] = []  # of the present key, or of the name
        self.key = ""
        self.name = ""
        self.call: EarlyCall | None = None
        self.has_arguments = False
        self.start = 0  # where in the payload these begin
        self.writer: ArgumentsWriter | None = None
        self.waiting: list[Token] = []  # arguments that came before the name


class CallTracker:
    """Reports calls while their block is written.

    Args:
        rules: What the request says.
        options: What the caller chose.
        first: The index that the first call gets.
        told: The first call, if it was reported already, and so much of its arguments as is said there.

    Attributes:
        calls: The calls reported so far: always the first ones of the block, without a gap.
    """

    __slots__ = (
        "_back", "_depth", "_first", "_frames", "_in_arguments", "_options", "_passed", "_quiet", "_rules", "_said", "_told",
        "_walker", "_written", "calls",
    )  # fmt: skip

    def __init__(self, rules: Rules, options: Options, first: int, told: EarlyCall | None = None) -> None:
        self._rules = rules
        self._options = options
        self._first = first
        self._walker = JsonWalker()
        self._frames = [_Frame(is_list=True)]
        self._depth = 0  # inside a value that is neither a call nor its arguments
        self._in_arguments = False
        self._back = ""
        self._passed = 0  # characters that were read, up to the present token
        self._written: list[str] = []  # of the last call's arguments, in this piece
        self._quiet = False  # a call of this block is not reported early, so none after it is
        self._told = told
        self._said = 0 if told is None else told.size  # how much of the arguments that come is not to be reported again
        self.calls: list[EarlyCall] = []

    def feed(self, text: str, out: list[Event], hold: int = 0) -> None:
        """Read the next piece of the payload.

        Args:
            text: The piece.
            out: Gets what can be reported.
            hold: How many characters at its end are to be read only with the next piece: they may not be payload.
        """
        if self.silent:
            return
        text = self._back + text
        sure = len(text) - hold
        self._back = text[sure:]
        for token in self._walker.feed(text[:sure]):
            if self._quiet:
                break
            if self._in_arguments:
                self._argument(token)
            elif self._depth:
                self._depth += (token[0] is Kind.OPEN) - (token[0] is Kind.CLOSE)
            else:
                self._token(token, out)
            self._passed += len(token[1])
        self._flush(out)

    def _flush(self, out: list[Event]) -> None:
        """Report what was written of the last call, as one piece."""
        if self._written:
            text, self._written = "".join(self._written), []
            self.calls[-1].size += len(text)
            text, self._said = text[self._said :], max(0, self._said - len(text))
            if text:
                out.append(ArgumentsDelta(self.calls[-1].index, text))

    @property
    def silent(self) -> bool:
        """Whether no more of this block is reported."""
        return self._quiet or self._walker.broken

    def flowing(self, kind: StepKind | None) -> bool:
        """Whether what comes now is the inside of a string that leaves as it grows."""
        del kind
        writer = self._frames[-1].writer
        return self._in_arguments and writer is not None and writer.flowing and self._walker.in_string and not self._back

    def flowed(self, text: str) -> None:
        """Such text was reported."""
        self._passed += len(text)
        self.calls[-1].size += len(text)
        writer = self._frames[-1].writer
        if writer is not None:
            writer.passed += len(text)

    def _token(self, token: Token, out: list[Event]) -> None:
        kind, text = token
        frame = self._frames[-1]
        if kind is Kind.CLOSE:
            self._close(self._frames.pop())
        elif frame.is_list:
            self._element(kind, text)
        elif kind is Kind.KEY or kind is Kind.KEY_END:
            frame.parts.append(text)
            if kind is Kind.KEY_END:
                frame.key, frame.parts = json.loads("".join(frame.parts)), []
        elif kind in _VALUES:
            self._value(frame, token, out)

    def _element(self, kind: Kind, text: str) -> None:
        """Something in the place of a call."""
        if kind is Kind.OPEN:
            self._frames.append(_Frame(is_list=text == "["))
        elif kind in {Kind.STRING, Kind.STRING_END, Kind.SCALAR}:
            self._quiet = True

    def _value(self, frame: _Frame, token: Token, out: list[Event]) -> None:
        """A value inside what may be a call."""
        kind, text = token
        if frame.key == "name":
            self._name(frame, kind, text, out)
        elif frame.key == "arguments" and frame.has_arguments:
            self._quiet = True  # twice; which of them counts is known at the end
        elif kind is not Kind.OPEN:
            return
        elif frame.key == "arguments" and text == "{":
            frame.has_arguments = self._in_arguments = True
            frame.start = self._passed
            self._argument(token)
        elif text == _HOLDS_CALLS.get(frame.key) and not frame.name:
            frame.wrapper = True
            self._frames.append(_Frame(is_list=text == "["))
        else:
            self._depth = 1

    def _close(self, frame: _Frame) -> None:
        if not frame.is_list and not frame.wrapper and frame.call is None:
            self._quiet = True

    def _name(self, frame: _Frame, kind: Kind, text: str, out: list[Event]) -> None:
        if kind is Kind.STRING:
            frame.parts.append(text)
        elif kind is Kind.STRING_END:
            name = json.loads("".join([*frame.parts, text])).strip()
            frame.parts = []
            self._start(frame, name, out)
        else:
            self._quiet = True

    def _start(self, frame: _Frame, name: str, out: list[Event]) -> None:
        """The name is known: report the call, if it may be called."""
        index = self._first + len(self.calls)
        if frame.call is not None or not may_be_reported(self._rules, name, index):
            self._quiet = True
            return
        self._flush(out)
        frame.name = name
        told, self._told = self._told, None
        frame.call = EarlyCall(index, self._options.new_id() if told is None else told.id, name)
        self.calls.append(frame.call)
        if told is None:
            out.append(CallStarted(index, frame.call.id, name))
        waiting, frame.waiting = frame.waiting, []
        for token in waiting:
            self._write(frame, token)

    def _argument(self, token: Token) -> None:
        """A token of the arguments."""
        frame = self._frames[-1]
        self._depth += (token[0] is Kind.OPEN) - (token[0] is Kind.CLOSE)
        self._in_arguments = self._depth > 0
        if frame.call is None:
            frame.waiting.append(token)
        else:
            self._write(frame, token)

    def _write(self, frame: _Frame, token: Token) -> None:
        call = frame.call
        if call is None:
            raise RuntimeError("arguments of a call that was not reported")
        if frame.writer is None:
            frame.writer = writer_for(self._rules, self._options, call.name)
            call.start, call.edits = frame.start, frame.writer.edits
        if frame.writer.frozen:
            return
        text = frame.writer.write(token)
        call.complete = frame.writer.complete
        if text:
            self._written.append(text)
