"""The reader of a block of tags and raw values, for every dialect that has such blocks.

    HEAD ──the first call's tag, or the name of the call──► CALL
    BETWEEN ──a call's opening tag──► CALL ──a value's opening tag──► VALUE ──the end of the value──► CALL

Between values `TagGrammar.tag` tells which tag stands at a position, and `ROLES` what the reader does then; text between tags
goes to `_stray`, the only function that sees such text. Inside a value a look decides about tags (`verdict`). A tag is kept
back until its meaning is certain; no other text is looked at twice. Open values are a stack in `Arguments`.

Two dialect families add a state: keys before values (`arg_key`), elements that are nested too deeply (`elements`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from adapter.syntax.block import Where
from adapter.syntax.reading import End, Nameless, RawCall, Reading, Trimmed
from adapter.syntax.skeleton import read_skeleton
from adapter.syntax.tagged.calls import MOST_FAULTS, Calls
from adapter.syntax.tagged.grammar import LONGEST_TAG, NOT_SPACE
from adapter.syntax.tagged.open_value import shown
from adapter.syntax.tagged.slips import Slip
from adapter.syntax.tagged.verdict import Verdict

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from adapter.syntax.tagged.arguments import Arguments

    # Takes the reader, the tag and the text. Returns the position reached, and the end of the block if the tag ends the block;
    # None if the tag has no business where it stands.
    Handler = Callable[[Any, re.Match[str], str], tuple[int, End | None] | None]


class TaggedBlock(Calls):
    """A reader of one block; see `Calls` for its arguments."""

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Most deltas in a tag show an incomplete tag only, and one look tells that."""
        half = self._grammar.value_waits if self._where is Where.VALUE else self._grammar.half
        waits = half.fullmatch(text, position) and not (self._grammar.sections and self._arguments.in_section)
        return (position, None) if waits else super().feed(text, position)

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
        if done is None and self._where is Where.CALL and self._grammar.slips is not None:
            done = self._mend(text, position)
        if done is None:
            return self._stray(text, position)
        if done != (position, None) or self._where is Where.VALUE:  # else the tag is incomplete
            self._straying = False
        if tag is not None:
            self._spelt(tag)
        return done

    def _mend(self, text: str, position: int) -> tuple[int, End | None] | None:
        """Read text between the tags of a call that has one reading only: JSON as the whole body, or a misspelt tag."""
        slips, arguments = self._grammar.slips, self._arguments
        if text[position] == "{" and arguments.empty and not arguments.unread:
            arguments.whole(body=True)
            self._where = Where.VALUE
            return position, None
        if slips is None or text[position] != "<":
            return None
        found = slips.opener(text, position, arguments.free, at_end=False)
        if isinstance(found, Slip):
            self._slip(f"a parameter's tag was written as {shown(text[position : found.end])}")
            self._begin_misspelt(found)
            return found.end, None
        after = slips.closer(text, position, arguments.last, at_end=False)
        if found is None or after is None:
            return position, None
        if after > position:
            self._slip(f"a closing tag stands where none was due: {shown(text[position:after])}")
        return (after, None) if after > position else None

    def _stray(self, text: str, position: int) -> tuple[int, End | None]:
        """Pass over text, or an unknown tag, where a tag is due: a fault of the call; behind the calls it ends the block."""
        grammar = self._grammar
        if self._where is Where.BETWEEN and any(call.broken is None for call in self._calls):
            return (
                position,
                End.TEXT,
            )  # the block ends where its last call did; one without a readable call goes on to its marker
        if self._where is Where.CALL:
            self._odd(grammar.stray[text[position] == "<"])
        lone = "" if grammar.nesting is None else grammar.nesting.lone
        start = position + (len(lone) if lone and text.startswith(lone, position) else 1)
        more = grammar.first.search(text, start)
        end = more.start() if more else len(text)
        if self._where in {Where.CALL, Where.BETWEEN}:
            unread = self._before if self._where is Where.BETWEEN else self._arguments.unread
            offsets = (self._base + position, self._base + end)
            if unread and (self._straying or len(unread) == MOST_FAULTS):
                unread[-1] = (unread[-1][0], offsets[1])
            else:
                unread.append(offsets)
            self._straying = True
        return end, None

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

    def _spelt(self, tag: re.Match[str]) -> None:
        """Tell of a tag in a spelling that the dialect does not have."""
        if self._grammar.alien is not None and self._grammar.alien.search(tag.group()):
            self._slip(f"a tag was written as {tag.group()!r}")

    # Calls.

    def _in_head(self, text: str, position: int) -> tuple[int, End | None]:
        """Begin the first call: by the rest of the tag whose beginning was the opening marker, or by the name of the tool."""
        found = self._grammar.head.match(self._begun + text[position : position + LONGEST_TAG])
        if found is None:
            raise RuntimeError("a block was begun by the tag or the name of a call, and neither is there")
        after = position + found.end() - len(self._begun)
        self._begun = ""
        self._spelt(found)
        self._open_call(found, after)
        return after, None

    def _on_call(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Begin a call; one that is open ends without its closing tag."""
        del text
        self._close_call(tag.start(), tagged=False)
        self._open_call(tag, tag.end())
        return tag.end(), None

    def _on_call_end(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """Complete a call."""
        del text
        if self._where is not Where.CALL:
            return None
        self._closing = tag.end() - tag.start()
        self._close_call(tag.end())
        return tag.end(), None

    def _on_value(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """Begin a value, whose tag has the key; a tag without one begins all arguments as one JSON text."""
        if self._where is not Where.CALL:
            return None
        key, slips = tag["key"], self._grammar.slips
        if key is None:
            self._arguments.whole()
            self._where = Where.VALUE
        elif slips is not None and (found := slips.in_tag(tag, text, self._arguments.free)) is not None:
            self._slip(f"a parameter's tag was written as {shown(tag.group())}")
            self._begin_misspelt(found)
        elif slips is not None and tag["more"] and (strange := slips.strange(tag["more"])):
            self._arguments.faults.append(f"{shown(strange)} stands in a tag")
            self._open_value(self._grammar.named(key), tag["more"])
        else:
            self._open_value(self._grammar.named(key), tag["more"])
        return tag.end(), None

    def _on_value_end(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """Pass over a closing tag of a value where none is open."""
        del text
        if self._where is not Where.CALL:
            return None
        self._slip(f"a closing tag stands where none was due: {shown(tag.group())}")
        return tag.end(), None

    # The end.

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block at the end of the completion, which is as good as the markup that would decide about a last tag."""
        self._base = self._read
        self._further = self._where is Where.BETWEEN and self._grammar.call_begins.match(tail.lstrip()) is not None
        if self._where is Where.VALUE and tail and not cut:
            verdict, after = self.LOOK(self._grammar, self._arguments, tail, at_end=True).meaning(0)
            if verdict is Verdict.ENDS_MISSPELT:
                self._slip(f"a closing tag was written as {shown(tail[:after])}")
            if verdict in {Verdict.ENDS, Verdict.ENDS_MISSPELT, Verdict.ENDS_UNTAGGED}:
                self._close_value(tagged=verdict is not Verdict.ENDS_UNTAGGED)
                if self._grammar.slips is not None:
                    return self._finish_call(tail, after)
                if self._grammar.last.match(tail[after:].lstrip()):
                    self._close_call(len(tail))
        self._finished(tail)
        return End.CUT

    def _finish_call(self, tail: str, position: int) -> End:
        """End the block at the end of the completion, behind a value; text behind the block is read again."""
        end = None
        while position < len(tail) and end is None:
            before = self._where
            after, end = self._step(tail, position)
            if after == position and before is self._where and end is None:
                break
            position = after
        if end is None:
            self._finished(tail)
            return End.CUT
        self._text.append(tail)
        self._read += len(tail)
        return end

    def read(self, end: End) -> Reading:
        """Return the calls of the block; an empty block has none, and no fault."""
        if self._calls and all(call.broken is not None for call in self._calls):
            return Reading((), fault="the arguments are not JSON")
        calls: tuple[RawCall | Nameless, ...] = tuple(
            self._raw(call, Trimmed(places)) for call, places in zip(self._calls, self._places, strict=True)
        )
        if not calls and not (end is End.TAG and not self._text.part(0, self._payload_end).strip()):
            return Reading((), fault=self._fault or "no call that is complete")
        calls = (*(Nameless(self._text.part(*place).strip()) for place in self._before), *calls)
        repaired = any(call.repaired for call in self._calls)
        unfinished = self._further or self._where is not Where.BETWEEN
        body = ("the arguments of a call were written as JSON",) if any(call.from_body for call in self._calls) else ()
        return Reading(calls, repaired=repaired, unfinished=unfinished, mended=(*body, *self._mended))

    def _raw(self, call: Arguments, places: Trimmed) -> RawCall:
        """Return a call, with sentences on its text that has no reading."""
        if call.broken is not None:
            return RawCall(call.tool, "{}", faults=(f"{shown(call.broken)} is no JSON object",), places=places)
        if not call.unread and not call.faults:
            return RawCall(call.tool, call.written.text(), places=places)
        unread = (f"{shown(self._text.part(*place))} stands between its tags" for place in call.unread)
        return RawCall(call.tool, call.written.text(), faults=(*call.faults, *unread), places=places)

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
        "value_end": _on_value_end,
    }
