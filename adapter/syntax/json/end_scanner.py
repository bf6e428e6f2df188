"""The loose search for the end of a block of JSON, a delta at a time.

`BlockScanner` is a state machine over the text of a block. The scanner knows strings, escapes and depth, so a closing tag
inside a string is data; it does not judge the JSON. Each character is looked at once, whatever the size of the deltas: the
caller keeps the text, the scanner keeps a few numbers, and asks to see a possible half of a tag again.

Models also write invalid JSON. Then "inside a string" is a guess, and a rule makes the guess safe: a string with a closing tag
inside that does not end as strings end (before a comma, colon or bracket) lacks its quote, and the block ended at the tag.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from adapter.syntax.delimiters import Boundaries
from adapter.syntax.reading import End
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from adapter.syntax.reading import Flowing
    from adapter.text.json_handover import Handover

__all__ = ["BlockScanner", "Boundaries", "End", "is_half"]

_OUTSIDE = re.compile(r"[\"'{}\[\]<]")
_NOT_SPACE = re.compile(r"[^ \t\r\n]")
_AFTER_STRING = ",:}]<"
_BEFORE_STRING = "{[,:("
_ANY_CLOSER = re.compile(r"</[A-Za-z_][\w.-]{0,40}\s?>")
_HALF_CLOSER = re.compile(r"<(?:/(?:[A-Za-z_][\w.-]{0,40}\s?)?)?")


class _State(Enum):
    __hash__ = object.__hash__  # Enum's own is written in Python

    OUTSIDE = auto()  # between strings, inside brackets
    STRING = auto()
    AFTER_STRING = auto()  # a doubtful string ended; the next character decides
    COMPLETE = auto()  # all brackets are closed
    BETWEEN = auto()  # a comma after complete JSON: another value must follow


class BlockScanner:
    """A search for the end of one block.

    Offsets count code points from the beginning of the payload.

    Attributes:
        offset: Code points consumed.
        stops: Consume no further value behind the first one, if only white space, commas and semicolons stand between them.
        another: A further value follows.
        payload_end: Offset behind the payload, once `feed` or `finish` returned an `End`.
        block_end: Offset behind the block, closing tag included; text behind is read again.
    """

    __slots__ = (
        "_before", "_bounds", "_depth", "_escape", "_loose", "_quote", "_state", "_tag", "another", "block_end", "offset",
        "payload_end", "stops",
    )  # fmt: skip

    def __init__(self, bounds: Boundaries) -> None:
        self._bounds = bounds
        self._state = _State.OUTSIDE
        self._depth = 0
        self._quote = ""
        self._escape = False
        self._tag: int | None = None  # the first closing tag inside the present string
        self._before = "{"  # the last character that is not white space
        self._loose = False  # the JSON is known to be broken; only tags count now
        self.stops = self.another = False
        self.offset = 0
        self.payload_end = 0
        self.block_end = 0

    @classmethod
    def resume(cls, bounds: Boundaries, state: Handover, offset: int = 0, depth: int = 0) -> BlockScanner:
        """Go on after a strict cursor; the text that it left unread is to be fed first.

        Args:
            bounds: The boundaries of the block.
            state: The state of the cursor.
            offset: Where in the payload the cursor began.
            depth: Number of containers that were open there.
        """
        scanner = cls(bounds)
        scanner.offset, scanner._depth, scanner._before = offset + state.offset, depth + state.depth, state.before
        if state.in_string or state.ended:
            scanner._quote, scanner._tag = '"', None if state.tag is None else offset + state.tag
            scanner._state = _State.STRING if state.in_string else _State.AFTER_STRING
        return scanner

    @property
    def complete(self) -> bool:
        """All brackets are closed: the JSON may be complete."""
        return self._state is _State.COMPLETE or (self._state is _State.BETWEEN and not self._bounds.due)

    @property
    def balanced(self) -> bool:
        """Every bracket and every string is closed."""
        return self._depth <= 0 and self._state is not _State.STRING

    def feed(self, text: str, start: int = 0) -> tuple[int, End | None]:
        """Consume text.

        Args:
            text: The window: text not consumed last time, and the new delta.
            start: Position in the window to begin at.

        Returns:
            The position up to which the window is consumed, and the end of the block, if met.
        """
        position = start
        base = self.offset - start  # turns a position in the window into an offset
        while position < len(text):
            if self._state is _State.STRING:
                position, end, wait = self._string(text, position, base)
            elif self._state is _State.OUTSIDE:
                position, end, wait = self._outside(text, position, base)
            else:
                position, end, wait = self._between(text, position, base)
            if end or wait:
                self.offset = base + position
                return position, end
        self.offset = base + position
        return position, None

    def finish(self, *, cut: bool, newline_after: bool, half_tag: int) -> End:
        """End the block with the completion.

        Args:
            cut: The model was stopped, rather than done.
            newline_after: A raw newline, which JSON does not allow, follows the tag inside the present string.
            half_tag: Length of the half of a tag at the end, which belongs to the block.
        """
        if self._tag is not None and self._state is _State.STRING and (newline_after or not cut):
            return self._missing_quote()
        end = End.DONE if self.complete and not self._bounds.due else End.CUT
        return self._end(end, self.offset, self.offset + half_tag)

    @property
    def doubtful_tag(self) -> int | None:
        """Offset of a closing tag inside the present, unfinished string."""
        return self._tag

    @property
    def waiting(self) -> bool:
        """Only a closing tag, or text behind complete JSON, can end the block."""
        due = self._bounds.due and bool(self._bounds.close)
        return due and not self._loose and self._tag is None and self._state in {_State.OUTSIDE, _State.STRING}

    def flowing(self) -> Flowing | None:
        """Patterns of text inside a string, which changes only the offset."""
        inside = self._state is _State.STRING and self._quote == '"' and self._tag is None and not self._escape
        return self._bounds.in_string if inside else None

    def go_on(self) -> None:
        """Look for the closing tag only: the payload looked complete, and was no JSON."""
        self._loose = True
        self._state = _State.OUTSIDE

    def _end(self, end: End, payload: int, block: int) -> End:
        self.payload_end, self.block_end = payload, block
        return end

    def _missing_quote(self) -> End:
        tag = self._tag or 0
        return self._end(End.QUOTE, tag, tag + len(self._bounds.close))

    def _string(self, text: str, position: int, base: int) -> tuple[int, End | None, bool]:
        if self._escape:
            self._escape = False
            return position + 1, None, False
        position = self._bounds.string_bodies[self._quote].match(text, position).end()  # type: ignore[union-attr]  # it always does
        if position == len(text):
            return position, None, False
        character = text[position]
        if character == "\\":
            self._escape = True
        elif character == self._quote:
            self._before = character
            check = self._tag is not None or self._quote == "'"
            self._state = _State.AFTER_STRING if check else _State.OUTSIDE
        elif self._tag is None:
            if self._bounds.closes(text, position):
                self._tag = base + position
            elif is_half(text, position, (self._bounds.close,)):
                return position, None, True
        return position + 1, None, False

    def _outside(self, text: str, position: int, base: int) -> tuple[int, End | None, bool]:
        found = _OUTSIDE.search(text, position)
        gap = text[position : found.start() if found else len(text)].rstrip(" \t\r\n")
        if gap:
            self._before = gap[-1]
        if found is None:
            return len(text), None, False
        position = found.start()
        character = found.group()
        if character == "<":
            return self._tag_outside(text, position, base)
        if character == '"' or (character == "'" and self._before in _BEFORE_STRING):
            self._state, self._quote, self._tag = _State.STRING, character, None
        elif character in "{[":
            self._depth += 1
        elif character in "}]" and not self._loose:
            self._depth -= 1
            if self._depth == 0:
                self._state = _State.COMPLETE
                self.payload_end = self.block_end = base + position + 1
                return position + 1, None if self._bounds.close or not self._bounds.due else End.TEXT, False
        self._before = character
        return position + 1, None, False

    def _tag_outside(self, text: str, position: int, base: int) -> tuple[int, End | None, bool]:
        """Read a `<` outside of strings: a tag ends the block, half of a tag waits, other text is skipped."""
        bounds = self._bounds
        if bounds.closes(text, position):
            end = base + position
            return position + len(bounds.close), self._end(End.TAG, end, end + len(bounds.close)), False
        opens = bounds.opens(text, position)
        token = text.startswith(bounds.tokens, position)
        if is_half(text, position, (bounds.open,)) or (not (opens or token) and bounds.half(text, position)):
            return position, None, True  # a token may be the beginning of the opening marker
        if opens or token:
            end = base + position
            return position, self._end(End.OPENER if opens else End.TOKEN, end, end), False
        self._before = "<"
        return position + 1, None, False

    def _between(self, text: str, position: int, base: int) -> tuple[int, End | None, bool]:
        """Read the character behind a doubtful string, behind complete JSON, or behind a comma there."""
        found = _NOT_SPACE.search(text, position)
        if found is None:
            return len(text), None, False
        position, character = found.start(), found.group()
        if self._state is _State.AFTER_STRING:
            return self._after_string(position, character)
        if character in "{[":
            return self._next_value(text, position, base)
        if self._state is _State.BETWEEN and self._bounds.due:
            self.go_on()
            return position, None, False
        return self._after_json(text, position, base, character)

    def _next_value(self, text: str, position: int, base: int) -> tuple[int, End | None, bool]:
        """Read a bracket behind complete JSON: another value, or a tag that begins with a bracket."""
        brackets = self._bounds.brackets
        if any(text.startswith(tag, position) for tag in brackets):
            return self._tag_outside(text, position, base)
        if is_half(text, position, brackets):
            return position, None, True
        if self.stops:
            self.another = True
            return position, None, True
        self._state = _State.OUTSIDE
        return position, None, False

    def _after_string(self, position: int, character: str) -> tuple[int, End | None, bool]:
        if character in _AFTER_STRING:
            self._state, self._tag = _State.OUTSIDE, None
        elif self._quote == "'":
            self._state = _State.STRING  # an apostrophe
        else:
            return position, self._missing_quote(), False
        return position, None, False

    def _after_json(self, text: str, position: int, base: int, character: str) -> tuple[int, End | None, bool]:
        if character == "<":
            return self._tag_after_json(text, position, base)
        if character == self._bounds.close[:1]:
            after, end, wait = self._tag_outside(text, position, base)
            if end or wait:
                return after, end, wait
        if self._state is _State.BETWEEN:
            return position, self._ended_by_text(), False
        if character in ",;":
            self._state = _State.BETWEEN
        elif character in ":\"'" and self._bounds.due:
            self.go_on()
        elif character not in "}]`":  # one brace too many and the end of a fence are the payload's business
            return position, self._ended_by_text(), False
        self.stops = self.stops and self._state is _State.BETWEEN
        return position + 1, None, False

    def _ended_by_text(self) -> End:
        return self._end(End.TEXT if self._bounds.due else End.DONE, self.payload_end, self.payload_end)

    def _tag_after_json(self, text: str, position: int, base: int) -> tuple[int, End | None, bool]:
        after, end, wait = self._tag_outside(text, position, base)
        if end or wait:
            return after, end, wait
        closer = _ANY_CLOSER.match(text, position)
        if closer:
            begin = base + position
            return closer.end(), self._end(End.WRONG_TAG, begin, base + closer.end()), False
        if _HALF_CLOSER.fullmatch(text, position):
            return position, None, True
        return position, self._ended_by_text(), False
