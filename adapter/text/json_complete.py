"""Completion of JSON text that was sent in part, to a given value.

After a repair the arguments are known as a value, while a piece of the model's own text was sent already. The completion keeps
every character sent, or finds that the value says something else.
"""

from __future__ import annotations

import json
from typing import Any

from adapter.text.json_spans import skip_space, value_at


class _Mismatch(Exception):
    """The text sent is no beginning of the value."""


def continue_json(sent: str, value: Any) -> str | None:
    """Return the rest of the text, or None if the text sent contradicts the value.

    Args:
        sent: The beginning of a JSON text: whole escapes, whole numbers and words.
        value: The value of the completed text.
    """
    try:
        position, rest = _value(sent, skip_space(sent, 0), value)
    except (_Mismatch, ValueError, RecursionError):
        return None
    if rest is None:
        return "" if skip_space(sent, position) == len(sent) else None
    return rest


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _value(sent: str, position: int, value: Any) -> tuple[int, str | None]:
    """Return the position behind the value, and the text missing from the value, if any."""
    if position == len(sent):
        return position, _dumps(value)
    character = sent[position]
    if character == "{" and isinstance(value, dict):
        return _object(sent, position + 1, list(value.items()))
    if character == "[" and isinstance(value, list):
        return _array(sent, position + 1, value)
    if character == '"' and isinstance(value, str):
        return _string(sent, position, value)
    found, end = value_at(sent, position)
    if found != value or type(found) is not type(value):
        raise _Mismatch
    return end, None


def _string(sent: str, position: int, value: str) -> tuple[int, str | None]:
    try:
        found, end = value_at(sent, position)
    except ValueError:
        begun = json.loads(sent[position:] + '"')
        if value.startswith(begun):
            return len(sent), _dumps(value[len(begun) :])[1:]
        low = _second_half(begun, value)
        return len(sent), f"\\u{low:04x}{_dumps(value[len(begun) :])[1:]}"
    if found != value:
        raise _Mismatch
    return end, None


def _second_half(begun: str, value: str) -> int:
    """Return the low surrogate due behind text that ends in the first half of a pair of escapes."""
    last, due = begun[-1:], value[len(begun) - 1 : len(begun)]
    if not value.startswith(begun[:-1]) or due <= "\uffff":
        raise _Mismatch
    high, low = divmod(ord(due) - 0x10000, 0x400)
    if last != chr(0xD800 + high):
        raise _Mismatch
    return 0xDC00 + low


def _object(sent: str, position: int, items: list[tuple[str, Any]]) -> tuple[int, str | None]:
    def following(number: int) -> str:
        return "".join(f", {_dumps(name)}: {_dumps(item)}" for name, item in items[number:]) + "}"

    for number, (key, item) in enumerate(items, 1):
        position = skip_space(sent, position)
        if position < len(sent) and sent[position] != '"':
            raise _Mismatch
        position, rest = _value(sent, position, key)
        if rest is not None:
            return position, f"{rest}: {_dumps(item)}{following(number)}"
        position = skip_space(sent, position)
        if position == len(sent):
            return position, f": {_dumps(item)}{following(number)}"
        position, rest = _value(sent, skip_space(sent, position + 1), item)
        if rest is not None:
            return position, rest + following(number)
        position = skip_space(sent, position)
        if position == len(sent):
            return position, following(number)
        if sent[position] != ("}" if number == len(items) else ","):
            raise _Mismatch
        position += 1
    return _closed(sent, position, "}", empty=not items)


def _array(sent: str, position: int, items: list[Any]) -> tuple[int, str | None]:
    def following(number: int) -> str:
        return "".join(f", {_dumps(item)}" for item in items[number:]) + "]"

    for number, item in enumerate(items, 1):
        position, rest = _value(sent, skip_space(sent, position), item)
        if rest is not None:
            return position, rest + following(number)
        position = skip_space(sent, position)
        if position == len(sent):
            return position, following(number)
        if sent[position] != ("]" if number == len(items) else ","):
            raise _Mismatch
        position += 1
    return _closed(sent, position, "]", empty=not items)


def _closed(sent: str, position: int, closer: str, *, empty: bool) -> tuple[int, str | None]:
    """Read the end of a container, with all items read; the closer of an empty container may be missing."""
    if not empty:
        return position, None
    position = skip_space(sent, position)
    if position == len(sent):
        return position, closer
    if sent[position] != closer:
        raise _Mismatch
    return position + 1, None
