"""A block of elements within elements while it is being read.

The reader goes from one tag to the next. Between elements every tag is one. In a value a closing tag ends it only where the
grammar allows what follows it, and an opening tag begins an element only where no text stands yet and the schema asks for more
than a string; in any other place they are data. A tag is held until that is known; nothing else is looked at twice.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from adapter.syntax.block import CarefulReader
from adapter.syntax.json.call_forms import read_written
from adapter.syntax.json.end_scanner import End
from adapter.syntax.reading import Reading, Step, StepKind
from adapter.syntax.skeleton import read_skeleton
from adapter.syntax.tagged.elements_tags import LONGEST_TAG
from adapter.syntax.tagged.nested_arguments import ElementsArguments
from adapter.syntax.tagged.elements_value_end import Verdict, meaning
from adapter.text.buffer import BlockText

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.place import Place
    from adapter.syntax.tagged.elements_tags import Tags
    from adapter.text.buffer import TextBuffer

_NOT_SPACE = re.compile(r"[^ \t\r\n]")
_WHOLE_CALL = "<call/>"
_MOST_FAULTS = 8


class _Where(Enum):
    BETWEEN = auto()  # in the block, outside of calls
    CALL = auto()
    BROKEN = auto()  # in a call that cannot be read: only the block's end is looked for


class ElementsBlock(CarefulReader):
    """Reads one block.

    Args:
        opening: The opening marker and what stood between it and the payload.
        tags: The tags of the dialect.
        place: The place of a tool's arguments.

    Attributes:
        opening: As given.
        steps: What has become certain of the calls.
    """

    def __init__(self, opening: str, tags: Tags, place: Callable[[str], Place]) -> None:
        self.opening = opening
        self.steps: list[Step] = []
        self._tags = tags
        self._place = place
        self._where = _Where.BETWEEN
        self._begun = "" if opening.startswith(tags.open) else opening  # of the first call's tag
        self._skeleton: list[str] = []
        self._text = BlockText(opening)
        self._read = 0  # characters consumed
        self._base = 0  # turns a position in the text that is being fed into an offset
        self._bounds = (0, 0)  # where the payload ends, and where the block does
        self._name = ""
        self._arguments = ElementsArguments("", "", place(""))
        self._faults: list[str] = []
        self._calls: list[tuple[str, TextBuffer]] = []

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        start, end, moved = position, None, True
        self._base = self._read - start
        while position < len(text) and end is None and moved:
            before = (self._where, self._arguments.in_value)
            after, end = self._step()(text, position)
            moved = after > position or before != (self._where, self._arguments.in_value)
            position = after
        self._text.take(text, start, position)
        self._read += position - start
        return position, end

    def _step(self) -> Callable[[str, int], tuple[int, End | None]]:
        if self._where is _Where.BROKEN:
            return self._broken
        if self._where is _Where.CALL and self._arguments.in_value:
            return self._value
        return self._structure

    # Between elements.

    def _structure(self, text: str, position: int) -> tuple[int, End | None]:
        """The next tag, or text where a tag is due."""
        if self._begun:
            return self._first_call(text, position)
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        position = found.start()
        if self._tags.waits(text, position):
            return position, None
        end = self._block_end(text, position)
        if end is not None:
            return end
        if found := self._tags.call.match(text, position):
            self._close_call("", position)
            self._open_call(found, found.end())
            return found.end(), None
        if self._where is _Where.BETWEEN and self._calls:
            return position, End.TEXT  # it ends where its last call did
        return self._element(text, position), None

    def _block_end(self, text: str, position: int) -> tuple[int, End | None] | None:
        """What ends the block here; None when nothing does."""
        tags, inside = self._tags, self._where is _Where.CALL
        after = tags.closed(text, position)
        if after > position and not (inside and self._closes(text, position)):
            self._close_call("", position)
            return after, self._ended(End.TAG, position, after)
        if any(text.startswith(token, position) for token in tags.tokens):
            return position, self._ended(End.TOKEN, position, position)
        opening = next((marker for marker in tags.open if text.startswith(marker, position)), "")
        if not opening or not (inside or self._calls):
            return None
        if inside:  # it may be an element of that name
            place = tags.follows(text, position + len(opening), at_end=False)
            if place is None or (place >= 0 and tags.waits(text, place)):
                return position, None
            if place < 0 or not tags.call_begins.match(text, place):
                return None
        return position, self._ended(End.OPENER, position, position)

    def _closes(self, text: str, position: int) -> bool:
        """Whether a closing tag is that of an element which is open."""
        found = self._tags.loose.match(text, position)
        return found is not None and self._arguments.depth_of(found["name"]) > 0

    def _ended(self, end: End, payload: int, block: int) -> End:
        self._bounds = (self._base + payload, self._base + block)
        return end

    def _element(self, text: str, position: int) -> int:
        """A tag of an element, or what has no business here. Returns where it ends."""
        found = self._tags.loose.match(text, position)
        if self._where is not _Where.CALL:
            return found.end() if found else position + 1
        if found is None:
            self._fault("text stands between elements")
            lone = self._tags.lone.match(text, position)
            more = self._tags.first.search(text, lone.end() if lone else position + 1)
            return more.start() if more else len(text)
        if not found["end"]:
            self._open_element(found["name"])
            return found.end()
        depth = self._arguments.depth_of(found["name"])
        if depth == 0:
            self._fault(f"a closing tag of {found['name']!r}, which is not open")
        elif self._arguments.is_call(depth):
            self._close_call("</call>", found.end())
        else:
            self._write(self._arguments.close(depth))
        return found.end()

    def _open_element(self, name: str) -> None:
        if self._arguments.full:
            self._where = _Where.BROKEN
            self._fault("elements are nested too deeply")
        else:
            self._write(self._arguments.open(name))

    def _fault(self, message: str) -> None:
        if message not in self._faults and len(self._faults) < _MOST_FAULTS:
            self._faults.append(message)

    # Calls.

    def _first_call(self, text: str, position: int) -> tuple[int, End | None]:
        """The rest of the tag whose beginning was the opening marker."""
        begun, self._begun = self._begun, ""
        found = self._tags.call.match(begun + text[position : position + LONGEST_TAG])
        if found is None:
            raise RuntimeError("a block was begun by a call's tag that is none")
        after = position + found.end() - len(begun)
        self._open_call(found, after)
        return after, None

    def _open_call(self, tag: re.Match[str], position: int) -> None:
        """A call begins, with a tag that ends at `position`."""
        self._where = _Where.CALL
        self._name = tag["name"].strip()
        self._arguments = ElementsArguments(self._tags.word, self._tags.item, self._place(self._name))
        self.steps += [
            Step(StepKind.CALL, self._name, written=self._arguments.written),
            Step(StepKind.TEXT, self._arguments.begin()),
        ]
        if tag["alone"]:
            self._close_call("</call>", position)

    def _close_call(self, markup: str, position: int) -> None:
        """The call is complete, if one is open; its markup ends at `position`."""
        if self._where is not _Where.CALL:
            return
        self._where = _Where.BETWEEN
        self._write(self._arguments.end())
        if markup and not self._arguments.untidy:
            self._skeleton += [] if self._skeleton[-1:] == [_WHOLE_CALL] else [_WHOLE_CALL]
        else:
            self._skeleton.append(f"<call name={quoteattr(self._name)}>{self._arguments.skeleton()}{markup}")
        self._calls.append((self._name, self._arguments.written))
        self._bounds = (self._base + position, self._base + position)

    def _write(self, text: str) -> None:
        if text and not self._arguments.doubtful:
            self.steps.append(Step(StepKind.TEXT, text))

    # Values.

    def _value(self, text: str, position: int) -> tuple[int, End | None]:
        """Inside a value: up to the next tag, or past it once its meaning is known."""
        found = self._tags.stop.search(text, position)
        place = found.start() if found else self._tags.waits_at_end(text, position)
        if place > position:
            self._write(self._arguments.value(text[position:place]))
            return place, None
        if found is None:
            return position, None
        verdict, after = meaning(self._tags, self._arguments, text, position)
        if verdict is Verdict.DATA:
            self._write(self._arguments.value(text[position:after]))
        elif verdict is Verdict.BEGINS:
            tag = self._tags.tag.match(text, position)
            self._open_element(tag["name"] if tag else "")
        elif verdict is not Verdict.WAIT:
            self._write(self._arguments.close() if verdict is Verdict.ENDS else self._arguments.untagged())
        return after, None

    # The end.

    def _broken(self, text: str, position: int) -> tuple[int, End | None]:
        """Only the end of the block is looked for."""
        found = self._tags.first.search(text, position)
        if found is None:
            return len(text), None
        position = found.start()
        after = self._tags.closed(text, position)
        if after > position:
            return after, self._ended(End.TAG, position, after)
        return position if self._tags.waits(text, position) else position + 1, None

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        self._base = self._read
        if self._where is _Where.CALL and self._arguments.in_value and tail and not cut:
            verdict, after = meaning(self._tags, self._arguments, tail, 0, at_end=True)
            if verdict in {Verdict.ENDS, Verdict.ENDS_UNTAGGED}:
                self._write(self._arguments.close() if verdict is Verdict.ENDS else self._arguments.untagged())
                tag = self._tags.tag.match(tail, after)
                if self._tags.closed(tail, after) > after or (tag and tag["end"]):
                    self._close_call("</call>", len(tail))
        self._text.append(tail)
        self._read += len(tail)
        self._bounds = (self._read, self._read)
        return End.CUT

    def go_on(self) -> None:
        """Nothing looks complete that is not: text ends a block only after its calls."""

    def read(self, end: End) -> Reading:
        """The calls of the block."""
        del end
        if not self._calls:
            return Reading((), fault=self._faults[0] if self._where is _Where.BROKEN else "no call that is complete")
        return Reading(read_written(self._calls, self._text), unfinished=self._where is not _Where.BETWEEN)

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the elements, and with their nesting, as lxml reads the block without its values."""
        return (*self._faults, *read_skeleton(f"<block>{''.join(self._skeleton)}</block>").faults)

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._text.split(self._bounds[1])
