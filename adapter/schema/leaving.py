"""Early release of streamed values: the text of an argument that may leave before its call is complete (behaviour 2.10).

A string leaves as it grows if the schema lets any string be; else the string is held until complete. `KnownPlace.settled` has
the text that leaves for a complete value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.schema.conversion import fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.schema.known_place import KnownPlace

_TEXT = frozenset({"string"})
# The JSON of a string that may still turn out to hold a number or a word, and of a string that may hold an object.
_SCALAR = re.compile(r'"(?:\s|\\[nrt])*(?:-?[0-9.eE+-]*|[TtFfNn][A-Za-z]{0,4})(?:\s|\\[nrt])*"?')
_OBJECT = re.compile(r'"(?:\s|\\[nrt])*\{')
_LONGEST_SCALAR = 64  # code points, or pieces


def flows(place: KnownPlace) -> bool:
    """Return True if a string at this place may leave as it grows."""
    return place.text or place.kinds() == _TEXT


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


def stays(place: KnownPlace, value: Any) -> bool:
    """Return True if neither a complete value nor any value inside may be coerced at the end of the call."""
    waiting = [(place, value)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(place.member(name), item) for name, item in value.items()]
        elif isinstance(value, list):
            waiting += [(place.item(position), item) for position, item in enumerate(value)]
        else:
            kinds = place.kinds()
            right = kinds is None or fits(value, kinds)
            if place.converts(value, place.refusing(value) if right else kinds or ()):
                return False
    return True
