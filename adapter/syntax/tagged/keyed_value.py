"""The meaning of a tag inside a value of GLM's calls.

A value ends
    * at its own closing tag, if markup follows that may stand behind a value; the tag may be written twice; text up to the next
      tag is left over if that tag would end the value;
    * at a misspelt closing tag, right before such markup;
    * at a key and the tag of its value, if the tool declares the key and the key was not given yet: the closing tag is missing;
    * at the closing marker of the block, if the next block follows, or the end.
All other tags are data, and so are the tags of a call that is quoted in a value. Where the value must be JSON and a string is
open in it, a reading by a slip is none: text or a bare key behind a closing tag, a misspelt one, a missing one before a key.
"""

from __future__ import annotations

import functools
import re
from difflib import SequenceMatcher
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.tagged.arguments import Arguments
from adapter.syntax.tagged.keyed_tags import (
    HALF_LOST_KEY,
    HALF_ODD_CLOSER,
    KEY,
    KEY_END,
    LOST_KEY,
    ODD_CLOSER,
    VALUE,
    VALUE_END,
)
from adapter.syntax.tagged.open_value import ValueKind
from adapter.syntax.tagged.verdict import Look, Meaning, Verdict
from adapter.text.json_tokens import JsonWalker

if TYPE_CHECKING:
    from adapter.schema.place import Place
    from adapter.syntax.tagged.grammar import TagGrammar
    from adapter.syntax.tagged.open_value import Value

_JUNK = 200  # code points between a closing tag and the next tag
_JUNK_TEXT = re.compile(rf"[^<]{{0,{_JUNK}}}+")
_MOST_CLOSERS = 4
_LIKE = 0.75  # share of letters in common
_LOST_KEY = re.compile(LOST_KEY)
_HALF_LOST_KEY = re.compile(rf"(?:{HALF_LOST_KEY})\Z")
_KEY = re.compile(rf"{KEY}([^<>]{{1,200}}){KEY_END}")
_HALF_KEY = re.compile(rf"{KEY}[^<>]{{0,200}}(?:<[^<>]{{0,9}})?\Z")
_ODD_CLOSER = re.compile(ODD_CLOSER)
_HALF_ODD_CLOSER = re.compile(rf"{HALF_ODD_CLOSER}\Z")


class KeyedArguments(Arguments):
    """The arguments of one call in keys and values. Arguments as in `Arguments`.

    Attributes:
        quoted_values: Opening tags of values in the text of the present value that no closing tag has met.
        quoted_blocks: The same of markers of blocks.
    """

    __slots__ = ("_walked", "_walker", "quoted_blocks", "quoted_values")

    def __init__(self, tool: str, place: Place, grammar: TagGrammar) -> None:
        super().__init__(tool, place, grammar)
        self.quoted_values = self.quoted_blocks = 0
        self._walker, self._walked = JsonWalker(), 0  # pieces of the present value that the walker has seen

    def _push(self, name: str, place: Place, kinds: frozenset[str] | None) -> Value:
        """Open a value, in which nothing is quoted yet."""
        self.quoted_values = self.quoted_blocks = 0
        self._walker, self._walked = JsonWalker(), 0
        return super()._push(name, place, kinds)

    def due(self, key: str) -> bool:
        """Tell if the tool declares a parameter that was not given yet."""
        declares = self._grammar.declares
        return declares is not None and key not in self.given and declares(self.tool, key)

    def in_json_string(self) -> bool:
        """Tell if the present value may only be JSON, and is so far, with a string open."""
        top = self._open[-1]
        if top.kind is not ValueKind.HELD or top.kinds is None or "string" in top.kinds:
            return False
        self._walker.feed("".join(top.held[self._walked :]))
        self._walked = len(top.held)
        return self._walker.in_quotes


@functools.lru_cache(maxsize=1024)
def _closes(tag: str, key: str) -> bool:
    """Tell if a closing tag is a value's, misspelt."""
    word = tag.strip("</>\\ \t\r\n")
    known = word in {"value", "arg_key", key}
    return known or SequenceMatcher(None, word.lower(), "arg_value", autojunk=False).ratio() >= _LIKE


