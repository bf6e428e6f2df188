"""A block of calls, each a name and JSON, while it is being read.

A block holds calls that can be read, or one that cannot and nothing else: it ends before the first unreadable call that
follows others, and that one is read again as a block of its own.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.block import EagerReader
from adapter.syntax.json.call_forms import decoded_once
from adapter.syntax.json.end_scanner import BlockScanner, Boundaries, End, is_half
from adapter.syntax.reading import RawCall, Reading, Step, StepKind
from adapter.text.buffer import BlockText
from adapter.text.json_repair import repair
from adapter.text.json_spans import FENCE_END, loads

if TYPE_CHECKING:
    from adapter.syntax.json.named_head import Head, Heads
    from adapter.syntax.reading import Flowing

_NOT_SPACE = re.compile(r"[^ \t\r\n]")
_MOST_HELD = 400


class _Where(Enum):
    BETWEEN = auto()  # in the block, outside of calls
    HEAD = auto()  # after a call's marker
    JSON = auto()


class NamedJsonBlock(EagerReader):
    """Reads one block.

    Args:
        opening: The opening marker and what stood between it and the payload.
        bounds: The markers before and after a call, and what else ends one.
        heads: Finds names.
        closers: The markers after a block.
        begun: Whether the opening was that of the first call itself.
        mends_open: Whether JSON may be repaired that lacks a closing bracket.

    Attributes:
        opening: As given.
        steps: What has become certain of the calls.
        faults: What is wrong with the markers.
    """

    def __init__(
        self, opening: str, bounds: Boundaries, heads: Heads, closers: tuple[str, ...], *, begun: bool, mends_open: bool
    ) -> None:
        self.opening = opening
        self.steps: list[Step] = []
        self._bounds = bounds
        self._heads = heads
        self._closers = closers
        self._mends_open = mends_open
        self._begun = begun
        self._literals = tuple(literal for literal in (bounds.open, bounds.close, *closers, *bounds.tokens) if literal)
        self._markers = re.compile(rf"(?:{'|'.join(map(re.escape, self._literals))}|\s)*+")
        self._where = _Where.HEAD if begun else _Where.BETWEEN
        self._text = BlockText(opening)
        self._read = 0  # characters consumed
        self._base = 0  # turns a position in the text that is being fed into an offset
        self._ends = (0, 0)  # where the payload ends, and where the block does
        self._call_start = 0  # where the present call's marker begins
        self._head: Head | None = None
        self._json_start = 0
        self._back = ""  # at the end of the JSON so far: a marker that may be data or not
        self._scanner = BlockScanner(bounds)
        self._calls: list[RawCall] = []
        self._repaired = False
        self._fault = "no call that is complete"
        self.faults: list[str] = []

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        start, end, wait = position, None, False
        self._base = self._read - start
        steps = {_Where.BETWEEN: self._between, _Where.HEAD: self._name, _Where.JSON: self._arguments}
        while position < len(text) and end is None and not wait:
            where, begin = self._where, position
            position, end, wait = steps[where](text, begin)
            if where is not _Where.JSON:  # that is taken as it is read
                self._text.take(text, begin, position)
        self._read += position - start
        return position, end

    def _between(self, text: str, position: int) -> tuple[int, End | None, bool]:
        """Outside of calls: the next marker, or text where one is due."""
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None, False
        position, bounds = found.start(), self._bounds
        if is_half(text, position, self._literals):
            return position, None, True
        closer = next((closer for closer in self._closers if text.startswith(closer, position)), "")
        if closer:
            self._ends = (self._base + position, self._base + position + len(closer))
            return position + len(closer), End.TAG, False
        if text.startswith(bounds.open, position):
            self._where, self._call_start = _Where.HEAD, self._base + position
            return position + len(bounds.open), None, False
        if bounds.close and text.startswith(bounds.close, position):
            return position + len(bounds.close), None, False
        if any(text.startswith(token, position) for token in bounds.tokens):
            return self._ended(End.TOKEN, position)
        return self._ended(End.TEXT, position)

    def _ended(self, end: End, position: int) -> tuple[int, End, bool]:
        """The block ends here, without its own closing marker."""
        if self._closers and not self._begun:
            self.faults.append("the closing marker of the block is missing")
        self._ends = (self._base + position, self._base + position)
        return position, end, False

    def _broken(self, position: int) -> tuple[int, End, bool]:
        """The present call cannot be read: after others it is left to be read again; alone it is the block."""
        place = self._call_start if self._calls else self._base + position
        self._ends = (place, place)
        return position, End.TEXT if self._calls else End.WRONG_TAG, False

    def _name(self, text: str, position: int) -> tuple[int, End | None, bool]:
        """After a call's marker: all before its JSON."""
        head = self._heads.find(text, position)
        if head is None:
            return position, None, True
        if head is False:
            self._fault = "no name and separator after the marker of a call"
            return self._broken(position)
        start = None if head.empty else self._base + head.end
        self.steps.append(Step(StepKind.CALL, head.name, head.id, start=start))
        if head.empty:
            self._keep(head, "{}", {})
            self.steps.append(Step(StepKind.TEXT, "{}"))
            after = head.end + len(self._bounds.close) * text.startswith(self._bounds.close, head.end)
            return after, None, False
        self._head, self._where, self._scanner = head, _Where.JSON, BlockScanner(self._bounds)
        self._json_start, self._back = self._base + head.end, ""
        return head.end, None, False

    def _keep(self, head: Head, arguments: str, value: object) -> None:
        self._calls.append(RawCall(head.name, arguments, value, head.id))
        self._where = _Where.BETWEEN

    def _arguments(self, text: str, position: int) -> tuple[int, End | None, bool]:
        """Inside the JSON of a call, and up to the marker after it."""
        scanner = self._scanner
        if not scanner.offset:
            self._text.mark()  # the JSON, without what ends it, is read where it is kept
        payload = position - scanner.offset
        after, end = scanner.feed(text, position)
        self._step(text[position:after])
        if end is None:
            self._text.take(text, position, after)
            return after, None, after < len(text)
        stop = min(max(position, payload + scanner.payload_end), after)
        self._text.take(text, position, stop)
        readable = self._read_call(end)
        self._text.take(text, stop, after)
        if readable:
            return self._after_call(after, end)
        if end is End.TEXT and self._bounds.close:
            scanner.go_on()  # what looked complete was no JSON
            return after, None, False
        return self._broken(after)

    def flowing(self) -> Flowing | None:
        """What may come now and passes as it is."""
        return self._scanner.flowing() if self._where is _Where.JSON and not self._back else None

    def flowed(self, text: str) -> str:
        """Take text that was matched so."""
        self._scanner.offset += len(text)
        self._text.append(text)
        self._read += len(text)
        return text

    def _step(self, piece: str) -> None:
        """Report what of the JSON is certain.

        A marker in a string may be data, or the end of the call where the quote is missing; with nothing but markers after it
        that is not known yet.
        """
        piece = self._back + piece
        sure = len(piece)
        tag = self._scanner.doubtful_tag
        if tag is not None and self._scanner.offset - tag <= min(len(piece), _MOST_HELD):
            begin = len(piece) - (self._scanner.offset - tag)
            after = self._markers.match(piece, begin).end()  # type: ignore[union-attr]  # it matches everywhere
            if after == len(piece) or is_half(piece, after, self._literals):
                sure = begin
        self._back = piece[sure:]
        if piece[:sure]:
            self.steps.append(Step(StepKind.JSON, piece[:sure]))

    def _after_call(self, position: int, end: End) -> tuple[int, End | None, bool]:
        """A call is complete; what ended it may end the block as well."""
        if end is not End.TAG and self._bounds.close:
            self.faults.append("the closing marker of a call is missing")
        if end is not End.QUOTE:
            return position, None, False
        place = self._json_start + self._scanner.block_end  # the text after it is to be read again
        self._ends = (place, place)
        return position, End.QUOTE, False

    def _read_call(self, end: End) -> bool:
        """Read the arguments of the present call. Returns whether they could be read."""
        head = self._head
        if head is None:
            raise RuntimeError("arguments without a head")
        payload = self._text.marked()[: self._scanner.payload_end]
        text = payload.rstrip(FENCE_END)
        try:
            value = loads(text)
        except ValueError as error:
            mended = None
            if end is not End.CUT and (end is not End.TEXT or not self._bounds.close):
                mended = repair(text) if self._mends_open or self._scanner.balanced else None
            if mended is None:
                self._fault = f"not JSON: {error}"
                return False
            text, value = mended, loads(mended)
            self._repaired = True
        self._keep(head, *(decoded_once(text, value) if isinstance(value, str) else (text, value)))
        return True

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        end = End.CUT
        if self._where is _Where.JSON:
            tag = self._scanner.doubtful_tag
            newline = tag is not None and "\n" in self._text.marked()[tag:]
            end = self._scanner.finish(cut=cut, newline_after=newline, half_tag=len(tail))
            self._read_call(end)
        self._text.append(tail)
        self._read += len(tail)
        place = self._json_start + self._scanner.block_end if end is End.QUOTE else self._read
        self._ends = (place, place)
        return end

    def go_on(self) -> None:
        """Text ends a block only after calls that can be read."""

    def read(self, end: End) -> Reading:
        """The calls of the block."""
        if not self._calls:
            empty = end is End.TAG and not self._text.part(0, self._ends[0]).strip()  # a section that holds nothing
            return Reading((), fault=None if empty else self._fault)
        unfinished = self._where is not _Where.BETWEEN and end in {End.CUT, End.QUOTE}
        return Reading(tuple(self._calls), self._repaired, unfinished=unfinished)

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the markers."""
        return tuple(self.faults)

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._text.split(self._ends[1])
