"""The reader of a block of JSON between markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.block import Block, Where
from adapter.syntax.json.call_finder import CallFinder
from adapter.syntax.json.call_forms import read_quickly
from adapter.syntax.reading import RawCall, Unheard
from adapter.text.json_spans import value_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.syntax.json.payload import Payload
    from adapter.syntax.json.plain_arguments import Plain
    from adapter.syntax.reading import End, Flowing, Lookout, Reading

# Offset up to which an unheard block is passed over as a whole; inside a longer string `flowing` is faster still.
_SHORT = 4000


class JsonBlock(Block):
    """A reader of one block.

    Args:
        opening: The opening marker, and the text between marker and payload.
        payload: Reads the JSON.

    Attributes:
        behind: Code points at the end of the text so far that were kept unread: they are plain, and do not end the block.
    """

    def __init__(self, opening: str, payload: Payload) -> None:
        super().__init__(opening, Where.ARGUMENTS)
        self._payload = payload
        self._scanner = payload.scanner()
        self._finder: CallFinder | None = None  # from the first delta on, if the steps are heard
        self._doubt = ""  # a closing marker in a string, which may be data, and is not known to the finder yet
        self.behind = 0

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text from `position` on. Returns the position reached, and the end of the block, if met."""
        if self.behind:
            kept, self.behind = self._text.part(0), 0
            self._step(kept, 0)
        return super().feed(text, position)

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        scanner = self._scanner
        after, end = scanner.feed(text, position)
        if type(self.steps) is not Unheard:
            self._find(text[position:after])
        if end is not None:
            self._payload_end, self._block_end = scanner.payload_end, scanner.block_end
        return after, end

    def _find(self, piece: str) -> None:
        """Look for calls in a piece of the payload."""
        finder = self._finder = self._finder or CallFinder(self.steps)
        tag = self._scanner.doubtful_tag
        doubtful = 0 if tag is None else self._scanner.offset - tag
        piece = self._doubt + piece
        sure = len(piece) - (doubtful if doubtful <= len(self._payload.bounds.close) else 0)
        self._doubt = piece[sure:]
        finder.feed(piece[:sure])
        if finder.silent:
            self.steps = Unheard(self.steps)

    def keep(self, text: str) -> None:
        """Keep text unread that is plain and does not end the block; `feed` reads the text when other text comes."""
        self._text.append(text)
        self._read += len(text)
        self.behind += len(text)

    @property
    def plain(self) -> Plain | None:
        """Patterns of a plain call in the block; None if a block can end without its closing marker."""
        return self._payload.plain

    def take_plain(self, name: str, start: int, end: int, tag: int) -> tuple[str, RawCall, Sequence[str]]:
        """End a block of one plain call that was kept whole, its closing marker included.

        Args:
            name: The name of the call.
            start: Offset of the arguments.
            end: Offset behind the arguments.
            tag: Offset of the closing marker.

        Returns:
            The text of the block, the call, and the faults of the tags.
        """
        raw, before = self._text.text(), len(self.opening)
        arguments = raw[before + start : before + end]
        try:
            value = read_quickly(arguments)
        except ValueError:
            value = value_at(raw, before + start)[0]
        return raw, RawCall(name, arguments, value), self._payload.markup_faults(self.opening, raw[before + tag :])

    def waiting(self) -> Lookout | None:
        """Literals without which a short block cannot end."""
        scanner = self._scanner
        return self._payload.bounds.lookout if scanner.waiting and scanner.offset <= _SHORT else None

    def flowing(self) -> Flowing | None:
        """Patterns of text to forward inside a string, be the string reported or not."""
        flowing = self._scanner.flowing()
        if flowing is None or type(self.steps) is Unheard:
            return flowing
        finder = self._finder
        if finder is None or self._doubt or not finder.in_string:
            return None
        return flowing if finder.in_arguments else self._payload.bounds.in_quiet_string

    def flowed(self, text: str) -> str:
        """Consume text that was forwarded."""
        self._text.append(text)
        self._read += len(text)
        self._scanner.offset += len(text)
        if self._finder is not None:
            self._finder.skip(len(text))
        return text

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block with the completion."""
        scanner = self._scanner
        tag = scanner.doubtful_tag
        newline = tag is not None and "\n" in self._text.part(tag)
        end = scanner.finish(cut=cut, newline_after=newline, half_tag=len(tail))
        self._finished(tail)
        self._payload_end, self._block_end = scanner.payload_end, scanner.block_end
        return end

    def go_on(self) -> None:
        """Read on for the closing marker: the payload looked complete, and was no JSON."""
        self._scanner.go_on()

    def read(self, end: End) -> Reading:
        """The calls of the payload."""
        start = len(self.opening)
        return self._payload.read_inside(self._text.text(), start, start + self._payload_end, end)

    def markup_faults(self) -> tuple[str, ...]:
        """Faults of the tags around the payload."""
        return self._payload.markup_faults(self.opening, self._text.part(self._payload_end, self._block_end))
