"""Long strings in Python's notation as JSON, a part at a time: Python's own parser would hold several copies of each.

A string is cut where no escape stands across the cut, and each part that has escapes is a string to Python again. So what comes
of the parts is what would have come of the whole.
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
_ESCAPE = r"\\(?:[0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|N\{[^}\"'\\]*+\}|\r\n|[\s\S])"


def parts(run: int, most: int) -> dict[str, re.Pattern[str]]:
    """What matches a part of a string, by its quote: up to `most` runs of up to `run` characters, or escapes.

    Quotes stand before a run or an escape only: at the end of a part they would be taken for more of the closing ones.
    """
    return {quote: re.compile(rf"(?:{quote}*+(?:[^\\{quote}]{{1,{run}}}+|{_ESCAPE})){{1,{most}}}+") for quote in ("'", '"')}


_PARTS = parts(256, 1024)


def as_python(string: str, *, three: bool, broken: bool) -> str:
    """What stands in a string, as Python takes it.

    Args:
        string: With its quotes or without them, whole or a part that cuts no escape in two.
        three: Whether it stands between three quotes.
        broken: Whether it may hold raw newlines that Python does not allow.
    """
    if three:
        return string.replace("\r", "\\r")
    return _BREAK.sub(lambda found: json.dumps(found.group())[1:-1], string) if broken else string


def as_source(text: str) -> str:
    """Python's source, with escapes for what stands in none."""
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text.replace("\0", "\\x00"))


def as_json(text: str, start: int, end: int, *, broken: bool) -> Iterator[str]:
    """A string as JSON, in parts, without its quotes.

    Args:
        text: Holds the string, which has no prefix.
        start: Where its quotes begin.
        end: Where they end.
        broken: As above.

    Raises:
        SyntaxError: Python would not read it.
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
            part = ast.literal_eval(f"{quotes}{as_source(as_python(part, three=three, broken=broken))}{quotes}")
        yield escaped(part)
