"""Markers of a dialect whose calls stand in braces, and the patterns made of them."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from adapter.syntax.reading import Flowing, StepKind
from adapter.text.json_writer import escaped
from adapter.text.partial import begun, is_half

SPACE = " \t\r\n"
NOT_SPACE = re.compile(rf"[^{SPACE}]")
# More white space than this between a quote token and the next character, and the token is data.
_MOST_SPACE = 400
_SOME = rf"[{SPACE}]*+"
_KEY = r"""[^\s:,{}\[\]<"]++(?:[ ]++[^\s:,{}\[\]<"]++)*+"""
_WORD = r"[\w.+-]++"
# The groups of a segment pattern, in the order in which they stand: the last that matched tells how far the text goes.
CLOSE, KEY, QUOTE, BRACKET, WORD = 1, 2, 3, 4, 5


class Segments(NamedTuple):
    """Patterns of a whole segment in an object or a list: a closing bracket, or a comma, a key and the beginning of a value.

    Both match any text, a segment that is still incomplete up to its end.

    Attributes:
        first: The segment behind the opening bracket.
        after: The segment behind a value.
    """

    first: re.Pattern[str]
    after: re.Pattern[str]


class Literals:
    """The markers of a dialect.

    Args:
        open: The marker before a block.
        close: The marker behind a block.
        tokens: Literals that end a block left open.
        call: The word before the name of a tool.
        quote: The token on both sides of a string.

    Attributes:
        ends: Literals that may end a block.
        at_end: Matches one of `ends`.
        string_ends: Finds text in a string that no reader can tell from the string's end: a quote token with text behind it
            that may follow a value, or a closing marker with a quote token anywhere behind it, as in a string whose own
            quote token is missing.
        body: Matches the text of a string up to a quote token, a closing marker, or half of one at the end of the text.
        closed: Matches a quote token that ends a string, and the white space behind it.
        in_string: Text that may be forwarded unread inside a string.
        members: Segments of an object.
        elements: Segments of a list.
    """

    def __init__(self, open: str, close: str, tokens: tuple[str, ...], call: str, quote: str) -> None:  # noqa: A002
        self.open, self.close, self.call, self.quote = open, close, call, quote
        self.ends = (close, open, *tokens)
        self.at_end = re.compile("|".join(map(re.escape, self.ends)))
        token, ends, marks = re.escape(quote), self.at_end.pattern, "|".join(map(re.escape, (quote, close)))
        self.string_ends = re.compile(rf"{token}[{SPACE}]*(?:[,}}\]]|\Z|{ends})|{re.escape(close)}.*{token}", re.DOTALL)
        firsts, half = re.escape(quote[0] + close[0]), begun((quote, close))
        self.body = re.compile(rf"(?:[^{firsts}]++|(?!{marks}|(?:{half})\Z)[{firsts}])*+")
        self.closed = re.compile(rf"{token}(?=[{SPACE}]{{0,{_MOST_SPACE - 1}}}+[,}}\]])")
        self.in_string = Flowing(re.compile(f"[{firsts}]"), self.body, re.compile(rf"(?:{half})\Z"), StepKind.TEXT, escaped)
        word = rf"(?!{ends}|{token}){_WORD}"
        begins = rf"(?:{begun((quote,))}|{word}{_SOME}|)\Z"
        value = rf"(?:({token})|([{{\[])|({word}){_SOME}(?=[,}}\]])|{begins}|)"
        self.members = _segments(r"\}", rf"(?:((?!{token}){_KEY}){_SOME}(?::{_SOME}{value}|)|)")
        self.elements = _segments(r"\]", rf"(?:(?!)()|){value}")  # no key

    def half_end(self, text: str, position: int) -> bool:
        """Return True if the text from `position` on may become one of `ends`."""
        return is_half(text, position, self.ends)

    def half_mark(self, text: str, position: int) -> bool:
        """Return True if the text from `position` on may become a quote token or one of `ends`."""
        return is_half(text, position, (self.quote, *self.ends))

    def end_string(self, text: str, position: int) -> bool | None:
        """Tell from the text behind a quote token if the token ends a string; None when more text is needed."""
        found = NOT_SPACE.search(text, position, position + _MOST_SPACE)
        if found is None:
            return None if len(text) - position < _MOST_SPACE else False
        place = found.start()
        if found.group() in ",}]" or self.at_end.match(text, place):
            return True
        return None if self.half_end(text, place) else False


# A server has few dialects, and reads a completion with every request.
literals = functools.lru_cache(maxsize=64)(Literals)


def _segments(close: str, member: str) -> Segments:
    first, after = (rf"{_SOME}(?:({close})|{comma}{member}{end})" for comma, end in (("", ""), (f",{_SOME}", "|")))
    return Segments(re.compile(first), re.compile(after))
