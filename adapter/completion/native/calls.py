"""Calls of upstream's own as events, while they come: those of a call that the model writes as JSON in its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from adapter.completion.call_stream import CallStream
from adapter.completion.native.block import NativeBlock
from adapter.completion.report import end_block
from adapter.completion.state import Mode, State
from adapter.events import Problem
from adapter.tools.argument_types import known_places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.options import Options

JSON_SPACE = " \t\r\n"


class CallBegun(NamedTuple):
    """The beginning of a call.

    Attributes:
        key: Tells the calls of an answer apart.
        id: Upstream's id; empty without an id.
        name: The tool; empty where upstream named none.
    """

    key: int
    id: str
    name: str


class CallText(NamedTuple):
    """A piece of the arguments of the call with this key."""

    key: int
    text: str


CallPiece: TypeAlias = CallBegun | CallText


class _Waiting(NamedTuple):
    """A call that has begun while the arguments of the call before were not complete."""

    begun: CallBegun
    texts: list[str]


class NativeCalls:
    """A reader of the calls of one answer, in order: a call leaves once the call before is complete.

    Args:
        rules: Rules of the request.
        options: Options of the caller.

    Attributes:
        begun: Upstream has made a call.
    """

    __slots__ = ("_blank", "_block", "_key", "_known", "_state", "_stream", "_waiting", "begun")

    def __init__(self, rules: Rules, options: Options) -> None:
        self._state = State(rules, options)
        self._known = known_places(rules.tools, coerce=options.coerce)
        self._key = -1
        self._block: NativeBlock | None = None
        self._stream: CallStream | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._blank = False  # no arguments yet
        self.begun = False

    def feed(self, pieces: Iterable[CallPiece]) -> list[Event]:
        """Read pieces of calls. Returns the events that are certain by now."""
        out: list[Event] = []
        for piece in pieces:
            self.begun = True
            if isinstance(piece, CallBegun):
                self._waiting[piece.key] = _Waiting(piece, [])
            elif piece.key == self._key and self._block is not None:
                self._write(piece.text, out)
            elif piece.key in self._waiting:
                self._waiting[piece.key].texts.append(piece.text)
            else:
                message = "upstream went on with a call that was complete; the text was left out"
                out.append(Problem("left_out", message, piece.text))
            while self._waiting and (self._block is None or self._block.complete):
                self._end(out, cut=False)
                self._begin_next(out)
        return out

    def close(self, *, cut: bool) -> list[Event]:
        """End the answer. Returns the last events."""
        out: list[Event] = []
        self._end(out, cut=cut)
        while self._waiting:
            self._begin_next(out)
            self._end(out, cut=cut)
        return out

    def _begin_next(self, out: list[Event]) -> None:
        """Begin the first of the waiting calls."""
        begun, texts = self._waiting.pop(next(iter(self._waiting)))
        state = self._state
        self._key, self._block = begun.key, NativeBlock(begun.name, begun.id, self._known(begun.name))
        state.block, state.mode = self._block, Mode.BLOCK
        self._stream = state.stream = CallStream(state, self._block)
        if self._block.steps:
            self._stream.take(self._block.steps, out)
        self._stream.begin()
        self._blank = True
        for text in texts:
            self._write(text, out)

    def _write(self, text: str, out: list[Event]) -> None:
        if self._blank:  # white space before the arguments is none of them
            text = text.lstrip(JSON_SPACE)
            self._blank = not text
        if text and self._stream is not None:
            out += self._stream.feed(text) or ()

    def _end(self, out: list[Event], *, cut: bool) -> None:
        """End the open call, if any."""
        if self._block is None or self._stream is None:
            return
        rest = self._stream.stop("", out)
        end = self._block.finish(rest, cut=cut)
        self._block = self._stream = None
        state = self._state
        reported = state.count + len(state.started)
        end_block(state, end, out)
        state.count = max(state.count, reported)  # a call that was cut keeps its index
