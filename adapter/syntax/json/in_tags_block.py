"""The reader of a block of JSON between markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.block import Block, Where
from adapter.syntax.json.call_forms import plain_places, read_quickly
from adapter.syntax.json.end_scanner import BlockScanner
from adapter.syntax.reading import End, RawCall, Unheard
from adapter.text.json_spans import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapter.schema.known_place import KnownPlace
    from adapter.syntax.contract import Follower, PlainBlock
    from adapter.syntax.json.call_finder import CallFinder
    from adapter.syntax.json.payload import Payload
    from adapter.syntax.reading import Flowing, Lookout, Reading
    from adapter.text.json_cursor import JsonCursor

# Offset up to which an unheard block is passed over as a whole, strings too; inside a longer string `flowing` is faster still.
_SHORT = 4000


class JsonBlock(Block):
    """A reader of one block.

    Somebody who hears the steps has the payload read by a call finder, strictly, up to the end of a value or the first text
    that is not understood; the end scanner goes on from there. A block that nobody hears is read by the end scanner alone.

    Args:
        opening: The opening marker, and the text between marker and payload.
        payload: Reads the JSON.

    Attributes:
        close: The closing marker.
        inside: Patterns of strings in the block.
    """

    def __init__(self, opening: str, payload: Payload) -> None:
        super().__init__(opening, Where.ARGUMENTS)
        self._payload = payload
        self.close = payload.bounds.close
        self.inside = payload.inside
        self._begun = False
        self._finder: CallFinder | None = None  # while the payload is read strictly
        self._strict: CallFinder | None = None  # as long as it may go on with another value
        self._scanner: BlockScanner | None = None

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        if not self._begun:
            self._begin()
        while True:
            finder = self._finder
            position, end = self._scan(text, position) if finder is None else self._find(finder, text, position)
            if end is not None or position == len(text) or (self._finder is None) is (finder is None):
                return position, end

    def _begin(self) -> None:
        """Choose the reader, with the first delta: by then somebody hears the steps, or nobody."""
        self._begun = True
        if type(self.steps) is Unheard:
            self._scanner = self._payload.scanner()
        else:
            self._finder = self._strict = self._payload.finder(self.steps)

    def _find(self, finder: CallFinder, text: str, position: int) -> tuple[int, End | None]:
        """Read on strictly."""
        finder.steps = self.steps
        after = finder.read(text, position)
        if not (finder.silent or finder.ended):
            return after, None
        self._finder = None
        if finder.silent:
            self._strict, self.steps = None, Unheard(self.steps)
        read, end = self._resume(finder)
        return after - read, end

    def _resume(self, finder: CallFinder) -> tuple[int, End | None]:
        """Let the end scanner go on. Returns the size of text that the finder has consumed and the scanner has not."""
        state = finder.handover()
        self._scanner = scanner = BlockScanner.resume(self._payload.bounds, state)
        scanner.stops = finder.ended and not finder.silent
        read, end = scanner.feed(state.unread)
        return len(state.unread) - read, None if end is None else self._met(scanner, end)

    def _scan(self, text: str, position: int) -> tuple[int, End | None]:
        """Read on for the end of the block."""
        scanner = self._scanner
        if scanner is None:
            raise RuntimeError("no end scanner")
        after, end = scanner.feed(text, position)
        if end is not None:
            return after, self._met(scanner, end)
        if scanner.another and self._strict is not None:
            self._finder, self._scanner = self._strict, None
            self._finder.again(scanner.offset)
        return after, None

    def _met(self, scanner: BlockScanner, end: End) -> End:
        self._payload_end, self._block_end = scanner.payload_end, scanner.block_end
        return end

    def plain(self) -> PlainBlock | None:
        """This reader, if nothing but the closing marker ends a block."""
        return self if self._payload.plain else None

    @property
    def known(self) -> Callable[[str], KnownPlace]:
        """Gives the place of a tool's arguments in its schema."""
        return self._payload.known

    def keep(self, text: str) -> None:
        """Keep text that was read by somebody else."""
        self._text.append(text)
        self._read += len(text)

    def adopt(self, cursor: JsonCursor, start: int) -> None:
        """Go on behind the kept text; see `PlainBlock`."""
        self._begin()
        if self._finder is not None:
            self._finder.adopt(cursor, start)

    def take_plain(self, name: str, start: int, end: int, tag: int, text: str) -> tuple[str, RawCall, Sequence[str]] | None:
        """End a block of one plain call; see `PlainBlock`. The text of a short one is never kept."""
        before = len(self.opening)
        if self._read:
            self.keep(text)
            raw = self._text.text()
        else:
            raw = self.opening + text
        arguments = raw[before + start : before + end]
        try:
            value = read_quickly(arguments)
        except ValueError:
            try:
                value = value_at(raw, before + start)[0]
            except ValueError:  # nested too deeply
                if not self._read:
                    self.keep(text)
                self._payload_end, self._block_end = tag, self._read
                return None
        return (
            raw,
            RawCall(name, arguments, value, places=plain_places),
            self._payload.markup_faults(self.opening, raw[before + tag :]),
        )

    def waiting(self) -> Lookout | None:
        """Literals without which the block cannot end; None inside a string that is passed over in a faster way."""
        if not self._begun:
            self._begin()
        scanner = self._scanner
        if scanner is None:
            return None
        short = scanner.offset <= _SHORT or scanner.flowing() is None
        return self._payload.bounds.lookout if scanner.waiting and short else None

    def follower(self) -> Follower | None:
        """The cursor in the arguments of a call, the search for the next name, or that for the rest of the closing marker."""
        return None if self._finder is None else self._finder.follower()

    def flowing(self) -> Flowing | None:
        """Patterns of text to pass over inside a string of which nothing is sent."""
        if self._finder is not None:
            heard = type(self.steps) is not Unheard
            return self._payload.bounds.in_string if self._finder.flowing(heard=heard) else None
        return None if self._scanner is None else self._scanner.flowing()

    def flowed(self, text: str) -> str:
        """Consume text that was followed or passed over."""
        self._text.append(text)
        self._read += len(text)
        if self._finder is not None:
            self._finder.flowed(text)
        elif self._scanner is not None:
            self._scanner.offset += len(text)
        return text

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block with the completion."""
        if not self._begun:
            self._begin()
        waiting = len(tail)
        if self._finder is not None:
            waiting += self._resume(self._finder)[0]
        scanner = self._scanner
        if scanner is None:
            raise RuntimeError("no end scanner")
        tag = scanner.doubtful_tag
        newline = tag is not None and "\n" in self._text.part(tag)
        end = scanner.finish(cut=cut, newline_after=newline, half_tag=waiting)
        self._finished(tail)
        return self._met(scanner, end)

    def go_on(self) -> None:
        """Read on for the closing marker: the payload looked complete, and was no JSON."""
        if self._scanner is not None:
            self._scanner.go_on()

    def read(self, end: End) -> Reading:
        """The calls of the payload."""
        start = len(self.opening)
        return self._payload.read_inside(self._text.text(), start, start + self._payload_end, end)

    def markup_faults(self) -> tuple[str, ...]:
        """Faults of the tags around the payload."""
        return self._payload.markup_faults(self.opening, self._text.part(self._payload_end, self._block_end))
