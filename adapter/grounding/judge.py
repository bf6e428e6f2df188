"""The judgement on a call: values that occur in the conversation, and values that nobody said (behaviour 5.11)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.schema.made_up import is_made_up, is_placeholder
from adapter.schema.references import follow
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from adapter.grounding.conversation import ConversationText

_MOST_VALUES = 64  # of a call; a call of more values is judged by the first
_DEEPEST = 16
_ALL = 2  # arguments that hold all that the user said, where one would do
# Characters of an answer that may be a call of a tool that was not offered.
LONGEST_BARE = 4096
_FENCED = re.compile(r"```\w*+(.*)```", re.DOTALL)
_OF_CALLS = frozenset({"name", "arguments", "parameters", "type", "id"})


class Verdict(NamedTuple):
    """The judgement on a call.

    Attributes:
        grounded: Of the arguments at least one occurs in the conversation, and at least as many as required ones do not (more,
            where nobody spoke of the tool), and no required one is a placeholder of a worked example. Or the call has no
            argument that could be invented.
        invented: Optional arguments, by name, of which no value occurs.
        missing: Required arguments, by name, of which no value occurs.
    """

    grounded: bool
    invented: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def judged(arguments: Any, schema: Mapping[str, Any], said: ConversationText, purpose: str = "") -> Verdict:
    """Judge a call.

    Values that the schema names (`enum`, `const`, `default`), booleans, null, empty values and the numbers 0 and 1 are choices
    and no facts: they count for a call where they occur, and never against it.

    Args:
        arguments: The decoded arguments.
        schema: The parameters of the tool.
        said: The conversation.
        purpose: The tool's name and description; empty where they are unknown.
    """
    if not isinstance(arguments, Mapping):
        return Verdict(grounded=True)
    found = 0
    whole = 0  # arguments that are all that the user said last
    copied = echoed = foreign = False
    invented: list[str] = []
    missing: list[str] = []
    required = schema.get("required")
    needed = frozenset(name for name in required if isinstance(name, str)) if isinstance(required, list) else frozenset()
    for name, value, inner in _members(arguments, schema, schema):
        leaves = [*_leaves(value, inner, schema, _DEEPEST)]
        verdicts = [_occurs(leaf, part, said) for leaf, part in leaves]
        whole += any(said.is_all(leaf) for leaf, _ in leaves)
        echoed |= any(said.echoed(leaf) for leaf, _ in leaves)
        foreign |= name in needed and any(isinstance(leaf, str) and said.cannot_tell(leaf) for leaf, _ in leaves)
        if True in verdicts:
            found += 1
        elif False in verdicts:
            (missing if name in needed else invented).append(name)
            copied |= name in needed and any(is_placeholder(leaf) for leaf, _ in leaves)
    grounded = found >= max(1, len(missing)) or not (missing or invented)
    if grounded and found == len(missing) > 0 and purpose:
        grounded = said.speaks_of(purpose)
    nothing = copied or whole >= _ALL or (echoed and foreign and not found)
    return Verdict(grounded and not nothing, tuple(invented), tuple(missing))


def _occurs(value: Any, schema: Any, said: ConversationText) -> bool | None:
    """Return True for a value that occurs, False for a value that does not, None for a choice or a value in another script."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    if said.holds(value):
        return None if said.echoed(value) else True
    if (isinstance(value, int | float) and value in {0, 1}) or _is_named(value, schema):
        return None
    return None if isinstance(value, str) and not is_made_up(value) and said.cannot_tell(value) else False


def _is_named(value: Any, schema: Any) -> bool:
    """Return True for a value that the schema names."""
    if not isinstance(schema, Mapping):
        return False
    listed = schema.get("enum")
    named = [*(listed if isinstance(listed, list) else ()), *(schema[key] for key in ("const", "default") if key in schema)]
    if any(value == item or (isinstance(item, list) and value in item) for item in named):
        return True
    return any(_is_named(value, branch) for key in ("anyOf", "oneOf", "allOf") for branch in _listed(schema.get(key)))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _members(value: Mapping[str, Any], schema: Any, root: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the members of an object, each with the schema of its value."""
    schema = _followed(schema, root)
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    for name, item in value.items():
        yield name, item, properties.get(name) if isinstance(properties, Mapping) else None


def _leaves(value: Any, schema: Any, root: Mapping[str, Any], depth: int) -> Iterator[tuple[Any, Any]]:
    """Yield the plain values inside a value, each with its schema."""
    waiting: list[tuple[Any, Any, int]] = [(value, schema, depth)]
    most = _MOST_VALUES
    while waiting and most:
        value, schema, depth = waiting.pop()
        schema = _followed(schema, root)
        if isinstance(value, Mapping) and depth:
            waiting += [(item, inner, depth - 1) for _, item, inner in _members(value, schema, root)][:most]
        elif isinstance(value, list) and depth:
            items = schema.get("items") if isinstance(schema, Mapping) else None
            waiting += [(item, items, depth - 1) for item in value[:most]]
        elif not isinstance(value, Mapping | list):
            most -= 1
            yield value, schema


def _followed(schema: Any, root: Mapping[str, Any]) -> Any:
    for _ in range(_DEEPEST):
        if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
            break
        schema = follow(root, schema["$ref"])
    return schema


def other_tool(text: str, names: Collection[str]) -> str:
    """Return the name in an answer that is nothing but the JSON of a call of a tool that was not offered; else an empty text.

    Args:
        text: The whole answer.
        names: Names of the tools offered.
    """
    fenced = _FENCED.fullmatch(text.strip())
    inside = (fenced[1] if fenced else text).strip()
    if not inside.startswith(("{", "[")) or len(inside) > LONGEST_BARE:
        return ""
    try:
        value = loads(inside)
    except (ValueError, RecursionError):
        return ""
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    inner = value.get("function") if isinstance(value, dict) else None
    value = inner if isinstance(inner, dict) else value
    if not isinstance(value, dict) or not value.keys() <= _OF_CALLS or not value.keys() & {"arguments", "parameters"}:
        return ""
    name = value.get("name")
    return name if isinstance(name, str) and name and name not in names else ""
