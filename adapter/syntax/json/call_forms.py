"""Calls as JSON: the names and arguments of tool calls in a payload (behaviour 1.3).

Models write these forms, read by the same rules in every syntax with JSON calls:

    {"name": N, "arguments": {…}}                       any key order; `parameters` for `arguments`, `tool_name` for `name`
    {"name": N, "args": {…}}                            mended, and told; in a dialect with the key `args`, its own form
    {"type": "function", "function": {"name": …}}       the OpenAI wrapper
    [ …, … ]   {"tool_calls": [ … ]}   {…} {…}          several
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.events import CallPlaces
from adapter.syntax.reading import Nameless, RawCall
from adapter.text.json_spans import elements, loads, skip_space, spans, value_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapter.events import Where
    from adapter.text.buffer import TextBuffer

try:
    from jiter import from_json as _from_json
except ImportError:  # a dependency of the openai client, today

    def _from_json(json_data: bytes, **_options: Any) -> Any:  # type: ignore[misc]
        return loads(json_data.decode())


_Members: TypeAlias = dict[str, tuple[Any, int, int]]
Values: TypeAlias = "tuple[list[RawCall | Nameless], int]"  # the calls of a value, and the position behind
_NOTHING = (None, 0, 0)
ARGUMENTS = "arguments"  # the key of the arguments, if the dialect has no other
# The usual form of a call, up to the arguments; and the most code points of arguments to copy for reading.
_PLAIN_CALL = re.compile(
    r'\{[ \t\n\r]*"name"[ \t\n\r]*:[ \t\n\r]*"(?P<name>[^"\\\x00-\x1f]+)"[ \t\n\r]*,'
    r'[ \t\n\r]*"(?:arguments|parameters)"[ \t\n\r]*:[ \t\n\r]*'
)
_MOST_COPIED = 1 << 17
# Keys under which models write arguments too, and members of a call that are none.
_OTHER_KEYS = frozenset({"args", "input", "kwargs"})
_BESIDE = frozenset({"name", "tool_name", "id", "tool_call_id", "call_id", "type", "index", "description", "strict"})


def read_calls(
    text: str, start: int = 0, stop: int | None = None, *, one: bool = False, key: str = ARGUMENTS
) -> list[RawCall | Nameless]:
    """Return the calls of a payload.

    Args:
        text: JSON values, separated by white space, commas or semicolons.
        start: Position of the payload.
        stop: Position behind the payload; None for the end of the text.
        one: Refuse a second value.
        key: The dialect's key of the arguments.

    Raises:
        ValueError: The payload is not JSON.
    """
    calls: list[RawCall | Nameless] = []
    stop = len(text) if stop is None else stop
    position = skip_space(text, start)
    while position < stop:
        found, end = calls_at(text, position, key)
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
    return _call(head["name"], arguments, value, plain_places) if head["name"].strip() else None


def plain_places(block: str) -> CallPlaces:
    """Return the places in the block of a call that `read_plain_call` has read."""
    head = _PLAIN_CALL.search(block)
    if head is None:
        return CallPlaces()
    value, end = value_at(block, head.end())
    return CallPlaces(head.span("name"), None if value is None or value == "" else (head.end(), end))


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


def calls_at(text: str, begin: int, key: str = ARGUMENTS) -> Values:
    """Return the calls of the value at `begin`, and the position behind. No call is decoded a second time with its list.

    Args:
        text: The text around the value.
        begin: Position of the value.
        key: The dialect's key of the arguments.

    Raises:
        ValueError: The value is not JSON.
    """
    calls: list[RawCall | Nameless] = []
    if text.startswith("{", begin):
        doubled: list[str] = []
        members, end = spans(text, begin, doubled)
        found = _read_object(text, members, begin, end, key)
        calls += _noted(found, doubled) if doubled else found
    elif text.startswith("[", begin):
        try:
            each = list(elements(text, begin, calls_at if key == ARGUMENTS else partial(calls_at, key=key)))
        except RecursionError:
            raise ValueError("nested too deeply") from None
        calls += chain.from_iterable(inner for inner, _, _ in each)
        end = skip_space(text, each[-1][2] if each else begin + 1) + 1
    else:
        end = value_at(text, begin)[1]
        calls.append(Nameless(text[begin:end]))
    return calls, end


def _read_object(text: str, found: _Members, begin: int, end: int, key: str) -> Iterator[RawCall | Nameless]:
    """Read a call, or a wrapper around calls. `found` has the members: decoded, first and last position of their text."""
    if "name" not in found:
        for wrapper, kind in (("tool_calls", list), ("function", dict)):
            if wrapper in found and isinstance(found[wrapper][0], kind):
                begin = found.pop(wrapper)[1]  # releases the decoded value
                beside = _others(found)
                for call in calls_at(text, begin, key)[0]:
                    yield replace(call, beside=beside + call.beside) if beside and isinstance(call, RawCall) else call
                    beside = ()
                return
    name, begun, ended = found.get("name", found.get("tool_name", _NOTHING))
    if not isinstance(name, str) or not name.strip():
        yield Nameless(text[begin:end])
        return
    given = found.get(key) or found.get(ARGUMENTS) or found.get("parameters")
    if given is None:
        yield _without_arguments(name, text, found, (begun + 1, ended - 1))
        return
    value, first, last = given
    call = _call(name, text[first:last], value, CallPlaces((begun + 1, ended - 1), (first, last)))
    beside = tuple(other for other in _others(found) if found[other] is not given)
    yield replace(call, beside=beside) if beside else call


def _noted(calls: Iterable[RawCall | Nameless], doubled: list[str]) -> Iterator[RawCall | Nameless]:
    """Yield the calls of an object, the first with a sentence on the keys that stand there twice, of which the last counts."""
    keys = ", ".join(repr(key) for key in dict.fromkeys(doubled) if key not in _BESIDE - {"name", "tool_name"})
    told = (f"in a call {keys} stands there twice, with two values; the last counts",) if keys else ()
    for call in calls:
        yield replace(call, mended=told + call.mended) if told and isinstance(call, RawCall) else call
        told = ()


def _others(found: _Members) -> tuple[str, ...]:
    """Return the keys of members that are no part of a call."""
    return tuple(key for key, member in found.items() if key not in _BESIDE and member[0] is not None)


def _without_arguments(name: str, text: str, found: _Members, named: tuple[int, int]) -> RawCall:
    """Read a call that has no member for arguments: one member of another name may hold them, and no other is dropped."""
    others = {key: found[key] for key in _others(found)}
    keys = [key for key in others if key in _OTHER_KEYS and isinstance(others[key][0], dict)]
    if len(keys) == len(others) == 1:
        value, first, last = others[keys[0]]
        told = f"the arguments of {name!r} stood under {keys[0]!r}"
        return RawCall(name.strip(), text[first:last], value, places=CallPlaces(named, (first, last)), mended=(told,))
    left = tuple(f"{key!r} stands beside the name, and there are no arguments" for key in others)
    return RawCall(name.strip(), "{}", {}, faults=left, places=CallPlaces(named, None))


def read_arguments(name: str, text: str, places: CallPlaces) -> RawCall:
    """Return the call of a tool with these arguments.

    Args:
        name: The tool.
        text: A JSON value, or the empty string.
        places: Places of the name and the arguments.

    Raises:
        ValueError: The text is not JSON.
    """
    return _call(name, text, loads(text) if text else None, places)


def read_written(
    calls: Iterable[tuple[str, TextBuffer, tuple[str, ...], CallPlaces]], block: TextBuffer
) -> tuple[RawCall, ...]:
    """Return the calls of a block with arguments that a reader has written as JSON.

    Args:
        calls: Names, arguments, sentences on text without a reading, and places.
        block: The text of the block; joined first, while memory holds little else.
    """
    block.text()
    written = ((name, text.text(), faults, places) for name, text, faults, places in calls)
    return tuple(RawCall(name, text, loads(text), faults=faults, places=places) for name, text, faults, places in written)


def _call(name: str, text: str, decoded: Any, places: Where) -> RawCall:
    """Return the call of a tool with arguments that are decoded already."""
    if decoded is None or decoded == "":
        return RawCall(name.strip(), "{}", {}, places=CallPlaces(places.name) if isinstance(places, CallPlaces) else places)
    if isinstance(decoded, str):
        return RawCall(name.strip(), *decoded_once(text, decoded), places=places)
    return RawCall(name.strip(), text, decoded, places=places)


def decoded_once(literal: str, decoded: str) -> tuple[str, Any]:
    """Decode arguments given as a JSON string around an object; any other string stays a string, and is invalid."""
    try:
        value = loads(decoded)
    except ValueError:
        return literal, decoded
    return (decoded.strip(" \t\r\n"), value) if isinstance(value, dict) else (literal, decoded)
