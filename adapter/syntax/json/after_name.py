"""The reader of a block of a name and JSON, in a syntax that has another form for arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.reading import Unheard
from adapter.text.json_writer import quoted

if TYPE_CHECKING:
    from adapter.syntax.json.payload import Payload
    from adapter.syntax.reading import End, Reading


class JsonAfterName(JsonBlock):
    """A reader of one block. The call is reported when the block is complete.

    Args:
        opening: The opening marker, the name, and the text between name and JSON.
        name: The tool.
        payload: Reads the JSON.
    """

    def __init__(self, opening: str, name: str, payload: Payload) -> None:
        super().__init__(opening, payload)
        self.steps = Unheard()
        self._name = name

    def read(self, end: End) -> Reading:
        """The call of the block, read as if all of the call were JSON."""
        arguments = self._text.part(0, self._payload_end)
        return self._payload.read(f'{{"name": {quoted(self._name)}, "arguments": {arguments}}}', end)

    def markup_faults(self) -> tuple[str, ...]:
        """The form of the arguments is a fault of its own."""
        return (f"the arguments of {self._name!r} are one piece of JSON, where keys and values were due",)