class _Next(Enum):
    """The markup behind a closing tag."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    TEXT = auto()  # none
    RIGHT = auto()  # markup that may stand there
    AGAIN = auto()  # the same closing tag


class KeyedLook(Look):
    """A look at the tags of keys and values by turns."""

    __slots__ = ()

    _arguments: KeyedArguments

    def meaning(self, position: int) -> Meaning:
        """Decide about a tag; see `Look`."""
        grammar, text = self._grammar, self._text
        if not self._at_end and grammar.value_waits.fullmatch(text, position):
            return Verdict.WAIT, position
        if text.startswith(VALUE_END, position):
            return self._at_closer(position, position + len(VALUE_END))
        if found := grammar.outer_end.match(text, position):
            return self._at_outer_end(position, found.end())
        if text.startswith(VALUE, position):
            self._arguments.quoted_values += 1
            return Verdict.DATA, position + len(VALUE)
        if text.startswith(grammar.open, position):
            self._arguments.quoted_blocks += 1
            return Verdict.DATA, position + 1
        if found := grammar.next_value.match(text, position):
            ends = not self._arguments.quoted_blocks and self._slips_before(grammar.named(found["key"]))
            return (Verdict.ENDS_UNTAGGED, position) if ends else (Verdict.DATA, position + 1)
        return self._at_odd_closer(position)

    def _slips_before(self, key: str) -> bool:
        """Tell if a value may end before a key by a slip: the tool declares the key, and no string of JSON is open."""
        return self._arguments.due(key) and not self._arguments.in_json_string()

    def _next(self, position: int) -> tuple[_Next, int] | None:
        """Return the markup behind a closing tag, and the position of the markup; None if more text is needed."""
        after, text = self._grammar.after_value, self._text
        place = after.place(text, position, at_end=self._at_end)
        if place is None:
            return None
        if place < 0:
            return _Next.TEXT, position
        if text.startswith(VALUE_END, place):
            return _Next.AGAIN, place
        follows = after.follows(text, place, at_end=self._at_end)
        if follows is None:
            return None
        if not follows and (lost := _LOST_KEY.match(text, place)):
            follows = self._slips_before(lost.group().removesuffix(KEY_END).strip())
        elif not follows and not self._at_end and _HALF_LOST_KEY.match(text, place):
            return None
        return (_Next.RIGHT if follows else _Next.TEXT), place

    # Closing tags.

    def _at_closer(self, position: int, after: int) -> Meaning:
        """Decide about the value's own closing tag."""
        behind = self._next(after)
        if behind is None:
            return Verdict.WAIT, position
        kind, place = behind
        ends: bool | None = kind is _Next.RIGHT
        if self._arguments.quoted_values:
            ends = ends and self._ends_doubtful(place)
        elif kind is _Next.AGAIN:
            ends = self._repeated(place)
        elif kind is _Next.TEXT:
            ends = self._left_over(after)
        if ends is None:
            return Verdict.WAIT, position
        if not ends and self._arguments.quoted_values:
            self._arguments.quoted_values -= 1
        return (Verdict.ENDS, after) if ends else (Verdict.DATA, after)

    def _ends_doubtful(self, place: int) -> bool | None:
        """Tell if markup ends a value whose closing tag may be another's, or is misspelt; None if more text is needed."""
        text = self._text
        if found := self._grammar.outer_end.match(text, place):
            return self._grammar.after_outer.follows(text, found.end(), at_end=self._at_end)
        if text.startswith(KEY, place):
            return not self._arguments.quoted_blocks and self._due_key(place)
        return True

    def _due_key(self, place: int) -> bool | None:
        """Tell if a key stands at a position before which a value may end by a slip; None if more text is needed."""
        if found := _KEY.match(self._text, place):
            return self._slips_before(found[1].strip())
        return None if not self._at_end and _HALF_KEY.match(self._text, place) else False

    def _repeated(self, place: int) -> bool | None:
        """Tell if the closing tag is written several times, and markup that may stand there follows."""
        for _ in range(_MOST_CLOSERS):
            behind = self._next(place + len(VALUE_END))
            if behind is None:
                return None
            kind, place = behind
            if kind is not _Next.AGAIN:
                return kind is _Next.RIGHT
        return False

    def _left_over(self, position: int) -> bool | None:
        """Tell if text behind a closing tag is no part of the value: a tag that would end the value follows the text."""
        found, text = _JUNK_TEXT.match(self._text, position), self._text
        place = found.end() if found else position
        if place == len(text):
            return None if not self._at_end and place - position < _JUNK else False
        if text[place] != "<":
            return False
        if tag := self._grammar.outer_end.match(text, place):
            return self._grammar.after_outer.follows(text, tag.end(), at_end=self._at_end)
        if not self._at_end and self._grammar.half.fullmatch(text, place):
            return None
        return self._due_key(place)

    def _at_outer_end(self, position: int, after: int) -> Meaning:
        """Decide about the closing marker of the block: the value's closing tag is missing."""
        if self._arguments.quoted_blocks:
            self._arguments.quoted_blocks -= 1
            self._arguments.quoted_values = 0
            return Verdict.DATA, after
        follows = self._grammar.after_outer.follows(self._text, after, at_end=self._at_end)
        if follows is None:
            return Verdict.WAIT, position
        return (Verdict.ENDS_UNTAGGED, position) if follows else (Verdict.DATA, position + 1)

    def _at_odd_closer(self, position: int) -> Meaning:
        """Decide about a closing tag of another name, which may be the value's own, misspelt."""
        found = _ODD_CLOSER.match(self._text, position)
        if found is None:
            half = not self._at_end and _HALF_ODD_CLOSER.match(self._text, position)
            return (Verdict.WAIT, position) if half else (Verdict.DATA, position + 1)
        quoted = self._arguments.quoted_blocks or self._arguments.quoted_values
        if quoted or not _closes(found.group(), self._arguments.own):
            return Verdict.DATA, position + 1
        behind = self._next(found.end())
        if behind is None:
            return Verdict.WAIT, position
        marked = self._text.startswith((KEY, *self._grammar.close), behind[1])
        ends = behind[0] is _Next.RIGHT and marked and self._ends_doubtful(behind[1])
        if ends is None:
            return Verdict.WAIT, position
        return (Verdict.ENDS_MISSPELT, found.end()) if ends else (Verdict.DATA, position + 1)
