"""A block that holds the arguments of one call as JSON, and whose opening markup named the tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.block import EagerReader
from adapter.syntax.json.call_forms import read_arguments
from adapter.syntax.json.end_scanner import BlockScanner, End
from adapter.syntax.reading import Reading, Step, StepKind
from adapter.text.buffer import BlockText
from adapter.text.json_repair import repair

if TYPE_CHECKING:
    from adapter.syntax.json.end_scanner import Boundaries
    from adapter.syntax.reading import Flowing

_EDGES = " \t\r\n`"


class OneCallBlock(EagerReader):
    """Reads one block.

    Args:
        opening: The markup before the arguments.
        name: The tool.
        bounds: What may end the block.

    Attributes:
        opening: As given.
        steps: What has become certain of the call.
    """

    __slots__ = ("_back", "_bounds", "_name", "_read", "_scanner", "opening", "steps")

    def __init__(self, opening: str, name: str, bounds: Boundaries) -> None:
        self.opening = opening
        self.steps = [Step(StepKind.CALL, name, start=0)]
        self._name = name
        self._bounds = bounds
        self._scanner = BlockScanner(bounds)
        self._read = BlockText(opening)
        self._back = ""  # not reported yet: a closing marker that may be data, or the quote before it missing

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        after, end = self._scanner.feed(text, position)
        self._read.take(text, position, after)
        piece = self._back + text[position:after]
        sure = len(piece) - self._doubtful
        self._back = piece[sure:]
        if piece[:sure]:
            self.steps.append(Step(StepKind.JSON, piece[:sure]))
        return after, end

    def flowing(self) -> Flowing | None:
        """What may come now and passes as it is."""
        return None if self._back else self._scanner.flowing()

    def flowed(self, text: str) -> str:
        """Take text that was matched so."""
        self._scanner.offset += len(text)
        self._read.append(text)
        return text

    @property
    def _doubtful(self) -> int:
        """Length of the closing marker at the end of what was consumed, when it stands in a string and may be data or not."""
        tag = self._scanner.doubtful_tag
        length = 0 if tag is None else self._scanner.offset - tag
        return length if length <= len(self._bounds.close) else 0

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        tag = self._scanner.doubtful_tag
        newline = tag is not None and "\n" in self._read.part(tag)
        end = self._scanner.finish(cut=cut, newline_after=newline, half_tag=len(tail))
        self._read.append(tail)
        return end

    def go_on(self) -> None:
        """What looked complete was no JSON: only the closing marker ends this block now."""
        self._scanner.go_on()

    def read(self, end: End) -> Reading:
        """The call. Only a block that was closed is repaired."""
        text = self._read.part(0, self._scanner.payload_end).strip(_EDGES).removeprefix("json").lstrip()
        if not text and end is End.CUT:
            return Reading((), fault="no arguments yet")
        try:
            return Reading((read_arguments(self._name, text),))
        except ValueError as error:
            mended = None if end in {End.CUT, End.TEXT} else repair(text)
            if mended is None:
                return Reading((), fault=f"not JSON: {error}")
            return Reading((read_arguments(self._name, mended),), repaired=True)

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._read.split(self._scanner.block_end)

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the markup: it was read as it is."""
        return ()
