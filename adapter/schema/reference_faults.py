"""Faults of references in a schema: references that lead nowhere, and references that lead back to themselves.

Nothing is ever fetched: a reference is followed inside the document and among the metaschemas of jsonschema.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from jsonschema.exceptions import SchemaError
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, specification_with

from adapter.schema import validators

if TYPE_CHECKING:
    import referencing

# Keywords whose schemas are held against the same value, not against a part of the value.
_SAME_VALUE = ("not", "if", "then", "else")
_SAME_VALUE_LISTS = ("allOf", "anyOf", "oneOf")
_SAME_VALUE_BY_NAME = ("dependentSchemas", "dependencies")
REFERENCES = ("$ref", "$dynamicRef")

_Resource: TypeAlias = "referencing.Resource[Any]"
# A schema, the resolver of its references, and the reference that led to the schema, or "".
_Step: TypeAlias = "tuple[Mapping[str, Any], Any, str]"


def without_dead_references(schema: dict[str, Any]) -> Iterator[str]:
    """Take references that lead nowhere out of a schema, in place: values there are unchecked. Yields a sentence for each."""
    known: set[int] = set()  # schemas that were held against the metaschema
    for contents, resolver in subschemas(schema, known):
        for keyword in REFERENCES:
            reference = contents.get(keyword)
            if isinstance(reference, str) and not _leads_to_schema(reference, resolver, known):
                del contents[keyword]
                yield _dead(reference)


def _leads_to_schema(reference: str, resolver: Any, known: Container[int]) -> bool:
    """Tell if a reference leads to a schema: it may lead anywhere in a document, to a list or an example."""
    found = _looked_up(reference, resolver)
    if found is None:
        return False
    if isinstance(found[0], bool) or id(found[0]) in known or not reference.startswith("#"):
        return True
    try:
        validators.check(found[0])
    except (SchemaError, RecursionError):
        return False
    return True


def circle_fault(schema: dict[str, Any]) -> str:
    """Describe a reference that leads back to itself in a sentence; empty for a schema without one."""
    finished: set[int] = set()
    for contents, resolver in subschemas(schema):
        reference = _circle(contents, resolver, finished)
        if reference:
            return (
                f"$ref {reference!r} leads back to itself with no property or element in between, so that no value could ever "
                "be checked: let it point to a schema that says something."
            )
    return ""


def _dead(reference: str) -> str:
    if reference.startswith("#"):
        return f"$ref {reference!r} points to nothing in this schema; values there are not checked"
    return (
        f"$ref {reference!r} is outside this schema and is never fetched; values there are not checked: copy the schema into "
        "'$defs' and write '#/$defs/…'"
    )


def subschemas(schema: dict[str, Any], seen: set[int] | None = None) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the schema and every subschema, each with the resolver of its references; last those that only references lead to.

    Args:
        schema: The document.
        seen: Gets the identities of the schemas that were found so far.
    """
    dialect = schema.get("$schema")
    specification = specification_with(dialect, default=DRAFT202012) if isinstance(dialect, str) else DRAFT202012
    resource = specification.create_resource(schema)
    base = resource.id() or ""
    known = SPECIFICATIONS.with_resource(base, resource).crawl()
    start = (resource, known.resolver(base))
    seen = set() if seen is None else seen
    found = list(_within(*start))
    seen |= {id(contents) for contents, _ in found}
    for contents, resolver in found:  # which grows
        yield contents, resolver
        for target, among in _elsewhere(contents, resolver, seen):
            inside = list(_within(specification.create_resource(target), among))
            seen |= {id(contents) for contents, _ in inside}
            found += inside


def _within(resource: _Resource, resolver: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    stack: list[tuple[_Resource, Any]] = [(resource, resolver)]
    while stack:
        current, resolver = stack.pop()
        if isinstance(current.contents, dict):
            yield current.contents, resolver
            stack.extend((sub, resolver.in_subresource(sub)) for sub in current.subresources())


def _elsewhere(schema: Mapping[str, Any], resolver: Any, seen: Container[int]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the targets of references that stand under no keyword for schemas, and were held against no metaschema."""
    for keyword in REFERENCES:
        reference = schema.get(keyword)
        found = _looked_up(reference, resolver) if isinstance(reference, str) and reference.startswith("#") else None
        if found is not None and isinstance(found[0], dict) and id(found[0]) not in seen:
            yield found


def _looked_up(reference: str, resolver: Any) -> tuple[Any, Any] | None:
    """Return the target of a reference and the resolver of the target's references; None for a dead reference."""
    try:
        found = resolver.lookup(reference)
    except (Unresolvable, ValueError, TypeError, AttributeError):  # the last three of references that are no addresses or paths
        return None
    return (found.contents, found.resolver) if isinstance(found.contents, Mapping | bool) else None


def referred(schema: Mapping[str, Any], keyword: str, resolver: Any) -> tuple[Any, Any] | None:
    """Return the target of a reference of a schema with the resolver of the target's references; None without a target."""
    reference = schema.get(keyword)
    return _looked_up(reference, resolver) if isinstance(reference, str) else None


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
            path[id(step[0])] = (step, same_value(step[0], step[1]))
        if not path:
            return ""
        step = next(next(reversed(path.values()))[1], None)
        if step is None:
            finished.add(path.popitem()[0])


def same_value(schema: Mapping[str, Any], resolver: Any) -> Iterator[_Step]:
    """Yield the schemas that apply to a value whenever `schema` applies to the value."""
    for keyword in REFERENCES:
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
