"""Facts about JSON Schema keywords, for grammars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALL_KINDS = ("object", "array", "string", "number", "boolean", "null")
# Keywords that constrain nothing: `format` and `contentEncoding` are no constraint to validation either.
ANNOTATIONS = {
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "$defs",
    "definitions",
    "$schema",
    "$id",
    "$anchor",
    "format",
    "contentEncoding",
    "contentMediaType",
}
# Keywords that a context-free grammar cannot express; left to validation.
UNSAID = (
    "pattern", "multipleOf", "uniqueItems", "contains", "minContains", "maxContains", "not", "if", "then", "else",
    "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "dependencies",
    "unevaluatedProperties", "unevaluatedItems", "patternProperties", "$dynamicRef",
)  # fmt: skip


def kinds_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The JSON types that a schema's own keywords allow."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return (kind,)
    if isinstance(kind, list) and kind:
        return tuple(kind)
    for keywords, implied in _IMPLIED:
        if any(keyword in schema for keyword in keywords):
            return (implied,)
    return _ALL_KINDS


# Keywords that imply a type in a schema without `type`.
_IMPLIED = (
    (("properties", "required", "additionalProperties"), "object"),
    (("items", "prefixItems", "minItems", "maxItems"), "array"),
    (("minLength", "maxLength", "pattern"), "string"),
    (("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), "number"),
)


def integer_bounds(schema: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The least and the greatest integer that a schema of numbers allows; None for no bound."""
    return _bound(schema, "minimum", "exclusiveMinimum", 1), _bound(schema, "maximum", "exclusiveMaximum", -1)


def _bound(schema: Mapping[str, Any], inclusive: str, exclusive: str, step: int) -> int | None:
    """The outermost integer that a bound allows. Draft 4 writes `exclusiveMinimum` and `exclusiveMaximum` as flags."""
    found: list[int] = []
    limit, other = schema.get(inclusive), schema.get(exclusive)
    if other is True and limit is not None:
        limit, other = None, limit
    if isinstance(limit, int | float):
        found.append(_inward(limit, step))
    if isinstance(other, int | float) and not isinstance(other, bool):
        rounded = _inward(other, step)
        found.append(rounded + step if rounded == other else rounded)
    return None if not found else max(found) if step > 0 else min(found)


def _inward(limit: float, step: int) -> int:
    whole = int(limit)
    if whole == limit:
        return whole
    floor = whole - 1 if limit < 0 else whole
    return floor + 1 if step > 0 else floor
