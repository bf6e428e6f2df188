"""Every statement of a schema about a place in the arguments: for raw values, and for values that may still be coerced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapter.schema.conversion import convert, fits
from adapter.schema.patterns import may_match
from adapter.schema.place import item_of, properties_of
from adapter.schema.quick_check import SILENT
from adapter.schema.references import follow

# Levels of nested alternatives searched for a type: a schema may refer to itself many times over.
_MOST_NESTED = 6
_BRANCHES = ("allOf", "anyOf", "oneOf")
# Keywords that add statements about the same value.
_COMBINING = frozenset({*_BRANCHES, "$ref", "then", "else"})
_TYPES = {
    type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RawPlace:
    """A place of a raw value, which has no type of its own.

    Every statement of the schema counts for the type: values of `enum` and `const`, any part of `allOf`.

    Attributes:
        root: The whole schema, in which references are followed.
        schemas: Subschemas that may apply at the place, the plainest first.
    """

    root: Mapping[str, Any]
    schemas: tuple[Any, ...]

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that a value may have at the place; None if the schema is silent."""
        found = (_named(self.root, schema, _MOST_NESTED) for schema in self.schemas)
        return next((kinds for kinds in found if kinds is not None), None)

    def names(self, name: str) -> bool:
        """True if the schema declares an object's member `name`."""
        return any(name in properties_of(schema) for schema in _all(self.root, self.schemas))

    def silent(self) -> bool:
        """True if the schema declares no member of an object."""
        return not any(properties_of(schema) for schema in _all(self.root, self.schemas))

    def member(self, name: str) -> RawPlace:
        """The place of an object's member."""
        return self._inside(inner for schema in _all(self.root, self.schemas) for inner in _members(schema, name))

    def item(self, position: int) -> RawPlace:
        """The place of a list's element."""
        return self._inside(item_of(schema, position) for schema in _all(self.root, self.schemas))

    def refusing(self, value: Any) -> frozenset[str]:
        """The types that a part of the schema demands of a value, although other types are allowed too.

        Empty for a value that the schema accepts by its type alone. For a value that may be refused in the end, every demanded
        type counts, because coercion tries them all.

        Args:
            value: A string, number or word.
        """
        some: Iterable[Mapping[str, Any]] = self.schemas
        if not all(map(_COMBINING.isdisjoint, self.schemas)):
            some = _all(self.root, (each for each in self.schemas if not _lets_be(self.root, each, value, _MOST_NESTED)))
        demanded = [kinds for schema in some if "type" in schema and not fits(value, kinds := _types(schema))]
        return frozenset[str]().union(*demanded)

    @property
    def even(self) -> bool:
        """True if the schema says the same of every element of a list."""
        return not any("prefixItems" in schema for schema in _all(self.root, self.schemas))

    def lets_text_be(self) -> bool:
        """True if no string at the place is ever coerced, whatever its text."""
        return not self.schemas or not self.refusing("")

    def may_change(self, value: Any) -> bool:
        """True if a JSON value at the place, or a value inside, may be coerced when the call is complete."""
        waiting = [(self, value)]
        while waiting:
            place, value = waiting.pop()
            if not place.schemas:
                continue
            if isinstance(value, dict):
                waiting += [(place.member(name), item) for name, item in value.items()]
            elif isinstance(value, list):
                waiting += [(place.item(position), item) for position, item in enumerate(value)]
            elif (kinds := place.refusing(value)) and convert(value, tuple(kinds)) is not None:
                return True
        return False

    def _inside(self, schemas: Iterable[Any]) -> RawPlace:
        return RawPlace(self.root, tuple({id(schema): schema for schema in schemas if isinstance(schema, Mapping)}.values()))


def _members(schema: Mapping[str, Any], name: str) -> Iterator[Any]:
    """Yield the schemas of an object's member, the plainest first: by name, by pattern, by `additionalProperties`."""
    named = properties_of(schema)
    if name in named:
        yield named[name]
        return
    patterns = schema.get("patternProperties")
    if isinstance(patterns, Mapping):
        yield from (inner for pattern, inner in patterns.items() if may_match(pattern, name))
    yield schema.get("additionalProperties")


def _all(root: Mapping[str, Any], schemas: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Yield schemas, each followed by the subschemas that may apply to the same value."""
    seen: set[int] = set()
    for schema in schemas:
        yield from _beside(root, schema, seen)


def _beside(root: Mapping[str, Any], schema: Any, seen: set[int]) -> Iterator[Mapping[str, Any]]:
    """Yield a schema, and the subschemas that may apply to the same value."""
    if not isinstance(schema, Mapping) or id(schema) in seen:
        return
    seen.add(id(schema))
    yield schema
    inner = [schema.get("then"), schema.get("else")]
    inner += [branch for keyword in _BRANCHES for branch in _list(schema.get(keyword))]
    if isinstance(schema.get("$ref"), str):
        inner.append(follow(root, schema["$ref"]))
    for each in inner:
        yield from _beside(root, each, seen)


def _lets_be(root: Mapping[str, Any], schema: Any, value: Any, left: int) -> bool:
    """True if the type alone makes a value valid."""
    if not isinstance(schema, Mapping) or left == 0:
        return False
    said = schema.keys() - SILENT
    if said == {"$ref"}:
        return _lets_be(root, follow(root, str(schema["$ref"])), value, left - 1)
    if said in ({"anyOf"}, {"oneOf"}):
        return any(_lets_be(root, branch, value, left - 1) for keyword in said for branch in _list(schema[keyword]))
    return not said or (said == {"type"} and fits(value, _types(schema)))


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    kind = schema["type"]
    return frozenset([kind] if isinstance(kind, str) else kind)


def _named(root: Mapping[str, Any], schema: Any, left: int) -> frozenset[str] | None:
    """The JSON types that a schema names by `type`, `const`, `enum`, a reference or alternatives; None if it names no type."""
    if not isinstance(schema, Mapping) or left == 0:
        return None
    if "type" in schema:
        return _types(schema)
    if "const" in schema or isinstance(schema.get("enum"), list):
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return frozenset(_TYPES[type(value)] for value in values) or None
    if isinstance(schema.get("$ref"), str):
        return _named(root, follow(root, schema["$ref"]), left - 1)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            found = [_named(root, branch, left - 1) for branch in _list(schema[keyword])]
            return frozenset[str]().union(*(kinds or () for kinds in found)) if None not in found and found else None
    every = [kinds for branch in _list(schema.get("allOf")) if (kinds := _named(root, branch, left - 1)) is not None]
    return frozenset.intersection(*every) or every[0] if every else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
