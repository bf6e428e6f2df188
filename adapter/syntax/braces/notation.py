"""The notation of arguments in braces: keys without quotes, strings between tokens."""

from __future__ import annotations

import json
import re

from adapter.syntax.notation import Notation

_NAME = re.compile(r"[\w.$@/+-](?:[\w.$@/+ -]*[\w.$@/+-])?")
_MARKS = re.compile(r"[:,{}\[\]<>]")


class BracesNotation(Notation):
    """`{city:<|"|>Paris<|"|>,days:3}`, the keys sorted.

    Args:
        quote: The token on both sides of a string.
    """

    comma = ","
    colon = ":"
    lines = False
    named_keys = True
    sorts_keys = True

    def __init__(self, quote: str) -> None:
        self.quote = quote

    def string(self, value: str) -> str:
        """Write a string between tokens; in JSON's quotes if the string holds the token, or characters that must be escaped."""
        if self.quote in value or not value.isprintable():
            return super().string(value)
        return f"{self.quote}{value}{self.quote}"

    def key(self, name: str) -> str:
        """Write a key; in JSON's quotes, with its marks escaped, if the key is no name."""
        if _NAME.fullmatch(name):
            return name + self.colon
        return _MARKS.sub(lambda mark: f"\\u{ord(mark.group()):04x}", json.dumps(name)) + self.colon
