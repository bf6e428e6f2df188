"""The types of the arguments of each tool, as call syntaxes are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.schema import known_place
from adapter.schema.raw_place import RawPlace

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.known_place import KnownPlace
    from adapter.tools.definitions import ToolSet


def arguments_place(tools: ToolSet) -> Callable[[str], RawPlace]:
    """Make a function from a tool's name to the place of its arguments."""
    sources = {tool.name: tool.schema.source for tool in tools}

    def place(tool: str) -> RawPlace:
        source = sources.get(tool, {})
        return RawPlace(source, (source,))

    return place


def known_places(tools: ToolSet, *, coerce: bool) -> Callable[[str], KnownPlace]:
    """Return a function from a tool's name to the place of its arguments as JSON; no place says anything without `coerce`."""
    places = {tool.name: tool.schema.place for tool in tools} if coerce else {}
    return lambda tool: places.get(tool, known_place.ANYWHERE)


def parameter_types(tools: ToolSet) -> Callable[[str, str], frozenset[str] | None]:
    """Make a function from the names of a tool and a parameter to the parameter's JSON types; None if unknown."""
    place = arguments_place(tools)
    return lambda tool, parameter: place(tool).member(parameter).kinds()
