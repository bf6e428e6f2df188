"""Merging of schemas that hold for the same value: the parts of `allOf`, a reference and the keywords beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from adapter.schema.keywords import ANNOTATIONS
from adapter.schema.references import follow

_MOST_REFERENCES = 32
_STRICTER: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}


class Merged(NamedTuple):
    """The result of a merge.

    Attributes:
        schema: One schema, without `allOf` and `$ref`.
        left: Keywords that could not be merged and are missing from `schema`.
    """

    schema: dict[str, Any]
    left: list[str]


def merged(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Merged:
    """Merge a schema's own keywords, the targets of its references and the parts of its `allOf`.

    Args:
        schema: The schema.
        root: The document in which references are followed.
    """
    left: list[str] = []
    parts = list(_parts(schema, root, left, _MOST_REFERENCES))
    found: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if key in ANNOTATIONS or key == "properties":
                continue
            if key not in found:
                found[key] = value
            elif found[key] != value:
                both = _both(key, found[key], value)
                left += [f"allOf/{key}"] if both is None else []
                found[key] = found[key] if both is None else both
    properties = _properties(parts)
    if properties:
        found["properties"] = properties
    if any("prefixItems" in part for part in parts) and any("items" in part and "prefixItems" not in part for part in parts):
        left.append("allOf/items")  # `items` of one part holds for the first elements of another part too
    return Merged(found, left)


def _parts(schema: Any, root: Mapping[str, Any], left: list[str], more: int) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that hold together, each without `$ref` and `allOf`."""
    if not isinstance(schema, Mapping):
        left += ["false"] if schema is False else []
        return
    yield {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
    if "$ref" in schema:
        target = follow(root, str(schema["$ref"]))
        if target is None or not more:
            left.append("$ref")
        else:
            yield from _parts(target, root, left, more - 1)
    for part in schema.get("allOf") or ():
        yield from _parts(part, root, left, more)


def _both(key: str, one: Any, other: Any) -> Any:
    """Merge two values of a keyword; None if no single value means both."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    if key in _STRICTER and numbers:
        return _STRICTER[key](one, other)
    if key == "required":
        return list(dict.fromkeys([*one, *other]))
    if key == "type":
        return _types(one, other) or None
    if key == "enum":
        known = {json.dumps(value, sort_keys=True) for value in other}
        return [value for value in one if json.dumps(value, sort_keys=True) in known] or None
    if key in {"items", "additionalProperties"}:
        return _together(one, other)
    return None


def _types(one: Any, other: Any) -> list[str]:
    first, second = ([kinds] if isinstance(kinds, str) else kinds for kinds in (one, other))
    found = [kind for kind in first if kind in second or (kind == "integer" and "number" in second)]
    return found + [kind for kind in second if kind == "integer" and "number" in first and kind not in found]


def _together(one: Any, other: Any) -> Any:
    """Join two schemas by `allOf`. No schema is listed twice, so schemas that refer to each other cannot grow without end."""
    if one is False or other is False:
        return False
    plain: list[Any] = []
    for schema in (*_named(one), *_named(other)):
        plain += [] if schema in plain else [schema]
    return {"allOf": plain} if len(plain) > 1 else plain[0] if plain else True


def _named(schema: Any) -> list[Any]:
    if schema is True or not schema:
        return []
    return schema["allOf"] if schema.keys() == {"allOf"} else [schema]


def _properties(parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge the properties of all parts. `additionalProperties` of one part holds for properties that only other parts name."""
    found: dict[str, Any] = {}
    for part in parts:
        own = part.get("properties") or {}
        for name, schema in own.items():
            found[name] = _together(found[name], schema) if name in found else schema
        found = {**{name: found[name] for name in own}, **found}  # the last part's order first
    for part in parts:
        others = part.get("additionalProperties", True)
        for name in found.keys() - (part.get("properties") or {}).keys():
            found[name] = _together(found[name], others)
    return found
