"""The notation of arguments as keywords and literals of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from adapter.syntax.notation import Notation

if TYPE_CHECKING:
    from collections.abc import Mapping


class PythonNotation(Notation):
    """`city="Paris", days=[1, 2], now=True`; a name that Python does not allow stands in a dictionary after two asterisks."""

    escapes = '"\\bfnrt'  # a backslash before a slash is a character of its own to Python
    words: ClassVar[Mapping[bool | None, str]] = {True: "True", False: "False", None: "None"}
    lines = False
    brackets = ("", "")

    def escaped(self, character: str) -> str:
        """Write a character as an escape; a pair of escapes, one character in JSON, would be two to Python."""
        return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"

    def argument(self, name: str) -> tuple[str, str]:
        """Return the text before and behind an argument's value."""
        return (f"{name}=", "") if name.isidentifier() and name.isascii() else (f"**{{{self.key(name)}", "}")


PYTHON = PythonNotation()
