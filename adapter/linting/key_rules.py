"""K: keys that nobody reads, because they are misspelt or stand in another place. They are ignored in silence everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.linting import known_keys as known
from adapter.linting.finding import Found, Rule
from adapter.linting.near import meant_by
from adapter.linting.parameters import resolved

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
_ALIASES = {"params": "parameters", "args": "parameters", "arguments": "parameters", "schema": "parameters", "desc": "description",
            "function_name": "name", "tool_name": "name"}  # fmt: skip
_INNER = ("name", "description", "parameters", "strict")


def _objects(subject: Subject) -> Iterator[tuple[Mapping[str, Any], Path, str, str]]:
    """Yield every object whose keys are known: with its place, its kind, and the name of the tool."""
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


def _in_request(request: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Path, str, str]]:
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
    """Yield the schemas of a tool, the inner ones too, each with its place."""
    waiting: list[tuple[Any, Path]] = [(tool.schema, tool.schema_path)]
    count = 0
    while waiting and count < _MOST:
        schema, path = waiting.pop(0)
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
            near = meant_by(key, sorted(meant), node)
            if not near and kind == "tool" and "function" not in node and _ALIASES.get(key, key) in meant - node.keys():
                near = _without_other_schema(_ALIASES[key], node)
            if near:
                owner = f"tool {name!r}" if name else f"the {kind}"
                message = f"{owner}: nobody reads the key {key!r}; did you mean {near!r}?"
                yield Found(message, (*path, key), {key: node[key]}, f"write {near!r}", name, at_key=True)


def _without_other_schema(near: str, node: Mapping[str, Any]) -> str:
    return "" if near == "parameters" and ("input_schema" in node or "inputSchema" in node) else near


def _misplaced(subject: Subject) -> Iterator[Found]:
    for path, item in subject.items:
        inner = item.get("function") if isinstance(item, Mapping) else None
        for key in _INNER if isinstance(inner, Mapping) else ():
            if key in item and key not in inner:
                message = f"tool {inner.get('name', '')!r}: nobody reads {key!r} beside 'function'"
                yield Found(
                    message,
                    (*path, key),
                    {key: item[key]},
                    f"move {key!r} into 'function'",
                    str(inner.get("name", "")),
                    at_key=True,
                )
    for tool in subject.functions:
        if "strict" in tool.schema and not isinstance(resolved(tool.schema["strict"], {}), Mapping):
            message = f"{tool.named}: nobody reads 'strict' inside of the schema"
            yield Found(
                message,
                (*tool.schema_path, "strict"),
                {"strict": tool.schema["strict"]},
                "move 'strict' beside the name of the function",
                tool.name,
                at_key=True,
            )


RULES = (
    Rule("K01", "error", "A key is misspelt, and ignored everywhere", "servers ignore keys that they do not know", _misspelt),
    Rule("K02", "warning", "A key stands in a place where nobody reads it", "OpenAI's API reference", _misplaced),
)  # fmt: skip
