"""Schemas that are valid at a look: the metaschema takes a millisecond and a half for each property.

A schema of the usual keywords, each with a value of the right type, needs no metaschema. Any other is held against its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_KINDS = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
_DEEPEST = 20


def surely_valid(schema: Any, depth: int = 0) -> bool:
    """Tell if a schema is one of draft 2020-12 for certain; False if the metaschema has to decide.

    Args:
        schema: The schema, or a part of one.
        depth: The number of schemas around the part.
    """
    if type(schema) is bool:
        return True
    if type(schema) is not dict or depth > _DEEPEST:
        return False
    return all(_surely(key, value, depth) for key, value in schema.items())


def _surely(key: str, value: Any, depth: int) -> bool:
    simple = _SIMPLE.get(key)
    if simple is not None:
        return simple(value)
    if key in _ONE:
        return surely_valid(value, depth + 1)
    if key in _SEVERAL:
        return type(value) is list and bool(value) and all(surely_valid(part, depth + 1) for part in value)
    return key in _NAMED and type(value) is dict and all(surely_valid(part, depth + 1) for part in value.values())


def _text(value: Any) -> bool:
    return type(value) is str


def _list(value: Any) -> bool:
    return type(value) is list


def _truth(value: Any) -> bool:
    return type(value) is bool


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _number(value: Any) -> bool:
    return type(value) in {int, float}


def _any(value: Any) -> bool:
    del value
    return True


def _names(value: Any) -> bool:
    return type(value) is list and all(map(_text, value)) and len(set(value)) == len(value)


def _kinds(value: Any) -> bool:
    if type(value) is str:
        return value in _KINDS
    return _names(value) and bool(value) and _KINDS.issuperset(value)


_SIMPLE: dict[str, Callable[[Any], bool]] = {
    "type": _kinds,
    "required": _names,
    **dict.fromkeys(("title", "description", "$comment", "format", "$ref"), _text),
    **dict.fromkeys(("enum", "examples"), _list),
    **dict.fromkeys(("default", "const"), _any),
    **dict.fromkeys(("deprecated", "readOnly", "writeOnly", "uniqueItems"), _truth),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _count),
}
_ONE = frozenset({"items", "additionalProperties"})
_SEVERAL = frozenset({"anyOf", "oneOf", "allOf"})
_NAMED = frozenset({"properties", "$defs"})
