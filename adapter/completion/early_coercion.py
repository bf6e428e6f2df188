"""Coercions of single values that leave while a call is written, before the call is checked.

A stream cannot take them back where the finished call turns out invalid, so a whole answer hands out the same text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.text.json_cursor import JsonCursor
from adapter.text.json_plain import in_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.text.json_gate import Edit, ValuePlace


def coerced_early(arguments: str, place: ValuePlace) -> str:
    """Return arguments as a stream sends them: each value that fits its place only in another spelling is coerced.

    Args:
        arguments: A JSON object.
        place: Place of the arguments in the schema.
    """
    cursor = JsonCursor(in_string(""), place)
    cursor.feed(arguments)
    grown = sum(len(text) - (end - begin) for begin, end, text in cursor.edits)
    return edited(arguments, 0, len(arguments) + grown, cursor.edits)


def edited(raw: str, start: int, size: int, edits: Sequence[Edit]) -> str:
    """Return `size` code points of the arguments at `start` in `raw`, with the coercions."""
    pieces, position = [], start
    for begin, end, text in edits:
        pieces += [raw[position : start + begin], text]
        position = start + end
    if not pieces:
        return raw[start : start + size]
    return "".join([*pieces, raw[position : position + size]])[:size]
