"""One block while it is being read: its text, and the scanner that looks for its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.syntax.json_in_tags import JsonInTags, Reading
    from adapter.syntax.scanner import End


class Block:
    """A block from its opening tag to its end.

    Args:
        opening: The opening tag and what stood between it and the payload.
        syntax: The call syntax.
    """

    __slots__ = ("_parts", "_scanner", "_syntax", "opening")

    def __init__(self, opening: str, syntax: JsonInTags) -> None:
        self.opening = opening
        self._syntax = syntax
        self._scanner = syntax.scanner()
        self._parts: list[str] = []

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        after, end = self._scanner.feed(text, position)
        self._parts.append(text[position:after])
        return after, end

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        tag = self._scanner.doubtful_tag
        newline = tag is not None and "\n" in self._text()[tag:]
        end = self._scanner.finish(cut=cut, newline_after=newline, half_tag=len(tail))
        self._parts.append(tail)
        return end

    def go_on(self) -> None:
        """What looked complete was no JSON: only the closing tag ends this block now."""
        self._scanner.go_on()

    def read(self, end: End) -> Reading:
        """The calls of the payload."""
        return self._syntax.read(self._text()[: self._scanner.payload_end], end)

    def parts(self) -> tuple[str, str, str]:
        """The payload, the closing tag with what stands before it, and what is to be read again as text."""
        text = self._text()
        payload, block = self._scanner.payload_end, self._scanner.block_end
        return text[:payload], text[payload:block], text[block:]

    def _text(self) -> str:
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""
