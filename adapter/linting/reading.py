"""The tools of a value in the form of any API, each with its path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.linting.parameters import MOST_READ
from adapter.linting.subject import LintedTool
from adapter.tools.other_apis import other_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.subject import Path

_SCHEMAS = ("parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema")
_OF_FUNCTIONS = _SCHEMAS[1:]  # beside any type: a function of another API
_WORDED = ("name", "description")


def places_of_tools(value: Any) -> list[tuple[Path, Any]] | None:
    """Return the elements of the list of tools in a value, with their paths; None for a value without a list.

    Args:
        value: A list, a single tool, a request with `tools`, `functions` or `toolConfig`, or the answer of an MCP server.
    """
    if isinstance(value, list):
        return [((position,), item) for position, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return None
    for around in ((), ("result",), ("toolConfig",), ("tool_config",), ("body",), ("params",)):
        inside = value.get(around[0]) if around else value
        for key in ("tools", "functions"):
            tools = inside.get(key) if isinstance(inside, Mapping) else None
            if isinstance(tools, list):
                return [((*around, key, position), item) for position, item in enumerate(tools)]
    single = other_form(value) is not None or value.get("type") in {"function", "custom"}
    return [((), value)] if single else None


def tools_at(item: Any, path: Path) -> Iterator[LintedTool]:
    """Yield the tools of an element of the list: the members of a namespace or of Gemini's declarations, or the element.

    Args:
        item: The element.
        path: The path of the element.
    """
    if not isinstance(item, Mapping):
        yield LintedTool("", "", {}, "function", {}, item, path, path, path, "it is no JSON object")
        return
    several = _several(item)
    if several is None:
        yield _tool(item, path)
        return
    key, inner = several
    for position, one in enumerate(inner):
        yield from tools_at(one, (*path, key, position))


def _several(item: Mapping[str, Any]) -> tuple[str, list[Any]] | None:
    """Return the key and the list of the tools inside an element; None for an element that is a tool."""
    for key in ("functionDeclarations", "function_declarations"):
        if isinstance(item.get(key), list):
            return key, item[key]
    if item.get("type") == "namespace" and isinstance(item.get("tools"), list):
        return "tools", item["tools"]
    return None


def _tool(item: Mapping[str, Any], outer: Path) -> LintedTool:
    found, path, kind = item, outer, str(item.get("type", "function"))
    for key in ("function", "custom", "toolSpec", "function"):
        inner = found.get(key)
        if isinstance(inner, Mapping) and (key != "custom" or kind == "custom"):
            found, path = inner, (*path, key)
    key = next((key for key in _SCHEMAS if key in found), _SCHEMAS[0])
    schema, schema_path = found.get(key), (*path, key)
    if path[-1:] == ("toolSpec",) and isinstance(schema, Mapping) and "json" in schema:
        schema, schema_path = schema["json"], (*schema_path, "json")
    name, description = (found.get(word) for word in _WORDED)
    if key in _OF_FUNCTIONS or (kind != "custom" and path != outer):
        kind = "function"
    told = isinstance(name, str) and bool(name)
    return LintedTool(
        name=name if isinstance(name, str) else "",
        description=description[:MOST_READ] if isinstance(description, str) else "",
        schema=schema if isinstance(schema, Mapping) else {},
        kind=kind,
        item=found,
        wire=_wire(item, found, kind, key, schema),
        path=path,
        outer=outer,
        schema_path=schema_path if isinstance(schema, Mapping) else path,
        fault="" if told or kind not in {"function", "custom"} else "it has no name",
    )


def _wire(item: Mapping[str, Any], found: Mapping[str, Any], kind: str, key: str, schema: Any) -> dict[str, Any]:
    """Return the definition in Chat Completions form."""
    if kind != "function":
        return dict(item)
    function = {word: found[word] for word in (*_WORDED, "strict") if found.get(word) is not None}
    return {"type": "function", "function": {**function, **({"parameters": schema} if key in found else {})}}


def pointer(path: Path) -> str:
    """Return a place as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def shown(value: Any, most: int = 200) -> str:
    """Return a text as it is, and the JSON of any other value; cut where it is long."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    except RecursionError:
        text = "(nested too deeply to be shown)"
    return text if len(text) <= most else f"{text[: most - 1]}…"
