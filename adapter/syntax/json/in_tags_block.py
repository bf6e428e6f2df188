"""A block of JSON while it is being read: its text, and the scanner that looks for its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.json.call_forms import read_quickly
from adapter.syntax.json.end_scanner import End
from adapter.syntax.reading import RawCall
from adapter.text.buffer import BlockText
from adapter.text.json_spans import value_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.syntax.json.in_tags import JsonInTags
    from adapter.syntax.json.plain_arguments import Plain
    from adapter.syntax.reading import Flowing, Lookout, Reading, Step

# Of how much text no more is read than what may end the block.
_SHORT = 4000


class JsonBlock:
    """A block from its opening tag to its end.

    Args:
        opening: The opening tag and what stood between it and the payload.
        syntax: The call syntax.

    Attributes:
        behind: How much of the payload was kept unread: what stood there was plain, and did not end the block.
    """

    __slots__ = ("_read", "_scanner", "_syntax", "_taken", "behind", "opening", "steps")

    def __init__(self, opening: str, syntax: JsonInTags) -> None:
        self.opening = opening
        self.steps: list[Step] = []  # none: its JSON is followed as it is
        self._syntax = syntax
        self._scanner = syntax.scanner()
        self._read = BlockText(opening)
        self._taken: Reading | None = None  # the calls of a block that was taken in one go
        self.behind = 0

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        after, end = (position, None) if self._scanner.offset + self.behind > _SHORT else self._whole(text, position)
        if end is not None:
            return after, end
        if self.behind:
            self._scanner.feed(self._read.text(), len(self.opening))
            self.behind = 0
        after, end = self._scanner.feed(text, position)
        self._read.append(text[position:after])
        return after, end

    def keep(self, text: str) -> None:
        """Keep text that is plain and does not end the block. It is read when something else comes."""
        self._read.append(text)
        self.behind += len(text)

    @property
    def plain(self) -> Plain | None:
        """How a plain call is written in such blocks; None where other text than a tag may end them."""
        return self._syntax.plain

    def kept(self, size: int) -> str:
        """What was kept first, so much of it."""
        return self._read.part(0, size)

    def take_plain(self, name: str, start: int, end: int, tag: int) -> tuple[str, RawCall, Sequence[str]]:
        """The block has been kept whole, up to its closing tag, and holds one plain call.

        Args:
            name: Its name.
            start: Where in the payload its arguments begin.
            end: Where they end.
            tag: Where the closing tag begins.

        Returns:
            The block as it was written, its call, and what is wrong with its tags.
        """
        raw, before = self._read.text(), len(self.opening)
        arguments = raw[before + start : before + end]
        try:
            value = read_quickly(arguments)
        except ValueError:
            value = value_at(raw, before + start)[0]
        return raw, RawCall(name, arguments, value), self._syntax.markup_faults(self.opening, raw[before + tag :])

    def _whole(self, text: str, position: int) -> tuple[int, End | None]:
        """Take the block in one go, if all of it is here: one JSON value, which says itself where it ends, and the closing tag.

        So a whole completion is read by the JSON reader, and not by the scanner first. A completion that holds anything else
        is not tried again: trying costs as much as the text that is here.
        """
        syntax = self._syntax
        close = syntax.bounds.close
        end = text.find(close, position) if close and syntax.tries else -1
        if end < 0:
            return position, None
        before = self._read.part(0) if self._scanner.offset + self.behind else ""
        if before:
            self._taken = syntax.read_strictly(before + text[position:end], 0, len(before) + end - position)
        else:
            self._taken = syntax.read_strictly(text, position, end)
        if self._taken is None:
            syntax.tries = False
            return position, None
        after = end + len(close)
        self._read.take(text, position, after)
        self._scanner.take(len(before) + end - position, len(before) + after - position)
        return after, End.TAG

    def waiting(self) -> Lookout | None:
        """What a short block cannot end without; the inside of a long string passes a shorter way still."""
        return self._syntax.bounds.lookout if self._scanner.waiting and self._scanner.offset <= _SHORT else None

    def flowing(self) -> Flowing | None:
        """What may come now and passes as it is."""
        return self._scanner.flowing()

    def flowed(self, text: str) -> str:
        """Take text that was matched so."""
        self._scanner.offset += len(text)
        self._read.append(text)
        return text

    @property
    def doubtful(self) -> int:
        """Length of the closing tag at the end of what was consumed, when it stands in a string and may be data or not."""
        tag = self._scanner.doubtful_tag
        length = 0 if tag is None else self._scanner.offset - tag
        return length if length <= len(self._syntax.bounds.close) else 0

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        tag = self._scanner.doubtful_tag
        newline = tag is not None and "\n" in self._read.part(tag)
        end = self._scanner.finish(cut=cut, newline_after=newline, half_tag=len(tail))
        self._read.append(tail)
        return end

    def go_on(self) -> None:
        """What looked complete was no JSON: only the closing tag ends this block now."""
        self._scanner.go_on()

    def read(self, end: End) -> Reading:
        """The calls of the payload."""
        if self._taken is not None:
            return self._taken
        start = len(self.opening)
        return self._syntax.read_inside(self._read.text(), start, start + self._scanner.payload_end, end)

    @property
    def payload(self) -> str:
        """The text between the tags."""
        return self._read.part(0, self._scanner.payload_end)

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._read.split(self._scanner.block_end)

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the tags around the payload."""
        return self._syntax.markup_faults(self.opening, self._read.part(self._scanner.payload_end, self._scanner.block_end))
