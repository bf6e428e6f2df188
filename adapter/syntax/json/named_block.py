"""A block of calls, each a name and JSON, while it is being read.

A block holds readable calls, or a single unreadable call: the block ends before the first unreadable call behind others, and
the unreadable call is read again as a block of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.events import CallPlaces
from adapter.syntax.block import Block, Where
from adapter.syntax.json.arguments import JsonArguments
from adapter.syntax.json.call_forms import decoded_once
from adapter.syntax.json.payload import CLOSERS
from adapter.syntax.reading import End, RawCall, Reading, Step, StepKind, Unheard
from adapter.text.json_plain import in_string
from adapter.text.json_repair import repair
from adapter.text.json_spans import FENCE_END, loads
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.known_place import KnownPlace
    from adapter.syntax.contract import Follower
    from adapter.syntax.delimiters import Boundaries
    from adapter.syntax.json.named_head import Head, Heads
    from adapter.syntax.reading import Flowing

_NOT_SPACE = re.compile(r"[^ \t\r\n]")


class NamedJsonBlock(Block):
    """A reader of one block.

    Args:
        opening: The opening marker and the text between marker and payload.
        bounds: The markers before and behind a call, and other literals that end a call.
        heads: Finds names.
        closers: The markers behind a block.
        known: Gives the place of a tool's arguments in its schema.
        begun: The opening was that of the first call itself.
        mends_open: JSON that lacks a closing bracket may be repaired.

    Attributes:
        opening: As given.
        steps: Pieces of calls that are certain.
        faults: Faults of the markers.
    """

    def __init__(
        self,
        opening: str,
        bounds: Boundaries,
        heads: Heads,
        closers: tuple[str, ...],
        known: Callable[[str], KnownPlace],
        *,
        begun: bool,
        mends_open: bool,
    ) -> None:
        super().__init__(opening, Where.HEAD if begun else Where.BETWEEN)
        self._bounds = bounds
        self._heads = heads
        self._closers = closers
        self._known = known
        self._mends_open = mends_open
        self._begun = begun
        self._literals = tuple(literal for literal in (bounds.open, bounds.close, *closers, *bounds.tokens) if literal)
        self._call_start = 0  # offset of the present call's marker
        self._head: Head | None = None
        self._named = CallPlaces()  # of the present call's name
        self._json_start = 0  # offset of the present call's arguments
        self._arguments: JsonArguments | None = None
        self._calls: list[RawCall] = []
        self._repaired = False
        self._mended: tuple[str, ...] = ()
        self._fault = "no call that is complete"
        self.faults: list[str] = []

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        if self._where is Where.ARGUMENTS:
            return self._json(text, position)
        return self._name(text, position) if self._where is Where.HEAD else self._between(text, position)

    def _between(self, text: str, position: int) -> tuple[int, End | None]:
        """Read between calls: the next marker, or text where a marker is due."""
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        position, bounds = found.start(), self._bounds
        if is_half(text, position, self._literals):
            return position, None
        closer = next((closer for closer in self._closers if text.startswith(closer, position)), "")
        if closer:
            return position + len(closer), self._ended(End.TAG, position, position + len(closer))
        if text.startswith(bounds.open, position):
            self._where, self._call_start = Where.HEAD, self._base + position
            return position + len(bounds.open), None
        if bounds.close and text.startswith(bounds.close, position):
            return position + len(bounds.close), None
        if text[position] in "}]" and self._calls:
            self._mended = (CLOSERS,)
            return position + 1, None
        if self._closers and not self._begun:
            self.faults.append("the closing marker of the block is missing")
        token = text.startswith(bounds.tokens, position)
        return position, self._ended(End.TOKEN if token else End.TEXT, position, position)

    def _broken(self, position: int) -> tuple[int, End]:
        """End at an unreadable call: behind others the call is read again; alone the call is the block."""
        place = self._call_start - self._base if self._calls else position
        return position, self._ended(End.TEXT if self._calls else End.WRONG_TAG, place, place)

    def _name(self, text: str, position: int) -> tuple[int, End | None]:
        """Read the head, behind a call's marker."""
        head = self._heads.find(text, position)
        if head is None:
            return position, None
        if head is False:
            self._fault = "no name and separator after the marker of a call"
            return self._broken(position)
        if head.written:
            self.faults.append(f"the id {head.written!r} is not of the usual spelling")
        if head.empty:
            self.steps += [Step(StepKind.CALL, head.name, head.id), Step(StepKind.TEXT, "{}")]
            self._add_call(head, "{}", {}, self._places(head))
            return head.end + len(self._bounds.close) * text.startswith(self._bounds.close, head.end), None
        self._head, self._where, self._json_start = head, Where.ARGUMENTS, self._base + head.end
        self._named = self._places(head)
        heard = type(self.steps) is not Unheard
        inside = in_string(self._bounds.close, self._literals)
        self._arguments = JsonArguments(self._bounds, inside, self._known(head.name) if heard else None)
        self.steps.append(Step(StepKind.CALL, head.name, head.id, start=self._json_start, progress=self._arguments.progress))
        self._take(text, head.end)
        self._text.mark()  # the JSON is read in place
        return head.end, None

    def _places(self, head: Head) -> CallPlaces:
        """Return the place of the name in a head of the text being fed."""
        return CallPlaces(head.named).moved(len(self.opening) + self._base)

    def _add_call(self, head: Head, arguments: str, value: object, places: CallPlaces) -> None:
        self._calls.append(RawCall(head.name, arguments, value, head.id, places=places))
        self._where = Where.BETWEEN

    @property
    def _present(self) -> JsonArguments:
        if self._arguments is None:
            raise RuntimeError("arguments without a head")
        return self._arguments

    def _json(self, text: str, position: int) -> tuple[int, End | None]:
        """Read the JSON of a call, and the marker behind."""
        arguments = self._present
        after, end = arguments.feed(text, position)
        if arguments.said:
            self.steps.append(Step(StepKind.TEXT, arguments.said))
        if end is None:
            return after, None
        stop = self._json_start + arguments.payload_end - self._base
        self._take(text, min(max(position, stop), after))
        if self._read_call(arguments, end):
            return self._after_call(arguments, after, end)
        if end is End.TEXT and self._bounds.close:
            arguments.go_on()  # complete brackets, but no JSON
            return after, None
        return self._broken(after)

    def follower(self) -> Follower | None:
        """The cursor in the arguments of a call."""
        return self._arguments.cursor if self._where is Where.ARGUMENTS and self._arguments is not None else None

    def flowing(self) -> Flowing | None:
        """Patterns of text to pass over in an unheard string."""
        return self._present.flowing() if self._where is Where.ARGUMENTS else None

    def flowed(self, text: str) -> str:
        """Consume text that was followed or passed over."""
        self._present.flowed(len(text))
        self._text.append(text)
        self._read += len(text)
        return text

    def _after_call(self, arguments: JsonArguments, position: int, end: End) -> tuple[int, End | None]:
        """Go on behind a call; a missing quote ends the block as well."""
        if end is not End.TAG and self._bounds.close:
            self.faults.append("the closing marker of a call is missing")
        if end is not End.QUOTE:
            return position, None
        place = self._json_start + arguments.block_end - self._base  # the text behind is read again
        return position, self._ended(End.QUOTE, place, place)

    def _read_call(self, arguments: JsonArguments, end: End) -> bool:
        """Read the arguments of the present call. Returns False for unreadable arguments."""
        head = self._head
        if head is None:
            raise RuntimeError("arguments without a head")
        text = self._text.marked()[: arguments.payload_end].rstrip(FENCE_END)
        start = len(self.opening) + self._json_start
        places = self._named._replace(arguments=(start, start + len(text)))
        try:
            value = loads(text)
        except ValueError as error:
            mended = None
            if end is not End.CUT and (end is not End.TEXT or not self._bounds.close):
                mended = repair(text) if self._mends_open or arguments.balanced else None
            if mended is None:
                self._fault = f"not JSON: {error}"
                return False
            text, value = mended, loads(mended)
            self._repaired = True
        self._add_call(head, *(decoded_once(text, value) if isinstance(value, str) else (text, value)), places)
        return True

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block with the completion."""
        end, place = End.CUT, None
        if self._where is Where.ARGUMENTS:
            arguments = self._present
            end = arguments.finish(tail, self._text.marked(), cut=cut)
            left = tail.strip()
            if self._read_call(arguments, end) and left.startswith("<") and not self._bounds.half(left, 0):
                self.faults.append(f"the closing marker of a call was written {left!r}")
            place = self._json_start + arguments.block_end if end is End.QUOTE else None
        self._finished(tail)
        if place is not None:
            self._payload_end = self._block_end = place
        return end

    def read(self, end: End) -> Reading:
        """The calls of the block."""
        if not self._calls:
            empty = end is End.TAG and not self._text.part(0, self._payload_end).strip()  # an empty section
            return Reading((), fault=None if empty else self._fault)
        unfinished = self._where is not Where.BETWEEN and end in {End.CUT, End.QUOTE}
        return Reading(tuple(self._calls), self._repaired, unfinished=unfinished, mended=self._mended)

    def markup_faults(self) -> tuple[str, ...]:
        """Faults of the markers."""
        return tuple(self.faults)
