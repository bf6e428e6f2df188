"""The short way through a call in plain JSON between tags, from the first bracket to the closing tag.

Nearly all calls of dialects with JSON in tags are `{"name": …, "arguments": {…}}` and nothing else. `PlainCall` reads the head
of a call by one pattern, the arguments by the JSON cursor, and the tail by another pattern, and makes the events itself,
without steps. At the first delta that is not of this form the reader of the block takes over, with the cursor: no text is read
twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.call_stream import CallStream
from adapter.completion.fast_deltas import behind_block
from adapter.completion.report import end_block, report_told
from adapter.completion.started_call import StartedCall, may_be_reported
from adapter.completion.state import Mode
from adapter.completion.validate import call_id
from adapter.events import ArgumentsDelta, CallStarted
from adapter.syntax.reading import End
from adapter.text.json_cursor import JsonCursor
from adapter.text.json_plain import LONGEST_SEGMENT, SPACE, WORD, matcher

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from adapter.completion.state import State
    from adapter.events import Event
    from adapter.syntax.contract import BlockReader, PlainBlock

_MOST_PIECES = 1000  # each costs fifty bytes more than its letters
_new = object.__new__
_NAMED = 2  # the group of `_NAME` that ends a name
_QUOTES_OF_NAME = 4  # no name ends before so many


def _key(key: str, then: str) -> str:
    """A pattern of a key in quotes with the text behind, or of its beginning."""
    begun = "|".join(f'"{key[:size]}' for size in range(len(key), -1, -1))
    return f'(?:"{key}"{then}|{begun}|)'


# A call up to the end of its name, with the name and its last quote; and from there to the first bracket of its arguments. Of
# text that breaks off before, all is matched.
_NAME = matcher(rf"(?:\{{{SPACE}" + _key("name", rf'{SPACE}(?::{SPACE}(?:"({WORD})(?:(")|)|)|)') + "|)")
_TO_ARGUMENTS = matcher(rf"{SPACE}(?:,{SPACE}" + _key("arguments", rf"{SPACE}(?::{SPACE}(?:(\{{)|)|)") + "|)")
_TAIL = matcher(rf"{SPACE}(?:(\}}){SPACE}|)")


class PlainCall:
    """The short way through one block.

    Args:
        state: State of the completion.
        reader: Reader of the block, without text so far.
        plain: The same reader, for plain calls.
    """

    __slots__ = (
        "_call", "_close", "_cursor", "_due", "_in_string", "_index", "_kept", "_name_end", "_pieces", "_plain", "_quotes",
        "_reader", "_special", "_start", "_state", "_tail",
    )  # fmt: skip

    def __init__(self, state: State, reader: BlockReader, plain: PlainBlock) -> None:
        self._state = state
        self._reader = reader
        self._plain = plain
        self._close = plain.close
        self._special: Callable[[str], re.Match[str] | None] = plain.inside.special
        self._index = state.count
        self._pieces: list[str] = []
        self._kept = 0  # code points that the reader keeps already
        self._call: StartedCall | None = None
        self._quotes = 0  # quotes in front of the end of the name
        self._name_end = 0
        self._cursor: JsonCursor | None = None
        self._start = 0  # offset of the arguments in the payload
        self._in_string = False
        self._tail: str | None = None  # text behind the arguments, once they have ended
        self._due = ""  # the rest of a closing tag that has begun

    def feed(self, text: str) -> list[Event] | None:
        """Return the events of a delta; None for a delta that is not plain, or ends the block."""
        if self._in_string and not self._special(text):
            said: str | None = text
        else:
            cursor = self._cursor
            if cursor is None:
                return self._in_head(text)
            said = cursor.follow(text)
            if said is None:
                return None
            self._in_string = cursor.in_string
        pieces = self._pieces
        pieces.append(text)
        if len(pieces) > _MOST_PIECES:
            self._keep("")
        if not said:
            return []
        event = _new(ArgumentsDelta)  # as the constructor does, whose call would take longer than all the rest
        event.index, event.text = self._index, said  # type: ignore[misc]
        return [event]

    def behind(self, text: str) -> bool:
        """Take text behind the arguments, up to a part of the closing tag; refuse other text."""
        found = _TAIL(text, 0)
        rest = text[found.end() :]
        if len(text) > LONGEST_SEGMENT or (rest and not (found[1] and self._close.startswith(rest))) or rest == self._close:
            return False
        self._tail, self._due = text, self._close[len(rest) :] if rest else ""
        return True

    def follow(self, text: str) -> str | None:
        """Read a delta behind the arguments. Returns the empty string; None for text that is not plain, or ends the block."""
        tail, due = self._tail or "", self._due
        if due and text.startswith(due):
            return None
        if due and due.startswith(text):
            self._tail, self._due = tail + text, due[len(text) :]
            return ""
        return "" if self.behind(tail + text) else None

    def stop(self, text: str, out: list[Event]) -> str:
        """Report the end of the block, or leave the block to the reader and the call stream."""
        call, cursor, state = self._call, self._cursor, self._state
        if call is None:
            state.stream = CallStream(state, self._reader)
            return "".join(self._pieces) + text
        if cursor is None:
            return self._adopted(call, JsonCursor(self._plain.inside, self._plain.known(call.name)), self._name_end) + text
        self._pieces = ["".join(self._pieces)]
        total = self._kept + len(self._pieces[0])  # offset of `text`
        call.start = self._start
        cursor.passed = total - self._start
        if not cursor.over:
            return self._adopted(call, cursor, total) + text
        if self._tail is not None:
            cursor.passed -= len(self._tail)
            return self._behind(call, cursor, self._tail, text, out)
        last = cursor.feed(text)
        if last:
            out.append(ArgumentsDelta(call.index, last))
        behind = cursor.rest[1:]
        cursor.passed -= len(behind)
        self._pieces.append(text[: len(text) - len(behind)])
        return self._behind(call, cursor, "", behind, out)

    def _behind(self, call: StartedCall, cursor: JsonCursor, tail: str, text: str, out: list[Event]) -> str:
        """Read text behind the arguments, of which `tail` was read already. Returns the text to read next."""
        state, end, window = self._state, self._start + cursor.passed, tail + text
        found = _TAIL(window, 0)
        tag = found.end()
        if found[1] and window.startswith(self._close, tag):
            after = tag + len(self._close)
            self._pieces.append(text[: after - len(tail)])
            call.size, call.complete = end - self._start, True
            taken = self._plain.take_plain(call.name, self._start, end, end + tag, "".join(self._pieces))
            if taken is None:
                state.started = [call]
                end_block(state, End.TAG, out)
                return text[after - len(tail) :]
            raw, read, faults = taken
            state.block, state.mode = None, Mode.TEXT
            report_told(state, call, read, raw, len(self._reader.opening), faults, out)
            return behind_block(state, text[after - len(tail) :])
        return self._adopted(call, cursor, end) + text

    def _adopted(self, call: StartedCall, cursor: JsonCursor, end: int) -> str:
        """Let the reader and the call stream go on, behind the offset `end`. Returns text behind that was read here."""
        joined = "".join(self._pieces)
        self._pieces = [joined[: end - self._kept]]
        behind = joined[end - self._kept :]
        self._keep("")
        call.progress = cursor
        self._plain.adopt(cursor, self._start if cursor.passed else end)
        self._state.stream = CallStream(self._state, self._reader).adopt(call)
        return behind

    def _keep(self, text: str) -> None:
        """Give the text so far, and this text behind, to the reader, which keeps it unread."""
        kept = "".join([*self._pieces, text])
        self._plain.keep(kept)
        self._kept += len(kept)
        self._pieces = []

    def _in_head(self, text: str) -> list[Event] | None:
        """Read text in front of the arguments, and perhaps their beginning."""
        if self._call is None:
            self._quotes += text.count('"')
            waits = self._quotes < _QUOTES_OF_NAME
        else:
            waits = "{" not in text
        if waits and "<" not in text and "[" not in text and len(self._pieces) < LONGEST_SEGMENT:
            self._pieces.append(text)  # too little for a name, and no end of the block
            return []
        head = "".join(self._pieces) + text
        if len(head) > LONGEST_SEGMENT:
            return None
        if self._call is not None:
            events = self._to_arguments(head, self._name_end, self._call.name)
        else:
            found = _NAME(head, 0)
            if found.lastindex == _NAMED:
                events = self._named(head, found.end(), found[1].strip())
            else:
                events = None if found.end() < len(head) else []
        if events is not None:
            self._pieces.append(text)
        return events

    def _named(self, head: str, position: int, name: str) -> list[Event] | None:
        """Report the start of the call; the name ends at `position`."""
        rules, options = self._state.rules, self._state.options
        if not may_be_reported(rules, name, self._index):
            return None
        events = self._to_arguments(head, position, name)
        if events is None:
            return None
        self._name_end = position
        self._call = StartedCall(self._index, call_id("", self._state.ids, options), name)
        return [CallStarted(self._index, self._call.id, name), *events]

    def _to_arguments(self, head: str, position: int, name: str) -> list[Event] | None:
        """Read text between name and arguments, and perhaps their beginning."""
        found = _TO_ARGUMENTS(head, position)
        if found.lastindex is None:
            return [] if found.end() == len(head) else None
        cursor, start = JsonCursor(self._plain.inside, self._plain.known(name)), found.end() - 1
        cursor.enter()
        said = cursor.follow(head[start + 1 :])
        if said is None:
            return None
        cursor.then = self
        self._cursor, self._start, self._in_string = cursor, start, cursor.in_string
        return [ArgumentsDelta(self._index, "{" + said)]


def begin_call(state: State, reader: BlockReader, text: str, position: int, out: list[Event]) -> bool:
    """Begin to read a block of plain JSON on the short way. Returns True if so: then all of the text was taken."""
    plain = reader.plain() if state.rules.incremental and not state.closed else None
    if plain is None or text.find(plain.close, position) >= 0:
        return False
    state.started = []
    call = PlainCall(state, reader, plain)
    events = call.feed(text[position:])
    if events is None:
        return False
    state.flow = call
    out += events
    return True
