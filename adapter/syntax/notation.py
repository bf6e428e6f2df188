"""Notations: the spelling of arguments and values in a call syntax, for writers of calls, grammars above all.

Most syntaxes write JSON. A syntax with another spelling declares a `notation`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar


class Notation:
    """JSON, in the layout of `json.dumps`. Other notations override the differences.

    Attributes:
        quote: The token on both sides of a string without escapes; empty for strings of JSON.
        escapes: Characters that may follow a backslash in a string, besides `u` and four digits.
        words: The spelling of true, false and null.
        comma: The separator of two members or elements.
        colon: The separator of a key and its value.
        lines: True if objects and lists may also stand on many lines.
        named_keys: True if the keys of objects are names without quotes.
        sorts_keys: True if the keys of an object are sorted.
        barred: Characters that a string holds only as escapes.
        brackets: The brackets around the arguments of a call.
        never: Closers that no string shows, because a reader would end more than the string: a character of each is written as
            an escape. A space in a closer stands for any white space, or none.
    """

    quote = ""
    escapes = '"\\/bfnrt'
    words: ClassVar[Mapping[bool | None, str]] = {True: "true", False: "false", None: "null"}
    comma = ", "
    colon = ": "
    lines = True
    named_keys = False
    sorts_keys = False
    barred = ""
    brackets = ("{", "}")
    never: tuple[str, ...] = ()

    @property
    def keys(self) -> re.Pattern[str] | None:
        """Pattern of argument names, for a notation that repeats the name after the value: no grammar can allow any name."""
        return None

    def text(self, value: Any) -> str:
        """Write a JSON value."""
        if isinstance(value, Mapping):
            return "{" + self.comma.join(self.key(name) + self.text(item) for name, item in value.items()) + "}"
        if isinstance(value, list | tuple):
            return "[" + self.comma.join(map(self.text, value)) + "]"
        if isinstance(value, str):
            return self.string(value)
        return self.words[value] if value is None or isinstance(value, bool) else json.dumps(value)

    def string(self, value: str) -> str:
        """Write a string.

        Unprintable and unassigned characters are written as escapes: many vocabularies cannot write their bytes, and an engine
        fails if a grammar demands such bytes.
        """
        text = json.dumps(value, ensure_ascii=False)
        return "".join(character if character.isprintable() else self.escaped(character) for character in text)

    def escaped(self, character: str) -> str:
        """A character as an escape."""
        return json.dumps(character)[1:-1]

    def key(self, name: str) -> str:
        """Write the text before a value in an object: key and colon."""
        return self.string(name) + self.colon

    def argument(self, name: str) -> tuple[str, str]:
        """Return the texts before and after the value of an argument."""
        return self.key(name), ""

    def arguments(self, given: Mapping[str, Any]) -> str:
        """The arguments of a call."""
        written = ((*self.argument(name), self.text(value)) for name, value in given.items())
        return self.brackets[0] + self.comma.join(before + value + after for before, after, value in written) + self.brackets[1]


class _Compact(Notation):
    """JSON without white space outside of strings, the keys sorted."""

    comma = ","
    colon = ":"
    lines = False
    sorts_keys = True


JSON = Notation()
COMPACT = _Compact()


class _BetweenTags(Notation):
    """JSON as a raw value."""

    def __init__(self, never: tuple[str, ...]) -> None:
        self.never = never
        self._ends = closing(never)

    def string(self, value: str) -> str:
        """A string; in closing tags the slash is an escape, or the bracket."""
        return self._ends.sub(_hidden, super().string(value))


@lru_cache(maxsize=64)
def between_tags(ends: tuple[str, ...]) -> Notation:
    """JSON as a raw value, whose reader looks for closing tags and knows no strings.

    Args:
        ends: The closing tags, as `Syntax.value_ends` has them.
    """
    return _BetweenTags(ends)


def closing(ends: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern of closing tags.

    Args:
        ends: As `Syntax.value_ends` has them.
    """
    return re.compile("|".join(r"[ \t\r\n]*".join(map(re.escape, end.split(" "))) for end in ends) or "(?!)")


def _hidden(tag: re.Match[str]) -> str:
    text = tag[0]
    return text.replace("/", "\\/", 1) if "/" in text else f"\\u{ord(text[0]):04x}{text[1:]}"
