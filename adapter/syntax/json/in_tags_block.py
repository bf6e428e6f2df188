"""The reader of a block of JSON between markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.block import Block, Where
from adapter.syntax.json.end_scanner import BlockScanner
from adapter.syntax.reading import Unheard

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from adapter.syntax.contract import Follower
    from adapter.syntax.json.call_finder import CallFinder
    from adapter.syntax.json.payload import Payload
    from adapter.syntax.reading import End, Flowing, Lookout, Reading

# Offset up to which an unheard block is passed over as a whole; inside a longer string `flowing` is faster still.
_SHORT = 4000


class _Closing:
    """The rest of a closing marker that has begun, as a follower: any other text is for the reader.

    Attributes:
        special: As in `Follower`; never used, for the text stands in no string.
        in_string: False.
    """

    __slots__ = ("_due", "in_string", "special")

    def __init__(self, due: str, special: Callable[[str], re.Match[str] | None]) -> None:
        self._due = due
        self.special = special
        self.in_string = False

    def follow(self, text: str) -> str | None:
        """Read a delta. Returns the empty string; None for a delta that ends the marker, or is not of it."""
        if len(text) >= len(self._due) or not self._due.startswith(text):
            return None
        self._due = self._due[len(text) :]
        return ""


class JsonBlock(Block):
    """A reader of one block.

    Somebody who hears the steps has the payload read by a call finder, strictly, up to the end of a value or the first text that is
    not understood; the end scanner goes on from there. A block that nobody hears is read by the end scanner alone.

    Args:
        opening: The opening marker, and the text between marker and payload.
        payload: Reads the JSON.
    """

    def __init__(self, opening: str, payload: Payload) -> None:
        super().__init__(opening, Where.ARGUMENTS)
        self._payload = payload
        self._finder: CallFinder | None = None  # while the payload is read strictly
        self._strict: CallFinder | None = None  # as long as it may go on with another value
        self._scanner: BlockScanner | None = None
        self._half = ""  # the beginning of a marker behind complete JSON, which the scanner has not consumed
        self._closing: _Closing | None = None

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        if self._scanner is None and self._finder is None:
            self._begin()
        if self._half:
            return self._after_half(text, position)
        finder = self._finder
        after, end = self._scan(text, position) if finder is None else self._find(finder, text, position)
        if end is None and self._strict is not None and after < len(text):
            after = self._wait(text, after)
        return after, end

    def _begin(self) -> None:
        """Choose the reader, with the first delta: by then somebody hears the steps, or nobody."""
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
        state = finder.handover()
        self._finder = None
        self._scanner = scanner = BlockScanner.resume(self._payload.bounds, state)
        scanner.stops = finder.ended and not finder.silent
        if finder.silent:
            self._strict, self.steps = None, Unheard(self.steps)
        read, end = scanner.feed(state.unread)
        after += read - len(state.unread)
        if end is not None:
            return after, self._met(scanner, end)
        return self._scan(text, after) if after < len(text) else (after, None)

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
            return self._find(self._finder, text, after)
        return after, None

    def _met(self, scanner: BlockScanner, end: End) -> End:
        self._payload_end, self._block_end = scanner.payload_end, scanner.block_end
        return end

    def _wait(self, text: str, after: int) -> int:
        """Keep the beginning of a marker behind complete JSON. Returns the end of the text."""
        half, close = text[after:], self._payload.bounds.close
        self._half = half
        if len(half) < len(close) and close.startswith(half):
            self._closing = _Closing(close[len(half) :], self._payload.inside.special)
        return len(text)

    def _after_half(self, text: str, position: int) -> tuple[int, End | None]:
        """Read on behind the beginning of a marker."""
        half, self._half, self._closing = self._half, "", None
        window = half + text[position:]
        after, end = self._scan(window, 0)
        if end is None and self._finder is None and after < len(window):
            self._wait(window, after)
            return len(text), None
        return max(position, position + after - len(half)), end

    def waiting(self) -> Lookout | None:
        """Literals without which a short block cannot end."""
        if self._scanner is None and self._finder is None:
            self._begin()
        scanner = self._scanner
        if scanner is None:
            return None
        return self._payload.bounds.lookout if scanner.waiting and scanner.offset <= _SHORT else None

    def follower(self) -> Follower | None:
        """The cursor in the arguments of a call, the search for the next name, or that for the rest of the closing marker."""
        finder = self._finder
        if finder is None:
            return self._closing
        return finder.follower()

    def flowing(self) -> Flowing | None:
        """Patterns of text to pass over inside a string of which nothing is sent."""
        if self._finder is not None:
            heard = type(self.steps) is not Unheard
            return self._payload.bounds.in_quiet_string if self._finder.flowing(heard=heard) else None
        return None if self._scanner is None else self._scanner.flowing()

    def flowed(self, text: str) -> str:
        """Consume text that was followed or passed over."""
        self._text.append(text)
        self._read += len(text)
        if self._finder is not None:
            self._finder.flowed(text)
        elif self._half:
            self._half += text
        elif self._scanner is not None:
            self._scanner.offset += len(text)
        return text

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block with the completion."""
        if self._scanner is None and self._finder is None:
            self._begin()
        waiting = len(tail) + len(self._half)
        if self._finder is not None:
            state = self._finder.handover()
            self._scanner = BlockScanner.resume(self._payload.bounds, state)
            waiting += len(state.unread) - self._scanner.feed(state.unread)[0]
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
