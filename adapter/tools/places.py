"""What a schema says about one place in the arguments, without seeing the value.

Streamed arguments leave while they are written, so a string in a place for a number must be held back until it is complete and
can be coerced. `Place` tells such places from the others. Where a schema says nothing certain, any value is taken to be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.tools.references import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.tools.definitions import ToolSet

_MAX_REFERENCES = 16
# Alternatives within alternatives that are looked into for a type: a schema may refer to itself many times over.
_MOST_NESTED = 6
# Keywords through which a subschema says more than its own `type` and `properties`.
_INDIRECT = ("$dynamicRef", "allOf", "if", "dependentSchemas")
_BRANCHES = ("allOf", "anyOf", "oneOf")
_TYPES = {
    type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the arguments.

    Attributes:
        root: The whole schema, in which references are followed.
        branches: The subschemas of which one applies here; None when anything may stand here.
    """

    root: Mapping[str, Any]
    branches: tuple[Mapping[str, Any], ...] | None

    @classmethod
    def of(cls, root: Mapping[str, Any]) -> Place:
        """The arguments themselves."""
        return cls._place(root, [root])

    @classmethod
    def _place(cls, root: Mapping[str, Any], schemas: list[Any]) -> Place:
        branches: list[Mapping[str, Any]] = []
        for schema in schemas:
            found = list(_branches(root, schema, _MAX_REFERENCES))
            if None in found:
                return cls(root, None)
            branches += [branch for branch in found if branch is not None]
        return cls(root, tuple(branches))

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that may stand here, in JSON schema's words; None when any may."""
        kinds: set[str] = set()
        for branch in self.branches or ():
            kind = branch.get("type")
            if kind is None:
                return None
            kinds.update([kind] if isinstance(kind, str) else kind)
        return frozenset(kinds) if self.branches else None

    def names(self, key: str) -> bool:
        """Whether the schema speaks of an object's member by this name."""
        return any(key in _properties(branch) for branch in self.branches or ())

    @property
    def even(self) -> bool:
        """Whether the elements of an array are all alike, as far as the schema says."""
        return not any("prefixItems" in branch for branch in self.branches or ())

    def member(self, key: str) -> Place:
        """The place of an object's member."""
        return self._inside(lambda branch: _member(branch, key))

    def item(self, position: int) -> Place:
        """The place of an array's element."""
        return self._inside(lambda branch: _item(branch, position))

    def _inside(self, step: Any) -> Place:
        if self.branches is None:
            return self
        return self._place(self.root, [step(branch) for branch in self.branches])


def _branches(root: Mapping[str, Any], schema: Any, left: int) -> Iterator[Mapping[str, Any] | None]:
    """The subschemas that a schema stands for, its references and alternatives followed; None for one that says nothing."""
    if not isinstance(schema, Mapping) or left == 0:
        yield None
    elif isinstance(schema.get("$ref"), str) and "type" not in schema:
        yield from _branches(root, follow(root, schema["$ref"]), left - 1)
    elif "type" not in schema and ("anyOf" in schema or "oneOf" in schema):
        for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            yield from _branches(root, branch, left - 1)
    elif "type" not in schema and isinstance(schema.get("allOf"), list) and len(schema["allOf"]) == 1:
        yield from _branches(root, schema["allOf"][0], left - 1)
    elif any(keyword in schema for keyword in _INDIRECT):
        yield None
    else:
        yield schema


def _member(branch: Mapping[str, Any], key: str) -> Any:
    properties = branch.get("properties")
    if isinstance(properties, Mapping) and key in properties:
        return properties[key]
    return None if "patternProperties" in branch else branch.get("additionalProperties")


def _item(branch: Mapping[str, Any], position: int) -> Any:
    first = branch.get("prefixItems")
    if isinstance(first, list) and position < len(first):
        return first[position]
    return branch.get("items")


@dataclass(frozen=True, slots=True)
class RawPlace:
    """What a schema says of a place where raw values stand, which have no types of their own.

    So every word of the schema's is taken here: values of `enum` and `const`, any `allOf`.

    Attributes:
        root: The whole schema, in which references are followed.
        schemas: Those that may apply here, the plainest first.
    """

    root: Mapping[str, Any]
    schemas: tuple[Any, ...]

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that a value may have here; None when nothing is said of it."""
        found = (_named(self.root, schema, _MOST_NESTED) for schema in self.schemas)
        return next((kinds for kinds in found if kinds is not None), None)

    def names(self, name: str) -> bool:
        """Whether the schema speaks of an object's member by this name."""
        return any(name in _properties(schema) for schema in self._all())

    def member(self, name: str) -> RawPlace:
        """The place of an object's member."""
        return self._inside(inner for schema in self._all() for inner in _members(schema, name))

    def item(self, position: int) -> RawPlace:
        """The place of a list's element."""
        return self._inside(_item(schema, position) for schema in self._all())

    def _inside(self, schemas: Iterable[Any]) -> RawPlace:
        return RawPlace(self.root, tuple({id(schema): schema for schema in schemas if isinstance(schema, Mapping)}.values()))

    def _all(self) -> Iterator[Mapping[str, Any]]:
        """The schemas, each with those that may apply beside it."""
        seen: set[int] = set()
        for schema in self.schemas:
            yield from _beside(self.root, schema, seen)


def arguments_place(tools: ToolSet) -> Callable[[str], RawPlace]:
    """A function that gives the place of a tool's arguments, by its name."""
    sources = {tool.name: tool.schema.source for tool in tools}

    def place(tool: str) -> RawPlace:
        source = sources.get(tool, {})
        return RawPlace(source, (source,))

    return place


def parameter_types(tools: ToolSet) -> Callable[[str, str], frozenset[str] | None]:
    """A function that gives the JSON types of a tool's parameter, by both names; None when nothing is said of them."""
    place = arguments_place(tools)
    return lambda tool, parameter: place(tool).member(parameter).kinds()


def _members(schema: Mapping[str, Any], name: str) -> Iterator[Any]:
    """The schemas of an object's member, the plainest first: named, by pattern, of any other."""
    named = _properties(schema)
    if name in named:
        yield named[name]
        return
    patterns = schema.get("patternProperties")
    if isinstance(patterns, Mapping):
        yield from (inner for pattern, inner in patterns.items() if _matches(pattern, name))
    yield schema.get("additionalProperties")


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    named = schema.get("properties")
    return named if isinstance(named, Mapping) else {}


def _beside(root: Mapping[str, Any], schema: Any, seen: set[int]) -> Iterator[Mapping[str, Any]]:
    """A schema, and those that may apply to the same value."""
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


def _matches(pattern: str, parameter: str) -> bool:
    try:
        return re.search(pattern, parameter) is not None
    except re.error:
        return False


def _named(root: Mapping[str, Any], schema: Any, left: int) -> frozenset[str] | None:
    """The JSON types that a schema names in whatever way; None when it names none."""
    if not isinstance(schema, Mapping) or left == 0:
        return None
    if "type" in schema:
        kind = schema["type"]
        return frozenset([kind] if isinstance(kind, str) else kind)
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
