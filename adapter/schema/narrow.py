"""Schemas narrowed to some JSON types, for dialects whose tags name the type of a value."""

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
    """Narrow a schema to values of the given types; None if no value remains.

    Args:
        schema: The schema.
        kinds: The types, in JSON schema's words; whole numbers are of the types `integer` and `number`.
        root: The document in which references are followed.
        merge: Replaces `allOf` and references by their merged schema.
        left: Levels of nested references and alternatives that are still followed.
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
    """True if a JSON value has one of the types."""
    kind = _KINDS[type(value)]
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _branches(
    schema: Mapping[str, Any], keyword: str, kinds: frozenset[str], root: Mapping[str, Any], merge: Merge, left: int
) -> Any:
    """Narrow each alternative. Keywords beside the alternatives hold for every alternative."""
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
