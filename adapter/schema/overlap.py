"""Values that a schema lists, and overlaps between schemas.

A value must fit exactly one branch of `oneOf`. A grammar of all branches means the same only if no value fits two branches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from adapter.schema.compiled import part_validator
from adapter.schema.keywords import ANNOTATIONS
from adapter.schema.references import follow

_DEEPEST = 6
_MOST_REFERENCES = 16
_ALL = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})


def listed(schema: Mapping[str, Any], root: Mapping[str, Any]) -> list[Any] | None:
    """The values of a schema's `const` or `enum` that satisfy its other keywords; None for a schema without a list.

    Args:
        schema: The schema.
        root: The document in which its references are followed.
    """
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list):
        return None
    if schema.keys() <= ANNOTATIONS | {"const" if "const" in schema else "enum"}:
        return values
    validator = part_validator(schema, root)
    return [value for value in values if validator.is_valid(value)]


def overlaps(schema: Any, root: Mapping[str, Any], left: int = _MOST_REFERENCES) -> Iterator[str]:
    """Yield `oneOf` for each `oneOf` whose branches may share a value. Schemas of members and elements are not searched."""
    if not isinstance(schema, Mapping) or not left:
        return
    branches = schema.get("oneOf") or ()
    if not all(_apart(*pair, root, _DEEPEST) for pair in combinations(branches, 2)):
        yield "oneOf"
    if "$ref" in schema:
        yield from overlaps(follow(root, str(schema["$ref"])), root, left - 1)
    for key in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(key) or ():
            yield from overlaps(branch, root, left - 1)


def _apart(one: Any, other: Any, root: Mapping[str, Any], left: int) -> bool:
    """True if certainly no value fits both schemas."""
    if one is False or other is False:
        return True
    if not isinstance(one, Mapping) or not isinstance(other, Mapping) or not left:
        return False
    for this, that in ((one, other), (other, one)):
        values = listed(this, root)
        if values is not None:
            validator = part_validator(that, root)
            return not any(validator.is_valid(value) for value in values)
    if _apart_by_parts(one, other, root, left - 1) or _apart_by_parts(other, one, root, left - 1):
        return True
    kinds = _kinds(one) & _kinds(other)
    return not kinds or (kinds == {"object"} and _objects_apart(one, other, root, left - 1))


def _apart_by_parts(one: Mapping[str, Any], other: Any, root: Mapping[str, Any], left: int) -> bool:
    """True if a reference or an `allOf` part of `one` is apart from `other`, or all alternatives of `one` are."""
    if "$ref" in one and _apart(follow(root, str(one["$ref"]), True), other, root, left):
        return True
    if any(_apart(part, other, root, left) for part in one.get("allOf") or ()):
        return True
    choices = (one[key] for key in ("anyOf", "oneOf") if one.get(key))
    return any(all(_apart(branch, other, root, left) for branch in branches) for branches in choices)


def _kinds(schema: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types that fit a schema; a whole number is both `integer` and `number`."""
    kind = schema.get("type")
    kinds = frozenset([kind] if isinstance(kind, str) else kind or _ALL)
    return kinds | {"integer"} if "number" in kinds else kinds


def _objects_apart(one: Mapping[str, Any], other: Mapping[str, Any], root: Mapping[str, Any], left: int) -> bool:
    """True if the schemas of a required member tell the objects of two schemas apart."""
    needed = {name for schema in (one, other) for name in schema.get("required") or ()}
    return any(_apart(_member(one, name), _member(other, name), root, left) for name in needed)


def _member(schema: Mapping[str, Any], name: str) -> Any:
    properties = schema.get("properties") or {}
    if name in properties or "patternProperties" in schema:
        return properties.get(name, True)
    return schema.get("additionalProperties", True)
