"""Early release of streamed values: the text of an argument that may leave before its call is complete (behaviour 2.10).

A string leaves as it grows if the schema lets any string be; else the string is held until complete. `KnownPlace.settled` has
the text that leaves for a complete value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.schema.conversion import fits

if TYPE_CHECKING:
    from adapter.schema.known_place import KnownPlace

_TEXT = frozenset({"string"})


def flows(place: KnownPlace) -> bool:
    """Return True if a string at this place may leave as it grows."""
    return place.text or place.kinds() == _TEXT


def others(place: KnownPlace) -> frozenset[str] | None:
    """Return the types that a string may have to be coerced to though strings are allowed; None if no string is allowed."""
    kinds = place.kinds()
    return None if kinds is not None and "string" not in kinds else place.refusing("")


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
