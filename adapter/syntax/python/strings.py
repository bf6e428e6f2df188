"""Long strings in Python's notation as JSON, a part at a time: Python's own parser would hold several copies of each.

No cut goes through an escape, and each part with escapes is again a string to Python. So the parts together give the same text
as the whole string.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

from adapter.text.json_writer import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

_BREAK = re.compile(r"[\r\n]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_OR_APOSTROPHE = re.compile(r"(\\[\s\S])|'")
_ESCAPE = r"\\(?:[0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|N\{[^}\"'\\]*+\}|\r\n|[\s\S])"


def parts(run: int, most: int) -> dict[str, re.Pattern[str]]:
    """Return patterns of a part of a string, by the string's quote: up to `most` escapes or runs of up to `run` characters.

    A part never ends in a quote, which Python would take for one of the closing quotes.
    """
    return {quote: re.compile(rf"(?:{quote}*+(?:[^\\{quote}]{{1,{run}}}+|{_ESCAPE})){{1,{most}}}+") for quote in ("'", '"')}


_PARTS = parts(256, 1024)


def as_python(string: str, *, three: bool, broken: bool) -> str:
    """Return a string in the spelling that Python accepts.

    Args:
        string: The string with or without quotes, or a part that cuts no escape in two.
        three: The string stands between three quotes.
        broken: The string may hold raw newlines, which Python allows between three quotes only.
    """
    if three:
        return string.replace("\r", "\\r")
    return _BREAK.sub(lambda found: json.dumps(found.group())[1:-1], string) if broken else string


def with_apostrophes(part: str) -> str:
    """Return the inside of a string in single quotes with its apostrophes as escapes."""
    return _ESCAPED_OR_APOSTROPHE.sub(lambda found: found[1] or "\\'", part)


def as_source(text: str) -> str:
    """Return Python source with escapes for characters that no source may hold: surrogates and NUL."""
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text.replace("\0", "\\x00"))


def as_json(text: str, start: int, end: int, *, broken: bool) -> Iterator[str]:
    """Yield a string as JSON, in parts, without quotes.

    Args:
        text: The text around the string, which has no prefix.
        start: Position of the opening quotes.
        end: Position behind the closing quotes.
        broken: As in `as_python`.

    Raises:
        SyntaxError: The string is no string to Python.
    """
    three = text.startswith(('"""', "'''"), start)
    quotes = text[start : start + 3] if three else text[start]
    position, stop = start + len(quotes), end - len(quotes)
    while position < stop:
        found = _PARTS[quotes[0]].match(text, position, stop)
        if found is None:
            raise SyntaxError(f"no string ends at character {end}")
        part, position = found.group(), found.end()
        if "\\" in part or (not three and _BREAK.search(part)):
            part = part if three or quotes == '"' else with_apostrophes(part)
            part = ast.literal_eval(f"{quotes}{as_source(as_python(part, three=three, broken=broken))}{quotes}")
        yield escaped(part)
