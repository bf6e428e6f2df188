"""Places in the arguments: the statements of a schema about a value that is not written yet.

Streamed arguments leave while they are written, so a string in a place for a number must be held back until it is complete and
can be coerced. `SchemaPlace` recognises such places. A place of which the schema says nothing certain accepts any value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from adapter.schema.references import follow

_MAX_REFERENCES = 16
# Keywords through which a subschema may say all that it says; its own `type` and `properties` hold beside them.
_INDIRECT = ("$dynamicRef", "allOf", "if", "dependentSchemas")


# The JSON types of a parameter, by the names of tool and parameter; None if unknown.
Types: TypeAlias = Callable[[str, str], frozenset[str] | None]


class Place(Protocol):
    """A place in the arguments, for raw values, which have no types of their own."""

    def kinds(self) -> frozenset[str] | None:
        """The JSON types that a value may have at the place; None if unknown."""

    def names(self, name: str) -> bool:
        """True if the schema declares an object's member `name`."""

    def silent(self) -> bool:
        """True if the schema declares no member of an object."""

    def member(self, name: str) -> Place:
        """The place of an object's member."""

    def item(self, position: int) -> Place:
        """The place of a list's element."""

    def lets_text_be(self) -> bool:
        """True if no string at the place is ever coerced, whatever its text."""

    def may_change(self, value: Any) -> bool:
        """True if a JSON value at the place, or a value inside, may be coerced when the call is complete."""


class _Anywhere:
    """A place of which nothing is known."""

    def kinds(self) -> frozenset[str] | None:
        return None

    def names(self, name: str) -> bool:
        del name
        return False

    def silent(self) -> bool:
        return True

    def member(self, name: str) -> Place:
        del name
        return self

    def item(self, position: int) -> Place:
        del position
        return self

    def lets_text_be(self) -> bool:
        return True

    def may_change(self, value: Any) -> bool:
        del value
        return False


ANYWHERE = _Anywhere()


@dataclass(frozen=True, slots=True)
class SchemaPlace:
    """A place in the arguments.

    Attributes:
        root: The whole schema, in which references are followed.
        branches: Subschemas of which at least one applies at the place; None if any value is accepted.
    """

    root: Mapping[str, Any]
    branches: tuple[Mapping[str, Any], ...] | None

    @classmethod
    def of(cls, root: Mapping[str, Any]) -> SchemaPlace:
        """The place of the arguments themselves."""
        return cls._place(root, [root])

    @classmethod
    def _place(cls, root: Mapping[str, Any], schemas: list[Any]) -> SchemaPlace:
        branches: list[Mapping[str, Any]] = []
        for schema in schemas:
            found = list(_branches(root, schema, _MAX_REFERENCES))
            if None in found:
                return cls(root, None)
            branches += [branch for branch in found if branch is not None]
        return cls(root, tuple(branches))

    def kinds(self) -> frozenset[str] | None:
        """The JSON types accepted at the place, in JSON Schema's words; None for any type."""
        kinds: set[str] = set()
        for branch in self.branches or ():
            kind = branch.get("type")
            if kind is None:
                return None
            kinds.update([kind] if isinstance(kind, str) else kind)
        return frozenset(kinds) if self.branches else None

    def names(self, key: str) -> bool:
        """True if the schema declares an object's member `key`."""
        return any(key in properties_of(branch) for branch in self.branches or ())

    def silent(self) -> bool:
        """True if the schema declares no member of an object."""
        return not any(properties_of(branch) for branch in self.branches or ())

    @property
    def even(self) -> bool:
        """True if the schema says the same of every element of an array."""
        return not any("prefixItems" in branch for branch in self.branches or ())

    def member(self, key: str) -> SchemaPlace:
        """The place of an object's member."""
        return self._inside("object", lambda branch: _member(branch, key))

    def item(self, position: int) -> SchemaPlace:
        """The place of an array's element."""
        return self._inside("array", lambda branch: item_of(branch, position))

    def _inside(self, kind: str, step: Any) -> SchemaPlace:
        """A place inside a value of type `kind`; branches that allow other types only, like `null`, are left out."""
        if self.branches is None:
            return self
        return self._place(self.root, [step(branch) for branch in self.branches if kind in branch.get("type", kind)])


def _branches(root: Mapping[str, Any], schema: Any, left: int) -> Iterator[Mapping[str, Any] | None]:
    """Yield the subschemas of a schema, references and alternatives followed; None for a silent subschema."""
    if not isinstance(schema, Mapping) or left == 0:
        yield None
    elif isinstance(schema.get("$ref"), str) and "type" not in schema:
        yield from _branches(root, follow(root, schema["$ref"]), left - 1)
    elif "type" not in schema and ("anyOf" in schema or "oneOf" in schema):
        for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            yield from _branches(root, branch, left - 1)
    elif "type" not in schema and isinstance(schema.get("allOf"), list) and len(schema["allOf"]) == 1:
        yield from _branches(root, schema["allOf"][0], left - 1)
    elif any(keyword in schema for keyword in _INDIRECT) and "type" not in schema and "properties" not in schema:
        yield None
    else:
        yield schema


def _member(branch: Mapping[str, Any], key: str) -> Any:
    properties = branch.get("properties")
    if isinstance(properties, Mapping) and key in properties:
        return properties[key]
    return None if "patternProperties" in branch else branch.get("additionalProperties")


def item_of(branch: Mapping[str, Any], position: int) -> Any:
    """The schema of an array's element; None if the schema is silent."""
    first = branch.get("prefixItems")
    if isinstance(first, list) and position < len(first):
        return first[position]
    return branch.get("items")


def properties_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members of an object that a schema names."""
    named = schema.get("properties")
    return named if isinstance(named, Mapping) else {}
