r"""Structural repair of a payload that is not JSON (behaviour 1.5, 1.17).

Three readings are tried, from the most exact to the most lenient, each in one pass:

* *tolerant*: `adapter.text.json_mend` reads the text token by token, in JSON's, Python's or JavaScript's spelling;
* *inner quotes*: a quote closes a string only before structure, any other quote belongs to the string. The inner quotes come
  in pairs, each pair around a word or more: `"say "hi" now"`, but neither `"a" b "c"` nor `"a" + "b"`;
* *last quote*: with an odd number of quotes, the last one is missing before the closing brackets.

No reading joins two strings, splits one, computes an expression, or adds a string, a number or a key. All text that is not
changed keeps the model's spelling. The last two readings mend nothing else but raw control characters and wrong escapes.
"""

from __future__ import annotations

import re

from adapter.text.json_mend import mend
from adapter.text.json_spans import skip_space, value_at

_QUOTE = re.compile(r'\\.|"', re.DOTALL)
_STRUCTURE_NEXT = re.compile(r"\s*+(?:[,:}\]]|\Z)")
_CLOSED = " \t\r\n}]"


def repair(text: str, *, several: bool = False) -> str | None:
    """Repair a payload. Returns JSON text; None for a text without a single reading.

    Args:
        text: A payload that is not JSON, or holds no call.
        several: Values may follow one another, with white space, commas or semicolons between.
    """
    found = mend(text, several=several)
    if found is not None and (first := _first(found.text, several=several)):
        return found.text if found.exact or first in "{[" else None
    for spelled in (_inner_quotes(text), _last_quote(text)):
        found = None if spelled is None else mend(spelled)
        if found is not None and found.exact and _first(found.text):
            return found.text
    return None


def _first(text: str, *, several: bool = False) -> str:
    """Return the first character of JSON text; empty for other text."""
    begin = position = skip_space(text, 0)
    try:
        while True:
            position = skip_space(text, value_at(text, position)[1])
            if position == len(text):
                return text[begin]
            if not several:
                return ""
            position = skip_space(text, position + 1) if text[position] in ",;" else position
    except ValueError:
        return ""


def _inner_quotes(text: str) -> str | None:
    """The text with quotes inside strings escaped; None without such quotes, or if they are not in pairs around words."""
    out: list[str] = []
    done, start = 0, -1  # the position up to which text is in `out`; that behind the quote of an open string
    opened = False  # an inner quote waits for its second half
    for found in _QUOTE.finditer(text):
        at = found.start()
        if found[0] != '"':
            continue
        if start < 0:
            start = at + 1
        elif _STRUCTURE_NEXT.match(text, at + 1):
            if opened or (text[start] == text[at - 1] == '"' and at > start):
                return None  # a quote alone, or quotes doubled around all of the string
            start = -1
        else:
            if not (_closes_words(text, at, start) if opened else _opens_words(text, at, start)):
                return None
            opened = not opened
            out += (text[done:at], '\\"')
            done = at + 1
    return "".join([*out, text[done:]]) if out and start < 0 else None


def _opens_words(text: str, at: int, start: int) -> bool:
    """Tell if the quote at a position of the string from `start` on stands before words, and not behind one."""
    before, after = text[at - 1 : at] if at > start else " ", text[at + 1 : at + 2]
    return not before.isalnum() and before not in '_"' and not after.isspace() and after != '"'


def _closes_words(text: str, at: int, start: int) -> bool:
    """Tell if the quote at a position of the string from `start` on stands behind words, and not before one."""
    before, after = text[at - 1 : at] if at > start else " ", text[at + 1 : at + 2]
    return not before.isspace() and before != '"' and not after.isalnum() and after != "_"


def _last_quote(text: str) -> str | None:
    """The text with a quote before the last brackets; None for an even number of quotes."""
    if sum(found[0] == '"' for found in _QUOTE.finditer(text)) % 2 == 0:
        return None
    end = len(text.rstrip(_CLOSED))
    return f'{text[:end]}"{text[end:]}'
