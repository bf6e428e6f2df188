"""The reader of GLM's blocks, and of the slips that these models make with the tags of keys and values.

    CALL ──<arg_key>──► KEY ──</arg_key>──► CALL ──<arg_value>──► VALUE ──</arg_value>──► CALL

A slip with one reading is mended, and told:

    an opening tag twice              the second is passed over
    a key without its opening tag     one word before `</arg_key>`; `<tool_call>` or `<arg_value>` may stand in the tag's place
    a key with another closing tag    the tag ends the key
    a value without its opening tag   the text behind the key
    no closing tag of the block       at the end of a completion that was not cut, behind complete pairs
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from adapter.syntax.block import Where
from adapter.syntax.reading import End, Nameless, RawCall, Reading
from adapter.syntax.tagged.keyed_tags import HALF_LOST_KEY, KEY, KEY_END, LOST_KEY, SPACE, VALUE, VALUE_END
from adapter.syntax.tagged.keyed_value import KeyedArguments, KeyedLook
from adapter.syntax.tagged.open_value import shown
from adapter.syntax.tagged.reader import TaggedBlock
from adapter.syntax.tagged.verdict import Verdict
from adapter.text.partial import begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.place import Place
    from adapter.syntax.reading import Flowing
    from adapter.syntax.tagged.grammar import TagGrammar
    from adapter.syntax.tagged.reader import Handler

_LOST_KEY = re.compile(SPACE + LOST_KEY)
_HALF_LOST_KEY = re.compile(rf"{SPACE}(?:{HALF_LOST_KEY})?\Z")
# A value's opening tag written again, directly behind the first.
_AGAIN = re.compile(rf"[ \t\r\n]{{0,8}}{VALUE}")
_HALF_AGAIN = re.compile(rf"[ \t\r\n]{{0,8}}(?:{begun((VALUE,))})?\Z")


class KeyedBlock(TaggedBlock):
    """A reader of one block, which holds one call."""

    def __init__(self, opening: str, grammar: TagGrammar, place: Callable[[str], Place]) -> None:
        super().__init__(opening, grammar, place)
        self._key: str | None = None  # a key that waits for its value
        self._pieces: list[str] = []  # of the key that is being read
        self._fresh = False  # a value has just begun
        self._unopened = False  # a value has no opening tag

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text in the present state."""
        if self._fresh:
            return self._begin_value(text, position)
        return self._in_key(text, position) if self._where is Where.KEY else super()._step(text, position)

    def _stray(self, text: str, position: int) -> tuple[int, End | None]:
        """Begin a key or a value whose opening tag is missing; other text belongs to no argument."""
        if self._where is Where.CALL and self._key is not None:
            self._slip(f"a value had no {VALUE} before it")
            self._unopened = True
            self._begin_argument()
            return position, None
        if self._where is Where.CALL and not self._straying:
            if _LOST_KEY.match(text, position):
                return self._lost_key(position)
            if _HALF_LOST_KEY.match(text, position):
                return position, None
        return super()._stray(text, position)

    def _close_call(self, position: int, *, tagged: bool = True) -> None:
        """Complete the call at the end of the block."""
        if self._key is not None or self._where is Where.KEY:
            self._fault, self._where = "a key without a value", Where.CALL
        super()._close_call(position, tagged=tagged)

    def _on_open(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """End the block at the marker of the next one; before a key the marker stands in the place of a key's opening tag."""
        if self._where is Where.CALL and self._key is None:
            if _LOST_KEY.match(text, tag.end()):
                return self._lost_key(tag.end())
            if _HALF_LOST_KEY.match(text, tag.end()):
                return tag.start(), None
        return super()._on_open(tag, text)

    def _on_closer(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """End the block by a closing tag of another name."""
        del text
        self._close_call(tag.start())
        return tag.end(), self._ended(End.WRONG_TAG, tag.start(), tag.end())

    # Keys.

    def _lost_key(self, position: int) -> tuple[int, End | None]:
        """Begin a key without its opening tag."""
        self._slip(f"a key had no {KEY} before it")
        self._arguments.key_tag(KEY)
        self._where = Where.KEY
        return position, None

    def _on_key(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Begin a key."""
        del text
        if self._key is not None:
            self._fault = "a key without a value"
        self._arguments.key_tag(tag.group())
        self._key, self._where = None, Where.KEY
        return tag.end(), None

    def _in_key(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text of a key, up to the tag that ends the key or the block."""
        end = text.find("<", position)
        if end != position:
            end = len(text) if end < 0 else end
            self._pieces.append(text[position:end])
            return end, None
        if self._grammar.half.fullmatch(text, position):
            return position, None
        tag = self._grammar.tag.match(text, position)
        if tag is None:
            self._pieces.append(text[position])
            return position + 1, None
        if tag.lastgroup == "key":
            return self._key_again(tag.end())
        if tag.lastgroup not in {"key_end", "given", "value_end", "closer"}:
            return self.ROLES[str(tag.lastgroup)](self, tag, text) or (position, None)
        self._key, self._pieces, self._where = "".join(self._pieces).strip(), [], Where.CALL
        if tag.lastgroup == "given":  # the key's closing tag is missing
            self._arguments.untidy = True
            return position, None
        if tag.lastgroup != "key_end":
            self._slip(f"a key ended in {tag.group()}")
        self._arguments.key_tag(KEY_END)
        return tag.end(), None

    def _key_again(self, position: int) -> tuple[int, End | None]:
        """Pass over a key's opening tag that is written twice; behind a key the tag begins another."""
        if "".join(self._pieces).strip():
            self._fault = "a key without a value"
        else:
            self._slip(f"{KEY} was written twice")
        self._pieces = []
        return position, None

    def _on_key_end(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Pass over a second closing tag of a key."""
        del text
        self._arguments.key_tag(tag.group())
        self._arguments.untidy = True
        return tag.end(), None

    # Values.

    def _on_given(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Begin the value of the key before."""
        if self._key is None:
            return self._on_value_end(tag, text)
        self._begin_argument()
        self._fresh = True
        return tag.end(), None

    def _begin_argument(self) -> None:
        """Begin the value of the key that waits."""
        key, self._key = self._key or "", None
        self._open_value(key)

    def _begin_value(self, text: str, position: int) -> tuple[int, End | None]:
        """Pass over the value's opening tag if the tag is written twice, and read on in the value."""
        if found := _AGAIN.match(text, position):
            self._slip(f"{VALUE} was written twice")
            return found.end(), None
        if _HALF_AGAIN.match(text, position):
            return position, None
        self._fresh = False
        return super()._step(text, position)

    def flowing(self) -> Flowing | None:
        """Return the pattern of text that may be forwarded unread, inside a string value that has begun."""
        return None if self._fresh else super().flowing()

    def _on_value_end(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Pass over a tag of a value where no value is due."""
        del text
        self._arguments.key_tag(tag.group())
        self._arguments.untidy = True
        self._odd(f"{tag.group()} where another tag was due")
        return tag.end(), None

    # The end.

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block at the end of the completion: behind complete pairs nothing is missing but a closing tag."""
        self._fresh = False
        while self._where is Where.VALUE and tail and not cut:
            position, end = self._finish_tag(tail)
            tail = tail[position:]
            if end is not None:
                self._text.append(tail)
                self._read += len(tail)
                return end
            if not position:
                break
        if self._where is Where.CALL and tail.startswith(self._grammar.open):
            return self._finish_before(tail)
        end = super().finish(tail, cut=cut)
        complete = self._where is Where.CALL and self._key is None and bool(self._arguments.given)
        if complete and not cut and not tail.rpartition(VALUE_END)[2].strip():
            self._slip("the closing tag of a call is missing at the end of the answer")
            self._base = self._read
            self._close_call(0)
        return end

    def _finish_tag(self, tail: str) -> tuple[int, End | None]:
        """Read the tag in a value that waited for text behind, and what follows; the position is 0 if no meaning is left."""
        verdict, after = self.LOOK(self._grammar, self._arguments, tail, at_end=True).meaning(0)
        if verdict is Verdict.WAIT:
            return 0, None
        if verdict is Verdict.DATA:
            self._write(self._arguments.value(tail[:after]))
        else:
            if verdict is Verdict.ENDS_MISSPELT:
                self._slip(f"a closing tag was written as {shown(tail[:after])}")
            self._close_value(tagged=verdict is not Verdict.ENDS_UNTAGGED)
        self._base = self._read
        self._take(tail, after)
        return self.feed(tail, after)

    def _finish_before(self, tail: str) -> End:
        """End the block at a marker behind which text was waited for: the next block's, or in place of the closing one."""
        self._base = self._read
        self._close_call(0)
        start = self._read
        self._finished(tail)
        self._payload_end = start
        if tail.rstrip() not in self._grammar.open:
            self._block_end = start
        return End.OPENER

    def read(self, end: End) -> Reading:
        """Return the call, with the slips that were mended."""
        found = super().read(end)
        calls = found.calls
        if self._unopened and any(isinstance(call, RawCall) and VALUE in call.arguments for call in calls):
            calls = tuple(_faulty(call, f"text stands between a key and {VALUE}") for call in calls)
        return Reading(calls, found.repaired, found.fault, found.unfinished, found.mended)

    ARGUMENTS = KeyedArguments
    LOOK = KeyedLook
    ROLES: ClassVar[dict[str, Handler]] = {
        **TaggedBlock.ROLES,
        "open": _on_open,
        "closer": _on_closer,
        "key": _on_key,
        "key_end": _on_key_end,
        "given": _on_given,
        "value_end": _on_value_end,
    }


def _faulty(call: RawCall | Nameless, fault: str) -> RawCall | Nameless:
    """Return a call with a further fault."""
    if isinstance(call, Nameless):
        return call
    return replace(call, faults=(*call.faults, fault))
