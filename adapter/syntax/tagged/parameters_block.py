"""A block of tags and raw values while it is being read.

The reader goes from one `<` to the next. What a tag means depends on where it stands, and inside a value on what follows it as
well: then the tag is held until that is known. Nothing is looked at twice but such a tag.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from adapter.syntax.block import EagerReader
from adapter.syntax.json.end_scanner import End
from adapter.syntax.reading import Nameless, RawCall, Reading, Step, StepKind
from adapter.syntax.skeleton import read_skeleton
from adapter.syntax.tagged.flat_arguments import ArgumentsText
from adapter.text.buffer import BlockText

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.place import Place
    from adapter.syntax.reading import Flowing
    from adapter.syntax.tagged.parameters_tags import Tags

_NOT_SPACE = re.compile(r"[^ \t\r\n]")
# More white space than this between two tags, and they are not neighbours.
_MOST_SPACE = 400
LONGEST_TAG = 720


class _Where(Enum):
    BETWEEN = auto()  # in the block, outside of calls
    CALL = auto()  # in a call, outside of values
    VALUE = auto()


def _call(name: str, arguments: ArgumentsText) -> RawCall | Nameless:
    if arguments.broken is not None:
        return Nameless(arguments.broken)
    return RawCall(name, arguments.written.text())


class ParametersBlock(EagerReader):
    """Reads one block.

    Args:
        opening: The opening marker and what stood between it and the payload.
        tags: The tags of the dialect.
        place: What the schema of a tool says of its arguments.

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
        self._skeleton = ["<block>"]
        self._text = BlockText(opening)
        self._read = 0  # characters consumed
        self._base = 0  # turns a position in the text that is being fed into an offset
        self._ends = (0, 0)  # where the payload ends, and where the block does
        self._name = ""
        self._arguments = ArgumentsText()
        self._calls: list[tuple[str, ArgumentsText]] = []
        self._repaired = False
        self._moved = False  # the last step changed where it stands, and consumed nothing

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""
        start, end = position, None
        self._base = self._read - start
        while position < len(text) and end is None:
            step = self._value if self._where is _Where.VALUE else self._structure
            after, end = step(text, position)
            if after == position and end is None and not self._moved:
                break
            position = after
        self._text.take(text, start, position)
        self._read += position - start
        return position, end

    def _structure(self, text: str, position: int) -> tuple[int, End | None]:
        """Outside of values: the next tag, or text where a tag is due."""
        self._moved = False
        if self._begun:
            return self._first_call(text, position)
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        position = found.start()
        if text[position] != "<":
            if self._where is _Where.BETWEEN and self._calls:
                return position, End.TEXT  # it ends where its last call did
            next_tag = text.find("<", position)
            return (len(text) if next_tag < 0 else next_tag), None
        if self._tags.waits(text, position):
            return position, None
        return self._tag(text, position)

    def _tag(self, text: str, position: int) -> tuple[int, End | None]:
        tags = self._tags
        inside = self._where is _Where.CALL
        after = tags.closed(text, position)
        if after > position:
            self._close_call("</call>", position)
            self._ends = (self._base + position, self._base + after)
            return after, End.TAG
        if any(text.startswith(token, position) for token in tags.tokens):
            return self._ended(End.TOKEN, position)
        if text.startswith(tags.open, position) and (inside or self._calls):
            return self._ended(End.OPENER, position)
        if found := tags.call.match(text, position):
            self._close_call("", position)
            self._open_call(found, found.end())
        elif inside and (found := tags.parameter.match(text, position)):
            self._open_value(found)
        elif inside and (found := tags.call_end.match(text, position)):
            self._close_call("</call>", found.end())
        elif self._where is _Where.BETWEEN and self._calls:
            return position, End.TEXT
        return (found.end() if found else position + 1), None

    def _ended(self, end: End, position: int) -> tuple[int, End]:
        """The block ends here, without its own closing marker."""
        self._ends = (self._base + position, self._base + position)
        return position, end

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
        self._name = self._tags.named(tag["name"]).strip()
        self._arguments = ArgumentsText()
        self._skeleton.append(f"<call name={quoteattr(self._name)}>")
        self.steps.append(Step(StepKind.CALL, self._name, written=self._arguments.written))
        if tag["alone"]:
            self._close_call("</call>", position)

    def _close_call(self, markup: str, position: int) -> None:
        """The call is complete, if one is open; its markup ends at `position`."""
        if self._where is not _Where.CALL:
            return
        self._where = _Where.BETWEEN
        self._skeleton.append(markup)
        self._write(self._arguments.end())
        self._calls.append((self._name, self._arguments))
        self._repaired = self._repaired or self._arguments.repaired
        self._ends = (self._base + position, self._base + position)

    def _open_value(self, tag: re.Match[str]) -> None:
        self._where = _Where.VALUE
        if tag["name"] is None:
            self._skeleton.append("<parameter>")
            self._arguments.whole(self._place(self._name))
            return
        key = self._tags.named(tag["name"])
        self._skeleton.append(f"<parameter name={quoteattr(key)}>")
        place = self._place(self._name).member(key)
        kinds = self._tags.kinds(tag["more"], place.kinds())
        self._write(self._arguments.key(key, place, kinds, padded=self._tags.padded))

    def _close_value(self, markup: str) -> None:
        self._where = _Where.CALL
        self._skeleton.append(markup)
        self._write(self._arguments.close())

    def _write(self, text: str) -> None:
        if text and not self._arguments.doubtful:
            self.steps.append(Step(StepKind.TEXT, text))

    def _value(self, text: str, position: int) -> tuple[int, End | None]:
        """Inside a value: up to the next `<`, or past it once its meaning is known."""
        self._moved = False
        next_tag = text.find("<", position)
        if next_tag != position:
            end = len(text) if next_tag < 0 else next_tag
            self._write(self._arguments.value(text[position:end]))
            return end, None
        ends, own = self._ends_value(text, position, at_end=False)
        if ends:
            self._close_value("</parameter>" if own else "")
            self._moved = True
            return own or position, None
        if ends is None:
            return position, None
        self._write(self._arguments.value("<"))
        return position + 1, None

    def _ends_value(self, text: str, position: int, *, at_end: bool) -> tuple[bool | None, int]:
        """Whether a tag inside a value ends it, or None when more text is needed; and where its own closing tag ends, or 0.

        A parameter's closing tag does where a tag of the block follows. Where it is missing, a tag of the block does if it
        stands on a line of its own, with the next tag or nothing after it.
        """
        tags = self._tags
        if found := tags.parameter_end.match(text, position):
            return self._followed(text, found.end(), at_end=at_end), found.end()
        if not at_end and tags.waits(text, position):
            return None, 0
        if tags.padded and not self._arguments.line_begins:
            return False, 0
        if tags.padded and (found := tags.parameter.match(text, position)):
            if found.end() == len(text):
                return (False if at_end else None), 0
            return text[found.end()] in "\r\n", 0
        found = tags.call_end.match(text, position)
        closing = found.end() if found else tags.closed(text, position)
        return (self._followed(text, closing, at_end=at_end) if closing > position else False), 0

    def _followed(self, text: str, position: int, *, at_end: bool) -> bool | None:
        """Whether a tag of the block, a token or the end of the text follows; None when more text is needed."""
        found = _NOT_SPACE.search(text, position, position + _MOST_SPACE)
        if found is None:
            if len(text) - position >= _MOST_SPACE:
                return False
            return True if at_end else None
        place, tags = found.start(), self._tags
        if any(text.startswith(literal, place) for literal in (*tags.close, *tags.open, *tags.tokens)):
            return True
        if any(pattern.match(text, place) for pattern in (tags.parameter, tags.call_end, tags.call)):
            return True
        return None if not at_end and tags.waits(text, place) else False

    def flowing(self) -> Flowing | None:
        """What may come now and passes as it is: a string value without tags."""
        return self._arguments.flowing() if self._where is _Where.VALUE else None

    def flowed(self, text: str) -> str:
        """Take text that was matched so. Returns it as JSON."""
        self._text.append(text)
        self._read += len(text)
        return self._arguments.value(text)

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block."""
        self._base = self._read
        if self._where is _Where.VALUE and tail and not cut:
            ends, own = self._ends_value(tail, 0, at_end=True)
            if ends:
                self._close_value("</parameter>" if own else "")
                rest = tail[own:].lstrip()
                if self._tags.call_end.match(rest) or rest.startswith(self._tags.close):
                    self._close_call("</call>", len(tail))
        self._text.append(tail)
        self._read += len(tail)
        self._ends = (self._read, self._read)
        return End.CUT

    def go_on(self) -> None:
        """Nothing looks complete that is not: text ends a block only after its calls."""

    def read(self, end: End) -> Reading:
        """The calls of the block; one with nothing in it has none, and is no fault."""
        calls = tuple(_call(name, arguments) for name, arguments in self._calls)
        if calls and not any(isinstance(call, RawCall) for call in calls):
            return Reading((), fault="the arguments are not JSON")
        if not calls and not (end is End.TAG and not self._text.part(0, self._ends[0]).strip()):
            return Reading((), fault="no call that is complete")
        return Reading(calls, repaired=self._repaired, unfinished=self._where is not _Where.BETWEEN)

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the nesting of the tags, as lxml reads the block without its values."""
        return read_skeleton(f"{''.join(self._skeleton)}</block>").faults

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""
        return self._text.split(self._ends[1])
