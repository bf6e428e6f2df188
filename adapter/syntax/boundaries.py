"""What may end a block: the markers around it, and how it ended."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from adapter.syntax.base import Flowing, StepKind
from adapter.syntax.plain_json import Plain

if TYPE_CHECKING:
    from collections.abc import Iterable


class End(Enum):
    """What ended a block."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    TAG = auto()  # its closing tag
    WRONG_TAG = auto()  # a closing tag of another name, after complete JSON
    OPENER = auto()  # the next block's opening tag; it is left to be read again
    TOKEN = auto()  # a special token or an invented result; it is left to be read again
    TEXT = auto()  # text after complete JSON; it is left to be read again
    DONE = auto()  # its brackets, where no closing tag is due; what follows is left to be read again
    QUOTE = auto()  # a closing tag inside what looked like a string whose quote is missing
    CUT = auto()  # the completion


class Lookout(NamedTuple):
    """What may not pass unread, for text that comes a delta at a time.

    Attributes:
        firsts: Finds the characters that it begins with.
        ends: Finds it; or, as its group, the beginning of it at the end of the text.
    """

    firsts: re.Pattern[str]
    ends: re.Pattern[str]

    def split(self, text: str) -> tuple[str, str] | None:
        """What may pass of a text, and the beginning at its end that may not yet; None when it has to be read."""
        found = self.ends.search(text)
        if found is None:
            return text, ""
        return None if found.lastindex is None else (text[: found.start()], text[found.start() :])


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


def begun(literals: Iterable[str]) -> str:
    """A pattern of what more text may complete to a literal: of their proper prefixes, the longest that stands there."""
    rests: dict[str, set[str]] = {}
    for literal in literals:
        if len(literal) > 1:
            rests.setdefault(literal[0], set()).add(literal[1:])
    further = {first: begun(sorted(following)) for first, following in rests.items()}
    return "|".join(re.escape(first) + (f"(?:{more}|)" if more else "") for first, more in further.items())


def is_half(text: str, position: int, literals: tuple[str, ...]) -> bool:
    """Whether the rest of the text, from `position` on, is a proper prefix of one of the literals."""
    length = len(text) - position
    if length >= max(map(len, literals), default=0):
        return False
    rest = text[position:]
    return any(length < len(literal) and literal.startswith(rest) for literal in literals)
