"""Places of parameters that keep the schema's answers: a tool is called many times over, with the same parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.place import Place

_MOST_TOOLS = 64  # names of tools that are kept: a model may write any


class _Parameter:
    """The place of one parameter."""

    __slots__ = ("_free", "_kinds", "_place", "item", "may_change", "member", "names", "silent")

    def __init__(self, place: Place) -> None:
        self._place = place
        self._kinds = place.kinds()
        self._free = place.lets_text_be()
        self.item, self.member, self.names, self.may_change = place.item, place.member, place.names, place.may_change
        self.silent = place.silent

    def kinds(self) -> frozenset[str] | None:
        """Return the JSON types that a value may have; None: any."""
        return self._kinds

    def lets_text_be(self) -> bool:
        """Tell if no string is coerced here."""
        return self._free


class _Arguments:
    """The place of a tool's arguments; only parameters that the schema names are kept."""

    __slots__ = ("_kept", "_place", "_silent", "item", "kinds", "lets_text_be", "may_change", "names")

    def __init__(self, place: Place) -> None:
        self._place = place
        self._kept: dict[str, Any] = {}
        self.kinds, self.lets_text_be, self.names = place.kinds, place.lets_text_be, place.names
        self.item, self.may_change = place.item, place.may_change
        self._silent: bool | None = None

    def silent(self) -> bool:
        """Tell if the schema declares no parameter."""
        if self._silent is None:
            self._silent = self._place.silent()
        return self._silent

    def member(self, name: str) -> Place:
        """Return the place of a parameter."""
        kept: Place | None = self._kept.get(name)
        if kept is not None:
            return kept
        made: Place = _Parameter(self._place.member(name))
        if self._place.names(name):
            self._kept[name] = made
        return made


def known_places(place: Callable[[str], Place]) -> Callable[[str], Place]:
    """Return a function that gives the place of a tool's arguments, as `place` does; places of at most 64 tools are kept."""
    kept: dict[str, Place] = {}

    def known(tool: str) -> Place:
        found = kept.get(tool)
        if found is None:
            found = _Arguments(place(tool))
            if len(kept) < _MOST_TOOLS:
                kept[tool] = found
        return found

    return known
