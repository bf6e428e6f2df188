"""Sample values for worked examples, taken from a tool's schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.schema.references import follow

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEPTH = 4
# "City, such as Singapore or New York": a description often names values.
_SUCH_AS = re.compile(r"(?:such as|e\.g\.|for example)[,:]?\s+([^.;()]+)")
_BETWEEN = re.compile(r",\s*(?:or|and)\s+|\s+(?:or|and)\s+|,\s*")
_PLACEHOLDERS: dict[str, Any] = {"integer": 3, "number": 1.5, "boolean": True, "null": None}


def sample_arguments(schema: Mapping[str, Any], avoid: str) -> tuple[dict[str, Any], bool]:
    """Make arguments for a tool from the schema alone.

    Args:
        schema: The tool's parameters.
        avoid: Text of the conversation; values that do not occur in the text are preferred, lest the model take an example for
            the real question.

    Returns:
        The arguments, and True if the schema names every value used.
    """
    samples = _Samples(schema, avoid)
    return samples.object(schema, _DEPTH), samples.told


def _shown(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that an example gives: all required properties, or the first property."""
    properties = schema.get("properties") or {}
    required = {name: properties[name] for name in schema.get("required") or () if name in properties}
    return required or dict(list(properties.items())[:1])


class _Samples:
    def __init__(self, root: Mapping[str, Any], avoid: str) -> None:
        self._root = root
        self._avoid = avoid
        self.told = True

    def object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        return {name: self._value(inner, name, depth) for name, inner in _shown(schema).items()} if depth else {}

    def _value(self, schema: Any, name: str, depth: int) -> Any:
        """A value for a property: a value that the schema names, or a placeholder of the right type."""
        for _ in range(depth):
            if not isinstance(schema, dict) or "$ref" not in schema:
                break
            schema = follow(self._root, str(schema["$ref"]), {})
        if not isinstance(schema, dict):
            self.told = False
            return name
        named = [value for key in ("examples", "enum") for value in schema.get(key) or ()]
        named += [schema[key] for key in ("const", "default") if key in schema]
        if named:
            return self._fresh(named)
        for key in ("anyOf", "oneOf", "allOf"):
            if schema.get(key):
                return self._value(schema[key][0], name, depth - 1)
        return self._plain(schema, name, depth)

    def _plain(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return self.object(schema, depth - 1) if depth else {}
        if kind == "array":
            return [self._value(schema.get("items", {}), name, depth - 1)] if depth else []
        if kind == "string":
            told = _SUCH_AS.search(str(schema.get("description", "")))
            values = [value.strip(" \"'“”") for value in _BETWEEN.split(told[1])] if told else []
            self.told = self.told and bool(values)
            return self._fresh([value for value in values if value] or [name.replace("_", " ")])
        self.told = self.told and kind in {"boolean", "null"}
        return schema.get("minimum", _PLACEHOLDERS.get(kind)) if kind in {"integer", "number"} else _PLACEHOLDERS.get(kind)

    def _fresh(self, values: list[Any]) -> Any:
        """The first value that does not occur in the text to avoid, else the first value."""
        return next((value for value in values if str(value) not in self._avoid), values[0])
