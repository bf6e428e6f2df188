"""Patterns of JSON in its plain form, by which a delta is read with one look.

Models write nearly all JSON plainly: keys without escapes, little white space, short numbers. The text since the last bracket,
value or end of a string is a *segment*. One pattern matches the segments that may stand at a place, or the beginning of one. A
segment that is not complete is matched again, from its beginning, with the next delta; so segments longer than
`LONGEST_SEGMENT` are not plain.

Patterns write "perhaps" as `(?:…|)`, which Python's engine passes twice as fast as `(?:…)?`.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from adapter.text.partial import begun

if TYPE_CHECKING:
    from collections.abc import Callable

    Matcher = Callable[[str, int], re.Match[str]]  # of a pattern that matches everywhere, the empty string at the least
    Look = Callable[..., re.Match[str] | None]  # of a text from a position on, perhaps to another

LONGEST_SEGMENT = 200
SPACE = r"[ \t\r\n]*+"
# Keys with a `<` are not plain: a closing marker may begin there.
_WORD = r'[^"\\<\x00-\x1f]*+'
_VALUE = r'(?:(["{\[])|([-\w][-+.\w]*+)|)'
ESCAPE = r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
HALF = r"\\(?:u[0-9a-fA-F]{0,3}|)"
AFTER_SCALAR = frozenset(" \t\r\n,]}")
SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++|)(?:[eE][+-]?[0-9]++|)|true|false|null")

# The groups of a segment's pattern in the order of the text. `lastindex` is the last that matched: how far the segment goes.
CLOSE, COMMA, KEY, OPEN, NUMBER = 1, 2, 3, 4, 5


def matcher(pattern: str) -> Matcher:
    """Compile a pattern that matches at every position, the empty string at the least."""
    return re.compile(pattern).match  # type: ignore[return-value]  # it always matches


class Container(NamedTuple):
    """Segments inside an object, inside a list, or before the value itself.

    Attributes:
        bracket: The opening bracket; empty before the value.
        closing: The closing bracket; empty before the value.
        first: Matches the segment behind the opening bracket.
        after: Matches the segment behind a value.
        after_string: Matches the segment behind the last character of a string, from the closing quote on.
    """

    bracket: str
    closing: str
    first: Matcher
    after: Matcher
    after_string: Matcher


def _container(bracket: str, closing: str, member: str) -> Container:
    first = rf"{SPACE}(?:({re.escape(closing)})|(){member})"  # the group COMMA is empty
    after = rf"{SPACE}(?:({re.escape(closing)})|(,){SPACE}{member}|)"
    return Container(bracket, closing, matcher(first), matcher(after), matcher(f'"{after}'))


OBJECT = _container("{", "}", rf'(?:"({_WORD})(?:"{SPACE}(?::{SPACE}{_VALUE}|)|)|)')
LIST = _container("[", "]", rf"(?:(?!)()|){_VALUE}")  # without a key
_NOTHING = matcher("")
START = Container("", "", matcher(rf"{SPACE}(?:((?!))|())(?:((?!))|)(?:([{{\[])|)"), _NOTHING, _NOTHING)


class InString(NamedTuple):
    """Patterns of the inside of a string, in a block that ends with a certain closing marker.

    A marker that begins with `<` and stands inside a string may be data, or the end of the block where the quote is missing.

    Attributes:
        close: The closing marker, where it can stand in a string; else empty.
        special: Finds in a delta the characters that need more than this search.
        body: Matches text that may leave: no quote, no marker, whole escapes. Up to four brackets at the end of a delta are
            left out: they belong to the containers when the string turns out to lack its quote.
        half: Matches the characters behind `body` that wait for the next delta: brackets, half an escape, half a marker.
        strict: Matches text of a string up to a quote, a fault, half an escape, or a marker or half of one.
        doubt: Matches a closing marker at the end of the text, and whatever may follow it without settling the doubt.
    """

    close: str
    special: Callable[[str], re.Match[str] | None]
    body: Matcher
    half: Look
    strict: Matcher
    doubt: Look


@functools.lru_cache(maxsize=256)
def in_string(close: str, markers: tuple[str, ...] = ()) -> InString:
    """Patterns for blocks with this closing marker.

    Args:
        close: The closing marker of a block or call.
        markers: Further markers that may follow the closing one. Text of nothing but these and white space keeps the doubt.
    """
    close = close if close.startswith("<") else ""
    halves = rf"{begun([close])}" if close else "(?!)"
    smaller = rf"|<(?!{_rest(close[1:])})" if close else "|<"
    begins = rf"(?:{HALF}|{halves}|)\Z"
    brackets = rf"[\]}}](?![\]}}]{{0,3}}{begins})"
    literals = [re.escape(marker) for marker in (close, *markers) if marker]
    further = rf"(?:{'|'.join(literals)}|\s)*+(?:{begun(filter(None, (close, *markers)))}|)" if markers else re.escape(close)
    return InString(
        close,
        re.compile(r"""["\\\x00-\x1f<\]}]""").search,
        matcher(rf'(?:[^"\\\x00-\x1f<\]}}]++|{ESCAPE}|{brackets}{smaller})*+'),
        re.compile(rf"[\]}}]{{0,4}}{begins}").match,
        matcher(rf'(?:[^"\\\x00-\x1f<]++|{ESCAPE}{smaller})*+'),
        re.compile(further if close else "(?!)").fullmatch,
    )


def _rest(literal: str) -> str:
    """A pattern of a literal or, at the end of the text, of its beginning."""
    pattern = r"(?:)"
    for character in reversed(literal):
        pattern = rf"(?:\Z|{re.escape(character)}{pattern})"
    return pattern


BODY = matcher(rf'(?:[^"\\\x00-\x1f]++|{ESCAPE})*+')
HALF_ESCAPE = re.compile(HALF).fullmatch
