"""A second opinion on the JSON cursor: token by token, the part of JSON arguments that may be sent while the model writes them.

Text of a string is sent as the string grows, a number or a word when complete. A value in a place for another type is held
until complete, and coerced if nothing is lost. A value that only the finished call can settle closes the gate.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.schema import conversion
from adapter.text.json_spans import loads
from adapter.text.json_tokens import JsonWalker, Kind

if TYPE_CHECKING:
    from adapter.schema.known_place import KnownPlace
    from adapter.schema.raw_place import RawPlace
    from adapter.text.json_tokens import Token


# A coercion: start and end in the text that came, and the text sent in its place.
Edit: TypeAlias = tuple[int, int, str]

# Brackets at the end of an apparent string belong to the containers, if the quote of the string is missing.
_BRACKETS = frozenset("]}")
_UNCERTAIN_END = re.compile(r"[\]}]{1,4}\Z")
_TEXT = frozenset({"string"})
# The beginning of a string that may turn out to hold a number or a word; a longer string is text.
_SCALAR = re.compile(r'"(?:\s|\\[nrt])*(?:-?[0-9.eE+-]*|[TtFfNn][A-Za-z]{0,4})(?:\s|\\[nrt])*"?')
_OBJECT = re.compile(r'"(?:\s|\\[nrt])*\{')
_LONGEST_SCALAR = 64


class _Container:
    """An open object or array, and the position inside."""

    __slots__ = ("key", "place", "position")

    def __init__(self, place: KnownPlace) -> None:
        self.place = place
        self.key: list[str] | None = None
        self.position = 0


class ArgumentGate:
    """The gate for the arguments of one call: takes JSON as the model writes it, returns the text to send.

    Args:
        place: Place of the arguments in the tool's schema; None to send everything as written.
        doubtful: The same place with all that the schema says, if a value of an allowed type may be coerced all the same.

    Attributes:
        complete: The last bracket of the arguments was sent.
        edits: The coercions.
        passed: Code points that came.
        frozen: Only the finished call can tell the rest; nothing more is sent.
    """

    __slots__ = (
        "_depth", "_doubtful", "_held", "_kept", "_perhaps", "_place", "_said", "_stack", "_walker", "_writing", "complete",
        "edits", "frozen", "passed",
    )  # fmt: skip

    def __init__(self, place: KnownPlace | None, doubtful: RawPlace | None = None) -> None:
        self._walker = JsonWalker()
        self._place = place
        self._said = doubtful
        self._stack: list[_Container] = []  # kept only if there is a schema to follow
        self._depth = 0
        self._held: list[str] | None = None  # a string that may have to be coerced
        self._perhaps: frozenset[str] = frozenset()  # types to coerce that string to, if the string is not right as written
        self._kept = ""  # text that the next token must prove right
        self._doubtful = False  # white space that comes now is kept back too
        self._writing = False  # inside a string that is sent as the string grows
        self.complete = False
        self.frozen = False
        self.edits: list[Edit] = []
        self.passed = 0

    @property
    def flowing(self) -> bool:
        """The text stands in a string that is sent as the string grows, and nothing is kept back."""
        return self._writing and not self._kept and not self.frozen and self._walker.in_string and not self._walker.broken

    @property
    def closed(self) -> bool:
        """Nothing more is sent."""
        return self.frozen or self.complete or self._walker.broken

    def feed(self, text: str) -> str:
        """Take a piece of the arguments. Returns the text to send."""
        if self.closed:
            return ""
        allowed: list[str] = []
        for token in self._walker.feed(text):
            allowed.append(self._write(token))
            if self.frozen or self.complete:
                break
        return "".join(allowed)

    def _write(self, token: Token) -> str:
        """Take a token. Returns the text to send now."""
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
        """Send text that proves the kept text right, and keep `kept` in turn.

        Behind a value and behind a comma white space is kept too.
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
        """Follow the place in the schema."""
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
            self._begin_string(self._here().kinds())
        if self._held is None:
            return self._flowing_string(text, ended=ended)
        self._held.append(text)
        if not ended and not (self._perhaps and self._is_text()):
            return ""
        whole, self._held = "".join(self._held), None
        if ended and not self._perhaps:
            return self._passed(self._mended(whole), after_value=True)
        if ended and conversion.convert(loads(whole), tuple(self._perhaps)) is not None:
            self.frozen = True
            return ""
        return self._flowing_string(whole, ended=ended)

    def _begin_string(self, kinds: frozenset[str] | None) -> None:
        """Begin a string in a place for these types: held if it may have to be coerced."""
        self._perhaps = frozenset()
        if kinds is not None and "string" not in kinds:
            self._held = []
        elif kinds != _TEXT:
            self._perhaps = self._others("")
            self._held = [] if self._perhaps else None

    def _flowing_string(self, text: str, *, ended: bool) -> str:
        if self._writing:
            text, self._kept = self._kept + text, ""
        self._writing = not ended
        # A quote too few, or too many inside, shows only behind the string.
        end = len(text) - 1 if ended else len(text)
        if not ended and text[-1:] in _BRACKETS:
            end = len(_UNCERTAIN_END.sub("", text, count=1))
        return self._passed(text[:end], kept=text[end:], after_value=ended)

    def _is_text(self) -> bool:
        """Tell if a held string can only be text."""
        if "array" in self._perhaps or self._held is None:  # any value may become the only element of a list
            return False
        if len(self._held) > _LONGEST_SCALAR:
            return "object" not in self._perhaps
        so_far = "".join(self._held)
        if "object" in self._perhaps and _OBJECT.match(so_far):
            return False
        return len(so_far) > _LONGEST_SCALAR or _SCALAR.fullmatch(so_far) is None

    def _others(self, value: Any) -> frozenset[str]:
        """Return the types that a value may be coerced to, though its own type is allowed."""
        if self._said is None:
            return frozenset()
        said = self._said
        for container in self._stack:
            said = said.item(container.position) if container.key is None else said.member(loads("".join(container.key)))
        return said.refusing(value)

    def _mended(self, literal: str) -> str:
        """Return the complete value that ends the text so far, coerced if the place asks for another type."""
        kinds = None if self._place is None else self._here().kinds()
        if kinds is None and self._said is None:
            return literal
        value = loads(literal)
        if kinds is None or conversion.fits(value, kinds):
            self.frozen = conversion.convert(value, tuple(self._others(value))) is not None
            return "" if self.frozen else literal
        converted = conversion.convert(value, tuple(kinds))
        if converted is None:
            return literal
        if kinds & {"array", "object"}:
            self.frozen = True
            return ""
        self.edits.append((self.passed - len(literal), self.passed, converted))
        return converted
