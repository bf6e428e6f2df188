"""Flat tool definitions, and the tool choices of the Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.responses.checks import missing, wrong_type, wrong_value
from adapter.errors import BadRequest
from adapter.tools.choice import ToolChoice, offered
from adapter.tools.definitions import ToolSet, read_flat_tools

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_FORMS = (
    "'none', 'auto', 'required', {\"type\": \"function\", \"name\": …} or "
    '{"type": "allowed_tools", "mode": …, "tools": [{"type": "function", "name": …}]}'
)


def read_tools_and_choice(body: Mapping[str, Any]) -> tuple[ToolSet, ToolChoice]:
    """Return the `tools` and the `tool_choice` of a request.

    Raises:
        BadRequest: A tool is no function or is malformed, or the choice is none of the documented forms or names a tool that
            was not offered.
    """
    tools = read_flat_tools(body.get("tools"))
    choice = _choice(body.get("tool_choice"), tools.names)
    if choice.mode not in {"auto", "none"} and not tools:
        raise BadRequest("Tool choice must be specified with 'tools' parameter.", param="tool_choice")
    return tools, choice


def _choice(value: Any, names: Collection[str]) -> ToolChoice:
    if value is None:
        return ToolChoice()
    if value in ("none", "auto", "required"):
        return ToolChoice(value)
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "function":
        return ToolChoice("named", (_named(value, "tool_choice", names),))
    if kind == "allowed_tools":
        return _allowed(value, names)
    raise wrong_value("tool_choice", value, f"Use {_FORMS}.")


def _named(value: Any, param: str, names: Collection[str]) -> str:
    if not isinstance(value, dict) or value.get("type") != "function":
        raise wrong_value(param, value, 'Use {"type": "function", "name": …}: this model has functions only.')
    name = value.get("name")
    if name is None:
        raise missing(f"{param}.name", "It is the name of one of the tools.")
    if not isinstance(name, str):
        raise wrong_type(f"{param}.name", name, "a string")
    return offered(name, f"{param}.name", names)


def _allowed(value: Mapping[str, Any], names: Collection[str]) -> ToolChoice:
    mode = value.get("mode")
    if mode not in ("auto", "required"):
        raise wrong_value("tool_choice.mode", mode, "Use 'auto' or 'required'.")
    tools = value.get("tools")
    if not isinstance(tools, list) or not tools:
        raise wrong_value("tool_choice.tools", tools, "Give at least one tool.")
    return ToolChoice(mode, tuple(_named(tool, f"tool_choice.tools[{position}]", names) for position, tool in enumerate(tools)))
