"""Schemas as they come, read as they are meant (behaviour 5.6).

Generators of schemas write OpenAPI's `nullable`, drafts that nobody names, and empty lists for empty objects. Each harmless
fault has one reading here, and a sentence for each that was mended. The model still reads the caller's own text.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

from adapter.schema.patterns import readable

_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
# Keywords whose value is a schema or a list of schemas, and those whose value is an object of schemas.
_SCHEMAS = frozenset({
    "additionalItems", "additionalProperties", "allOf", "anyOf", "contains", "else", "if", "items", "not", "oneOf",
    "prefixItems", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
_NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
# Keywords that stay outside when null is allowed beside a reference or a combination.
_OUTSIDE = frozenset({"title", "description", "default", "examples", "deprecated", "$defs", "definitions"})
# Keywords beside members that stand without `properties`; keywords whose value may be an object; and keywords whose value never
# is: an object under one of these is a member of this name.
_BESIDE = _OUTSIDE | {"type", "required", "additionalProperties", "$schema"}
_OBJECTS = _SCHEMAS | _NAMED | {"const", "default", "dependencies", "dependentRequired", "discriminator", "example", "examples"}
_WORDS = frozenset({"type", "required", "title", "description", "format", "pattern", "minimum", "maximum", "enum"})
_COMBINATIONS = ("$ref", "allOf", "anyOf", "oneOf", "not", "if", "const")


class _Reader:
    """A reader of one schema.

    Args:
        old: The schema names a draft of its own: its keywords are left as they are.
        python: Patterns of names must be Python's too: jsonschema reads them so for `unevaluatedProperties`.

    Attributes:
        told: A sentence for each fault that was mended.
    """

    def __init__(self, *, old: bool, python: bool) -> None:
        self._old = old
        self._python = python
        self.told: list[str] = []

    def tell(self, where: str, fault: str) -> None:
        """Note a fault."""
        self.told.append(f"{where or 'the schema'}: {fault}")

    def schema(self, schema: Any, where: str) -> Any:
        """Return a schema as it is meant.

        Args:
            schema: The schema.
            where: Its path, for sentences.
        """
        if isinstance(schema, str):
            self.tell(where, f"the word {schema!r} stands for a schema")
            return {"type": schema} if schema in _TYPES else {}
        if schema is None:
            self.tell(where, "null stands for a schema")
            return {}
        if not isinstance(schema, Mapping):
            return schema
        found = {key: value for key, value in schema.items() if not self._empty(key, value, where)}
        self._bare_members(found, where)
        self._properties(found, where)
        self._required(found, where)
        self._bounds(found, where)
        self._patterns(found, where)
        self._tuples(found, where)
        if isinstance(found.get("examples"), str | int | float):
            found["examples"] = [found["examples"]]
        self._inner(found, where)
        return self._nullable(found)

    def _inner(self, found: dict[str, Any], where: str) -> None:
        """Read the schemas inside a schema."""
        for key, value in [*found.items()]:
            if key in _SCHEMAS:
                found[key] = self._each(value, f"{where}.{key}")
            elif key in _NAMED and isinstance(value, Mapping):
                found[key] = {name: self.schema(inner, f"{where}.{key}.{name}") for name, inner in value.items()}

    def _each(self, value: Any, where: str) -> Any:
        if isinstance(value, list):
            return [self.schema(inner, f"{where}[{place}]") for place, inner in enumerate(value)]
        return self.schema(value, where)

    def _empty(self, key: str, value: Any, where: str) -> bool:
        """Tell if a keyword says nothing: null in place of a list, a text or a schema."""
        if value is not None or key in {"const", "default"}:
            return False
        self.tell(f"{where}.{key}", "null says nothing")
        return True

    def _properties(self, found: dict[str, Any], where: str) -> None:
        """Read members that were written as an empty list, and keywords that were written among the members."""
        members = found.get("properties")
        if isinstance(members, list) and not members:
            self.tell(f"{where}.properties", "an empty list stands for no members")
            found["properties"] = {}
        if not isinstance(members, Mapping):
            return
        left = dict(members)
        if isinstance(left.get("required"), list):
            self.tell(f"{where}.properties.required", "the list of required members stands among the members")
            found["required"] = [*_strings(found.get("required")), *_strings(left.pop("required"))]
        if left.get("type") == "object":
            self.tell(f"{where}.properties.type", "the type stands among the members")
            del left["type"]
        found["properties"] = left
        wanted = [name for name, inner in left.items() if isinstance(inner, Mapping) and inner.get("required") is True]
        if wanted and not self._old:
            found["required"] = [*_strings(found.get("required")), *wanted]

    def _bare_members(self, found: dict[str, Any], where: str) -> None:
        """Read members that stand where `properties` is due: schemas under names that are no keywords, and nothing else."""
        own = {name: inner for name, inner in found.items() if isinstance(inner, Mapping) and name not in _OBJECTS}
        rest = found.keys() - own.keys()
        kind = "object" if "type" in own else found.get("type", "object")  # a member may be called `type`
        if kind != "object" or not rest <= _BESIDE or own.keys() <= _WORDS:
            return
        if not all(_is_member(name, inner) for name, inner in own.items()):
            return
        self.tell(where, f"the members {', '.join(map(repr, own))} stand without 'properties'; read as members of an object")
        for name in own:
            del found[name]
        found |= {"type": "object", "properties": own}

    def _required(self, found: dict[str, Any], where: str) -> None:
        """Read the names of required members: each once, and no other values."""
        if not isinstance(found.get("required"), list | dict | bool) or (self._old and found["required"] in (True, False)):
            return
        names = list(dict.fromkeys(_strings(found["required"])))
        if names == found["required"]:
            return
        self.tell(f"{where}.required", f"{found['required']!r} is no list of different names")
        if names:
            found["required"] = names
        else:
            del found["required"]

    def _bounds(self, found: dict[str, Any], where: str) -> None:
        """Read the flags of draft 4 beside bounds."""
        for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            flag = found.get(exclusive)
            if self._old or not isinstance(flag, bool):
                continue
            self.tell(f"{where}.{exclusive}", "a flag stands for a bound, as in draft 4")
            del found[exclusive]
            if flag and inclusive in found:
                found[exclusive] = found.pop(inclusive)

    def _patterns(self, found: dict[str, Any], where: str) -> None:
        """Leave out patterns that nobody can read; they are not checked."""
        pattern = found.get("pattern")
        if isinstance(pattern, str) and not readable(pattern):
            self.tell(f"{where}.pattern", f"{pattern!r} is no pattern of ECMA-262; it is not checked")
            del found["pattern"]
        named = found.get("patternProperties")
        if isinstance(named, Mapping):
            bad = [pattern for pattern in named if not readable(pattern) or (self._python and not _is_python(pattern))]
            for pattern in bad:
                self.tell(f"{where}.patternProperties", f"{pattern!r} cannot be read; it is not checked")
            found["patternProperties"] = {key: inner for key, inner in named.items() if key not in bad}

    def _tuples(self, found: dict[str, Any], where: str) -> None:
        """Read a list of `items` as draft 2020-12 writes it."""
        if self._old or not isinstance(found.get("items"), list):
            return
        self.tell(f"{where}.items", "a list of schemas is `prefixItems` since draft 2020-12")
        found["prefixItems"] = found.pop("items")
        if not found["prefixItems"]:
            del found["prefixItems"]  # any items
        if "additionalItems" in found:
            found["items"] = found.pop("additionalItems")

    def _nullable(self, found: dict[str, Any]) -> dict[str, Any]:
        """Allow null where OpenAPI's `nullable` or a default of null does."""
        allowed = found.pop("nullable", None) is True or ("default" in found and found["default"] is None)
        if not allowed:
            return found
        if any(key in found for key in _COMBINATIONS):
            outside = {key: value for key, value in found.items() if key in _OUTSIDE}
            inside = {key: value for key, value in found.items() if key not in _OUTSIDE}
            return {**outside, "anyOf": [inside, {"type": "null"}]}
        kinds = found.get("type")
        if isinstance(kinds, str) and kinds != "null":
            found["type"] = [kinds, "null"]
        elif isinstance(kinds, list) and "null" not in kinds:
            found["type"] = [*kinds, "null"]
        if isinstance(found.get("enum"), list) and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
        return found


