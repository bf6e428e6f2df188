"""A call in plain JSON on the short way: reported while it is written, from its first bracket to its closing tag.

`CallFlow` looks at a delta once, where the scanner, the walker and the writer would each look at it. It knows plain calls only
(`adapter.syntax.plain_json`). At the first delta that is not plain it stops, and those read the block from its beginning:
what was reported already is not reported again. So at most once in a block is anything read twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.early import EarlyCall, may_be_reported, place_for
from adapter.completion.tracking import CallTracker
from adapter.events import ArgumentsDelta, CallStarted
from adapter.syntax.plain_json import ARGUMENTS, HEAD, LONGEST_SEGMENT, NAME, PlainArguments, tail
from adapter.tools.known_places import ANYWHERE

if TYPE_CHECKING:
    from adapter.completion.state import State
    from adapter.events import Event
    from adapter.syntax.json_block import JsonBlock

_MOST_PIECES = 1000  # each costs fifty bytes more than its letters


class CallFlow:
    """The deltas of one block.

    Args:
        state: Of the completion.
        block: Of which nothing was read yet.
        tracker: Of the block.
    """

    __slots__ = (
        "_arguments", "_block", "_call", "_end", "_head", "_in_string", "_index", "_last", "_pieces", "_special", "_start",
        "_state", "_tail", "_tracker", "_unsaid", "_waiting",
    )  # fmt: skip

    def __init__(self, state: State, block: JsonBlock, tracker: CallTracker) -> None:
        self._state = state
        self._block = block
        self._tracker = tracker
        self._special = block.in_string.special.search
        self._tail = tail(block.close)
        self._index = state.count
        self._pieces: list[str] = []
        self._head = ""  # of the block, until the arguments begin
        self._call: EarlyCall | None = None
        self._arguments: PlainArguments | None = None
        self._start = 0  # where in the payload these begin
        self._in_string = False
        self._waiting = 0  # how much of what came is read again with the next delta
        self._unsaid = 0  # how much of that was not reported
        self._end: int | None = None  # in the block's last delta: where the arguments end, counted from where it begins
        self._last = ""  # what there was of them in that one

    def feed(self, text: str) -> list[Event] | None:
        """The events of a delta."""
        if not self._in_string or not text or self._special(text) or len(self._pieces) >= _MOST_PIECES:
            return self._read(text)
        self._pieces.append(text)
        return [ArgumentsDelta(self._index, text)]

    def stop(self) -> str:
        """Remember what has passed. Returns the end of it that is still to be read."""
        rest = self._keep()
        call, total = self._call, self._block.behind + len(rest)
        if call is not None:
            call.size = 0 if self._arguments is None else total - self._start - self._unsaid
            self._tracker.resume(call, self._last)
            if self._end is not None:
                self._block.certify(call.name, self._start, total + self._end)
        return rest

    def _keep(self) -> str:
        """Hand what will not be read again to the block. Returns the rest."""
        text = "".join(self._pieces)
        cut = len(text) - self._waiting
        cut -= text.endswith("<", 0, cut)  # whoever reads it with care wants to see what follows
        self._block.keep(text[:cut])
        self._pieces = [text[cut:]]
        return text[cut:]

    def _read(self, text: str) -> list[Event] | None:
        """The events of a delta that is not just the inside of a string."""
        if not text:
            return []
        arguments = self._arguments
        if arguments is None:
            events = self._in_head(text)
        elif arguments.complete:
            arguments.rest += text
            events = self._passed(arguments, text, "")
        else:
            said = arguments.feed(text)
            events = None if said is None else self._passed(arguments, text, said)
        if events is not None:
            self._pieces.append(text)
            if len(self._pieces) > _MOST_PIECES:
                self._keep()
        return events

    def _in_head(self, text: str) -> list[Event] | None:
        """What stands before the arguments, and perhaps their beginning."""
        head = self._head + text
        found = HEAD.match(head)
        if found is None or len(head) > LONGEST_SEGMENT:
            return None
        last, end = found.lastindex or 0, found.end()
        if last < ARGUMENTS and end < len(head):
            return None
        if last < NAME:
            self._head, self._waiting = head, len(head)
            return []
        name = found[1].strip()
        if self._call is None and not may_be_reported(self._state.rules, name, self._index):
            return None
        further = self._begin(name, head, end, text) if last == ARGUMENTS else []
        if further is None:
            return None
        if last < ARGUMENTS:
            self._head, self._waiting = head, len(head)
        if self._call is not None:
            return further
        self._call = EarlyCall(self._index, self._state.options.new_id(), name)
        return [CallStarted(self._index, self._call.id, name), *further]

    def _begin(self, name: str, head: str, start: int, text: str) -> list[Event] | None:
        """The arguments begin."""
        place = place_for(self._state.rules, self._state.options, name)
        arguments = PlainArguments(self._block.in_string, ANYWHERE if place is None else place)
        said = arguments.feed(head[start:])
        if said is None:
            return None
        self._start = start - 1
        events = self._passed(arguments, text, "{" + said)
        if events is not None:
            self._arguments = arguments
        return events

    def _passed(self, arguments: PlainArguments, text: str, said: str) -> list[Event] | None:
        """The events of a delta of which that much may leave, unless something else stands behind the arguments."""
        rest = arguments.rest
        if arguments.complete:
            found = self._tail(rest)
            if found.lastindex:
                self._end, self._last = len(text) - len(rest), said
                return None
            if found.end() < len(rest) or len(rest) > LONGEST_SEGMENT:
                return None
        self._waiting, self._unsaid, self._in_string = len(rest), len(rest) - arguments.told, arguments.in_string
        return [ArgumentsDelta(self._index, said)] if said else []


def call_flow(state: State, block: JsonBlock) -> CallFlow | None:
    """The short way through a block of which nothing was read yet, if there is one."""
    tracker = state.tracker
    return CallFlow(state, block, tracker) if isinstance(tracker, CallTracker) and block.close else None
