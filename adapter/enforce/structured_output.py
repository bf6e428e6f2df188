"""Tool calls through structured output: the answer is a call, or JSON in the caller's own format.

The schema is an object for each allowed tool, its name constant and its arguments the tool's own schema. The model answers
with bare JSON without tags, which the parser reads as a call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from adapter.servers import Server
    from adapter.tools.definitions import ToolSet
    from adapter.tools.one_tool import ToolDefinition


def response_format(tools: ToolSet, other: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The `response_format` of a chat request that allows a single call of any of the tools.

    Args:
        tools: The tools.
        other: The caller's own `response_format`, of an answer in place of a call.
    """
    forms = [_call_schema(tool, position) for position, tool in enumerate(tools)]
    if other is not None:
        forms.append(_nested(answer_schema(other) or {"type": "object"}, "answer_"))
    schema = forms[0] if len(forms) == 1 else {"anyOf": forms}
    definitions = {name: value for form in forms for name, value in form.pop("$defs", {}).items()}
    if definitions:
        schema = {**schema, "$defs": definitions}
    return {"type": "json_schema", "json_schema": {"name": "tool_call", "strict": True, "schema": schema}}


def schema_fields(server: Server, response_format: Mapping[str, Any]) -> dict[str, Any]:
    """The request fields that hold a server to a format; empty for a server without structured output."""
    if server.schema == "json_schema":
        return {"json_schema": answer_schema(response_format) or {"type": "object"}}
    if server.schema == "value":
        return {"response_format": {"type": "json_object", "value": answer_schema(response_format) or {"type": "object"}}}
    return {} if server.schema is None else {"response_format": response_format}


_JSON = 'Answer with nothing but one JSON object, a call: {"name": the name of the function, "arguments": its arguments}'


def asked_for_json(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages that ask for a call as JSON: JSON mode knows no schema, and some servers refuse it without the word."""
    first = messages[0] if messages else {}
    if first.get("role") == "system" and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{_JSON}"}, *messages[1:]]
    return [{"role": "system", "content": _JSON}, *messages]


def wants_json(response_format: Any) -> TypeGuard[Mapping[str, Any]]:
    """True if a `response_format` asks for JSON."""
    if response_format is None:  # as in nearly all requests; the check for a mapping is slower
        return False
    return isinstance(response_format, Mapping) and response_format.get("type") in ("json_object", "json_schema")


def answer_schema(response_format: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema in a `response_format`; None if absent."""
    described = response_format.get("json_schema")
    schema = described.get("schema") if isinstance(described, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def _call_schema(tool: ToolDefinition, position: int) -> dict[str, Any]:
    """The schema of a call. Definitions of the tool's schema move to the top, under names of their own."""
    arguments = _nested(tool.schema.source, f"tool_{position}_")
    definitions = arguments.pop("$defs", None)
    form: dict[str, Any] = {
        "type": "object",
        "properties": {"name": {"const": tool.name}, "arguments": arguments or {"type": "object"}},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
    if definitions:
        form["$defs"] = definitions
    return form


def _nested(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Nest a schema in another: its definitions get names of their own, all in `$defs`.

    A schema that refers to itself or to its parts becomes a definition too, because the path to them changes.
    """
    nested: dict[str, Any] = _moved(schema, prefix)
    definitions = {f"{prefix}{name}": value for key in ("$defs", "definitions") for name, value in nested.pop(key, {}).items()}
    nested.pop("$schema", None)
    whole = _place_of(prefix)
    text = json.dumps([nested, definitions])
    if any(f'"$ref": "{whole}{end}' in text for end in '"/'):
        definitions[whole.removeprefix("#/$defs/")] = nested
        nested = {"$ref": whole}
    return {**nested, "$defs": definitions} if definitions else nested


def _moved(schema: Any, prefix: str) -> Any:
    """Rewrite the references into definitions to the new places of the definitions."""
    if isinstance(schema, list):
        return [_moved(item, prefix) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    moved = {key: _moved(value, prefix) for key, value in schema.items()}
    reference = moved.get("$ref")
    if isinstance(reference, str):
        place = next((place for place in ("#/$defs/", "#/definitions/") if reference.startswith(place)), None)
        if place is not None:
            moved["$ref"] = f"#/$defs/{prefix}{reference.removeprefix(place)}"
        elif reference == "#" or reference.startswith("#/"):
            moved["$ref"] = _place_of(prefix) + reference[1:]
    return moved


def _place_of(prefix: str) -> str:
    """The new place of a schema whose definitions have the prefix; no definition can have the same name."""
    return f"#/$defs/{prefix.rstrip('_')}"
