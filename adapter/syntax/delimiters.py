"""What may end a block: the markers around it, and how it ended."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from adapter.syntax.json.plain_arguments import Plain
from adapter.syntax.reading import Flowing, Lookout, StepKind
from adapter.text.partial import begun, is_half


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The tags that mean something to the scanner, as the dialect has them.

    Attributes:
        open: Before a block.
        close: After it. Without one a block ends with its JSON.
        tokens: What else ends it.
        due: Whether `close` must come. Where it may, and need not, JSON values are read until something else follows.
    """

    open: str
    close: str
    tokens: tuple[str, ...]
    due: bool = True

    def half(self, text: str, position: int) -> bool:
        """Whether the text ends inside what may become one of the tags."""
        return is_half(text, position, (self.close, self.open, *self.tokens))

    def closes(self, text: str, position: int) -> bool:
        """Whether the closing tag stands here."""
        return bool(self.close) and text.startswith(self.close, position)

    def opens(self, text: str, position: int) -> bool:
        """Whether the opening tag stands here."""
        return bool(self.open) and text.startswith(self.open, position)

    @property
    def in_string(self) -> Flowing:
        """What means nothing inside a JSON string. Up to four brackets that end a delta wait: the string may lack its quote."""
        return _in_string(self.close)

    @property
    def plain(self) -> Plain | None:
        """How a plain call is written between the tags, where the closing one must come."""
        return _plain(self.close) if self.close and self.due else None

    @property
    def lookout(self) -> Lookout:
        """Without what this finds no block ends that has to be closed and has no doubtful string."""
        return _lookout(self.open, self.close, self.tokens)

    @property
    def string_bodies(self) -> dict[str, re.Pattern[str]]:
        """What means nothing inside a string, to the scanner, by the quote that ends it."""
        return _string_bodies(self.close)

    @property
    def brackets(self) -> tuple[str, ...]:
        """The tags that begin with a bracket, as JSON does."""
        return _brackets((self.open, self.close, *self.tokens))


# A server has few dialects, and reads a completion with every request.
boundaries = functools.lru_cache(maxsize=64)(Boundaries)


@functools.lru_cache(maxsize=256)
def _brackets(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag for tag in tags if tag.startswith(("[", "{")))


@functools.cache
def _string_bodies(close: str) -> dict[str, re.Pattern[str]]:
    smaller = rf"|<(?!\Z|{re.escape(close[1])})" if close.startswith("<") else "|<"
    return {quote: re.compile(rf"(?:[^{quote}\\<]++|\\[\s\S]{smaller})*+") for quote in ('"', "'")}


@functools.cache
def _in_string(close: str) -> Flowing:
    tag = close.startswith("<")
    smaller = rf"|<(?!\Z|{re.escape(close[1])})" if tag else "|<"
    begins = rf"(?:\\(?:u[0-9a-fA-F]{{0,3}}|){'|' + begun([close]) if tag else ''}|)\Z"
    brackets = rf"[\]}}](?![\]}}]{{0,3}}{begins})"
    plain = rf"""[^"\\\x00-\x1f<\]}}]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}})|{brackets}"""
    half = rf"[\]}}]{{0,4}}{begins}"
    special = r"""["\\\x00-\x1f<\]}]"""
    return Flowing(re.compile(special), re.compile(f"(?:{plain}{smaller})*+"), re.compile(half), StepKind.JSON)


@functools.cache
def _plain(close: str) -> Plain:
    return Plain.of(_in_string(close), close)


@functools.lru_cache(maxsize=64)
def _lookout(*tags: str | tuple[str, ...]) -> Lookout:
    """A tag; or a bracket that may be the last, as one is that no other and no comma follows."""
    literals = [*filter(None, tags[:2]), *tags[2]]
    space = r"[ \t\r\n]"
    half = begun(literals)
    later = rf"([\]}}]{space}{{0,64}}+(?:{half})?\Z|(?:{half})\Z)"
    ends = [later, rf"[\]}}]{space}{{0,64}}+[^\]}},]", *map(re.escape, literals)]
    firsts = re.escape("".join({literal[0] for literal in literals}))
    return Lookout(re.compile(rf"[\]}}{firsts}]"), re.compile("|".join(ends)))
