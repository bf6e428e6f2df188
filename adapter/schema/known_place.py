"""Places in the arguments that cache lookups: a tool is called many times, with the same members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.schema.conversion import convert, fits, within_limits
from adapter.schema.place import SchemaPlace
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Collection

    from adapter.schema.raw_place import RawPlace

# A schema that refers to itself has places without end.
_KEPT_DEPTH = 3


class KnownPlace:
    """A place in the arguments.

    Text of a model must not make the cache grow: only members that the schema declares are kept, to a fixed depth.

    Args:
        place: The schema's statements about types at the place.
        doubtful: All statements of the schema, if a value of an accepted type may still be coerced; else None.
        depth: Containers around the place.

    Attributes:
        text: True if strings are accepted at the place and never coerced.
    """

    __slots__ = ("_depth", "_doubtful", "_even", "_inner", "_kinds", "_place", "text")

    def __init__(self, place: SchemaPlace, doubtful: RawPlace | None = None, depth: int = 0) -> None:
        self._place = place
        self._doubtful = doubtful
        self._depth = depth
        self._kinds = place.kinds()
        self.text = (self._kinds is None or "string" in self._kinds) and (doubtful is None or doubtful.lets_text_be())
        self._even = place.even and (doubtful is None or doubtful.even)
        self._inner: dict[str | None, KnownPlace] = {}  # None is the key of elements that are all alike

    def kinds(self) -> frozenset[str] | None:
        """The JSON types accepted at the place, in JSON Schema's words; None for any type."""
        return self._kinds

    def lets_be(self, scalar: str) -> bool:
        """True if a number or word of an accepted type is never coerced."""
        return self._doubtful is None or not self._doubtful.refusing(loads(scalar))

    def refusing(self, value: Any) -> frozenset[str]:
        """The types that a value may have to be coerced to, although its own type is accepted."""
        return frozenset() if self._doubtful is None else self._doubtful.refusing(value)

    @staticmethod
    def converts(value: Any, kinds: Collection[str]) -> bool:
        """True if a value can be coerced to any of the types without loss."""
        return convert(value, tuple(kinds)) is not None

    def settled(self, literal: str) -> str | None:
        """The text to emit for a complete string, number or word at the place.

        Args:
            literal: The JSON text of the value.

        Returns:
            The same text, or the JSON text of the coerced value; None if only the finished call can tell: for coercion to an
            object or list, or of a value whose own type is accepted.
        """
        kinds = self._kinds
        if kinds is None and self._doubtful is None:
            return literal
        value = loads(literal)
        if kinds is None or fits(value, kinds):
            return None if self.converts(value, self.refusing(value)) else literal
        converted = convert(value, tuple(kinds), literal)
        if converted is None or not any(within_limits(loads(converted), branch) for branch in self._place.branches or ()):
            return literal  # of an invalid call nothing is coerced that is invalid by itself
        return None if kinds & {"array", "object"} else converted

    def names(self, key: str) -> bool:
        """True if the schema declares an object's member `key`."""
        return self._place.names(key)

    def member(self, key: str) -> KnownPlace:
        """The place of an object's member."""
        if key in self._inner:
            return self._inner[key]
        doubtful = None if self._doubtful is None else self._doubtful.member(key)
        return self._made(key, KnownPlace(self._place.member(key), doubtful, self._depth + 1), keep=self.names(key))

    def item(self, position: int) -> KnownPlace:
        """The place of an array's element."""
        if self._even and None in self._inner:
            return self._inner[None]
        doubtful = None if self._doubtful is None else self._doubtful.item(position)
        return self._made(None, KnownPlace(self._place.item(position), doubtful, self._depth + 1), keep=self._even)

    def _made(self, key: str | None, made: KnownPlace, *, keep: bool) -> KnownPlace:
        if keep and self._depth < _KEPT_DEPTH:
            self._inner[key] = made
        return made


ANYWHERE = KnownPlace(SchemaPlace({}, None))
