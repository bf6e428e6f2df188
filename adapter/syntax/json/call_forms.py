"""Calls as JSON: the names and arguments of tool calls in a payload (behaviour 1.3).

Models write these forms, read by the same rules in every syntax with JSON calls:

    {"name": N, "arguments": {…}}                       any key order; `parameters` for `arguments`, `tool_name` for `name`
    {"type": "function", "function": {"name": …}}       the OpenAI wrapper
    [ …, … ]   {"tool_calls": [ … ]}   {…} {…}          several
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.syntax.reading import Nameless, RawCall
from adapter.text.json_spans import elements, loads, skip_space, spans, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapter.text.buffer import TextBuffer

try:
    from jiter import from_json as _from_json
except ImportError:  # a dependency of the openai client, today

    def _from_json(json_data: bytes, **_options: Any) -> Any:  # type: ignore[misc]
        return loads(json_data.decode())


_Members: TypeAlias = dict[str, tuple[Any, int, int]]
_NOTHING = (None, 0, 0)
# The usual form of a call, up to the arguments; and the most code points of arguments to copy for reading.
_PLAIN_CALL = re.compile(
    r'\{[ \t\n\r]*"name"[ \t\n\r]*:[ \t\n\r]*"(?P<name>[^"\\\x00-\x1f]+)"[ \t\n\r]*,'
    r'[ \t\n\r]*"(?:arguments|parameters)"[ \t\n\r]*:[ \t\n\r]*'
)
_MOST_COPIED = 1 << 17


def read_calls(text: str, start: int = 0, stop: int | None = None, *, one: bool = False) -> list[RawCall | Nameless]:
    """Return the calls of a payload.

    Args:
        text: JSON values, separated by white space, commas or semicolons.
        start: Position of the payload.
        stop: Position behind the payload; None for the end of the text.
        one: Refuse a second value.

    Raises:
        ValueError: The payload is not JSON.
    """
    calls: list[RawCall | Nameless] = []
    stop = len(text) if stop is None else stop
    position = skip_space(text, start)
    while position < stop:
        found, end = _calls_at(text, position)
        calls += found
        if end > stop:
            raise ValueError(f"the value at character {position} is not complete")
        position = skip_space(text, end)
        if one and position < stop:
            raise ValueError("more than one value")
        if position < stop and text[position] in ",;":
            position = skip_space(text, position + 1)
            if position >= stop:
                raise ValueError("a value was due after the last comma")
    return calls


def read_plain_call(text: str, start: int, stop: int) -> RawCall | None:
    """Read a payload of `{"name": …, "arguments": …}` and nothing else, in a third of the time of `read_calls`.

    Args:
        text: The text around the payload.
        start: Position of the payload.
        stop: Position behind the payload.

    Returns:
        The only call that `read_calls` would return; None for a payload in any other form.
    """
    head = _PLAIN_CALL.match(text, start, stop)
    end = _space_before(text, stop) - 1
    if head is None or end - head.end() > _MOST_COPIED or not text.startswith("}", end):
        return None
    arguments = text[head.end() : _space_before(text, end)]
    try:
        value = read_quickly(arguments)
    except ValueError:
        return None
    return _call(head["name"], arguments, value) if head["name"].strip() else None


def read_quickly(text: str) -> Any:
    """Parse a short JSON text, with the result of `loads`, in less than half of the time.

    Raises:
        ValueError: Ask `loads`: the text is long, or perhaps valid JSON that jiter refuses (half a pair of surrogates, deep
            nesting).
    """
    if len(text) > _MOST_COPIED:
        raise ValueError("too long to be copied")
    return _from_json(text.encode(), allow_inf_nan=False)


def _space_before(text: str, end: int) -> int:
    """Return the position of the JSON white space before `end`."""
    while end and text[end - 1] in " \t\n\r":
        end -= 1
    return end


def _calls_at(text: str, begin: int) -> tuple[list[RawCall | Nameless], int]:
    """Return the calls of the value at `begin`, and the position behind. No call is decoded a second time with its list."""
    calls: list[RawCall | Nameless] = []
    if text.startswith("{", begin):
        members, end = spans(text, begin)
        calls += _read_object(text, members, begin, end)
    elif text.startswith("[", begin):
        try:
            found = list(elements(text, begin, _calls_at))
        except RecursionError:
            raise ValueError("nested too deeply") from None
        calls += chain.from_iterable(inner for inner, _, _ in found)
        end = skip_space(text, found[-1][2] if found else begin + 1) + 1
    else:
        end = value_at(text, begin)[1]
        calls.append(Nameless(text[begin:end]))
    return calls, end


def _read_object(text: str, found: _Members, begin: int, end: int) -> Iterator[RawCall | Nameless]:
    """Read a call, or a wrapper around calls. `found` has the members: decoded, first and last position of their text."""
    if "name" not in found:
        for wrapper, kind in (("tool_calls", list), ("function", dict)):
            if wrapper in found and isinstance(found[wrapper][0], kind):
                begin = found.pop(wrapper)[1]  # releases the decoded value
                yield from _calls_at(text, begin)[0]
                return
    name = found.get("name", found.get("tool_name", _NOTHING))[0]
    if not isinstance(name, str) or not name.strip():
        yield Nameless(text[begin:end])
        return
    value, first, last = found.get("arguments") or found.get("parameters", _NOTHING)
    yield _call(name, text[first:last], value)


def read_arguments(name: str, text: str) -> RawCall:
    """Return the call of a tool with these arguments.

    Args:
        name: The tool.
        text: A JSON value, or the empty string.

    Raises:
        ValueError: The text is not JSON.
    """
    return _call(name, text, loads(text) if text else None)


def read_written(calls: Iterable[tuple[str, TextBuffer]], block: TextBuffer) -> tuple[RawCall, ...]:
    """Return the calls of a block with arguments that a reader has written as JSON.

    Args:
        calls: Names and arguments.
        block: The text of the block; joined first, while memory holds little else.
    """
    block.text()
    return tuple(RawCall(name, text, loads(text)) for name, text in ((name, written.text()) for name, written in calls))


def _call(name: str, text: str, decoded: Any) -> RawCall:
    """Return the call of a tool with arguments that are decoded already."""
    if decoded is None or decoded == "":
        return RawCall(name.strip(), "{}", {})
    if isinstance(decoded, str):
        return RawCall(name.strip(), *decoded_once(text, decoded))
    return RawCall(name.strip(), text, decoded)


def decoded_once(literal: str, decoded: str) -> tuple[str, Any]:
    """Decode arguments given as a JSON string around an object; any other string stays a string, and is invalid."""
    try:
        value = loads(decoded)
    except ValueError:
        return literal, decoded
    return (decoded.strip(" \t\r\n"), value) if isinstance(value, dict) else (literal, decoded)
