"""Strict JSON, token by token, as it comes in.

`JsonWalker` cuts text into tokens: punctuation, white space, pieces of keys and strings, complete numbers and words. The tokens
joined are the text, up to the first character that is not valid JSON; behind it no token comes. Escapes wait until they are
whole, numbers until they cannot go on.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TypeAlias


class Kind(Enum):
    """The kind of a token."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    OPEN = auto()  # { or [
    CLOSE = auto()  # } or ]
    COMMA = auto()
    COLON = auto()
    SPACE = auto()
    KEY = auto()  # a piece of a key, the first with its quote
    KEY_END = auto()  # the last piece, with the closing quote
    STRING = auto()  # a piece of a string, the first with its quote
    STRING_END = auto()
    SCALAR = auto()  # a whole number, true, false or null


Token: TypeAlias = tuple[Kind, str]


class _Expect(Enum):
    __hash__ = object.__hash__  # Enum's own is written in Python

    VALUE = auto()
    VALUE_OR_END = auto()
    KEY_OR_END = auto()
    KEY = auto()
    COLON = auto()
    COMMA_OR_END = auto()
    ANOTHER = auto()  # a value is complete; another may follow it
    IN_KEY = auto()
    IN_STRING = auto()
    IN_SCALAR = auto()


_IN_QUOTES = frozenset({_Expect.IN_STRING, _Expect.IN_KEY})
_KEY_DUE = frozenset({_Expect.KEY_OR_END, _Expect.KEY})
_VALUE_DUE = frozenset({_Expect.VALUE, _Expect.VALUE_OR_END})
_STRING_DUE = _KEY_DUE | _VALUE_DUE
_SPACE = re.compile(r"[ \t\r\n]+")
_BODY = re.compile(r'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+')
_HALF_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?")
_RUN = re.compile(r"[-+.\w]*")
SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++|)(?:[eE][+-]?[0-9]++|)|true|false|null")
_ALLOWED = {
    _Expect.VALUE: frozenset("{["),
    _Expect.VALUE_OR_END: frozenset("{[]"),
    _Expect.KEY_OR_END: frozenset("}"),
    _Expect.COLON: frozenset(":"),
    _Expect.COMMA_OR_END: frozenset(",]}"),
    _Expect.ANOTHER: frozenset("{[,;"),
}


class JsonWalker:
    """A walk over JSON values that follow each other.

    Attributes:
        broken: A character came that is not valid JSON.
    """

    __slots__ = ("_expect", "_held", "_scalar", "_stack", "broken")

    def __init__(self) -> None:
        self._stack: list[str] = []
        self._expect = _Expect.ANOTHER
        self._held = ""  # a half escape
        self._scalar: list[str] = []
        self.broken = False

    @property
    def in_string(self) -> bool:
        """The text stands inside a string other than a key, and not inside an escape."""
        return self._expect is _Expect.IN_STRING and not self._held

    @property
    def in_quotes(self) -> bool:
        """The text was valid so far, and stands inside a string or a key."""
        return self._expect in _IN_QUOTES and not self.broken

    def feed(self, text: str) -> list[Token]:
        """Return the tokens of the next piece of text."""
        if self._held:
            text, self._held = self._held + text, ""
        out: list[Token] = []
        position = 0
        while position < len(text) and not self.broken:
            if self._expect in _IN_QUOTES:
                position = self._string(text, position, out, "")
            elif self._expect is _Expect.IN_SCALAR:
                position = self._scalar_run(text, position, out)
            else:
                position = self._structure(text, position, out)
        return out

    def _string(self, text: str, position: int, out: list[Token], opening: str) -> int:
        body = _BODY.match(text, position)
        end = body.end() if body else position
        key = self._expect is _Expect.IN_KEY
        if end < len(text) and text[end] == '"':
            out.append((Kind.KEY_END if key else Kind.STRING_END, opening + text[position : end + 1]))
            self._expect = _Expect.COLON if key else self._after_value()
            return end + 1
        if opening or end > position:
            out.append((Kind.KEY if key else Kind.STRING, opening + text[position:end]))
        if end < len(text):
            if _HALF_ESCAPE.fullmatch(text, end):
                self._held = text[end:]
            else:
                self.broken = True
        return len(text)

    def _scalar_run(self, text: str, position: int, out: list[Token]) -> int:
        run = _RUN.match(text, position)
        end = run.end() if run else position
        self._scalar.append(text[position:end])
        if end < len(text):
            scalar = "".join(self._scalar)
            self._scalar = []
            if SCALAR.fullmatch(scalar):
                out.append((Kind.SCALAR, scalar))
                self._expect = self._after_value()
            else:
                self.broken = True
        return end

    def _structure(self, text: str, position: int, out: list[Token]) -> int:
        space = _SPACE.match(text, position)
        if space:
            out.append((Kind.SPACE, space.group()))
            return space.end()
        character, expect = text[position], self._expect
        if character == '"' and expect in _STRING_DUE:
            key = expect in _KEY_DUE
            self._expect = _Expect.IN_KEY if key else _Expect.IN_STRING
            return self._string(text, position + 1, out, '"')
        if character in _ALLOWED.get(expect, ()):
            self._punctuation(character, out)
            return position + 1
        if expect in _VALUE_DUE and (character == "-" or character.isalnum()):
            self._expect = _Expect.IN_SCALAR
            return position
        self.broken = True
        return position

    def _punctuation(self, character: str, out: list[Token]) -> None:
        if character in "{[":
            self._stack.append(character)
            self._expect = _Expect.KEY_OR_END if character == "{" else _Expect.VALUE_OR_END
            out.append((Kind.OPEN, character))
        elif character in "}]":
            if not self._stack or self._stack.pop() + character not in {"{}", "[]"}:
                self.broken = True
                return
            self._expect = self._after_value()
            out.append((Kind.CLOSE, character))
        elif character == ":":
            self._expect = _Expect.VALUE
            out.append((Kind.COLON, character))
        else:
            if self._stack:
                self._expect = _Expect.KEY if self._stack[-1] == "{" else _Expect.VALUE
            out.append((Kind.COMMA, character))

    def _after_value(self) -> _Expect:
        return _Expect.COMMA_OR_END if self._stack else _Expect.ANOTHER
