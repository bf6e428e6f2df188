"""Retention of streamed JSON: text that may leave, text that waits for more, values that are coerced.

A string leaves as it grows, a number or word when it is complete. Punctuation that a repair may still move waits for the next
token. A value in a place for another type is held until it is complete, and coerced where nothing is lost. A value that only
the finished call can settle freezes the gate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# Offsets of a value in the JSON as it was written, and the text that left in its place.
Edit: TypeAlias = tuple[int, int, str]

_UNCERTAIN_END = re.compile(r"[\]}]{1,4}\Z")
_TEXT = frozenset({"string"})
# The beginning of a string that may turn out to hold a number or a word.
_SCALAR = re.compile(r'"(?:\s|\\[nrt])*+(?:-?[0-9.eE+-]*+|[TtFfNn][A-Za-z]{0,4}+)(?:\s|\\[nrt])*+"?')
_OBJECT = re.compile(r'"(?:\s|\\[nrt])*\{')
_LONGEST_SCALAR = 64


class ValuePlace(Protocol):
    """The part of a schema for a streamed value.

    Attributes:
        text: Strings are allowed, and stay as the model wrote them.
    """

    text: bool

    def kinds(self) -> frozenset[str] | None:
        """The allowed JSON types; None for a place of which nothing is known."""

    def lets_be(self, scalar: str) -> bool:
        """Tell if a number or word of an allowed type stays as the model wrote the literal."""

    def refusing(self, value: Any) -> frozenset[str]:
        """The types to which a value may have to be coerced, though its own type is allowed."""

    def converts(self, value: Any, kinds: Collection[str]) -> bool:
        """Tell if a value can be coerced to any of these types without loss."""

    def settled(self, literal: str) -> str | None:
        """Return the text for a complete value, as written or coerced; None until the finished call can tell."""

    def member(self, key: str) -> ValuePlace:
        """The place of an object's member."""

    def item(self, position: int) -> ValuePlace:
        """The place of a list's element."""


class Gate:
    """The text of one JSON value between the reader and the client.

    Args:
        edits: Gets the values that leave coerced.

    Attributes:
        edits: Values that left coerced.
        frozen: Only the finished call can tell the rest: no more text leaves.
    """

    __slots__ = ("_blank", "_held", "_kept", "_perhaps", "_place", "_writing", "edits", "frozen")

    def __init__(self, edits: list[Edit]) -> None:
        self._kept: list[str] = []  # text that waits for the next token
        self._blank = False  # white space that comes next waits too
        self._writing = False  # inside a string that leaves as it grows
        self._held: list[str] | None = None  # a string that may have to be coerced
        self._perhaps: frozenset[str] = frozenset()  # to one of these types, unless it is right as it is
        self._place: ValuePlace | None = None  # of that string
        self.edits = edits
        self.frozen = False

    def begin(self, *, after_value: bool, writing: bool) -> None:
        """Take over at a place without waiting text."""
        self._kept, self._held = [], None
        self._blank, self._writing = after_value, writing

    @property
    def waits(self) -> bool:
        """Some text waits."""
        return bool(self._kept) or self._held is not None

    @property
    def quoted(self) -> bool:
        """The closing quote of a string waits, and no other text."""
        return self._kept == ['"']

    @property
    def flowing(self) -> bool:
        """A string leaves as it grows, and no text waits."""
        return self._writing and not self._kept and self._held is None

    def space(self, text: str) -> str:
        """Take white space between tokens. Returns text that may leave, as all methods below do."""
        if self.frozen:
            return ""
        if self._blank:
            self._kept.append(text)
            return ""
        return self._passed(text)

    def token(self, text: str, *, closes: bool = False) -> str:
        """Take a bracket, a colon, or a piece of a key."""
        return "" if self.frozen else self._passed(text, after_value=closes)

    def comma(self) -> str:
        """Take a comma, and let the comma wait: a trailing comma is a fault."""
        return "" if self.frozen else self._passed("", kept=",")

    def scalar(self, literal: str, place: ValuePlace, end: int) -> str:
        """Take a complete number or word, which ends at this offset."""
        return "" if self.frozen else self._passed(self._settled(literal, place, end), after_value=True)

    def open_string(self, place: ValuePlace) -> str:
        """Take the opening quote of a string that is no key."""
        if self.frozen:
            return ""
        kinds = place.kinds()
        self._perhaps, self._held, self._place = frozenset(), None, place
        if kinds is not None and "string" not in kinds:
            self._held = ['"']
            return ""
        if kinds != _TEXT:
            self._perhaps = place.refusing("")
            if self._perhaps:
                self._held = ['"']
                return ""
        return self._flowing('"', ended=False)

    def string(self, text: str, end: int, *, ended: bool) -> str:
        """Take a piece of the string; the last, `ended`, includes the closing quote. `end` is the offset behind the piece."""
        if self.frozen:
            return ""
        if self._held is None:
            return self._flowing(text, ended=ended)
        self._held.append(text)
        if not ended and not (self._perhaps and surely_text(self._held, self._perhaps)):
            return ""
        whole, self._held = "".join(self._held), None
        if not ended or self._place is None:
            return self._flowing(whole, ended=ended)
        if not self._perhaps:
            return self._passed(self._settled(whole, self._place, end), after_value=True)
        if self._place.converts(loads(whole), self._perhaps):
            self.frozen = True
            return ""
        return self._flowing(whole, ended=True)

    def _passed(self, text: str, *, kept: str = "", after_value: bool = False) -> str:
        """Let text pass together with waiting text, and keep `kept` in turn. Behind a value white space waits too."""
        if self._kept:
            text = "".join([*self._kept, text])
        self._kept = [kept] if kept else []
        self._blank = bool(kept) or after_value
        return text

    def _flowing(self, text: str, *, ended: bool) -> str:
        """Take a piece of a string that leaves as it grows. A missing or doubled quote shows only behind the string."""
        if self._writing and self._kept:
            text, self._kept = "".join([*self._kept, text]), []
        self._writing = not ended
        end = len(text) - 1 if ended else len(text)
        if not ended and text.endswith(("]", "}")):
            end = len(_UNCERTAIN_END.sub("", text, count=1))
        return self._passed(text[:end], kept=text[end:], after_value=ended)

    def _settled(self, literal: str, place: ValuePlace, end: int) -> str:
        written = place.settled(literal)
        if written is None:
            self.frozen = True
            return ""
        if written != literal:
            self.edits.append((end - len(literal), end, written))
        return written


def surely_text(begun: Sequence[str], others: Collection[str]) -> bool:
    """Tell whether a held string can be nothing but text any more.

    Args:
        begun: Pieces of the string's JSON so far, the opening quote in the first.
        others: JSON types that the string may have to be coerced to.
    """
    if "array" in others:  # any value may become the only element of a list
        return False
    if len(begun) > _LONGEST_SCALAR:
        return "object" not in others
    text = "".join(begun)
    if "object" in others and _OBJECT.match(text):
        return False
    return len(text) > _LONGEST_SCALAR or _SCALAR.fullmatch(text) is None
