"""The calls of an open block as events: the one way from a delta to `CallStarted` and `ArgumentsDelta`, for every call syntax.

`CallStream` feeds the reader of the block with each delta, and turns the reader's steps into events. Inside a string of the
arguments a delta without special characters becomes an event after one regular-expression search; the reader gets all forwarded
text at once when a special character comes. With the end of the block the parser takes over: `stop` reports the block.

    delta ──► inside a string, nothing special ──────────────────► ArgumentsDelta
         ├──► plain JSON ──► follower ───────────────────────────► ArgumentsDelta
         └──► reader.feed ──► steps ─────────────────────────────► CallStarted, ArgumentsDelta
                         └──► end of the block: feed returns None, stop reports the calls
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING

from adapter.completion.fast_deltas import behind_block
from adapter.completion.report import end_block
from adapter.completion.started_call import StartedCall, may_be_reported
from adapter.completion.validate import call_id
from adapter.events import ArgumentsDelta, CallStarted
from adapter.syntax.reading import StepKind, Unheard
from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from adapter.completion.state import State
    from adapter.events import Event
    from adapter.syntax.contract import BlockReader, Follower
    from adapter.syntax.reading import End, Step

_MOST_PIECES = 1000  # each costs fifty bytes more than its letters
_new = object.__new__


class CallStream:
    """The events of one block, or of one payload without markers.

    Args:
        state: State of the completion.
        reader: Reader of the block; None for a payload without markers, whose steps are given to `take`.

    Attributes:
        silent: Nothing is reported before the end of the block.
    """

    __slots__ = (
        "_call", "_copy", "_end", "_follower", "_forwarded", "_half", "_index", "_match", "_mute", "_out", "_raw",
        "_reader", "_search", "_special", "_state", "_tail", "silent",
    )  # fmt: skip

    def __init__(self, state: State, reader: BlockReader | None) -> None:
        self._state = state
        self._reader = reader
        self._call: StartedCall | None = None
        self._copy: TextBuffer | None = None  # the sent arguments, if neither the block nor the reader keeps them
        self._index = 0
        self._tail = ""  # text that waits for more
        self._search: Callable[[str], re.Match[str] | None] | None = None  # finds special characters; None outside of strings
        self._match: Callable[[str], re.Match[str] | None]
        self._half: Callable[[str, int], re.Match[str] | None]
        self._raw = False  # text in the present string is no JSON yet
        self._special: Callable[[str], re.Match[str] | None] | None = None  # of `_search`, which finds what JSON escapes too
        self._follower: Follower | None = None  # reads plain deltas in the arguments
        self._mute = False  # text in the present string is not sent
        self._forwarded: list[str] = []  # text in the present string that the reader does not know of
        self._end: End | None = None
        self._out: list[Event] = []  # events of the delta that ended the block
        self.silent = not state.rules.reports(state.rules.reply or "")
        state.started = []
        if self.silent and reader is not None:
            reader.steps = Unheard()

    def feed(self, text: str) -> list[Event] | None:
        """Read a delta. Returns its events; None if the block has ended: then `stop` has them."""
        search, said = self._search, text
        if search is None or not text or self._tail or search(text):
            passed = self._passed(text)
            if passed is None:
                return self._with_care(text)
            said = passed
        forwarded = self._forwarded
        forwarded.append(text)
        if len(forwarded) >= _MOST_PIECES:
            self._hand_over()
        if self._mute or not said:
            return self._stepped() if self._follower is not None and self._open_reader.steps else []
        event = _new(ArgumentsDelta)  # as the constructor does, whose call would take longer than all the rest
        event.index, event.text = self._index, said  # type: ignore[misc]
        return [event]

    def _passed(self, text: str) -> str | None:
        """Return what leaves of a delta that the follower reads, or that holds characters which JSON escapes; else None."""
        follower = self._follower
        if follower is not None:
            passed = follower.follow(text)
            if passed is not None:
                self._search = follower.special if follower.in_string else None
            return passed
        if self._special is None or self._search is None or not text or self._tail or self._special(text):
            return None
        return encode_basestring(text)[1:-1]

    def _stepped(self) -> list[Event]:
        """Return the events of a delta in which the follower made steps."""
        out: list[Event] = []
        reader = self._open_reader
        self.take(reader.steps, out)
        self._follower = None if self.silent else reader.follower()
        if self._follower is None:
            self._leave_string()
            self.begin()
        else:
            self._search = self._follower.special if self._follower.in_string else None
        return out

    def adopt(self, call: StartedCall) -> CallStream:
        """Go on with a call whose start, and perhaps some of its arguments, were reported."""
        self._call, self._index, self._state.started = call, call.index, [call]
        return self

    def _with_care(self, text: str) -> list[Event] | None:
        """Read a delta that may hold special characters, or outside of a string."""
        text = self._tail + text
        if self._follower is not None:
            self._leave_string()
        elif self._search is not None:
            end = self._match(text).end()  # type: ignore[union-attr]  # matches everywhere
            if end == len(text) or self._half(text, end):
                self._tail = text[end:]
                return self._forward(text[:end])
            self._leave_string()
        reader = self._open_reader
        position, self._end = reader.feed(text, 0)
        self._tail = text[position:]
        out: list[Event] = []
        if reader.steps:
            self.take(reader.steps, out)
        if self._end is not None:
            self._out = out
            return None
        if type(reader.steps) is Unheard:
            self.silent = True
            self._state.flow, self._state.tail, self._tail = None, self._tail, ""  # the next delta may go a shorter way still
        elif not self._tail:
            self.begin()
        return out

    def _forward(self, text: str) -> list[Event]:
        """Forward text inside a string."""
        if not text:
            return []
        if len(self._forwarded) >= _MOST_PIECES:
            self._hand_over()
        self._forwarded.append(text)
        if self._mute:
            return []
        return [ArgumentsDelta(self._index, encode_basestring(text)[1:-1] if self._raw else text)]

    def begin(self, tail: str = "") -> CallStream:
        """Go on with text that the reader has not consumed; without such text, inside a string if the block is in one."""
        self._tail = tail
        reader = self._open_reader
        self.silent = self.silent or type(reader.steps) is Unheard
        self._follower = None if tail or self.silent or reader.steps else reader.follower()
        if self._follower is not None:
            self._raw, self._mute, self._search = False, False, self._follower.special if self._follower.in_string else None
            return self
        flowing = None if tail else reader.flowing()
        if flowing is not None:
            self._search, self._match, self._half = flowing.special.search, flowing.body.match, flowing.half.match
            self._raw, self._mute, self._special = flowing.raw, self.silent or flowing.kind is None, None
            if flowing.plain is not None and not self._mute:
                self._search, self._special = flowing.plain.search, self._search
        return self

    def _hand_over(self) -> None:
        """Give the forwarded text to the reader."""
        passed = self._open_reader.flowed("".join(self._forwarded))
        self._forwarded.clear()
        if self._call is not None and not self._mute and self._follower is None:
            self._sent(self._call, passed)

    def _leave_string(self) -> None:
        self._search = None
        if self._forwarded:
            self._hand_over()
        self._follower = None

    def stop(self, text: str, out: list[Event]) -> str:
        """Leave the short way: report the block if it has ended, and return the text to read next."""
        state, tail = self._state, self._tail
        self._leave_string()
        self._tail = ""
        if self._end is None:
            return tail + text
        end, self._end = self._end, None
        out += self._out
        self._out = []
        end_block(state, end, out)
        return behind_block(state, tail)

    def take(self, steps: list[Step], out: list[Event]) -> None:
        """Add the events of steps to `out`, one `ArgumentsDelta` for each call, and clear the steps."""
        written: list[str] = []
        for step in steps:
            if self.silent:
                break
            if step.kind is StepKind.CALL:
                self._flush(written, out)
                self._start(step, out)
                continue
            call = self._call
            if call is None:
                raise RuntimeError("arguments without a call")
            if step.start is not None:
                call.start = step.start
            written.append(step.text)
        steps.clear()
        self._flush(written, out)

    def _start(self, step: Step, out: list[Event]) -> None:
        """Report the start of a call; no call of the block is reported behind a call that may not be."""
        state, name = self._state, step.text
        index = state.count + len(state.started)
        if not may_be_reported(state.rules, name, index):
            self.silent = True
            if self._reader is not None:
                self._reader.steps = Unheard()
            return
        own = call_id(step.id, state.ids, state.options)
        kept = step.written is not None or step.start is not None
        self._copy = None if kept else TextBuffer()
        call = self._call = StartedCall(index, own, name, self._copy if step.written is None else step.written, step.start or 0)
        if step.edits is not None:
            call.edits = step.edits
        call.progress = step.progress
        self._index = index
        state.started.append(call)
        out.append(CallStarted(index, own, name))

    def _flush(self, written: list[str], out: list[Event]) -> None:
        """Send the collected arguments of the present call."""
        text = "".join(written)
        written.clear()
        if text and self._call is not None:
            self._sent(self._call, text)
            out.append(ArgumentsDelta(self._index, text))

    def _sent(self, call: StartedCall, text: str) -> None:
        call.size += len(text)
        if self._copy is not None:
            self._copy.append(text)

    @property
    def _open_reader(self) -> BlockReader:
        if self._reader is None:
            raise RuntimeError("a payload without markers has no reader")
        return self._reader
