"""Faults of references in a schema: references that lead nowhere, and references that lead back to themselves.

Nothing is ever fetched: a reference is followed inside the document and among the metaschemas of jsonschema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, specification_with

if TYPE_CHECKING:
    import referencing

# Keywords whose schemas are held against the same value, not against a part of the value.
_SAME_VALUE = ("not", "if", "then", "else")
_SAME_VALUE_LISTS = ("allOf", "anyOf", "oneOf")
_SAME_VALUE_BY_NAME = ("dependentSchemas", "dependencies")
_REFERENCES = ("$ref", "$dynamicRef")

_Resource: TypeAlias = "referencing.Resource[Any]"
# A schema, the resolver of its references, and the reference that led to the schema, or "".
_Step: TypeAlias = "tuple[Mapping[str, Any], Any, str]"


def reference_fault(schema: Mapping[str, Any]) -> str:
    """Describe the first faulty reference of a schema in a sentence; empty if every reference is sound."""
    subschemas = list(_subschemas(schema))
    for contents, resolver in subschemas:
        for keyword in _REFERENCES:
            reference = contents.get(keyword)
            if isinstance(reference, str) and _looked_up(reference, resolver) is None:
                return _dead(reference)
    finished: set[int] = set()
    for contents, resolver in subschemas:
        reference = _circle(contents, resolver, finished)
        if reference:
            return (
                f"$ref {reference!r} leads back to itself with no property or element in between, so that no value could ever "
                "be checked: let it point to a schema that says something."
            )
    return ""


def _dead(reference: str) -> str:
    if reference.startswith("#"):
        return f"$ref {reference!r} points to nothing in this schema."
    return f"$ref {reference!r} is outside this schema and is never fetched: copy it into '$defs' and write '#/$defs/…'."


def _subschemas(schema: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Yield the schema and every subschema, each with the resolver of its references."""
    dialect = schema.get("$schema")
    specification = specification_with(dialect, default=DRAFT202012) if isinstance(dialect, str) else DRAFT202012
    resource = specification.create_resource(schema)
    base = resource.id() or ""
    known = SPECIFICATIONS.with_resource(base, resource).crawl()
    stack: list[tuple[_Resource, Any]] = [(resource, known.resolver(base))]
    while stack:
        current, resolver = stack.pop()
        if isinstance(current.contents, Mapping):
            yield current.contents, resolver
            stack.extend((sub, resolver.in_subresource(sub)) for sub in current.subresources())


def _looked_up(reference: str, resolver: Any) -> tuple[Any, Any] | None:
    """Return the target of a reference and the resolver of the target's references; None for a dead reference."""
    try:
        found = resolver.lookup(reference)
    except Unresolvable:
        return None
    return found.contents, found.resolver


def _circle(schema: Mapping[str, Any], resolver: Any, finished: set[int]) -> str:
    """Find a reference on a circle of schemas that are all held against the same value; empty if no circle exists.

    Args:
        schema: The schema from which the search starts.
        resolver: The resolver of its references.
        finished: Identities of schemas from which no circle is reached; extended by the search.
    """
    path: dict[int, tuple[_Step, Iterator[_Step]]] = {}  # each step with an iterator over its successors
    step: _Step | None = (schema, resolver, "")
    while True:
        if step is not None and id(step[0]) in path:
            around = [found for found, _ in list(path.values())[list(path).index(id(step[0])) + 1 :]]
            return next(reference for _, _, reference in (*around, step) if reference)
        if step is not None and id(step[0]) not in finished:
            path[id(step[0])] = (step, _next(step[0], step[1]))
        if not path:
            return ""
        step = next(next(reversed(path.values()))[1], None)
        if step is None:
            finished.add(path.popitem()[0])


def _next(schema: Mapping[str, Any], resolver: Any) -> Iterator[_Step]:
    """Yield the schemas that apply to a value whenever `schema` applies to the value."""
    for keyword in _REFERENCES:
        reference = schema.get(keyword)
        found = _looked_up(reference, resolver) if isinstance(reference, str) else None
        if found is not None and isinstance(found[0], Mapping):
            yield found[0], found[1], str(reference)
    inner = [schema.get(keyword) for keyword in _SAME_VALUE]
    for keyword in _SAME_VALUE_LISTS:
        inner += schema.get(keyword) or ()
    for keyword in _SAME_VALUE_BY_NAME:
        inner += (schema.get(keyword) or {}).values()
    for part in inner:
        if isinstance(part, Mapping):
            yield part, resolver, ""
