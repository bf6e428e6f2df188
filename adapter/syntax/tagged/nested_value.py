"""The meaning of a tag inside a value of nested elements.

A value ends
    * at its own closing tag, if markup follows that may stand behind a value; the tag may be written twice, or lack its prefix;
      text up to the next tag is left over if that tag would end the value;
    * at a misspelt closing tag, right before such markup;
    * at the opening tag of a member that is due beside the value, or of a list's next item: the closing tag is missing;
    * at a closing tag of what is around it, if markup follows that may stand behind that.
All other tags in a value are data, but opening tags where no text stands before them. In a call that is quoted in a value no
tag is markup, up to the end of that call.
"""

from __future__ import annotations

import functools
from difflib import SequenceMatcher
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.tagged.verdict import Look, Meaning, Verdict

if TYPE_CHECKING:
    from adapter.syntax.tagged.arguments import Arguments
    from adapter.syntax.tagged.grammar import TagGrammar
    from adapter.syntax.tagged.nested_arguments import NestedArguments

_JUNK = 200  # code points between a closing tag and the next tag
_MOST_CLOSERS = 4
_LIKE = 0.75  # share of letters in common


class _Next(Enum):
    """The markup behind a closing tag."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    TEXT = auto()  # none
    RIGHT = auto()  # markup that may stand there
    AGAIN = auto()  # the same closing tag


@functools.lru_cache(maxsize=1024)
def _alike(word: str, right: str) -> bool:
    """Tell if a name is a misspelling of another."""
    word, right = word.strip(" \t/\\").lower(), right.strip().lower()
    return word == right or SequenceMatcher(None, word, right, autojunk=False).ratio() >= _LIKE


class ElementLook(Look):
    """A look at the tags of elements within elements.

    Raises:
        TypeError: The grammar has no such tags.
    """

    __slots__ = ("_nesting",)

    _arguments: NestedArguments

    def __init__(self, grammar: TagGrammar, arguments: Arguments, text: str, *, at_end: bool) -> None:
        super().__init__(grammar, arguments, text, at_end=at_end)
        if grammar.nesting is None:
            raise TypeError("a grammar of elements has tags of elements")
        self._nesting = grammar.nesting

    def meaning(self, position: int) -> Meaning:
        """Decide about a tag; see `Look`."""
        tag = self._nesting.tag.match(self._text, position)
        if tag is None:
            return self._lost_prefix(position)
        name, after = tag["name"], tag.end()
        if not tag["end"]:
            return self._at_opener(name, position, after)
        if self._arguments.own in {name, name.strip()}:
            return self._at_closer(position, after)
        closing = self._grammar.closed(self._text, position)
        if name == self._nesting.word or closing > position:
            return self._at_outer_end(position, max(after, closing))
        return self._at_other_closer(name, position, after)

    # Opening tags.

    def _at_opener(self, name: str, position: int, after: int) -> Meaning:
        arguments = self._arguments
        if arguments.may_hold:
            return Verdict.BEGINS, after
        if self._begins_call(name, position):
            arguments.quoted_calls += 1
        elif not arguments.quoted_calls and arguments.due(name):
            return Verdict.ENDS_UNTAGGED, position
        elif name == arguments.own:
            arguments.quoted_values += 1
        return Verdict.DATA, after

    def _begins_call(self, name: str, position: int) -> bool:
        """Tell if an opening tag is a call's, or the marker of a block."""
        return name.startswith(f"{self._nesting.word} ") or self._text.startswith(self._grammar.open, position)

    # Closing tags.

    def _at_closer(self, position: int, after: int) -> Meaning:
        """Decide about the value's own closing tag."""
        arguments = self._arguments
        behind = self._next(after)
        if behind is None:
            return Verdict.WAIT, position
        kind, place = behind
        ends: bool | None = kind is _Next.RIGHT
        if kind is _Next.AGAIN and not arguments.quoted_values:
            ends = self._repeated(place)
        elif kind is _Next.TEXT and not arguments.quoted_values:
            ends = self._left_over(after)
        elif arguments.quoted_values and arguments.quoted_calls:
            ends = False
        if ends is None:
            return Verdict.WAIT, position
        if not ends and arguments.quoted_values:
            arguments.quoted_values -= 1
        return (Verdict.ENDS, after) if ends else (Verdict.DATA, after)

    def _next(self, position: int, *, lost: bool = False) -> tuple[_Next, int] | None:
        """Return the markup behind a closing tag of the value, and the position behind the markup; None if more text is needed.

        Args:
            position: Where the closing tag ends.
            lost: The closing tag has no prefix.
        """
        grammar, nesting, text = self._grammar, self._nesting, self._text
        place = grammar.after_value.place(text, position, at_end=self._at_end)
        if place is None:
            return None
        if place < 0:
            return _Next.TEXT, position
        # A token ends a turn where the markup of calls stands; beside a tag without that markup it is data, as the tag is.
        if place == len(text) or (
            text.startswith(nesting.ends, place) and not (lost and text.startswith(grammar.tokens, place))
        ):
            return _Next.RIGHT, place
        tag = nesting.tag.match(text, place)
        if tag is None:
            return None if not self._at_end and grammar.half.fullmatch(text, place) else (_Next.TEXT, place)
        if tag["end"] and tag["name"].strip() == self._arguments.own.strip():
            if lost:
                return _Next.TEXT, place
            if not self._arguments.holds(tag["name"]):
                return _Next.AGAIN, tag.end()
        right = not tag["end"] or self._arguments.holds(tag["name"])
        return (_Next.RIGHT if right else _Next.TEXT), tag.end()

    def _repeated(self, position: int) -> bool | None:
        """Tell if the closing tag is written several times, and markup that may stand there follows."""
        for _ in range(_MOST_CLOSERS):
            behind = self._next(position)
            if behind is None:
                return None
            kind, position = behind
            if kind is not _Next.AGAIN:
                return kind is _Next.RIGHT
        return False

    def _left_over(self, position: int) -> bool | None:
        """Tell if text behind a closing tag is no part of the value: a tag that would end the value follows the text."""
        prefix, text = self._nesting.prefix, self._text
        if not prefix:
            return False
        place = text.find(prefix, position, position + _JUNK + len(prefix))
        if place < 0:
            return None if not self._at_end and len(text) - position < _JUNK + len(prefix) else False
        tag = self._nesting.tag.match(text, place)
        if tag is None:
            return None if not self._at_end and self._grammar.half.fullmatch(text, place) else False
        if not tag["end"]:
            return self._arguments.due(tag["name"])
        if tag["name"] != self._nesting.word:
            return tag["name"] != self._arguments.own and self._arguments.holds(tag["name"])
        return self._grammar.after_outer.follows(text, tag.end(), at_end=self._at_end)

    def _at_outer_end(self, position: int, after: int) -> Meaning:
        """Decide about a closing tag of the call or of the block: the value's own is missing."""
        arguments = self._arguments
        if arguments.quoted_calls:
            arguments.quoted_calls -= 1
            arguments.quoted_values = 0
            return Verdict.DATA, after
        follows = self._grammar.after_outer.follows(self._text, after, at_end=self._at_end)
        if follows is None:
            return Verdict.WAIT, position
        return (Verdict.ENDS_UNTAGGED, position) if follows else (Verdict.DATA, after)

    def _at_other_closer(self, name: str, position: int, after: int) -> Meaning:
        """Decide about a closing tag of another name, which may be the value's own, misspelt."""
        arguments = self._arguments
        if arguments.quoted_calls or arguments.quoted_values:
            return Verdict.DATA, after
        if _alike(name, arguments.own):
            behind = self._next(after)
            if behind is None:
                return Verdict.WAIT, position
            if behind[0] is _Next.RIGHT:
                return Verdict.ENDS_MISSPELT, after
        arguments.foreign = True
        return Verdict.DATA, after

    def _lost_prefix(self, position: int) -> Meaning:
        """Decide about the value's closing tag without its prefix, which models forget; data where a prefixed one follows."""
        grammar, nesting, text = self._grammar, self._nesting, self._text
        if text.startswith(nesting.prefix, position):
            waits = not self._at_end and grammar.half.fullmatch(text, position)
            return (Verdict.WAIT, position) if waits else (Verdict.DATA, position + 1)
        lost = f"</{self._arguments.own}>"
        after = position + len(lost)
        if text.startswith(lost, position):
            behind = self._next(after, lost=True)
            if behind is None:
                return Verdict.WAIT, position
            return (Verdict.ENDS if behind[0] is _Next.RIGHT else Verdict.DATA), after
        half = not self._at_end and lost.startswith(text[position:after])
        return (Verdict.WAIT, position) if half else (Verdict.DATA, position + 1)
