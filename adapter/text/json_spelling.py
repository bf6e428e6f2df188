"""Strings, numbers and words in JSON's, Python's or JavaScript's spelling, and their spelling in JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTES = "\"'“”‘’"
_NUMBER = re.compile(r"(-?)(\d++(?:\.\d*+)?|\.\d++)([eE][+-]?\d++)?(?![\w.$])")
_WORD = re.compile(r"(?:[Tt]rue|[Ff]alse|None|null)(?![\w.$(])")
_WORDS = {"True": "true", "False": "false", "None": "null"}
_APOSTROPHE = r"(?<=[^\W\d_])['’](?=[^\W\d_])"
_BODIES = {
    '"': re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL),
    "'": re.compile(rf"(?:[^'\\]++|\\.|{_APOSTROPHE})*+", re.DOTALL),
    "“": re.compile(r"(?:[^“”\\]++|\\.)*+", re.DOTALL),
    "‘": re.compile(rf"(?:[^‘’\\]++|\\.|{_APOSTROPHE})*+", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]++|\\.|"(?!""))*+', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]++|\\.|'(?!''))*+", re.DOTALL),
}
_CLOSING = {"“": "”", "‘": "’"}
_OPENING = {"”": "“", "’": "‘"}
_ODD = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}|(.))|["\x00-\x1f]', re.DOTALL)


class Spelled(NamedTuple):
    """A string, number or word.

    Attributes:
        end: Position behind the text.
        edits: Parts that JSON spells otherwise, as (start, end, replacement).
        kind: `json` for JSON, but for the inside of strings; `python` for Python's notation; `other` for any other.
    """

    end: int
    edits: tuple[tuple[int, int, str], ...] = ()
    kind: str = "json"


def read_scalar(text: str, position: int) -> Spelled | None:
    """Read a number or a word; None for any other text."""
    word = _WORD.match(text, position)
    if word is not None:
        new = _WORDS.get(word[0])
        return Spelled(word.end()) if new is None else Spelled(word.end(), ((position, word.end(), new),), "python")
    number = _NUMBER.match(text, position)
    if number is None:
        return None
    sign, digits, exponent = number[1], number[2], number[3] or ""
    if digits.startswith("0") and digits[1:2].isdigit():
        return None
    if digits.startswith(".") or digits.endswith("."):
        whole, _, part = digits.partition(".")
        return Spelled(number.end(), ((position, number.end(), f"{sign}{whole or 0}.{part or 0}{exponent}"),), "python")
    return Spelled(number.end())


def read_string(text: str, position: int) -> Spelled | None:
    """Read a string from its quote on; None without a closing quote of the same kind."""
    first = text[position]
    quote = first * 3 if first in "\"'" and text.startswith(first * 3, position) else _OPENING.get(first, first)
    start = position + len(quote)
    body = _BODIES[quote].match(text, start)
    end = start if body is None else body.end()
    if not text.startswith((_CLOSING.get(quote, quote), quote), end):
        return None
    edits = tuple(_odd(text, start, end))
    if quote == '"':
        return Spelled(end + 1, edits)
    edits = ((position, start, '"'), *edits, (end, end + len(quote), '"'))
    return Spelled(end + len(quote), edits, "other" if quote in _CLOSING else "python")


def _odd(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    r"""Yield the odd parts inside a string: raw control characters, quotes, and `\d`, of which the backslash stays."""
    for found in _ODD.finditer(text, start, end):
        wrong, written = found[1], found[0]
        if len(written) == 1:
            yield found.start(), found.end(), json.dumps(written)[1:-1]
        elif wrong is not None:
            yield found.start(), found.end(), wrong if wrong == "'" else f"\\\\{json.dumps(wrong, ensure_ascii=False)[1:-1]}"
