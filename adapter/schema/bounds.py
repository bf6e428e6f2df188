"""Bounds for strings that have none: a model under a grammar may go on inside a string until its tokens end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapter.schema.keywords import kinds_of

if TYPE_CHECKING:
    from adapter.schema.compiled import CompiledSchema

# Keywords whose value is a schema, a list of schemas, or a mapping of names to schemas.
_ONE = ("items", "additionalProperties")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "$defs", "definitions")
# Keywords that bound a string already, or in another way.
_BOUNDING = frozenset({"maxLength", "enum", "const", "pattern", "format", "$ref"})


def bounded(schema: Any, most: int) -> Any:
    """Return a schema in which each string without a bound has at most so many characters.

    Args:
        schema: The schema.
        most: Characters.
    """
    if not isinstance(schema, Mapping):
        return schema
    found = dict(schema)
    for key in _ONE:
        if key in found:
            found[key] = bounded(found[key], most)
    for key in _LISTS:
        if isinstance(found.get(key), list):
            found[key] = [bounded(item, most) for item in found[key]]
    for key in _NAMED:
        if isinstance(found.get(key), Mapping):
            found[key] = {name: bounded(item, most) for name, item in found[key].items()}
    least = found.get("minLength", 0)
    if "type" in found and "string" in kinds_of(found) and not found.keys() & _BOUNDING and least <= most:
        found["maxLength"] = most
    return found


def bounded_form(schema: CompiledSchema, most: int) -> CompiledSchema:
    """Return a compiled schema whose source has bounds, for constraints; arguments are checked as before."""
    try:
        return replace(schema, source=bounded(schema.source, most))
    except RecursionError:  # too deep, or a schema that contains itself
        return schema