def _is_member(name: str, value: Mapping[str, Any]) -> bool:
    """Tell if a name and a value can be those of a member with a type."""
    kinds = value.get("type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    return (
        not name.startswith(("$", "x-")) and bool(listed) and all(isinstance(kind, str) and kind in _TYPES for kind in listed)
    )


def _is_python(pattern: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a pattern that Python will read otherwise one day is not Python's
        try:
            re.compile(pattern)
        except (re.error, Warning):
            return False
    return True


def _strings(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def as_meant(schema: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read the schema of a function's parameters as it is meant.

    Args:
        schema: The schema, of any draft.

    Returns:
        The schema to check by, and a sentence for each fault that was mended.
    """
    old = isinstance(schema.get("$schema"), str) and "2020-12" not in str(schema["$schema"])
    reader = _Reader(old=old, python="unevaluatedProperties" in repr(schema))
    found = dict(schema)
    if not isinstance(found.get("$schema", ""), str):
        reader.tell(".$schema", f"{found['$schema']!r} names no draft")
        del found["$schema"]
    kinds = found.get("type", "object")
    if isinstance(kinds, Mapping):  # a member called `type`, perhaps
        pass
    elif kinds == "null":
        reader.tell(".type", "'null' stands for no parameters")
        found = {**found, "type": "object"}
    elif isinstance(kinds, list) and "object" in kinds:
        reader.tell(".type", "the parameters of a function are an object")
        found["type"] = "object"
    elif isinstance(kinds, str) and kinds in _TYPES - {"object"}:
        reader.tell(".type", f"{kinds!r} stands for an object; the parameters are not checked")
        found = {key: value for key, value in found.items() if key in _OUTSIDE}
    found.pop("nullable", None)
    if found.get("default", 0) is None:
        del found["default"]
    meant: dict[str, Any] = reader.schema(found, "")
    return meant, tuple(reader.told)
