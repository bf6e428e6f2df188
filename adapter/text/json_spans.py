"""Positions of values in JSON text, for handing on the model's own spelling.

`json.loads` forgets spelling (`1.0`, the order of keys, 2^53+1 in readers that use doubles). These functions let the C
scanner of the standard library walk the text, and keep the positions.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from json import decoder
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Path = tuple[str | int, ...]  # keys and indexes, from the outermost value

# Characters behind JSON in a code fence: white space of any kind, and the fence.
FENCE_END = (
    "` \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

_Element = TypeVar("_Element")
_SPACE = re.compile(r"[ \t\n\r]*")
_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _long_integer(digits: str) -> int | Decimal:
    # Python refuses to convert more than 4300 digits; a Decimal holds them and is a number to jsonschema too.
    return int(digits) if len(digits) < 4000 else Decimal(digits)


_scan_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]  # typeshed
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_PATIENT_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_long_integer)


def value_at(text: str, start: int) -> tuple[Any, int]:
    """Return the JSON value at `start`, and the position behind the value.

    Raises:
        ValueError: No complete valid value; NaN and Infinity are invalid, and so is nesting too deep to hold.
    """
    try:
        return _DECODER.raw_decode(text, start)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        return _PATIENT_DECODER.raw_decode(text, start)


def loads(text: str) -> Any:
    """Parse a JSON text as `json.loads` does, but refuse NaN, Infinity, and text behind the value.

    Raises:
        ValueError: The text is not a single JSON value.
    """
    value, end = value_at(text, skip_space(text, 0))
    if skip_space(text, end) != len(text):
        raise ValueError(f"text after the value, at character {end}")
    return value


def skip_space(text: str, start: int) -> int:
    """Return the position of the next character other than JSON white space."""
    return _SPACE.match(text, start).end()  # type: ignore[union-attr]  # the pattern matches everywhere


def members(text: str, start: int) -> Iterator[tuple[str, Any, int, int]]:
    """Yield the members of the object at `start`: key, value, first and last position of the value's text.

    Raises:
        ValueError: Not a complete valid object.
    """
    position = skip_space(text, start + 1)
    if text.startswith("}", position):
        return
    while True:
        if not text.startswith('"', position):
            raise ValueError(f"a key was due at character {position}")
        key, position = _scan_string(text, position + 1, True)  # strict: no raw newlines
        colon = _COLON.match(text, position)
        if colon is None:
            raise ValueError(f"a colon was due at character {skip_space(text, position)}")
        begin = colon.end()
        value, end = value_at(text, begin)
        yield key, value, begin, end
        comma = _COMMA.match(text, end)
        if comma is None:
            position = skip_space(text, end)
            if text.startswith("}", position):
                return
            raise ValueError(f"a comma was due at character {position}")
        position = comma.end()


def spans(text: str, start: int, doubled: list[str] | None = None) -> tuple[dict[str, tuple[Any, int, int]], int]:
    """Return the members of the object at `start`, by key, and the position behind the object. The last duplicate key counts.

    Args:
        text: The text around the object.
        start: Position of the object.
        doubled: Gets the keys of members whose values are dropped for a later one's.

    Raises:
        ValueError: Not a complete valid object.
    """
    found: dict[str, tuple[Any, int, int]] = {}
    end = start + 1
    for key, value, begin, end in members(text, start):
        if doubled is not None and key in found and text[begin:end] != text[found[key][1] : found[key][2]]:
            doubled.append(key)
        found[key] = value, begin, end
    return found, skip_space(text, end) + 1


def elements(
    text: str, start: int, read: Callable[[str, int], tuple[_Element, int]] = value_at
) -> Iterator[tuple[_Element, int, int]]:
    """Yield the elements of the array at `start`: the result of `read`, first and last position of the element's text.

    Args:
        text: The text around the array.
        start: Position of the array.
        read: Reads an element at a position. Returns a result, and the position behind the element.

    Raises:
        ValueError: Not a complete valid array.
    """
    position = skip_space(text, start + 1)
    if text.startswith("]", position):
        return
    while True:
        value, end = read(text, position)
        yield value, position, end
        comma = _COMMA.match(text, end)
        if comma is None:
            position = skip_space(text, end)
            if text.startswith("]", position):
                return
            raise ValueError(f"a comma was due at character {position}")
        position = comma.end()


def spans_at(text: str, paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Return first and last position of the values at these paths in a JSON text, in one walk; of a doubled key the last."""
    tree: dict[str | int, Any] = {}
    for path in paths:
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    found: dict[Path, tuple[int, int]] = {}
    stack: list[tuple[Path, dict[str | int, Any], int, int]] = [((), tree, skip_space(text, 0), len(text))]
    while stack:
        path, node, begin, end = stack.pop()
        found[path] = begin, end
        inner: dict[str | int, tuple[int, int]] = {}
        if node and text.startswith("[", begin):
            inner = {number: (first, last) for number, (_, first, last) in enumerate(elements(text, begin))}
        elif node:
            inner = {key: (first, last) for key, _, first, last in members(text, begin)}
        stack += (((*path, step), below, *inner[step]) for step, below in node.items())
    return found


def replaced(text: str, values: Iterable[tuple[tuple[int, int], str]]) -> str:
    """Return a text with the parts at these places replaced, of which none is inside another; all other text is kept."""
    pieces, position = [], 0
    for (begin, end), new in sorted(values):
        pieces += [text[position:begin], new]
        position = end
    return "".join([*pieces, text[position:]])
