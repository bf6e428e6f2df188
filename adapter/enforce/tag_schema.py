"""Tool schemas rewritten for xgrammar's structural tags: keywords that xgrammar cannot compile, or reads differently.

Unchanged, some keywords do harm: the server refuses the request (an integer bound beyond 64 bits, a word boundary in a
pattern, a pointer with an escape), or the model is held to text that no valid call has (a pattern is matched against the
whole string, an object with nothing declared is an empty object, an undeclared required property cannot be written). Keywords
left out are told, and validated when the call is complete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from adapter.schema.keywords import ANNOTATIONS, integer_bounds, kinds_of
from adapter.schema.overlap import overlaps

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LARGEST = 2**63 - 1025  # the largest integer below 2**63 that a double holds
# Patterns anchored at both ends, without groups, alternatives or lookaround.
_WHOLE = re.compile(r"\^(?:[^\\()|^$]|\\[dws.\-/+*?\[\]{}()])*\$")
_NOT_HELD = ("not", "if", "then", "else", "contains", "minContains", "maxContains", "propertyNames", "patternProperties")


def tag_schema(
    schema: Mapping[str, Any], left: list[str], place: str = "arguments", root: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Rewrite a schema for the inside of a structural tag.

    Args:
        schema: A tool's schema, or a part of the schema.
        left: Receives the keywords left to validation.
        place: The path of the part.
        root: The whole schema; None if `schema` is the whole.
    """
    root = schema if root is None else root
    found = {key: value for key, value in schema.items() if key not in _NOT_HELD}
    left += [f"{place}: {key}" for key in _NOT_HELD if key in schema]
    if not _plain_reference(found.get("$ref", "#")):
        left.append(f"{place}: $ref")
        del found["$ref"]
    elif "$ref" in found:  # xgrammar ignores keywords beside a reference
        left += [f"{place}: {key}" for key in found if key != "$ref" and key not in ANNOTATIONS]
    if not _WHOLE.fullmatch(str(found.get("pattern", "^$"))):
        left.append(f"{place}: pattern")
        del found["pattern"]
    for key in ("anyOf", "oneOf"):  # xgrammar ignores keywords beside them; properties are worth more
        if found.get("properties") and found.pop(key, None) is not None:
            left.append(f"{place}: {key}")
    if len(found.get("allOf") or ()) > 1:  # passed over by xgrammar
        left.append(f"{place}: allOf")
    left += [f"{place}: {key}" for key in overlaps({"oneOf": found.get("oneOf", ())}, root)]
    if found.get("enum") == []:
        del found["enum"]
    if "integer" in kinds_of(found) and "number" not in kinds_of(found):
        _bounded(found, left, place)
    _object(found, schema, left, place)
    if "prefixItems" in found:
        found.setdefault("items", True)
    return {key: _inner(key, value, left, place, root) for key, value in found.items()}


def _inner(key: str, value: Any, left: list[str], place: str, root: Mapping[str, Any]) -> Any:
    """Rewrite the schemas in a keyword's value."""
    if key in {"properties", "$defs", "definitions"} and isinstance(value, Mapping):
        return {name: _one(item, left, f"{place}.{name}", root) for name, item in value.items()}
    if key in {"anyOf", "oneOf", "allOf", "prefixItems"} and isinstance(value, list):
        return [_one(item, left, place, root) for item in value]
    return _one(value, left, f"{place}[]", root) if key in {"items", "additionalProperties"} else value


def _one(schema: Any, left: list[str], place: str, root: Mapping[str, Any]) -> Any:
    return tag_schema(schema, left, place, root) if isinstance(schema, Mapping) else schema


def _plain_reference(reference: Any) -> bool:
    return isinstance(reference, str) and re.fullmatch(r"#(/[^~%]*)?", reference) is not None


def _bounded(found: dict[str, Any], left: list[str], place: str) -> None:
    """Replace bounds of integers by integers of at most 64 bits."""
    least, most = integer_bounds(found)
    named = [key for key in _BOUNDS if found.pop(key, None) is not None]
    if least is not None and most is not None and most < least:
        least = most = None
    bounds = {"minimum": least, "maximum": most}
    held = {key: value for key, value in bounds.items() if value is not None and abs(value) <= _LARGEST}
    found.update(held)
    left += [f"{place}: {key}" for key in named if not any(key.lower().endswith(kept) for kept in held)]


def _object(found: dict[str, Any], schema: Mapping[str, Any], left: list[str], place: str) -> None:
    """Declare an object's members: every required member can be written, and an object without declarations stays free."""
    declared = {name: value for name, value in (found.get("properties") or {}).items() if value is not False}
    required = [name for name in found.get("required") or () if isinstance(name, str)]
    others = True if "patternProperties" in schema else schema.get("additionalProperties", True) or True
    properties = declared | {name: others for name in required if name not in declared}
    if properties:
        found["properties"] = properties
    elif found.pop("properties", None) is not None or found.get("type") == "object":
        found.setdefault("additionalProperties", True)
    if "patternProperties" in schema:
        found["additionalProperties"] = True
    if not properties and found.get("additionalProperties") is True:
        left += [f"{place}: {key}" for key in ("minProperties", "maxProperties") if found.pop(key, None) is not None]
