"""Schemas narrowed to some JSON types, for dialects that tell the types of values apart in their tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.schema.keywords import ANNOTATIONS, kinds_of
from adapter.schema.overlap import listed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Merge: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_MOST_NESTED = 16
_KINDS = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def narrowed(schema: Any, kinds: frozenset[str], root: Mapping[str, Any], merge: Merge, left: int = _MOST_NESTED) -> Any:
    """A schema of those values only that have one of these types; None where it has no such values.

    Args:
        schema: The schema.
        kinds: The types, in JSON schema's words; whole numbers are of the types `integer` and `number`.
        root: The document in which its references are followed.
        merge: Makes one schema of one with `allOf` or a reference.
        left: How many references and alternatives within each other are followed still.
    """
    if schema is False or left == 0:
        return None
    if not isinstance(schema, Mapping):
        return {"type": sorted(kinds)}
    if "$ref" in schema or "allOf" in schema:
        return narrowed(merge(schema), kinds, root, merge, left - 1)
    values = listed(schema, root)
    if values is not None:
        some = [value for value in values if is_of(value, kinds)]
        return {"enum": some} if some else None
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list):
            return _branches(schema, keyword, kinds, root, merge, left - 1)
    some = [kind for kind in kinds_of(schema) if kind in kinds]
    return {**schema, "type": some} if some else None


def is_of(value: Any, kinds: frozenset[str]) -> bool:
    """Whether a JSON value is of one of these types."""
    kind = _KINDS[type(value)]
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _branches(
    schema: Mapping[str, Any], keyword: str, kinds: frozenset[str], root: Mapping[str, Any], merge: Merge, left: int
) -> Any:
    """The alternatives that have such values; what stands beside them holds for each."""
    beside = _without(schema, keyword, *ANNOTATIONS)
    found = [
        narrowed({"allOf": [beside, branch]} if beside else branch, kinds, root, merge, left)
        for branch in schema[keyword] or [True]
        if branch is not False
    ]
    some = [branch for branch in found if branch is not None]
    return some[0] if len(some) == 1 else {"anyOf": some} if some else None


def _without(schema: Mapping[str, Any], *keywords: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in keywords}
