"""A block that holds the arguments of one call as JSON, and whose opening markup named the tool."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.events import CallPlaces
from adapter.syntax.block import Block, Where
from adapter.syntax.json.arguments import JsonArguments
from adapter.syntax.json.call_forms import read_arguments
from adapter.syntax.reading import End, Reading, Step, StepKind, Unheard
from adapter.text.json_plain import in_string
from adapter.text.json_repair import repair

if TYPE_CHECKING:
    from adapter.schema.known_place import KnownPlace
    from adapter.syntax.contract import Follower
    from adapter.syntax.delimiters import Boundaries
    from adapter.syntax.reading import Flowing

_EDGES = " \t\r\n`"


class OneCallBlock(Block):
    """A reader of one block.

    Args:
        opening: The markup before the arguments.
        name: The tool.
        bounds: The markers that may end the block.
        place: Place of the tool's arguments in its schema.
        slips: Sentences on slips in the markup before the arguments.
    """

    def __init__(self, opening: str, name: str, bounds: Boundaries, place: KnownPlace, slips: tuple[str, ...] = ()) -> None:
        super().__init__(opening, Where.ARGUMENTS)
        self._slips = slips
        self._name = name
        self._bounds = bounds
        self._arguments = JsonArguments(bounds, in_string(bounds.close), place)
        self.steps.append(Step(StepKind.CALL, name, start=0, progress=self._arguments.progress))

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        if type(self.steps) is Unheard and not self._read and self._arguments.progress is not None:
            self._arguments = JsonArguments(self._bounds, in_string(self._bounds.close), None)
        arguments = self._arguments
        after, end = arguments.feed(text, position)
        if arguments.said:
            self.steps.append(Step(StepKind.TEXT, arguments.said))
        if end is not None:
            self._payload_end, self._block_end = arguments.payload_end, arguments.block_end
        return after, end

    def follower(self) -> Follower | None:
        """The cursor in the arguments."""
        return self._arguments.cursor

    def flowing(self) -> Flowing | None:
        """Patterns of text to pass over in an unheard string."""
        return self._arguments.flowing()

    def flowed(self, text: str) -> str:
        """Consume text that was followed or passed over."""
        self._arguments.flowed(len(text))
        self._text.append(text)
        self._read += len(text)
        return text

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block with the completion."""
        arguments = self._arguments
        end = arguments.finish(tail, self._text.part(0), cut=cut)
        self._finished(tail)
        self._payload_end, self._block_end = arguments.payload_end, arguments.block_end
        return end

    def go_on(self) -> None:
        """Read on for the closing marker: the arguments looked complete, and were no JSON."""
        self._arguments.go_on()

    def _places(self, end: int, size: int) -> CallPlaces:
        """Return the places of arguments that end at `end` in the block, and of a name that stands in the opening once."""
        named = [found.span() for found in re.finditer(rf"(?<!\w){re.escape(self._name)}(?!\w)", self.opening)]
        return CallPlaces(named[0] if len(named) == 1 else None, (end - size, end))

    def read(self, end: End) -> Reading:
        """The call; repaired only in a closed block."""
        written = self._text.part(0, self._payload_end).rstrip(_EDGES)
        text = written.lstrip(_EDGES).removeprefix("json").lstrip()
        places = self._places(len(self.opening) + len(written), len(text))
        if not text and end is End.CUT:
            return Reading((), fault="no arguments yet")
        try:
            return Reading((read_arguments(self._name, text, places),), mended=self._slips)
        except ValueError as error:
            mended = None if end in {End.CUT, End.TEXT} else repair(text)
            if mended is None:
                return Reading((), fault=f"not JSON: {error}")
            return Reading((read_arguments(self._name, mended, places),), repaired=True, mended=self._slips)
