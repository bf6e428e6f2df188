"""The meaning of a tag inside a flat value, by the grammar and the schema (behaviour 1.14).

A closing tag of the value counts where the grammar allows the markup behind it. Where the closing tag is missing, the opening
tag of a parameter ends the value, if the tool declares the parameter and the parameter was not given yet. Any other opening tag
is text, and the closing tag that belongs to the tag is text too: `Quoted` counts the tags of calls that are quoted in a value.
A misspelt closing tag counts right before a tag that would end the value without it.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.tagged.verdict import Look, Meaning, Verdict

if TYPE_CHECKING:
    from adapter.syntax.tagged.open_value import Quoted

_JUNK = 200  # code points between a closing tag and the next tag, which then are left over from the value
_JUNK_TEXT = re.compile(rf"[^<]{{0,{_JUNK}}}+")
_MOST_CLOSERS = 4


class _Next(Enum):
    """The markup behind a tag."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    TEXT = auto()  # none
    END = auto()  # the end of the completion, or a token at the end of a turn
    FREE = auto()  # the opening tag of a parameter that is declared and not given
    VALUE = auto()  # the opening tag of another value
    CLOSER = auto()  # a closing tag of a value
    CALL_END = auto()
    BLOCK_END = auto()
    CALL = auto()  # the opening tag of a call, or the marker of a block


_AFTER_CALL = frozenset({_Next.END, _Next.CALL, _Next.BLOCK_END})
_AFTER_BLOCK = frozenset({_Next.END, _Next.CALL})
_OUTER = frozenset({_Next.CALL_END, _Next.BLOCK_END})
_ROLES = {"close": _Next.BLOCK_END, "call_end": _Next.CALL_END, "call": _Next.CALL, "open": _Next.CALL, "token": _Next.END}


