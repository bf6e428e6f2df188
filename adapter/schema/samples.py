"""Sample arguments for worked examples: values that a tool's schema or its descriptions name, else made-up values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.schema.made_up import made_up
from adapter.schema.references import follow

if TYPE_CHECKING:
    from adapter.schema.compiled import CompiledSchema

_DEPTH = 4
_MOST_USED = 64
# "City, such as Singapore or New York": a description often names values. A point inside of a word ends nothing: `/tmp/a.txt`.
_SUCH_AS = re.compile(
    r"(?:\bsuch as|\be\.g\.|\bfor example|\bfor instance|例如|比如|譬如)[,:，：]?\s*((?:[^.;()。；（）\n]|\.(?=[^\s\"'”)]))+)",
    re.IGNORECASE,
)
# White space is gone over from its beginning only.
_BETWEEN = re.compile(
    r"(?<!\s)\s++(?:or|and)\s++|(?:(?<!\s)\s++)?+(?:[,，、]\s*+(?:(?:or|and)\s++)?+(?![A-Z]{2}\b)|[或和]\s*+)"
)
_QUOTED = re.compile(r"(?<!\w)([\"'“`])(.{1,80}?)[\"'”`](?!\w)")
_QUOTES = " \"'“”`"
_LONGEST = 80  # characters of a value that a description names
Avoid = Callable[[Any], bool]


class Sample(NamedTuple):
    """Arguments for a worked example.

    Attributes:
        arguments: The arguments, valid for the schema.
        made: Some values are made up: the schema does not name them.
    """

    arguments: dict[str, Any]
    made: bool


def sample_arguments(schema: CompiledSchema, avoid: Avoid) -> Sample | None:
    """Make arguments for a tool from its schema alone; None where no valid arguments are found.

    Args:
        schema: The tool's parameters.
        avoid: True for a value of the conversation, which no example uses as long as another value is left, lest the model
            take the example for the real question.
    """
    for named in (True, False):  # a value that a description names may not be what the schema wants
        samples = _Samples(schema.source, avoid, named=named)
        try:
            arguments = samples.object(schema.source, _DEPTH)
            if not schema.errors(arguments):
                return Sample(arguments, samples.made)
        except (RecursionError, ValueError, TypeError):
            continue
    return None


def _shown(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that an example gives: all required properties, or the first property."""
    properties = schema.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    named = {name: properties.get(name, {}) for name in required} if isinstance(required, list) else {}
    return named or dict(list(properties.items())[:1])


class _Samples:
    def __init__(self, root: Mapping[str, Any], avoid: Avoid, *, named: bool) -> None:
        self._root = root
        self._avoid = avoid
        self._named = named
        self._used: list[Any] = []
        self.made = False

    def object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        return {name: self._value(inner, name, depth) for name, inner in _shown(schema).items()} if depth else {}

    def _value(self, schema: Any, name: str, depth: int) -> Any:
        """A value for a property: a value that the schema names, or a made-up value of the right type."""
        for _ in range(_DEPTH):
            if not isinstance(schema, Mapping) or "$ref" not in schema:
                break
            schema = follow(self._root, str(schema["$ref"]), {})
        if not isinstance(schema, Mapping):
            schema = {}
        named = [value for key in ("examples", "enum") for value in _listed(schema.get(key))]
        named += [schema[key] for key in ("const", "default", "example") if key in schema and schema[key] is not None]
        if named:
            return self._fresh(named)
        for key in ("anyOf", "oneOf", "allOf"):
            branches = [branch for branch in _listed(schema.get(key)) if branch != {"type": "null"}]
            if branches and depth:
                return self._value(branches[0], name, depth - 1)
        return self._plain(schema, name, depth)

    def _plain(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        kinds = [kind for kind in kinds if kind != "null"] or ["null"] if isinstance(kinds, list) else [kinds]
        kind = kinds[0]
        if kind == "object":
            return self.object(schema, depth - 1) if depth else {}
        if kind == "array":
            return self._array(schema, name, depth)
        told = list(_told(schema.get("description"), kind)) if self._named else []
        if any(not self._avoid(value) for value in told):
            return self._fresh(told)
        self.made = self.made or kind not in {"boolean", "null"}
        return self._fresh(made_up(kind, name, schema) or [name])

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        if not depth:
            return []
        items = schema.get("items", {})
        if isinstance(items, Mapping) and "description" not in items and isinstance(schema.get("description"), str):
            items = {**items, "description": schema["description"]}
        least = schema.get("minItems")
        count = min(least, 8) if isinstance(least, int) and least > 1 else 1
        return [self._value(items, name, depth - 1)] * count

    def _fresh(self, values: list[Any]) -> Any:
        """The first value that is not to be avoided, and if possible no other parameter has; else the first value."""
        fresh = [value for value in values if not self._avoid(value)] or values[:1]
        value = next((value for value in fresh if value not in self._used), fresh[0])
        if len(self._used) < _MOST_USED:
            self._used.append(value)
        return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _told(description: Any, kind: str) -> Iterator[Any]:
    """Yield the values of a type that a description names."""
    found = _SUCH_AS.search(description) if isinstance(description, str) else None
    if found is None:
        return
    quoted = [value for _, value in _QUOTED.findall(found[1])]
    for named in quoted or _BETWEEN.split(found[1]):
        value = named.strip(_QUOTES)
        if not value or len(value) > _LONGEST or value.lower() in {"etc", "etc."}:
            continue
        if kind == "string":
            yield value
        else:
            yield from _as_typed(value, kind)


def _as_typed(text: str, kind: str) -> Iterator[Any]:
    """Yield the value of a text in JSON, if the value has the type."""
    types: dict[str, Any] = {"integer": int, "number": int | float, "boolean": bool}
    try:
        value = json.loads(text.lower())
    except ValueError:
        return
    if kind in types and isinstance(value, types[kind]) and (kind == "boolean" or not isinstance(value, bool)):
        yield value
