"""The calls of a block of tags while they are read: their beginning and end, and those of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from adapter.events import CallPlaces
from adapter.syntax.block import Block, Where
from adapter.syntax.reading import Step, StepKind
from adapter.syntax.tagged.arguments import Arguments
from adapter.syntax.tagged.flat_value import FlatLook
from adapter.syntax.tagged.open_value import shown
from adapter.syntax.tagged.verdict import Verdict

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from adapter.schema.place import Place
    from adapter.syntax.reading import End, Flowing
    from adapter.syntax.tagged.grammar import TagGrammar
    from adapter.syntax.tagged.slips import Slip
    from adapter.syntax.tagged.verdict import Look

WHOLE_CALL = "<call/>"
MOST_FAULTS = 8


class Calls(Block):
    """The calls of one block.

    Args:
        opening: The opening marker and the text between the marker and the payload.
        grammar: The tags of the dialect.
        place: The place of a tool's arguments in its schema.
    """

    ARGUMENTS: ClassVar[type[Arguments]] = Arguments
    LOOK: ClassVar[type[Look]] = FlatLook

    def __init__(self, opening: str, grammar: TagGrammar, place: Callable[[str], Place]) -> None:
        marked = opening.startswith(grammar.open)
        super().__init__(opening, Where.BETWEEN if marked and not grammar.one_call else Where.HEAD)
        self._begun = "" if marked else opening  # the beginning of the first call's tag
        self._grammar = grammar
        self._place = place
        self._arguments = self.ARGUMENTS("", place(""), grammar)
        self._calls: list[Arguments] = []
        self._named = (0, 0)  # place of the present call's name in the block
        self._inside = 0  # place behind the opening tag of the present call
        self._closing = 0  # code points of its closing tag
        self._places: list[CallPlaces] = []
        self._skeleton: list[str] = []
        self._fault = ""  # the reason why a call cannot be read
        self._oddities: list[str] = []  # faults of the markup of calls that can be read
        self._mended: list[str] = []  # slips of the markup
        self._before: list[tuple[int, int]] = []  # stretches of text before the first call, as offsets
        self._straying = False  # the text before has no reading
        self._further = False  # the completion ended in the tag of a further call
        if grammar.alien is not None and (found := grammar.alien.search(opening)):
            self._slip(f"the opening marker was written with {found.group()!r}")

    def _slip(self, sentence: str) -> None:
        """Note a slip that was mended."""
        if sentence not in self._mended and len(self._mended) < MOST_FAULTS:
            self._mended.append(sentence)

    def _odd(self, fault: str) -> None:
        """Note a fault of the markup."""
        if fault and fault not in self._oddities and len(self._oddities) < MOST_FAULTS:
            self._oddities.append(fault)

    # Calls.

    def _open_call(self, tag: re.Match[str], position: int) -> None:
        """Begin a call with a tag that ends at `position`."""
        self._where = Where.CALL
        name = self._grammar.named(tag["tool"]).strip()
        self._arguments = self.ARGUMENTS(name, self._place(name), self._grammar)
        self._inside = len(self.opening) + self._base + position
        before = self._inside - tag.end()
        self._named = (before + tag.start("tool"), before + tag.end("tool"))
        self.steps.append(Step(StepKind.CALL, name, written=self._arguments.written))
        self._write(self._arguments.begin())
        if self._grammar.front is not None and not self._calls:
            said = self._grammar.front.search(self.opening)
            if said and said[1] not in {name, ""}:
                self._arguments.faults.append(f"{shown(said[1])} stands in front of the tag of a call of {name!r}")
        if self._grammar.attributes and tag["also"]:
            self._in_call_tag(tag["also"])
        if tag["alone"]:
            self._close_call(position)

    def _in_call_tag(self, text: str) -> None:
        """Read parameters that stand as attributes in the tag of a call."""
        if self._grammar.slips is None:
            return
        found, left = self._grammar.slips.in_call_tag(text, self._arguments.free)
        for each in found:
            self._slip(f"a parameter stands in the tag of its call: {shown(text)}")
            self._begin_misspelt(each)
        if left:
            self._arguments.faults.append(f"{shown(left)} stands in the tag of the call")

    def _close_call(self, position: int, *, tagged: bool = True) -> None:
        """Complete the call, if one is open; its markup ends at `position`."""
        if self._where is not Where.CALL:
            return
        self._where = Where.BETWEEN
        self._payload_end = self._block_end = self._base + position
        if self._fault:
            return
        self._write(self._arguments.end())
        self._calls.append(self._arguments)
        inside = (self._inside, len(self.opening) + self._payload_end - self._closing)
        self._places.append(CallPlaces(self._named, inside))
        self._closing = 0
        if self._grammar.one_call:
            self._skeleton.append(self._arguments.skeleton())
        elif not tagged or self._arguments.untidy:
            self._skeleton.append(f"<call>{self._arguments.skeleton()}{'</call>' if tagged else ''}")
        elif self._skeleton[-1:] != [WHOLE_CALL]:
            self._skeleton.append(WHOLE_CALL)

    def _write(self, text: str) -> None:
        """Emit a piece of the arguments, if the piece is certain."""
        if text and not self._arguments.doubtful:
            self.steps.append(Step(StepKind.TEXT, text))

    # Values.

    def _open_value(self, key: str, more: str = "") -> None:
        """Begin a value inside the innermost one."""
        self._where = Where.VALUE
        self._write(self._arguments.open(key, more))

    def _begin_misspelt(self, found: Slip) -> None:
        """Begin the value of a misspelt tag, or complete the value that the tag holds."""
        self._open_value(found.key, found.more)
        if found.value is not None:
            self._write(self._arguments.value(found.value))
            self._close_value(tagged=True)

    def _in_value(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text of a value, and the tag behind once its meaning is known."""
        found = self._grammar.stop.search(text, position)
        place = found.start() if found else len(text)
        if place > position:
            self._write(self._arguments.value(text[position:place]))
        if found is None or found.lastindex:  # the last group matches the beginning of a tag at the end of the text
            return place, None
        verdict, after = self.LOOK(self._grammar, self._arguments, text, at_end=False).meaning(place)
        if verdict is Verdict.DATA:
            self._write(self._arguments.value(text[place:after]))
        elif verdict is Verdict.BEGINS:
            nesting = self._grammar.nesting
            tag = nesting.tag.match(text, place) if nesting else None
            self._open_value(tag["name"] if tag else "")
        elif verdict is not Verdict.WAIT:
            if verdict is Verdict.ENDS_MISSPELT:
                self._slip(f"a closing tag was written as {shown(text[place:after])}")
            self._close_value(tagged=verdict is not Verdict.ENDS_UNTAGGED)
        return after, None

    def _close_value(self, *, tagged: bool) -> None:
        """Complete the innermost value."""
        self._write(self._arguments.close(tagged=tagged))
        self._where = Where.CALL

    def flowing(self) -> Flowing | None:
        """Return the pattern of text that may be forwarded unread, inside a string value."""
        return self._arguments.flowing() if self._where is Where.VALUE else None

    def flowed(self, text: str) -> str:
        """Consume text that `flowing` let pass. Returns the text as JSON."""
        self._text.append(text)
        self._read += len(text)
        return self._arguments.flowed(text)
