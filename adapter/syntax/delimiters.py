"""Delimiters of a block: the markers around the block, and patterns made of them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from adapter.syntax.reading import Flowing, Lookout
from adapter.text.partial import begun, is_half


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The markers of a dialect that end a block, or begin the next.

    Attributes:
        open: The marker before a block.
        close: The marker behind a block; empty for a block that ends with its JSON.
        tokens: Other literals that end a block.
        due: `close` must come. In a block whose marker may be missing, JSON values are read until other text follows.
    """

    open: str
    close: str
    tokens: tuple[str, ...]
    due: bool = True

    def half(self, text: str, position: int) -> bool:
        """Tell if the text from `position` on is the beginning of a marker."""
        return is_half(text, position, (self.close, self.open, *self.tokens))

    def closes(self, text: str, position: int) -> bool:
        """Tell if the closing marker stands at `position`."""
        return bool(self.close) and text.startswith(self.close, position)

    def opens(self, text: str, position: int) -> bool:
        """Tell if the opening marker stands at `position`."""
        return bool(self.open) and text.startswith(self.open, position)

    @property
    def in_string(self) -> Flowing:
        """Patterns of text inside a JSON string of which nothing is sent, with the brackets that may end a delta."""
        return _in_string(self.close)

    @property
    def lookout(self) -> Lookout:
        """A search in deltas: text without a match cannot end a block that must be closed, and has no doubtful string."""
        return _lookout(self.open, self.close, self.tokens)

    @property
    def string_bodies(self) -> dict[str, re.Pattern[str]]:
        """Patterns of text inside a string that cannot end a block, by the quote around the string."""
        return _string_bodies(self.close)

    @property
    def brackets(self) -> tuple[str, ...]:
        """The markers that begin with a bracket, as JSON does."""
        return _brackets((self.open, self.close, *self.tokens))


# A server has few dialects, and reads a completion with every request.
boundaries = functools.lru_cache(maxsize=64)(Boundaries)


@functools.lru_cache(maxsize=256)
def _brackets(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag for tag in tags if tag.startswith(("[", "{")))


@functools.lru_cache(maxsize=64)
def _string_bodies(close: str) -> dict[str, re.Pattern[str]]:
    smaller = rf"|<(?!\Z|{re.escape(close[1])})" if close.startswith("<") else "|<"
    return {quote: re.compile(rf"(?:[^{quote}\\<]++|\\[\s\S]{smaller})*+") for quote in ('"', "'")}


@functools.lru_cache(maxsize=64)
def _in_string(close: str) -> Flowing:
    tag = close.startswith("<")
    smaller = rf"|<(?!\Z|{re.escape(close[1])})" if tag else "|<"
    begins = rf"(?:\\(?:u[0-9a-fA-F]{{0,3}}|){'|' + begun([close]) if tag else ''}|)\Z"
    brackets = rf"[\]}}](?![\]}}]{{0,3}}{begins})"
    plain = rf"""[^"\\\x00-\x1f<\]}}]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}})|{brackets}"""
    half = rf"[\]}}]{{0,4}}{begins}"
    special = r"""["\\\x00-\x1f<\]}]"""
    return Flowing(re.compile(special), re.compile(f"(?:{plain}{smaller})*+"), re.compile(half), None)


@functools.lru_cache(maxsize=64)
def _lookout(*tags: str | tuple[str, ...]) -> Lookout:
    """Find a marker; or a bracket that may be the last, because neither a comma nor another bracket follows."""
    literals = [*filter(None, tags[:2]), *tags[2]]
    space = r"[ \t\r\n]"
    half = begun(literals)
    later = rf"([\]}}]{space}{{0,64}}+(?:{half})?\Z|(?:{half})\Z)"
    ends = [later, rf"[\]}}]{space}{{0,64}}+[^\]}},]", *map(re.escape, literals)]
    firsts = re.escape("".join({literal[0] for literal in literals}))
    return Lookout(re.compile(rf"[\]}}{firsts}]"), re.compile("|".join(ends)))
