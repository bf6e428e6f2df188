"""A forced tool choice through structured output: the answer can be nothing but a call.

The schema is one object per allowed tool, its name constant and its arguments the tool's own schema. What comes back is bare
JSON without tags, which the parser reads as the call it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.tools.definitions import ToolDefinition, ToolSet


def response_format(tools: ToolSet) -> dict[str, Any]:
    """The `response_format` of a chat request that allows one call of one of these tools."""
    forms = [_call_schema(tool, position) for position, tool in enumerate(tools)]
    schema = forms[0] if len(forms) == 1 else {"anyOf": forms}
    definitions = {name: value for form in forms for name, value in form.pop("$defs", {}).items()}
    if definitions:
        schema = {**schema, "$defs": definitions}
    return {"type": "json_schema", "json_schema": {"name": "tool_call", "strict": True, "schema": schema}}


def _call_schema(tool: ToolDefinition, position: int) -> dict[str, Any]:
    """One call: the definitions of the tool's schema move to the top, under names of their own."""
    prefix = f"tool_{position}_"
    arguments = _moved(tool.schema.source, prefix)
    definitions = {
        f"{prefix}{name}": value for key in ("$defs", "definitions") for name, value in arguments.pop(key, {}).items()
    }
    arguments.pop("$schema", None)
    form: dict[str, Any] = {
        "type": "object",
        "properties": {"name": {"const": tool.name}, "arguments": arguments or {"type": "object"}},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
    if definitions:
        form["$defs"] = definitions
    return form


def _moved(schema: Any, prefix: str) -> Any:
    """The schema with references into its definitions pointing to where they move."""
    if isinstance(schema, list):
        return [_moved(item, prefix) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    moved = {key: _moved(value, prefix) for key, value in schema.items()}
    reference = moved.get("$ref")
    if isinstance(reference, str):
        for place in ("#/$defs/", "#/definitions/"):
            if reference.startswith(place):
                moved["$ref"] = f"#/$defs/{prefix}{reference.removeprefix(place)}"
    return moved
