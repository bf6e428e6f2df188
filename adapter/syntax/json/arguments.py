"""The JSON arguments of one call inside a block: their end, and the text of them that may leave while they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.json.end_scanner import BlockScanner
from adapter.text.json_cursor import JsonCursor

if TYPE_CHECKING:
    from adapter.syntax.delimiters import Boundaries
    from adapter.syntax.reading import End, Flowing
    from adapter.text.json_gate import ValuePlace
    from adapter.text.json_plain import InString


_MOST = 1 << 14  # code points given to the cursor at once: a text of many calls is not copied for each of them


class JsonArguments:
    """A reader of arguments: a strict cursor up to their end or their first fault, and from there on the loose end scanner.

    Offsets count code points from the beginning of the arguments.

    Args:
        bounds: Boundaries of the block.
        inside: Patterns of strings in the block.
        place: ValuePlace of the arguments in the tool's schema; None if nobody hears of them before they are complete.

    Attributes:
        cursor: The cursor, while the arguments are strict JSON that is heard.
        progress: The cursor, from the first character to the last.
        said: Text that may leave since the last delta.
    """

    def __init__(self, bounds: Boundaries, inside: InString, place: ValuePlace | None) -> None:
        self._bounds = bounds
        self.progress = self.cursor = None if place is None else JsonCursor(inside, place)
        self._scanner = BlockScanner(bounds)
        self.said = ""

    @property
    def payload_end(self) -> int:
        """Offset behind the arguments, once they have ended."""
        return self._scanner.payload_end

    @property
    def block_end(self) -> int:
        """Offset behind the block, once the arguments have ended."""
        return self._scanner.block_end

    @property
    def balanced(self) -> bool:
        """Every bracket and every string is closed."""
        return self._scanner.balanced

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text from `position` on. Returns the position reached, and the end of the arguments, if met."""
        cursor = self.cursor
        if cursor is None:
            self.said = ""
            return self._scanner.feed(text, position)
        piece = text[position:] if cursor.pending else text[position : position + _MOST]
        self.said = cursor.feed(piece)
        after = position + len(piece)
        return self._loosen(after) if cursor.over else (after, None)

    def _loosen(self, size: int) -> tuple[int, End | None]:
        """Go on with the end scanner, in a text of this size. Returns as `feed` does."""
        cursor, self.cursor = self.cursor, None
        if cursor is None:
            return size, None
        state = cursor.handover()
        self._scanner = BlockScanner.resume(self._bounds, state)
        after, end = self._scanner.feed(state.unread)
        return size - len(state.unread) + after, end

    def flowing(self) -> Flowing | None:
        """Patterns of text to pass over inside a string, unheard."""
        inside = self._scanner.flowing() is not None if self.cursor is None else self.cursor.in_string
        return self._bounds.in_string if inside else None

    def flowed(self, size: int) -> None:
        """Count text that was followed, or passed over."""
        if self.cursor is None:
            self._scanner.offset += size
        else:
            self.cursor.passed += size

    def go_on(self) -> None:
        """Look for the closing marker only: the arguments looked complete, and were no JSON."""
        self._scanner.go_on()

    def finish(self, tail: str, written: str, *, cut: bool) -> End:
        """End the arguments with the completion.

        Args:
            tail: Text that was fed and not consumed.
            written: All text from the first character of the arguments on, up to the tail.
            cut: The model was stopped, rather than done.
        """
        waiting = len(tail) - self._loosen(0)[0]
        tag = self._scanner.doubtful_tag
        newline = tag is not None and "\n" in written[tag:]
        return self._scanner.finish(cut=cut, newline_after=newline, half_tag=waiting)
