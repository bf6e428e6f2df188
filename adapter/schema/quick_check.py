"""Quick check: arguments recognised as valid in a fraction of the time that a general validator takes.

Nearly all schemas of tools are made of a few keywords, and nearly all arguments fit. A schema of only those keywords is
compiled to a check that answers "valid" or "unknown", and is never wrong about "valid". jsonschema decides the unknown cases
and words the errors. A schema with any other keyword has no quick check.

The rules are those of draft 2020-12, for values as they come out of JSON. A check knows the plain form of a value only; for
example, `1.0` as an integer is left to jsonschema.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, cast

Check: TypeAlias = Callable[[Any], bool]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
# Keywords that refuse no value. (`format` refuses only if a validator is told to check formats.)
SILENT = frozenset({
    "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "format",
})  # fmt: skip
_KNOWN = SILENT | {
    "type", "enum", "properties", "required", "additionalProperties", "items", "minimum", "maximum", "minLength", "maxLength",
    "minItems", "maxItems",
}  # fmt: skip
# Types whose values are hashable and compare equal only within the type.
_EXACT = frozenset({str, int, bool, type(None)})
_MEMBERS = frozenset({"properties", "required", "additionalProperties"})
_NO_NUMBERS = (str, list, dict, type(None))


def certain(schema: Any) -> Check | None:
    """Compile the quick check of a valid schema; None for a schema with keywords that the quick check does not know.

    Args:
        schema: A schema, or a part of one.
    """
    if schema is True:
        return _anything
    if not isinstance(schema, dict) or not schema.keys() <= _KNOWN:
        return None
    inside = _inside(schema)
    if inside is None:
        return None
    checks = [*_of_type(schema), *_of_bounds(schema), *_of_sizes(schema), *inside]
    return checks[0] if len(checks) == 1 else _all_of(tuple(checks))


def _all_of(checks: tuple[Check, ...]) -> Check:
    def check(value: Any) -> bool:
        for each in checks:  # noqa: SIM110  # `all` takes twice as long
            if not each(value):
                return False
        return True

    return check


def _anything(value: Any) -> bool:
    del value
    return True


def _unknown(value: Any) -> bool:
    del value
    return False


def _of_type(schema: Mapping[str, Any]) -> Iterator[Check]:
    """Yield at most one check, of the type and of `enum`; the check of members covers the type `object`."""
    named = schema.get("type", tuple(_TYPES))
    kinds = frozenset(kind for name in ([named] if isinstance(named, str) else named) for kind in _TYPES[name])
    if "enum" in schema:  # true is not 1, so types are compared with the values
        values = frozenset((type(value), value) for value in schema["enum"] if type(value) in _EXACT & kinds)
        yield lambda value: type(value) in _EXACT and (type(value), value) in values
    elif "type" in schema and not (named == "object" and schema.keys() & _MEMBERS):
        yield lambda value: type(value) in kinds


def _of_bounds(schema: Mapping[str, Any]) -> Iterator[Check]:
    """Yield checks of numeric bounds, which other types do not have. NaN compares false, and counts as unknown."""
    if "minimum" in schema:
        low = schema["minimum"]
        yield lambda value: value >= low if isinstance(value, int | float) else isinstance(value, _NO_NUMBERS)
    if "maximum" in schema:
        high = schema["maximum"]
        yield lambda value: value <= high if isinstance(value, int | float) else isinstance(value, _NO_NUMBERS)


def _of_sizes(schema: Mapping[str, Any]) -> Iterator[Check]:
    if "minLength" in schema or "maxLength" in schema:
        yield _long(str, schema.get("minLength", 0), schema.get("maxLength", math.inf))
    if "minItems" in schema or "maxItems" in schema:
        yield _long(list, schema.get("minItems", 0), schema.get("maxItems", math.inf))


def _long(kind: type[str | list[Any]], least: float, most: float) -> Check:
    return lambda value: not isinstance(value, kind) or least <= len(value) <= most


def _inside(schema: Mapping[str, Any]) -> list[Check] | None:
    """The checks of elements and members; None if the check of one is unknown."""
    checks: list[Check] = []
    if "items" in schema:
        item = certain(schema["items"])
        if item is None:
            return None
        checks.append(_list_of(item))
    if schema.keys() & _MEMBERS:
        named = {name: certain(inner) for name, inner in schema.get("properties", {}).items()}
        others = _unknown if schema.get("additionalProperties") is False else certain(schema.get("additionalProperties", True))
        if others is None or None in named.values():
            return None
        needed, only = tuple(schema.get("required", ())), schema.get("type") == "object"
        checks.append(_object_of(cast("dict[str, Check]", named), others, needed, untyped=not only))
    return checks


def _list_of(item: Check) -> Check:
    return lambda value: not isinstance(value, list) or all(map(item, value))


def _object_of(named: Mapping[str, Check], others: Check, required: tuple[str, ...], *, untyped: bool) -> Check:
    """Return the check of an object's members; where `untyped`, values that are no objects pass."""

    def check(value: Any) -> bool:
        if not isinstance(value, dict):
            return untyped
        for name in required:
            if name not in value:
                return False
        for name, item in value.items():  # noqa: SIM110  # as above
            if not named.get(name, others)(item):
                return False
        return True

    return check
