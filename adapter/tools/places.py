"""What a schema says about one place in the arguments, without seeing the value.

Streamed arguments leave while they are written, so a string in a place for a number must be held back until it is complete and
can be coerced. `Place` tells such places from the others. Where a schema says nothing certain, any value is taken to be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.tools.references import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.tools.definitions import ToolSet

_MAX_REFERENCES = 16
# Keywords through which a subschema says more than its own `type` and `properties`.
_INDIRECT = ("$dynamicRef", "allOf", "if", "dependentSchemas")


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


def parameter_types(tools: ToolSet) -> Callable[[str, str], frozenset[str] | None]:
    """A function that gives the JSON types of a tool's parameter, by both names; None when nothing is said of them."""
    places = {tool.name: Place.of(tool.schema.source) for tool in tools}

    def types(tool: str, parameter: str) -> frozenset[str] | None:
        place = places.get(tool)
        return None if place is None else place.member(parameter).kinds()

    return types
