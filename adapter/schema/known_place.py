"""Places in the arguments that cache lookups: a tool is called many times, with the same members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.schema.place import SchemaPlace
from adapter.text.json_spans import loads

if TYPE_CHECKING:
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

    @property
    def in_doubt(self) -> bool:
        """Whether a value may be coerced though its type may stand here."""
        return self._doubtful is not None

    def refusing(self, value: Any) -> frozenset[str]:
        """The types that a value of an allowed type may be coerced to all the same."""
        return frozenset() if self._doubtful is None else self._doubtful.refusing(value)

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
