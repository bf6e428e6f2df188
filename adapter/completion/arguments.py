"""The arguments of one call on their way out: which of their text may leave, as it comes in.

A string leaves as it grows, a number or word when it is complete. A value in a place for another type is held until it is
whole, and coerced if that loses nothing. What only the finished call can settle freezes the rest until then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from adapter.syntax.json_stream import Kind
from adapter.syntax.json_text import loads
from adapter.tools import coercion

if TYPE_CHECKING:
    from adapter.syntax.json_stream import Token
    from adapter.tools.known_places import KnownPlace


# Where it begins and ends in the text that came, and what was written instead.
Edit: TypeAlias = tuple[int, int, str]

# Brackets at the end of what looks like a string: theirs, when the string's quote is missing.
_BRACKETS = frozenset("]}")
_UNCERTAIN_END = re.compile(r"[\]}]{1,4}\Z")


class _Container:
    """An object or array that is open, and where in it the text stands."""

    __slots__ = ("key", "place", "position")

    def __init__(self, place: KnownPlace) -> None:
        self.place = place
        self.key: list[str] | None = None
        self.position = 0


class ArgumentsWriter:
    """Takes the tokens of an arguments object, gives the text that may leave.

    Args:
        place: What the tool's schema says of the arguments; None to let everything pass as it is written.

    Attributes:
        complete: Whether the last bracket of the arguments has passed.
        edits: What was coerced.
        passed: How many characters came.
        frozen: Whether the rest is known only when the call is; nothing more is to be written then.
    """

    __slots__ = (
        "_depth", "_doubtful", "_held", "_kept", "_place", "_stack", "_writing", "complete", "edits", "frozen", "passed",
    )  # fmt: skip

    def __init__(self, place: KnownPlace | None) -> None:
        self._place = place
        self._stack: list[_Container] = []  # kept only where a schema is followed
        self._depth = 0
        self._held: list[str] | None = None  # a string that may have to be coerced
        self._kept = ""  # what waits for the next token to show that it is right
        self._doubtful = False  # white space that comes now is kept back too
        self._writing = False  # inside a string that leaves as it grows
        self.complete = False
        self.frozen = False
        self.edits: list[Edit] = []
        self.passed = 0

    @property
    def flowing(self) -> bool:
        """Whether a string is being written that leaves as it grows, and nothing is kept back."""
        return self._writing and not self._kept and not self.frozen

    def write(self, token: Token) -> str:
        """What may leave now that this token is known."""
        kind, text = token
        self.passed += len(text)
        if kind is Kind.STRING or kind is Kind.STRING_END:
            return self._string(text, ended=kind is Kind.STRING_END)
        if kind is Kind.SCALAR:
            return self._passed(self._mended(text), after_value=True)
        if kind is Kind.SPACE:
            return self._passed(text)
        self._structure(kind, text)
        if kind is Kind.COMMA:
            return self._passed("", kept=text)
        return self._passed(text, after_value=kind is Kind.CLOSE)

    def _passed(self, text: str, *, kept: str = "", after_value: bool = False) -> str:
        """Let text pass that shows what was kept back to be right, and keep back its end in turn.

        After a value and after a comma white space is kept back too.
        """
        if not kept and not after_value and self._doubtful and not text.strip():
            self._kept += text
            return ""
        text, self._kept = self._kept + text, kept
        self._doubtful = bool(kept) or after_value
        return text

    def _structure(self, kind: Kind, text: str) -> None:
        if self._place is not None:
            self._track(kind, text, self._place)
        if kind is Kind.OPEN:
            self._depth += 1
        elif kind is Kind.CLOSE:
            self._depth -= 1
            if self._depth == 0:
                self.complete = True

    def _track(self, kind: Kind, text: str, root: KnownPlace) -> None:
        """Follow where in the schema the text stands."""
        if kind is Kind.OPEN:
            container = _Container(self._here() if self._stack else root)
            container.key = [] if text == "{" else None
            self._stack.append(container)
        elif kind is Kind.CLOSE:
            self._stack.pop()
        elif kind is Kind.COMMA:
            top = self._stack[-1]
            top.position += 1
            if top.key is not None:
                top.key = []
        elif kind is Kind.KEY or kind is Kind.KEY_END:
            key = self._stack[-1].key
            if key is not None:
                key.append(text)

    def _here(self) -> KnownPlace:
        top = self._stack[-1]
        return top.place.item(top.position) if top.key is None else top.place.member(loads("".join(top.key)))

    def _string(self, text: str, *, ended: bool) -> str:
        if self._held is None and not self._writing and self._place is not None:
            kinds = self._here().kinds()
            if kinds is not None and "string" not in kinds:
                self._held = []
        if self._held is None:
            if self._writing:
                text, self._kept = self._kept + text, ""
            self._writing = not ended
            # One quote too few, or one too many inside, shows only after the string.
            end = len(text) - 1 if ended else len(text)
            if not ended and text[-1:] in _BRACKETS:
                end = len(_UNCERTAIN_END.sub("", text, count=1))
            return self._passed(text[:end], kept=text[end:], after_value=ended)
        self._held.append(text)
        if not ended:
            return ""
        whole, self._held = "".join(self._held), None
        return self._passed(self._mended(whole), after_value=True)

    def _mended(self, literal: str) -> str:
        """A complete value, the last of what came, coerced where its place asks for that."""
        kinds = None if self._place is None else self._here().kinds()
        if kinds is None:
            return literal
        value = loads(literal)
        if coercion.fits(value, kinds):
            return literal
        converted = coercion.convert(value, tuple(kinds))
        if converted is None:
            return literal
        if kinds & {"array", "object"}:
            self.frozen = True
            return ""
        self.edits.append((self.passed - len(literal), self.passed, converted))
        return converted
