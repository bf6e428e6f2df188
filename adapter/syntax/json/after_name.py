"""The reader of a block of a name and JSON, in a syntax that has another form for arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adapter.events import CallPlaces
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.reading import RawCall, Trimmed, Unheard
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

    def plain(self) -> None:
        """None: the payload is no call."""

    def read(self, end: End) -> Reading:
        """The call of the block, read as if all of the call were JSON."""
        arguments = self._text.part(0, self._payload_end)
        reading = self._payload.read(f'{{"name": {quoted(self._name)}, "arguments": {arguments}}}', end)
        calls = tuple(
            replace(call, places=self._places(len(arguments)))
            if isinstance(call, RawCall) and call.places is not None
            else call
            for call in reading.calls
        )
        return replace(reading, calls=calls)

    def _places(self, size: int) -> Trimmed:
        """Return the places in the block, of which another text was read."""
        named, begun = self.opening.rindex(self._name), len(self.opening)
        return Trimmed(CallPlaces((named, named + len(self._name)), (begun, begun + size)))

    def markup_faults(self) -> tuple[str, ...]:
        """The form of the arguments is a fault of its own."""
        return (f"the arguments of {self._name!r} are one piece of JSON, where keys and values were due",)
