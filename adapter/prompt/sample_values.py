"""Values for worked examples, made of a tool's schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.tools.references import follow

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEPTH = 4
# "City, such as Singapore or New York": a description often names a value.
_SUCH_AS = re.compile(
    r"(?:such as|e\.g\.|eg\.|for example|like)[,:]?\s+['\"“]?([\w][\w .'-]*?)['\"”]?(?=\s+or\s|\s+and\s|[,;.)]|$)"
)
_PLACEHOLDERS: dict[str, Any] = {"integer": 3, "number": 1.5, "boolean": True, "null": None}


def sample_arguments(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for a tool, made of its schema alone."""
    return {name: _value(inner, schema, name, _DEPTH) for name, inner in _shown(schema).items()}


def _shown(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that an example gives: the required ones, or the first."""
    properties = schema.get("properties") or {}
    required = {name: properties[name] for name in schema.get("required") or () if name in properties}
    return required or dict(list(properties.items())[:1])


def _value(schema: Any, root: Mapping[str, Any], name: str, depth: int) -> Any:
    """A value that a property may have: one that its schema names, or a plain one of its type."""
    for _ in range(depth):
        if not isinstance(schema, dict) or "$ref" not in schema:
            break
        schema = follow(root, str(schema["$ref"]), {})
    if not isinstance(schema, dict):
        return name
    named = [schema[key][0] for key in ("examples", "enum") if schema.get(key)]
    named += [schema[key] for key in ("const", "default") if key in schema]
    if named:
        return named[0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _value(schema[key][0], root, name, depth - 1)
    return _plain(schema, root, name, depth)


def _plain(schema: Mapping[str, Any], root: Mapping[str, Any], name: str, depth: int) -> Any:
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {key: _value(inner, root, key, depth - 1) for key, inner in _shown(schema).items()} if depth else {}
    if kind == "array":
        return [_value(schema.get("items", {}), root, name, depth - 1)] if depth else []
    if kind == "string":
        told = _SUCH_AS.search(str(schema.get("description", "")))
        return told[1] if told else name.replace("_", " ")
    return schema.get("minimum", _PLACEHOLDERS.get(kind)) if kind in {"integer", "number"} else _PLACEHOLDERS.get(kind)
