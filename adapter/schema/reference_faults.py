"""References in a schema that cannot work: those that lead nowhere, and those that lead back to themselves.

Nothing is ever fetched: a reference is followed inside the document and among the metaschemas that jsonschema brings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, specification_with

if TYPE_CHECKING:
    import referencing

# Keywords whose schemas are held against the same value, not against a part of it.
_SAME_VALUE = ("not", "if", "then", "else")
_SAME_VALUE_LISTS = ("allOf", "anyOf", "oneOf")
_SAME_VALUE_BY_NAME = ("dependentSchemas", "dependencies")
_REFERENCES = ("$ref", "$dynamicRef")

_Resource: TypeAlias = "referencing.Resource[Any]"
# A schema, what resolves the references in it, and the reference that led to it, if one did.
_Step: TypeAlias = "tuple[Mapping[str, Any], Any, str]"


def reference_fault(schema: Mapping[str, Any]) -> str:
    """What is wrong with the references of a schema, as a sentence; empty when nothing is."""
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
    """The schema and all in it, each with what resolves its references."""
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
    """What a reference points to, and what resolves the references there; None where it leads nowhere."""
    try:
        found = resolver.lookup(reference)
    except Unresolvable:
        return None
    return found.contents, found.resolver


def _circle(schema: Mapping[str, Any], resolver: Any, finished: set[int]) -> str:
    """A reference on a way back to where it began along which the value stays the same; empty when there is none.

    Args:
        schema: Where ways begin.
        resolver: Resolves its references.
        finished: Schemas from which no such way leads, by identity; it grows.
    """
    path: dict[int, tuple[_Step, Iterator[_Step]]] = {}  # with what comes next from each
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
    """The schemas that a value is held against because it is held against this one."""
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
