"""The reader of a block of tags and raw values, for every dialect that has such blocks.

    HEAD ──the first call's tag, or the name of the call──► CALL
    BETWEEN ──a call's opening tag──► CALL ──a value's opening tag──► VALUE ──the end of the value──► CALL

Between values `TagGrammar.tag` tells which tag stands at a position, and `ROLES` what the reader does then; text between tags
goes to `_stray`, the only function that sees such text. Inside a value `value_end.meaning` decides about tags. A tag is kept
back until its meaning is certain; no other text is looked at twice. Open values are a stack in `Arguments`.

Two dialect families add a state: keys before values (`arg_key`), elements that are nested too deeply (`elements`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from adapter.syntax.block import Block, Where
from adapter.syntax.reading import End, Nameless, RawCall, Reading, Step, StepKind
from adapter.syntax.skeleton import read_skeleton
from adapter.syntax.tagged.arguments import Arguments
from adapter.syntax.tagged.grammar import LONGEST_TAG, NOT_SPACE
from adapter.syntax.tagged.value_end import Verdict, meaning

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from adapter.schema.place import Place
    from adapter.syntax.reading import Flowing
    from adapter.syntax.tagged.grammar import TagGrammar

    # Takes the reader, the tag and the text. Returns the position reached, and the end of the block if the tag ends the block;
    # None if the tag has no business where it stands.
    Handler = Callable[[Any, re.Match[str], str], tuple[int, End | None] | None]

_WHOLE_CALL = "<call/>"
_MOST_FAULTS = 8


class TaggedBlock(Block):
    """A reader of one block.

    Args:
        opening: The opening marker and the text between the marker and the payload.
        grammar: The tags of the dialect.
        place: The place of a tool's arguments in its schema.
    """

    def __init__(self, opening: str, grammar: TagGrammar, place: Callable[[str], Place]) -> None:
        marked = opening.startswith(grammar.open)
        super().__init__(opening, Where.BETWEEN if marked and not grammar.one_call else Where.HEAD)
        self._begun = "" if marked else opening  # the beginning of the first call's tag
        self._grammar = grammar
        self._place = place
        self._arguments = Arguments("", place(""), grammar)
        self._calls: list[Arguments] = []
        self._skeleton: list[str] = []
        self._fault = ""  # the reason why a call cannot be read
        self._oddities: list[str] = []  # faults of the markup of calls that can be read

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Most deltas in a tag show an incomplete tag only, and one look tells that."""
        half = self._grammar.value_waits if self._where is Where.VALUE else self._grammar.half
        return (position, None) if half.fullmatch(text, position) else super().feed(text, position)

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text in the present state."""
        if self._where is Where.VALUE:
            return self._in_value(text, position)
        return self._in_head(text, position) if self._where is Where.HEAD else self._between_values(text, position)

    # Between values.

    def _between_values(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume white space and a tag."""
        found = NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None
        position = found.start()
        if self._grammar.half.fullmatch(text, position):
            return position, None
        tag = self._grammar.tag.match(text, position)
        done = None if tag is None else self.ROLES[str(tag.lastgroup)](self, tag, text)
        return self._stray(text, position) if done is None else done

    def _stray(self, text: str, position: int) -> tuple[int, End | None]:
        """Pass over text, or an unknown tag, where a tag is due: behind the calls it ends the block."""
        grammar = self._grammar
        if self._where is Where.BETWEEN and self._calls:
            return position, End.TEXT  # the block ends where its last call did
        if self._where is Where.CALL:
            self._odd(grammar.stray[text[position] == "<"])
        lone = "" if grammar.nesting is None else grammar.nesting.lone
        start = position + (len(lone) if lone and text.startswith(lone, position) else 1)
        more = grammar.first.search(text, start)
        return (more.start() if more else len(text)), None

    def _odd(self, fault: str) -> None:
        """Note a fault of the markup."""
        if fault and fault not in self._oddities and len(self._oddities) < _MOST_FAULTS:
            self._oddities.append(fault)

    def _on_close(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """End the block by its closing marker."""
        del text
        self._close_call(tag.start(), tagged=self._grammar.loose_call)
        return tag.end(), self._ended(End.TAG, tag.start(), tag.end())

    def _on_token(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """End the block at a token, which is left to be read again."""
        del text
        return self._cut_short(End.TOKEN, tag.start())

    def _on_open(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """End the block at the marker of the next one."""
        del text
        return None if self._where is Where.BETWEEN and not self._calls else self._cut_short(End.OPENER, tag.start())

    def _cut_short(self, end: End, position: int) -> tuple[int, End]:
        """End the block without its closing marker."""
        if self._grammar.one_call:
            self._close_call(position)
        return position, self._ended(end, position, position)

    # Calls.

    def _in_head(self, text: str, position: int) -> tuple[int, End | None]:
        """Begin the first call: by the rest of the tag whose beginning was the opening marker, or by the name of the tool."""
        found = self._grammar.head.match(self._begun + text[position : position + LONGEST_TAG])
        if found is None:
            raise RuntimeError("a block was begun by the tag or the name of a call, and neither is there")
        after = position + found.end() - len(self._begun)
        self._begun = ""
        self._open_call(found, after)
        return after, None

    def _on_call(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Begin a call; one that is open ends without its closing tag."""
        del text
        self._close_call(tag.start(), tagged=False)
        self._open_call(tag, tag.end())
        return tag.end(), None

    def _open_call(self, tag: re.Match[str], position: int) -> None:
        """Begin a call with a tag that ends at `position`."""
        self._where = Where.CALL
        name = self._grammar.named(tag["tool"]).strip()
        self._arguments = Arguments(name, self._place(name), self._grammar)
        self.steps.append(Step(StepKind.CALL, name, written=self._arguments.written))
        self._write(self._arguments.begin())
        if tag["alone"]:
            self._close_call(position)

    def _on_call_end(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """Complete a call."""
        del text
        if self._where is not Where.CALL:
            return None
        self._close_call(tag.end())
        return tag.end(), None

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
        if self._grammar.one_call:
            self._skeleton.append(self._arguments.skeleton())
        elif not tagged or self._arguments.untidy:
            self._skeleton.append(f"<call>{self._arguments.skeleton()}{'</call>' if tagged else ''}")
        elif self._skeleton[-1:] != [_WHOLE_CALL]:
            self._skeleton.append(_WHOLE_CALL)

    def _write(self, text: str) -> None:
        """Emit a piece of the arguments, if the piece is certain."""
        if text and not self._arguments.doubtful:
            self.steps.append(Step(StepKind.TEXT, text))

    # Values.

    def _on_value(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """Begin a value, whose tag has the key; a tag without one begins all arguments as one JSON text."""
        del text
        if self._where is not Where.CALL:
            return None
        if tag["key"] is None:
            self._arguments.whole()
            self._where = Where.VALUE
        else:
            self._open_value(self._grammar.named(tag["key"]), tag["more"])
        return tag.end(), None

    def _open_value(self, key: str, more: str = "") -> None:
        """Begin a value inside the innermost one."""
        self._where = Where.VALUE
        self._write(self._arguments.open(key, more))

    def _in_value(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text of a value, and the tag behind once its meaning is known."""
        found = self._grammar.stop.search(text, position)
        place = found.start() if found else len(text)
        if place > position:
            self._write(self._arguments.value(text[position:place]))
        if found is None or found.lastindex:  # the last group matches the beginning of a tag at the end of the text
            return place, None
        verdict, after = meaning(self._grammar, self._arguments, text, place)
        if verdict is Verdict.DATA:
            self._write(self._arguments.value(text[place:after]))
        elif verdict is Verdict.BEGINS:
            nesting = self._grammar.nesting
            tag = nesting.tag.match(text, place) if nesting else None
            self._open_value(tag["name"] if tag else "")
        elif verdict is not Verdict.WAIT:
            self._close_value(tagged=verdict is Verdict.ENDS)
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
        return self._arguments.value(text)

    # The end.

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block at the end of the completion, which is as good as the markup that would decide about a last tag."""
        self._base = self._read
        if self._where is Where.VALUE and tail and not cut:
            verdict, after = meaning(self._grammar, self._arguments, tail, 0, at_end=True)
            if verdict in {Verdict.ENDS, Verdict.ENDS_UNTAGGED}:
                self._close_value(tagged=verdict is Verdict.ENDS)
                if self._grammar.last.match(tail[after:].lstrip()):
                    self._close_call(len(tail))
        self._finished(tail)
        return End.CUT

    def read(self, end: End) -> Reading:
        """Return the calls of the block; an empty block has none, and no fault."""
        self._text.text()  # the block is put together before there is more to hold
        calls = tuple(
            RawCall(call.tool, call.written.text()) if call.broken is None else Nameless(call.broken) for call in self._calls
        )
        if calls and not any(isinstance(call, RawCall) for call in calls):
            return Reading((), fault="the arguments are not JSON")
        if not calls and not (end is End.TAG and not self._text.part(0, self._payload_end).strip()):
            return Reading((), fault=self._fault or "no call that is complete")
        repaired = any(call.repaired for call in self._calls)
        return Reading(calls, repaired=repaired, unfinished=self._where is not Where.BETWEEN)

    def markup_faults(self) -> tuple[str, ...]:
        """Return the faults of the markup, and those that lxml finds in the nesting of the tags."""
        skeleton = "".join(self._skeleton)
        if self._grammar.one_call:  # the markers of the block are part of what lxml reads
            skeleton = f"{self.opening}{skeleton}{self._text.part(self._payload_end, self._block_end)}"
        else:
            begun = (
                f"<call>{self._arguments.skeleton()}" if self._grammar.loose_call and self._where is not Where.BETWEEN else ""
            )
            skeleton = f"<block>{skeleton}{begun}</block>"
        return (*self._oddities, *read_skeleton(skeleton).faults)

    ROLES: ClassVar[dict[str, Handler]] = {
        "close": _on_close,
        "token": _on_token,
        "open": _on_open,
        "call": _on_call,
        "call_end": _on_call_end,
        "value": _on_value,
    }
