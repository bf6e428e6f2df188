"""Places in the arguments that keep what was looked up in them: a tool is called many times over, with the same members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.schema.conversion import convert, fits
from adapter.schema.place import SchemaPlace
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Collection

    from adapter.schema.raw_place import RawPlace

# A schema that refers to itself has places without end.
_KEPT_DEPTH = 3


class KnownPlace:
    """A place in the arguments.

    What models write must not make it grow: it keeps only members that the schema names, to a certain depth.

    Args:
        place: What the schema says of it.
        doubtful: All that it says, where a value may be coerced though its type may stand here; else None.
        depth: How deep it is.

    Attributes:
        text: Whether a string may stand here, and stays as it is whatever it says.
    """

    __slots__ = ("_depth", "_doubtful", "_even", "_inner", "_kinds", "_place", "text")

    def __init__(self, place: SchemaPlace, doubtful: RawPlace | None = None, depth: int = 0) -> None:
        self._place = place
        self._doubtful = doubtful
        self._depth = depth
        self._kinds = place.kinds()
        self.text = (self._kinds is None or "string" in self._kinds) and (doubtful is None or doubtful.lets_text_be())
        self._even = place.even and (doubtful is None or doubtful.even)
        self._inner: dict[str | None, KnownPlace] = {}  # None is the key of an array's elements, where they are alike

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that may stand here, in JSON schema's words; None when any may."""
        return self._kinds

    def lets_be(self, scalar: str) -> bool:
        """Whether a number or a word, of a type that may stand here, stays as it is."""
        return self._doubtful is None or not self._doubtful.refusing(loads(scalar))

    def refusing(self, value: Any) -> frozenset[str]:
        """The types that a value may have to be coerced to, though its own type may stand here."""
        return frozenset() if self._doubtful is None else self._doubtful.refusing(value)

    @staticmethod
    def converts(value: Any, kinds: Collection[str]) -> bool:
        """Tell whether a value can be coerced to one of these types without loss."""
        return convert(value, tuple(kinds)) is not None

    def settled(self, literal: str) -> str | None:
        """The text for a complete string, number or word that stands here.

        Args:
            literal: Its JSON text.

        Returns:
            The same text, or the JSON text of the coerced value; None when only the finished call can tell: coercion to an
            object or list, or of a value whose own type may stand here.
        """
        kinds = self._kinds
        if kinds is None and self._doubtful is None:
            return literal
        value = loads(literal)
        if kinds is None or fits(value, kinds):
            return None if self.converts(value, self.refusing(value)) else literal
        converted = convert(value, tuple(kinds))
        if converted is None:
            return literal
        return None if kinds & {"array", "object"} else converted

    def names(self, key: str) -> bool:
        """Whether the schema speaks of an object's member by this name."""
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
