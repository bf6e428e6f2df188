"""Markers of a dialect whose calls stand in braces, and the patterns made of them."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from adapter.syntax.reading import Flowing
from adapter.text.partial import begun, is_half

SPACE = " \t\r\n"
NOT_SPACE = re.compile(rf"[^{SPACE}]")
# More white space than this between a quote token and the next character, and the token is data.
MOST_SPACE = 400
_SOME = rf"[{SPACE}]*+"
_KEY = r"""[^\s:,{}\[\]<"']++(?:[ ]++[^\s:,{}\[\]<"']++)*+"""
_WORD = r"[\w.+-]++"
# Values that stand without quotes in right text; other words are strings without their tokens.
PLAIN = r"-?\d[\d.]*+(?:[eE][+-]?\d++)?|true|false|null|True|False|None"
_BRACKETS = rf"[{SPACE}}}\])]"
_IN_KEY = r"""[^\s:=,{}\[\]<"'()]"""
_QUOTED_KEYS = r"""|"(?:[^"\\]|\\[\s\S]){1,200}+"|'[^'\\]{1,200}+'"""
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
        string_ends: Finds text that no string can hold: a quote token, which is never data, or a bracket and a closing marker
            with text behind that may follow a block, as in a string whose own quote token is missing.
        words: Matches the text of a string up to a quote token, a marker, or half of one at the end of the text.
        closed: Matches a quote token that ends a string, and the white space behind it.
        in_string: Text that may be forwarded unread inside a string, with braces around only.
        in_list_string: The same, with other brackets around too.
        members: Segments of an object.
        elements: Segments of a list.
        to_token: Matches closing brackets before a quote token, which is a group; or before half a token at the text's end.
        closed_run: Matches closing brackets before a closing marker, in groups; or before half a marker at the text's end.
        next_member: Matches a comma in an object, and a key with its colon behind, or a closing bracket.
        half_member: Matches text that may become one that `next_member` matches.
        value_begins: Matches the beginning of a value behind an equals sign.
        half_value: Matches text that may become one that `value_begins` matches.
    """

    def __init__(self, open: str, close: str, tokens: tuple[str, ...], call: str, quote: str) -> None:  # noqa: A002
        self.open, self.close, self.call, self.quote = open, close, call, quote
        self.ends = (close, open, *tokens)
        self.at_end = re.compile("|".join(map(re.escape, self.ends)))
        token, ends, marks = re.escape(quote), self.at_end.pattern, "|".join(map(re.escape, (quote, close, open)))
        end = re.escape(close)
        self.string_ends = re.compile(rf"{token}|[}}\])][{SPACE}]*{end}[{SPACE}]*(?:{ends})")
        firsts, half = re.escape("".join({quote[0], close[0], open[0]})), begun((quote, close, open))
        self.closed_run = re.compile(rf"(?P<run>[}}\])]{_BRACKETS}{{0,63}}+)(?:(?P<close>{end})|(?:{begun((close,))}|)\Z)")
        self.words = re.compile(rf"(?:[^{firsts}]++|(?!{marks}|(?:{half})\Z)[{firsts}])*+")
        self.closed = re.compile(rf"{token}(?=[{SPACE}]{{0,{MOST_SPACE - 1}}}+[,}}\]])")
        self.in_string, self.in_list_string = (
            _flowing(firsts, brackets, (quote, close, open), close) for brackets in ("}", "}\\])")
        )
        word = rf"(?!{ends}|{token}){_WORD}"
        begins = rf"(?:{begun((quote,))}|{word}{_SOME}|)\Z"
        value = rf"(?:({token})|([{{\[])|({PLAIN}){_SOME}(?=[,}}\]])|{begins}|)"
        self.members = _segments(r"\}", rf"(?:((?!{token}){_KEY}){_SOME}(?::{_SOME}{value}|)|)")
        self.elements = _segments(r"\]", rf"(?:(?!)()|){value}")  # no key
        half_token, space = begun((quote,)), rf"[{SPACE}]{{0,64}}+"
        self.to_token = re.compile(rf"{_BRACKETS}{{0,64}}+(?:({token})|(?:{half_token}|)\Z)")
        key = rf"(?:{token})?{_IN_KEY}{{1,64}}+(?:\ {{1,8}}+{_IN_KEY}{{1,64}}+){{0,3}}+(?:{token})?{_QUOTED_KEYS}"
        self.next_member = re.compile(rf",{space}(?:[}}\])]|(?P<key>{key}){space}[:=])")
        half_key = rf"(?:{token})?[^:=,{{}}\[\]<\"'()]{{0,300}}+(?:{token}|{half_token}|){space}"
        quoted = rf"\"(?:[^\"\\]|\\[\s\S]){{0,200}}+(?:\\|\"?{space})|'[^'\\]{{0,200}}+'?{space}"
        self.half_member = re.compile(rf",{space}(?:{half_key}|{quoted})\Z")
        self.value_begins = re.compile(rf"{space}(?:{token}|[\"'{{\[]|(?:{PLAIN}|[\w.+-]{{1,64}}+){space}[,}})])")
        self.half_value = re.compile(rf"{space}(?:{half_token}|[\w.+-]{{0,64}}+{space})\Z")

    def half_end(self, text: str, position: int) -> bool:
        """Return True if the text from `position` on may become one of `ends`."""
        return is_half(text, position, self.ends)

    def half_mark(self, text: str, position: int) -> bool:
        """Return True if the text from `position` on may become a quote token or one of `ends`."""
        return is_half(text, position, (self.quote, *self.ends))

    def end_string(self, text: str, position: int) -> bool | None:
        """Tell from the text behind a quote token if the token ends a string; None when more text is needed."""
        found = NOT_SPACE.search(text, position, position + MOST_SPACE)
        if found is None:
            return None if len(text) - position < MOST_SPACE else False
        place = found.start()
        if found.group() in ",}]" or self.at_end.match(text, place):
            return True
        return None if self.half_end(text, place) else False


# A server has few dialects, and reads a completion with every request.
literals = functools.lru_cache(maxsize=64)(Literals)


def _flowing(firsts: str, brackets: str, marks: tuple[str, ...], close: str) -> Flowing:
    """Return patterns of text in a string that may be forwarded unread: no mark, and no brackets that a marker may follow.

    Args:
        firsts: First characters of the marks, escaped.
        brackets: Closing brackets that may stand between the string and the closing marker, escaped.
        marks: Literals that may not pass.
        close: The closing marker.
    """
    run = rf"[{brackets}][{SPACE}{brackets}]{{0,63}}+"
    mark, half, half_close = "|".join(map(re.escape, marks)), begun(marks), begun((close,))
    plain = rf"[^{firsts}{brackets}]++|[{brackets}](?=[^{firsts}{SPACE}{brackets}])"
    closing = rf"(?!{run}(?:{re.escape(close)}|(?:{half_close}|)\Z))[{brackets}]"
    body = rf"(?:{plain}|{closing}|(?!{mark}|(?:{half})\Z)[{firsts}])*+"
    # One set of first characters, which Python's engine finds faster than alternatives.
    special = rf"[{firsts}{brackets}](?:(?<=[{firsts}])|[{SPACE}{brackets}]{{0,63}}+\Z)"
    return Flowing.of_raw(special, body, rf"(?:{half}|{run}(?:{half_close}|))\Z")


def _segments(close: str, member: str) -> Segments:
    first, after = (rf"{_SOME}(?:({close})|{comma}{member}{end})" for comma, end in (("", ""), (f",{_SOME}", "|")))
    return Segments(re.compile(first), re.compile(after))
