"""The parameters of a schema at all depths, each with its path."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    Path = tuple[str | int, ...]

_MOST = 2000  # parameters of one tool
MOST_READ = 100_000  # characters of a description that rules read; T06 tells of longer ones
_BRANCHES = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter.

    Attributes:
        name: The key under `properties`.
        shown: The name with those of the objects around, for messages: `items[].price`.
        schema: The schema; for a reference the target with the keywords beside the reference.
        path: The path of the schema.
        required: True if the object around lists the name in `required`.
        depth: 0 for a parameter of the tool, 1 for a member of an object of depth 0, and further.
        root: The whole schema, the document of references.
    """

    name: str
    shown: str
    schema: Mapping[str, Any]
    path: Path
    required: bool
    depth: int
    root: Mapping[str, Any]

    @property
    def description(self) -> str:
        """The description, up to a bound; an empty text if absent."""
        said = self.schema.get("description")
        return said[:MOST_READ] if isinstance(said, str) else ""

    @property
    def types(self) -> frozenset[str]:
        """The type words, with those of alternatives; empty if the schema names no type."""
        return frozenset(_types(self.schema, self.root, 0))

    @property
    def choices(self) -> list[Any] | None:
        """The values of `enum` or `const`, also of alternatives; None without."""
        return _choices(self.schema, self.root, 0)

    def at(self, key: str) -> Path:
        """The path of a keyword; for an absent keyword the path of the parameter."""
        return (*self.path, key) if key in self.schema else self.path


def parameters_of(schema: Mapping[str, Any], path: Path) -> Iterator[Parameter]:
    """Yield the parameters of a schema, outer before inner; at most 2,000.

    Args:
        schema: The schema.
        path: The path of the schema.
    """
    waiting: deque[tuple[Any, Path, str, int]] = deque([(schema, path, "", 0)])
    seen: set[str] = set()  # references that were followed: schemas may lead back to themselves
    count = 0
    while waiting and count < _MOST:
        raw, where, around, depth = waiting.popleft()
        reference = raw.get("$ref") if isinstance(raw, Mapping) else None
        node = resolved(raw, schema)
        if not isinstance(node, Mapping) or reference in seen:
            continue
        if isinstance(reference, str):
            seen.add(reference)
        named = node.get("properties")
        listed = node.get("required")
        required = set(map(str, listed)) if isinstance(listed, list) else set()
        for name, raw in named.items() if isinstance(named, Mapping) else ():
            inner, count = resolved(raw, schema), count + 1
            found = inner if isinstance(inner, Mapping) else {}
            shown = f"{around}.{name}" if around else str(name)
            yield Parameter(str(name), shown, found, (*where, "properties", name), name in required, depth, schema)
            waiting.append((raw, (*where, "properties", name), shown, depth + 1))
        waiting += _inside(node, where, around, depth)


def _inside(node: Mapping[str, Any], where: Path, around: str, depth: int) -> Iterator[tuple[Any, Path, str, int]]:
    """Yield the schemas of the elements and the alternatives of a schema."""
    items = node.get("items")
    if isinstance(items, Mapping):
        yield items, (*where, "items"), f"{around}[]", depth
    for key in _BRANCHES:
        branches = node.get(key)
        for position, branch in enumerate(branches if isinstance(branches, list) else ()):
            yield branch, (*where, key, position), around, depth


def resolved(schema: Any, root: Mapping[str, Any]) -> Any:
    """Return a schema with the reference at its top followed inside the document; the words beside the reference win."""
    for _ in range(8):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        target: Any = root
        for step in reference[2:].split("/"):
            target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
        if not isinstance(target, Mapping):
            return schema
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**target, **beside} if beside else target
    return schema


def _types(schema: Any, root: Mapping[str, Any], level: int) -> Iterator[str]:
    schema = resolved(schema, root)
    if not isinstance(schema, Mapping) or level > 4:
        return
    kinds = schema.get("type")
    yield from [kinds] if isinstance(kinds, str) else (str(kind) for kind in kinds) if isinstance(kinds, list) else ()
    for key in _BRANCHES:
        branches = schema.get(key)
        for branch in branches if isinstance(branches, list) else ():
            yield from _types(branch, root, level + 1)


def _choices(schema: Any, root: Mapping[str, Any], level: int) -> list[Any] | None:
    schema = resolved(schema, root)
    if not isinstance(schema, Mapping) or level > 4:
        return None
    if isinstance(schema.get("enum"), list):
        return list(schema["enum"])
    if "const" in schema:
        return [schema["const"]]
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        found = (
            [_choices(branch, root, level + 1) for branch in branches if branch != {"type": "null"}]
            if isinstance(branches, list)
            else []
        )
        if found and all(each is not None for each in found):
            return [value for each in found for value in each or ()]
    return None
