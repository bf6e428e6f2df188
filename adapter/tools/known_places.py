"""Places in the arguments that keep what was looked up in them: a tool is called many times over, with the same members."""

from __future__ import annotations

from adapter.tools.places import Place

# A schema that refers to itself has places without end.
_KEPT_DEPTH = 3


class KnownPlace:
    """A place in the arguments.

    What models write must not make it grow: it keeps only members that the schema names, to a certain depth.

    Args:
        place: What the schema says of it.
        depth: How deep it is.

    Attributes:
        text: Whether a string may stand here.
    """

    __slots__ = ("_depth", "_even", "_inner", "_kinds", "_place", "text")

    def __init__(self, place: Place, depth: int = 0) -> None:
        self._place = place
        self._depth = depth
        self._kinds = place.kinds()
        self.text = self._kinds is None or "string" in self._kinds
        self._even = place.even
        self._inner: dict[str | None, KnownPlace] = {}  # None is the key of an array's elements, where they are alike

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that may stand here, in JSON schema's words; None when any may."""
        return self._kinds

    def names(self, key: str) -> bool:
        """Whether the schema speaks of an object's member by this name."""
        return self._place.names(key)

    def member(self, key: str) -> KnownPlace:
        """The place of an object's member."""
        return self._inner.get(key) or self._made(key, self._place.member(key), keep=self.names(key))

    def item(self, position: int) -> KnownPlace:
        """The place of an array's element."""
        found = self._inner.get(None) if self._even else None
        return found or self._made(None, self._place.item(position), keep=self._even)

    def _made(self, key: str | None, place: Place, *, keep: bool) -> KnownPlace:
        made = KnownPlace(place, self._depth + 1)
        if keep and self._depth < _KEPT_DEPTH:
            self._inner[key] = made
        return made


ANYWHERE = KnownPlace(Place({}, None))
