"""Calls as JSON: which parts of a payload are the name and the arguments of a tool call (behaviour 1.3).

The forms that models write, all read by the same rules wherever JSON holds calls:

    {"name": N, "arguments": {…}}                       any key order; `parameters` for `arguments`, `tool_name` for `name`
    {"type": "function", "function": {"name": …}}       the OpenAI wrapper
    [ …, … ]   {"tool_calls": [ … ]}   {…} {…}          several
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.syntax.json_text import elements, loads, members, skip_space, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class RawCall:
    """A call as it was written, before any checking.

    Attributes:
        name: The decoded name, trimmed.
        arguments: JSON text of the arguments, in the model's own spelling.
        value: The same, decoded.
        id: The id that the model gave it; empty in syntaxes without ids.
    """

    name: str
    arguments: str
    value: Any
    id: str = ""


@dataclass(frozen=True, slots=True)
class Nameless:
    """Something in the place of a call that names no tool."""

    raw: str


def read_calls(text: str) -> list[RawCall | Nameless]:
    """The calls of a payload.

    Args:
        text: JSON values, one after the other, separated by white space, commas or semicolons.

    Raises:
        ValueError: Not JSON.
    """
    calls: list[RawCall | Nameless] = []
    position = skip_space(text, 0)
    while position < len(text):
        value, end = value_at(text, position)
        calls += _read(text, value, position, end)
        position = skip_space(text, end)
        if text[position : position + 1] in {",", ";"}:
            position = skip_space(text, position + 1)
            if position == len(text):
                raise ValueError("a value was due after the last comma")
    return calls


def _read(text: str, value: Any, begin: int, end: int) -> Iterator[RawCall | Nameless]:
    if isinstance(value, list):
        for item, first, last in elements(text, begin):
            yield from _read(text, item, first, last)
    elif not isinstance(value, dict):
        yield Nameless(text[begin:end])
    elif isinstance(value.get("tool_calls"), list) and "name" not in value:
        yield from _inside(text, begin, "tool_calls")
    elif isinstance(value.get("function"), dict) and "name" not in value:
        yield from _inside(text, begin, "function")
    else:
        yield _read_object(text, value, begin, end)


def _inside(text: str, begin: int, wanted: str) -> Iterator[RawCall | Nameless]:
    spans = [(value, first, last) for key, value, first, last in members(text, begin) if key == wanted]
    yield from _read(text, *spans[-1])  # of duplicate keys the last counts


def _read_object(text: str, value: dict[str, Any], begin: int, end: int) -> RawCall | Nameless:
    name = value.get("name", value.get("tool_name"))
    if not isinstance(name, str) or not name.strip():
        return Nameless(text[begin:end])
    key = "arguments" if "arguments" in value else "parameters"
    if value.get(key) in (None, ""):
        return RawCall(name.strip(), "{}", {})
    first, last = [(first, last) for found, _, first, last in members(text, begin) if found == key][-1]
    return read_arguments(name, text[first:last])


def read_arguments(name: str, text: str) -> RawCall:
    """The call of a tool with these arguments.

    Args:
        name: The tool.
        text: One JSON value, or nothing.

    Raises:
        ValueError: Not JSON.
    """
    decoded = loads(text) if text else None
    if decoded in (None, ""):
        return RawCall(name.strip(), "{}", {})
    if isinstance(decoded, str):
        return RawCall(name.strip(), *decoded_once(text, decoded))
    return RawCall(name.strip(), text, decoded)


def decoded_once(literal: str, decoded: str) -> tuple[str, Any]:
    """Arguments given as a JSON string that holds an object; any other string stays one, and is invalid."""
    try:
        value = loads(decoded)
    except ValueError:
        return literal, decoded
    return (decoded.strip(" \t\r\n"), value) if isinstance(value, dict) else (literal, decoded)