class FlatLook(Look):
    """A look at the tags of calls with flat values."""

    __slots__ = ()

    def meaning(self, position: int) -> Meaning:
        """Decide about a tag; see `Look`."""
        grammar, text = self._grammar, self._text
        if grammar.sections and self._arguments.in_section:
            return Verdict.DATA, position + 1
        if not self._at_end and grammar.value_waits.fullmatch(text, position):
            return Verdict.WAIT, position
        if tag := grammar.value_end.match(text, position):
            return self._at_closer(position, tag.end())
        if tag := grammar.outer_end.match(text, position):
            return self._at_outer_end(position, tag.end())
        if tag := grammar.inner.match(text, position):
            return self._at_opener(tag, position)
        return self._at_misspelt(position)

    def _next(self, position: int) -> tuple[_Next, int] | None:
        """Return the markup behind white space, and the position behind the tag; None if more text is needed."""
        grammar, text = self._grammar, self._text
        place = grammar.after_value.place(text, position, at_end=self._at_end)
        if place is None:
            return None
        if place < 0:
            return _Next.TEXT, position
        if place == len(text):
            return _Next.END, place
        if found := grammar.value_end.match(text, place):
            return _Next.CLOSER, found.end()
        if tag := grammar.tag.match(text, place):
            if tag.lastgroup != "value":
                return _ROLES.get(str(tag.lastgroup), _Next.TEXT), tag.end()
            key = tag["key"]
            return (_Next.FREE if key and self._arguments.free(grammar.named(key)) else _Next.VALUE), tag.end()
        if text.startswith(grammar.tokens, place):
            return _Next.END, place
        if not self._at_end and grammar.half.fullmatch(text, place):
            return None
        if grammar.slips is None or text[place] != "<":
            return _Next.TEXT, place
        slip = grammar.slips.opener(text, place, self._arguments.free, at_end=self._at_end)
        return None if slip is None else (_Next.FREE if slip else _Next.TEXT, place)

    def _complete(self, kind: _Next, position: int, steps: int = 3) -> bool | None:
        """Tell if closing tags end the call and the block; None if more text is needed.

        Args:
            kind: The kind of the first tag.
            position: Position behind the first tag.
            steps: Further tags to look at.
        """
        for _ in range(steps):
            if kind not in _OUTER:
                break
            allowed = _AFTER_BLOCK if kind is _Next.BLOCK_END else _AFTER_CALL
            found = self._next(position)
            if found is None:
                return None
            kind, position = found
            if kind not in allowed:
                return False
        return True

    # Closing tags.

    def _at_closer(self, position: int, after: int) -> Meaning:
        """Decide about the value's own closing tag."""
        quoted = self._arguments.quoted
        behind = self._next(after)
        if behind is None:
            return Verdict.WAIT, position
        kind, place = behind
        ends = self._quoted_closer(quoted, kind, place) if quoted and quoted.values else self._own_closer(kind, place, after)
        if ends is None:
            return Verdict.WAIT, position
        if ends:
            return Verdict.ENDS, after
        quoted = self._arguments.quoting()
        if quoted.values:
            quoted.values -= 1
        else:
            quoted.closed = True
        return Verdict.DATA, after

    def _own_closer(self, kind: _Next, place: int, after: int) -> bool | None:
        """Tell if a closing tag ends the value, where no other can be meant; None if more text is needed."""
        if kind is _Next.TEXT:
            return self._left_over(after)
        for _ in range(_MOST_CLOSERS):
            if kind is not _Next.CLOSER:
                return kind is not _Next.TEXT
            behind = self._next(place)
            if behind is None:
                return None
            kind, place = behind
        return False

    def _quoted_closer(self, quoted: Quoted, kind: _Next, place: int) -> bool | None:
        """Tell if a closing tag ends the value, though another tag in the value is open; None if more text is needed."""
        if kind is _Next.END:
            return True
        if quoted.calls:
            return False
        return kind is _Next.FREE or (kind in _OUTER and self._complete(kind, place))

    def _left_over(self, position: int) -> bool | None:
        """Tell if text behind a closing tag is no part of the value: a tag that would end the value follows the text."""
        found = _JUNK_TEXT.match(self._text, position)
        place = found.end() if found else position
        if place == len(self._text) and place - position < _JUNK:
            return False if self._at_end else None
        if place == len(self._text) or self._text[place] != "<" or place == position:
            return False
        behind = self._next(place)
        if behind is None:
            return None
        return behind[0] is _Next.FREE or (behind[0] in _OUTER and self._complete(*behind))

    def _at_outer_end(self, position: int, after: int) -> Meaning:
        """Decide about a closing tag of the call or of the block: the value's own may be missing."""
        grammar, arguments, text = self._grammar, self._arguments, self._text
        kind = _Next.BLOCK_END if grammar.closed(text, position) > position else _Next.CALL_END
        quoted = arguments.quoted
        if quoted is not None:
            if kind is _Next.CALL_END and quoted.calls:
                quoted.calls, quoted.values = quoted.calls - 1, 0
                return Verdict.DATA, after
            if kind is _Next.BLOCK_END and quoted.blocks:
                quoted.blocks, quoted.calls, quoted.values = quoted.blocks - 1, 0, 0
                return Verdict.DATA, after
        if grammar.padded and not arguments.line_begins:
            ends = self._complete(kind, after)
        else:
            ends = grammar.after_outer.follows(text, after, at_end=self._at_end)
        if ends is None:
            return Verdict.WAIT, position
        return (Verdict.ENDS_UNTAGGED, position) if ends else (Verdict.DATA, position + 1)

    def _at_misspelt(self, position: int) -> Meaning:
        """Decide about a closing tag that is misspelt, or about a text that is no tag."""
        slips, arguments = self._grammar.slips, self._arguments
        if slips is None:
            return Verdict.DATA, position + 1
        after = slips.closer(self._text, position, arguments.own, at_end=self._at_end)
        if after is None:
            return Verdict.WAIT, position
        if after == position or (arguments.quoted and arguments.quoted.values):
            return Verdict.DATA, position + 1
        behind = self._next(after)
        if behind is None:
            return Verdict.WAIT, position
        kind, place = behind
        ends = kind is _Next.FREE or (kind in _OUTER and self._complete(kind, place, steps=1))
        if ends is None:
            return Verdict.WAIT, position
        return (Verdict.ENDS_MISSPELT, after) if ends else (Verdict.DATA, position + 1)

    # Opening tags.

    def _at_opener(self, tag: re.Match[str], position: int) -> Meaning:
        """Decide about an opening tag, or the marker of a block."""
        arguments, after = self._arguments, tag.end()
        quoted = arguments.quoted
        if tag.lastgroup != "value":
            quoted = arguments.quoting()
            if tag.lastgroup == "call":
                quoted.calls += 1
            else:
                quoted.blocks += 1
            return Verdict.DATA, after
        if tag["key"] is not None and not (quoted and quoted.calls) and not arguments.as_json:
            free = arguments.free(self._grammar.named(tag["key"]))
            if free is None:
                free = self._on_line(after)
                if free is None:
                    return Verdict.WAIT, position
            if free:
                return Verdict.ENDS_UNTAGGED, position
        arguments.quoting().values += 1
        return Verdict.DATA, after

    def _on_line(self, after: int) -> bool | None:
        """Tell if a tag stands on a line of its own, in a dialect that writes every tag so; None if more text is needed."""
        if not self._grammar.padded or not self._arguments.line_begins:
            return False
        if after == len(self._text):
            return False if self._at_end else None
        return self._text[after] in "\r\n"
