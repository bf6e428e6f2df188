"""Early release of streamed values: which text of an argument may leave before its call is complete (behaviour 2.10).

A string leaves as it grows where the schema lets any string be. Elsewhere the value is held until complete, and coerced if no
information is lost. A value that only the finished call can settle holds back the rest of the arguments.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.schema.conversion import convert, fits
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.schema.known_place import KnownPlace

_TEXT = frozenset({"string"})
# The JSON of a string that may still turn out to hold a number or a word, and of a string that may hold an object.
_SCALAR = re.compile(r'"(?:\s|\\[nrt])*(?:-?[0-9.eE+-]*|[TtFfNn][A-Za-z]{0,4})(?:\s|\\[nrt])*"?')
_OBJECT = re.compile(r'"(?:\s|\\[nrt])*\{')
_LONGEST_SCALAR = 64  # characters, or pieces


def flows(place: KnownPlace) -> bool:
    """Return True if a string at this place may leave as it grows."""
    return place.text or place.kinds() == _TEXT


def leaving(place: KnownPlace, literal: str) -> str | None:
    """Return the text that may leave for a complete string, number or word.

    Args:
        place: The place of the value.
        literal: The value as JSON.

    Returns:
        The literal, or the coerced value; None if only the finished call can tell.
    """
    kinds = place.kinds()
    if kinds is None and not place.in_doubt:
        return literal
    value = loads(literal)
    converted = convert(value, _others(place, value, kinds))
    if converted is None:
        return literal
    return None if kinds is None or fits(value, kinds) or kinds & {"array", "object"} else converted


def stays(place: KnownPlace, value: Any) -> bool:
    """Return True if neither a value nor any value inside may be coerced when the call is complete."""
    waiting = [(place, value)]
    while waiting:
        place, value = waiting.pop()
        kinds = place.kinds()
        if isinstance(value, dict):
            waiting += [(place.member(name), item) for name, item in value.items()]
        elif isinstance(value, list):
            waiting += [(place.item(position), item) for position, item in enumerate(value)]
        elif (kinds is not None or place.in_doubt) and convert(value, _others(place, value, kinds)) is not None:
            return False
    return True


def _others(place: KnownPlace, value: Any, kinds: frozenset[str] | None) -> tuple[str, ...]:
    """Return the types that a scalar may be coerced to."""
    return tuple(place.refusing(value) if kinds is None or fits(value, kinds) else kinds)


def surely_text(place: KnownPlace, begun: Sequence[str]) -> bool:
    """Return True if a held string can be coerced no more, whatever follows.

    Args:
        place: The place of the string.
        begun: Pieces of the string's JSON, the opening quote in the first.
    """
    kinds = place.kinds()
    if kinds is not None and "string" not in kinds:
        return False
    others = place.refusing("")
    if "array" in others:  # any value may become a list of one element
        return False
    if len(begun) > _LONGEST_SCALAR:
        return "object" not in others
    text = "".join(begun)
    if "object" in others and _OBJECT.match(text):
        return False
    return len(text) > _LONGEST_SCALAR or _SCALAR.fullmatch(text) is None
