"""The short way through a call in plain JSON, from the first bracket to the closing tag.

`CallFlow` looks at a delta once, in place of end scanner, call finder and argument gate. Only plain calls can go the short way
(`adapter.syntax.json.plain_arguments`). At the first delta that is not plain, the block is read from its beginning by the
others, and text that was reported is not reported again: at most once in a block is text read twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.call_stream import CallStream
from adapter.completion.fast_deltas import behind_block
from adapter.completion.report import report_told
from adapter.completion.started_call import StartedCall, may_be_reported
from adapter.completion.state import Mode
from adapter.completion.validate import call_id
from adapter.events import ArgumentsDelta, CallStarted
from adapter.schema.known_place import ANYWHERE
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.json.plain_arguments import LONGEST_SEGMENT, NAME, QUOTES_OF_NAME, TO_ARGUMENTS, PlainArguments

if TYPE_CHECKING:
    from adapter.completion.state import State
    from adapter.events import Event
    from adapter.syntax.contract import BlockReader
    from adapter.syntax.json.plain_arguments import Closed, Plain

_MOST_PIECES = 1000  # each costs fifty bytes more than its letters
_new = object.__new__
_NAMED = 2  # the group of NAME that ends it


class CallFlow:
    """The short way through one block.

    Args:
        state: State of the completion.
        block: Reader of the block, without text so far.
        plain: Patterns of a plain call in the block.
    """

    __slots__ = (
        "_arguments", "_block", "_body", "_call", "_in_string", "_index", "_name_end", "_pieces", "_plain", "_quotes",
        "_special", "_start", "_state",
    )  # fmt: skip

    def __init__(self, state: State, block: JsonBlock, plain: Plain) -> None:
        self._state = state
        self._block = block
        self._plain = plain
        self._special = plain.special
        self._body = plain.body
        self._index = state.count
        self._pieces: list[str] = []
        self._call: StartedCall | None = None
        self._quotes = 0  # quotes in front of the end of the name
        self._name_end = 0
        self._arguments: PlainArguments | None = None
        self._start = 0  # offset of the arguments in the payload
        self._in_string = False

    def feed(self, text: str) -> list[Event] | None:
        """Return the events of a delta; None for a delta that is not plain, or ends the block."""
        pieces, at = self._pieces, 0
        if (
            self._in_string
            and text
            and len(pieces) < _MOST_PIECES
            and (not self._special(text) or (at := self._body(text, 0).end()) == len(text))  # perhaps with complete escapes
        ):
            said = text
        elif self._arguments is None:
            return self._in_head(text)
        else:
            read = self._arguments.feed(text, at)
            if read is None:
                return None
            said = read
            self._in_string = self._arguments.in_string
            if not said or len(pieces) >= _MOST_PIECES:
                return self._kept(text, said)
        pieces.append(text)
        event = _new(ArgumentsDelta)  # as the constructor does, whose call would take longer than all the rest
        event.index, event.text = self._index, said  # type: ignore[misc]
        return [event]

    def _kept(self, text: str, said: str) -> list[Event]:
        """Return the event of a delta, if any. The certain text of many deltas is joined."""
        self._pieces.append(text)
        if len(self._pieces) > _MOST_PIECES:
            self._keep()
        return [ArgumentsDelta(self._index, said)] if said else []

    def stop(self, text: str, out: list[Event]) -> str:
        """Read the end of the block, or leave the block to the reader and the call stream."""
        passed, state, call, arguments = "".join(self._pieces), self._state, self._call, self._arguments
        if call is not None and arguments is not None:
            total = self._block.behind + len(passed)
            call.start = self._start
            if arguments.closed is not None:
                self._finish(call, arguments.closed, total, passed + text, out)
                return behind_block(state, text[arguments.closed.after :])
            call.size = total - self._start - len(arguments.rest) + arguments.told
        state.stream = CallStream(state, self._block, call)
        return self._keep() + text

    def _keep(self) -> str:
        """Give the text to the block that will not be read again here. Returns the rest."""
        text = "".join(self._pieces)
        if self._arguments is None:
            return text
        cut = len(text) - len(self._arguments.rest)
        cut -= text.endswith("<", 0, cut)  # the end scanner decides by the character behind
        self._block.keep(text[:cut])
        self._pieces = [text[cut:]]
        return text[cut:]

    def _finish(self, call: StartedCall, closed: Closed, total: int, text: str, out: list[Event]) -> None:
        """End the block in the last delta, which begins at offset `total`. `text` is the unkept part of the block."""
        state, block = self._state, self._block
        end = total + closed.end
        call.size, call.complete = end - call.start, True
        if closed.last:
            out.append(ArgumentsDelta(call.index, closed.last))
        block.keep(text[: total + closed.after - block.behind])
        raw, read, faults = block.take_plain(call.name, call.start, end, total + closed.tag)
        state.block, state.mode = None, Mode.TEXT
        report_told(state, call, read, raw, len(block.opening), faults, out)

    def _in_head(self, text: str) -> list[Event] | None:
        """Read text in front of the arguments, and perhaps their beginning."""
        if self._call is None:
            self._quotes += text.count('"')
            waits = self._quotes < QUOTES_OF_NAME
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
            found = NAME(head, 0)
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
        found = TO_ARGUMENTS(head, position)
        if found.lastindex is None:
            return [] if found.end() == len(head) else None
        tool = self._state.rules.tools.by_name.get(name) if self._state.options.coerce else None
        arguments = PlainArguments(self._plain, ANYWHERE if tool is None else tool.schema.place)
        said = arguments.feed(head[found.end() :])
        if said is None:
            return None
        self._arguments, self._start, self._in_string = arguments, found.end() - 1, arguments.in_string
        return [ArgumentsDelta(self._index, "{" + said)]


def begin_call(state: State, block: BlockReader, text: str, position: int, out: list[Event]) -> bool:
    """Begin to read a block of plain JSON on the short way. Returns True if so: then all of the text was taken."""
    if not isinstance(block, JsonBlock) or not state.rules.incremental or state.closed:
        return False
    plain = block.plain
    if plain is None or text.find(plain.close, position) >= 0:
        return False
    state.started = []
    flow = CallFlow(state, block, plain)
    events = flow.feed(text[position:])
    if events is None:
        return False
    state.flow = flow
    out += events
    return True
