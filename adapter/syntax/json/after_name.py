"""A block of a name and JSON, in a syntax that has another place for arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.block import CarefulReader
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.text.json_writer import quoted

if TYPE_CHECKING:
    from adapter.syntax.json.end_scanner import End
    from adapter.syntax.json.in_tags import JsonInTags
    from adapter.syntax.reading import Reading, Step


class JsonAfterName(CarefulReader):
    """Reads one block. Its call is known when the block is complete, and not before.

    Args:
        opening: The opening marker, the name and what stood between it and the JSON.
        name: The tool.
        syntax: Reads JSON.
    """

    def __init__(self, opening: str, name: str, syntax: JsonInTags) -> None:
        self.opening = opening
        self.steps: list[Step] = []
        self._name = name
        self._syntax = syntax
        self._block = JsonBlock(opening, syntax)

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        return self._block.feed(text, position)

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        return self._block.finish(tail, cut=cut)

    def go_on(self) -> None:
        """What looked complete was no JSON: only the closing marker ends this block now."""
        self._block.go_on()

    def read(self, end: End) -> Reading:
        """The call of the block, read as if it were JSON as a whole."""
        return self._syntax.read(f'{{"name": {quoted(self._name)}, "arguments": {self._block.payload}}}', end)

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._block.parts()

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the markup."""
        return (f"the arguments of {self._name!r} are one piece of JSON, where keys and values were due",)
