"""The size of a schema as a validator sees it: schemas that are held against one value, counted as often as they are reached.

A schema of 2 KB may stand for millions of others, by references that each lead twice to the next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from adapter.schema.reference_faults import REFERENCES, referred, same_value, subschemas

MOST = 10_000
_UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")
_BRANCHES = ("allOf", "anyOf", "oneOf")


def drop_repeated(schema: dict[str, Any]) -> None:
    """Leave one of equal branches, in place: the others say nothing."""
    for contents, _ in list(subschemas(schema)):
        for keyword in _BRANCHES:
            branches = contents.get(keyword)
            if isinstance(branches, list) and len(branches) > 1:
                contents[keyword] = list({json.dumps(branch, sort_keys=True): branch for branch in branches}.values())


def budget_fault(schema: dict[str, Any]) -> str:
    """Describe a schema that stands for too many others in a sentence; empty for any other.

    Args:
        schema: A schema without references that lead back to themselves.

    Raises:
        RecursionError: The schema is nested too deeply.
    """
    known: dict[int, int] = {}
    over = [contents for contents, resolver in subschemas(schema) if _count(contents, resolver, known) > MOST]
    if not over:
        return ""
    referring = [contents for contents in over if "$ref" in contents] or over
    nearest = min(referring, key=lambda contents: known[id(contents)])
    place = f"$ref {nearest['$ref']!r}" if "$ref" in nearest else f"the schema with {', '.join(map(repr, list(nearest)[:5]))}"
    return (
        f"{place} stands for more than {MOST} schemas that are all held against the same value: refer to each schema once, and "
        "leave out repeated branches of 'allOf', 'anyOf' and 'oneOf'."
    )


def twice_a_level(schema: dict[str, Any]) -> str:
    """Return a sentence on an `unevaluatedProperties` or `unevaluatedItems` that leads back to itself; empty without one.

    jsonschema holds members against the keyword's schema twice, to tell the known ones and to judge them, so that the work
    doubles at each level of a value.
    """
    for contents, resolver in subschemas(schema):
        for keyword in _UNEVALUATED:
            inner = contents.get(keyword)
            if isinstance(inner, Mapping) and _reaches(inner, resolver, contents):
                return f"{keyword!r} leads back to itself, and checking a value doubles with its depth: name the properties."
    return ""


def _reaches(start: Mapping[str, Any], resolver: Any, goal: Mapping[str, Any]) -> bool:
    """Return True if a schema contains the goal, by nesting and by references."""
    waiting: list[tuple[Any, Any]] = [(start, resolver)]
    seen: set[int] = set()
    while waiting:
        found, resolver = waiting.pop()
        if found is goal:
            return True
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, Mapping):
            waiting += [target for keyword in REFERENCES if (target := referred(found, keyword, resolver)) is not None]
            waiting += [(inner, resolver) for inner in found.values()]
        elif isinstance(found, list):
            waiting += [(inner, resolver) for inner in found]
    return False


def _count(schema: Mapping[str, Any], resolver: Any, known: dict[int, int]) -> int:
    if id(schema) not in known:
        known[id(schema)] = 1 + sum(_count(inner, among, known) for inner, among, _ in same_value(schema, resolver))
    return known[id(schema)]
