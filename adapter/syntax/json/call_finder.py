"""Calls in JSON that is still being written: names and arguments, in the forms of `adapter.syntax.json.call_forms`.

`CallFinder` reads strictly, and says nothing more from the first character on that is not valid JSON, or that makes uncertain
what the finished payload will say: a call without a name, arguments twice, a value in the place of a call.
"""

from __future__ import annotations

import json

from adapter.syntax.reading import Step, StepKind
from adapter.text.json_tokens import JsonWalker, Kind, Token

_VALUES = frozenset({Kind.OPEN, Kind.STRING, Kind.STRING_END, Kind.SCALAR})
# Keys of a wrapper, and first characters of their values. `parameters` in place of `arguments` waits for the end of the block:
# `arguments` may follow.
_HOLDS_CALLS = {"function": "{", "tool_calls": "["}


class _Frame:
    """An object that may be a call, or a list of calls.

    Attributes:
        is_list: A list.
        wrapper: An object that holds the call, or the list of calls.
        parts: Tokens of the unfinished key or name.
        key: The present key.
        named: The name has come.
        start: Offset of the arguments in the payload; None before the arguments.
        early: Arguments that came before the name.
    """

    __slots__ = ("early", "is_list", "key", "named", "parts", "start", "wrapper")

    def __init__(self, *, is_list: bool) -> None:
        self.is_list = is_list
        self.wrapper = False
        self.parts: list[str] = []
        self.key = ""
        self.named = False
        self.start: int | None = None
        self.early: list[str] = []


class CallFinder:
    """Steps of the calls in one payload.

    Args:
        steps: The list that gets the steps.

    Attributes:
        steps: As given.
        in_arguments: The text stands in the arguments of a call.
        silent: No more steps will come.
    """

    __slots__ = ("_depth", "_frames", "_offset", "_start", "_walker", "_written", "in_arguments", "silent", "steps")

    def __init__(self, steps: list[Step] | None = None) -> None:
        self.steps: list[Step] = [] if steps is None else steps
        self._walker = JsonWalker()
        self._frames = [_Frame(is_list=True)]
        self._depth = 0  # brackets open in the arguments, or in a value that belongs to no call
        self.in_arguments = False
        self._offset = 0  # code points in front of the present token
        self._written: list[str] = []  # arguments in the present piece
        self._start: int | None = None  # offset of the arguments, for the first step with them
        self.silent = False

    @property
    def in_string(self) -> bool:
        """The text stands in a string that is no key, and is not kept here: neither a name nor in front of one."""
        return self._walker.in_string and (self._frames[-1].named if self.in_arguments else self._depth > 0)

    def skip(self, size: int) -> None:
        """Count code points that were forwarded inside a string."""
        self._offset += size

    def feed(self, text: str) -> None:
        """Consume the next piece of the payload."""
        if not self.silent:
            self._take(self._walker.feed(text))
            self._flush()
            if self._walker.broken:
                self.silent = True

    def _take(self, tokens: list[Token]) -> None:
        for token in tokens:
            if self.silent:
                break
            if self.in_arguments:
                self._argument(token)
            elif self._depth:
                self._depth += (token[0] is Kind.OPEN) - (token[0] is Kind.CLOSE)
            else:
                self._token(token)
            self._offset += len(token[1])

    def _flush(self) -> None:
        """Make one step of the arguments that were written."""
        if self._written:
            self.steps.append(Step(StepKind.JSON, "".join(self._written), start=self._start))
            self._written, self._start = [], None

    def _token(self, token: Token) -> None:
        """Take a token outside of arguments."""
        kind, text = token
        frame = self._frames[-1]
        if kind is Kind.CLOSE:
            self._frames.pop()
            self.silent = not (frame.is_list or frame.wrapper or frame.named)
        elif frame.is_list:
            self._element(kind, text)
        elif kind is Kind.KEY or kind is Kind.KEY_END:
            frame.parts.append(text)
            if kind is Kind.KEY_END:
                frame.key, frame.parts = json.loads("".join(frame.parts)), []
        elif kind in _VALUES:
            self._value(frame, token)

    def _element(self, kind: Kind, text: str) -> None:
        """Take an element of a list of calls."""
        if kind is Kind.OPEN:
            self._frames.append(_Frame(is_list=text == "["))
        elif kind in _VALUES:
            self.silent = True

    def _value(self, frame: _Frame, token: Token) -> None:
        """Take the beginning of a member's value."""
        kind, text = token
        if frame.key == "name":
            self._name(frame, kind, text)
        elif frame.key == "arguments" and frame.start is not None:
            self.silent = True  # twice: the end of the block decides which of them counts
        elif kind is not Kind.OPEN:
            return
        elif frame.key == "arguments" and text == "{":
            frame.start, self.in_arguments = self._offset, True
            self._start = self._offset if frame.named else self._start
            self._argument(token)
        elif text == _HOLDS_CALLS.get(frame.key) and not frame.named:
            frame.wrapper = True
            self._frames.append(_Frame(is_list=text == "["))
        else:
            self._depth = 1

    def _name(self, frame: _Frame, kind: Kind, text: str) -> None:
        """Take a piece of a name."""
        if kind is Kind.STRING:
            frame.parts.append(text)
        elif kind is Kind.STRING_END and not frame.named:
            self._flush()
            name = json.loads("".join([*frame.parts, text])).strip()
            frame.parts, frame.named = [], True
            self.steps.append(Step(StepKind.CALL, name, start=0))
            self._written, frame.early, self._start = frame.early, [], frame.start
        else:
            self.silent = True

    def _argument(self, token: Token) -> None:
        """Take a token of the arguments."""
        frame = self._frames[-1]
        self._depth += (token[0] is Kind.OPEN) - (token[0] is Kind.CLOSE)
        self.in_arguments = self._depth > 0
        (self._written if frame.named else frame.early).append(token[1])
