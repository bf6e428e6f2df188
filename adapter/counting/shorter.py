"""Shorter forms of a tool's definition, of which the tokens are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.tools.one_tool import ToolDefinition

_WORDS = frozenset({"description", "title", "examples", "$comment"})


def renamed(tool: ToolDefinition) -> dict[str, Any]:
    """Return the definition of a tool under a name that differs in its last letter."""
    function = tool.wire["function"]
    last = "a" if tool.name.endswith("b") else "b"
    return {**tool.wire, "function": {**function, "name": tool.name[:-1] + last if len(tool.name) > 1 else tool.name + last}}


def without_words(wire: Mapping[str, Any], *, own: bool) -> dict[str, Any]:
    """Return a tool's definition without the descriptions of its parameters, or without any."""
    function = dict(wire["function"])
    if "parameters" in function:
        function["parameters"] = _bare_schema(function["parameters"])
    if own:
        function.pop("description", None)
    return {**wire, "function": function}


def _bare_schema(schema: Any, *, names: bool = False) -> Any:
    """Return a schema without its words; the members of `properties` are names, and stay."""
    if isinstance(schema, Mapping):
        kept = {key: value for key, value in schema.items() if names or key not in _WORDS}
        inner = {"properties", "$defs", "definitions", "patternProperties"}
        return {
            key: value
            if key in {"enum", "const", "default", "required"} and not names
            else _bare_schema(value, names=key in inner and not names)
            for key, value in kept.items()
        }
    return [_bare_schema(item) for item in schema] if isinstance(schema, list) else schema
