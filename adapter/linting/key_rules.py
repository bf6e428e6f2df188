"""K: misspelt and misplaced keys, which servers ignore in silence."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.linting import known_keys as known
from adapter.linting.finding import Found, Rule
from adapter.linting.near import meant_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.subject import LintedTool, Path, Subject

_MOST = 5000  # schemas inside one tool
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_ONE = (
    "items",
    "additionalProperties",
    "additionalItems",
    "contains",
    "else",
    "if",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
# Other words for a key that is missing.
_ALIASES = {
    **dict.fromkeys(("params", "args", "arguments", "schema"), "parameters"),
    **dict.fromkeys(("function_name", "tool_name"), "name"),
    "desc": "description",
}
_INNER = ("name", "description", "parameters", "strict")


def _objects(subject: Subject) -> Iterator[tuple[Mapping[Any, Any], Path, str, str]]:
    """Yield every object with a known set of keys: the object, its path, its kind, and the name of the tool."""
    request = subject.request
    if request:
        yield request, (), "request", ""
        yield from _in_request(request)
    for path, item in subject.items:
        if isinstance(item, Mapping):
            yield item, path, "tool", _named_at(subject, path)
    for tool in subject.tools:
        if tool.path != tool.outer or not any(path == tool.path for path, _ in subject.items):
            yield tool.item, tool.path, "tool", tool.name
        for schema, path in _schemas(tool):
            yield schema, path, "schema", tool.name


def _named_at(subject: Subject, path: Path) -> str:
    return next((tool.name for tool in subject.tools if tool.outer == path), "")


def _in_request(request: Mapping[str, Any]) -> Iterator[tuple[Mapping[Any, Any], Path, str, str]]:
    """Yield the messages, their calls, and the tool choice."""
    messages = request.get("messages")
    for position, message in enumerate(messages if isinstance(messages, list) else ()):
        if not isinstance(message, Mapping):
            continue
        yield message, ("messages", position), "message", ""
        calls = message.get("tool_calls")
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            if isinstance(call, Mapping):
                yield call, ("messages", position, "tool_calls", place), "call", ""
    if isinstance(request.get("tool_choice"), Mapping):
        yield request["tool_choice"], ("tool_choice",), "choice", ""


def _schemas(tool: LintedTool) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Yield the schemas of a tool at all depths, each with its path."""
    waiting: deque[tuple[Any, Path]] = deque([(tool.schema, tool.schema_path)])
    count = 0
    while waiting and count < _MOST:
        schema, path = waiting.popleft()
        if not isinstance(schema, Mapping):
            continue
        count += 1
        yield schema, path
        waiting += [(schema[key], (*path, key)) for key in _ONE if isinstance(schema.get(key), Mapping)]
        for key in _LISTS:
            listed = schema.get(key)
            waiting += [(inner, (*path, key, place)) for place, inner in enumerate(listed if isinstance(listed, list) else ())]
        for key in _NAMED:
            named = schema.get(key)
            waiting += [(inner, (*path, key, name)) for name, inner in (named.items() if isinstance(named, Mapping) else ())]


_KEYS = {
    "request": (known.REQUEST, known.REQUEST_OF_OTHERS),
    "tool": (known.TOOL | {"input_schema", "inputSchema", "annotations"}, known.TOOL_OF_OTHERS),
    "schema": (known.SCHEMA, known.SCHEMA_OF_OTHERS),
    "message": (known.MESSAGE, known.MESSAGE_OF_OTHERS),
    "call": (known.CALL, frozenset[str]()),
    "choice": (known.CHOICE, frozenset[str]()),
}


def _misspelt(subject: Subject) -> Iterator[Found]:
    for node, path, kind, name in _objects(subject):
        meant, others = _KEYS[kind]
        for key in node:
            if not isinstance(key, str) or key in meant or key in others:
                continue
            near = meant_by(key, sorted(meant), node) or (_alias(key, node) if kind == "tool" else "")
            if near:
                owner = f"tool {name!r}" if name else f"the {kind}"
                message = f"{owner}: nobody reads the key {key!r}; did you mean {near!r}?"
                yield Found(message, (*path, key), {key: node[key]}, f"write {near!r}", name, at_key=True)


def _alias(key: str, node: Mapping[str, Any]) -> str:
    """Return the key that is missing in a function and has another word here; empty for none."""
    near = _ALIASES.get(key, "")
    has = any(name in node for name in (near, "function", "input_schema", "inputSchema"))
    return "" if has or (near != "name" and "name" not in node) else near


def _misplaced(subject: Subject) -> Iterator[Found]:
    for path, item in subject.items:
        inner = item.get("function") if isinstance(item, Mapping) else None
        if not isinstance(inner, Mapping):
            continue
        name = str(inner.get("name", ""))
        for key in _INNER:
            if key in item and key not in inner:
                message = f"tool {name!r}: nobody reads {key!r} beside 'function'"
                hint = f"move {key!r} into 'function'"
                yield Found(message, (*path, key), {key: item[key]}, hint, name, at_key=True)
    for tool in subject.functions:
        if isinstance(tool.schema.get("strict"), bool):
            message = f"{tool.named}: nobody reads 'strict' inside of the schema"
            hint = "move 'strict' beside the name of the function"
            yield Found(message, (*tool.schema_path, "strict"), {"strict": tool.schema["strict"]}, hint, tool.name, at_key=True)


RULES = (
    Rule("K01", "error", "A key is misspelt, and ignored everywhere", "servers ignore keys that they do not know", _misspelt),
    Rule("K02", "warning", "A key stands in a place where nobody reads it", "OpenAI's API reference", _misplaced),
)
