"""Tools of Anthropic's Messages API: `{"name", "description", "input_schema"}`, and the vendor's tools that a client runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.schema.compiled import compile_schema
from adapter.tools.one_tool import Entry, ToolDefinition, builtin, check_words, wrong_type

if TYPE_CHECKING:
    from collections.abc import Mapping

_EDITOR = {
    "type": "object",
    "properties": {
        "command": {"type": "string", "enum": ["view", "create", "str_replace", "insert"]},
        "path": {"type": "string", "description": "Absolute path of a file or a folder."},
        "file_text": {"type": "string", "description": "For create: the content of the file."},
        "old_str": {"type": "string", "description": "For str_replace: the text to replace, which occurs once in the file."},
        "new_str": {"type": "string", "description": "For str_replace: the text in its place."},
        "insert_line": {
            "type": "integer",
            "description": "For insert: the line after which the text goes; 0 for the beginning.",
        },
        "insert_text": {"type": "string", "description": "For insert: the text."},
        "view_range": {
            "type": "array",
            "items": {"type": "integer"},
            "description": "For view: the first and the last line; -1 for the end.",
        },
    },
    "required": ["command", "path"],
}
_SHELL = {
    "type": "object",
    "properties": {
        "command": {"type": "string", "description": "The command to run."},
        "restart": {"type": "boolean", "description": "Start the shell anew."},
    },
}
# Tools whose schema the vendor keeps, by the beginning of their type: the caller runs them, so the model has to be told.
_KNOWN: dict[str, tuple[str, Mapping[str, Any]]] = {
    "bash_": ("Run a command in a shell that keeps its state between calls.", _SHELL),
    "text_editor_": ("View, create and edit text files.", _EDITOR),
}


def read_messages_tool(entry: Entry) -> tuple[ToolDefinition, str]:
    """Read an item of a Messages request's `tools`. Returns the definition and its path, for messages.

    Raises:
        BadRequest: The definition is malformed, or the vendor's own servers run the tool.
    """
    item, param, _ = entry
    kind = item.get("type")
    description, schema = item.get("description"), item.get("input_schema")
    if kind not in (None, "custom"):
        known = next((found for begin, found in _KNOWN.items() if isinstance(kind, str) and kind.startswith(begin)), None)
        if known is None:
            raise builtin(kind, param)
        description, schema = known
    strict = item.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise wrong_type(f"{param}.strict", strict, "true or false")
    shown = {"description": description, "parameters": schema}
    function = {"name": item.get("name"), **{key: value for key, value in shown.items() if value is not None}}
    check_words(function, param)
    compiled = compile_schema(schema, f"{param}.input_schema", function["name"])
    return ToolDefinition(function["name"], {"type": "function", "function": function}, compiled, bool(strict)), param
