"""How a call syntax writes arguments and the values in them, for whoever is to write some: grammars, above all.

JSON is what most write. A syntax that has another way declares it as its `notation`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar


class Notation:
    """JSON, in the layout of `json.dumps`. Another notation says in what it differs.

    Attributes:
        quote: What stands on both sides of a string in which nothing is escaped; empty where strings are those of JSON.
        escapes: What may follow a backslash in a string, besides `u` and four digits.
        words: How true, false and null are written.
        comma: Between two members or elements.
        colon: Between a key and its value.
        lines: Whether objects and lists may stand on many lines too.
        named_keys: Whether the keys of objects are names without quotes.
        sorts_keys: Whether the keys of an object stand sorted.
        barred: Characters that no string holds but as an escape.
        brackets: What the arguments of a call stand between.
        never: What no string shows, because a reader takes it for the end of more than the string: characters of it are
            escapes. A space in it stands for any white space, or none.
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
        """Matches the names of arguments where each stands after its value too, so that no grammar can let it be any."""
        return None

    def text(self, value: Any) -> str:
        """A JSON value, as a text that is read as this value."""
        if isinstance(value, Mapping):
            return "{" + self.comma.join(self.key(name) + self.text(item) for name, item in value.items()) + "}"
        if isinstance(value, list | tuple):
            return "[" + self.comma.join(map(self.text, value)) + "]"
        if isinstance(value, str):
            return self.string(value)
        return self.words[value] if value is None or isinstance(value, bool) else json.dumps(value)

    def string(self, value: str) -> str:
        """A string.

        Unprintable and unassigned characters are written as escapes: many vocabularies cannot write their bytes, and an engine
        fails where a grammar asks for them.
        """
        text = json.dumps(value, ensure_ascii=False)
        return "".join(character if character.isprintable() else self.escaped(character) for character in text)

    def escaped(self, character: str) -> str:
        """A character as an escape."""
        return json.dumps(character)[1:-1]

    def key(self, name: str) -> str:
        """What stands before a value in an object."""
        return self.string(name) + self.colon

    def argument(self, name: str) -> tuple[str, str]:
        """What stands before and after the value of an argument."""
        return self.key(name), ""

    def arguments(self, given: Mapping[str, Any]) -> str:
        """The arguments of a call."""
        written = ((*self.argument(name), self.text(value)) for name, value in given.items())
        return self.brackets[0] + self.comma.join(before + value + after for before, after, value in written) + self.brackets[1]


JSON = Notation()


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
