"""The tools that the test tables offer."""

from __future__ import annotations

from typing import Any


def function(name: str, properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": required or []}
    return {
        "type": "function",
        "function": {"name": name, "description": f"The tool {name}.", "parameters": parameters, **more},
    }


WEATHER = function(
    "get_weather",
    {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}, "days": {"type": "integer"}},
    ["city"],
)
TIME = {"type": "function", "function": {"name": "get_time", "description": "The time."}}
ECHO = function("echo", {"text": {"type": "string"}}, ["text"])
ANY = {"type": "function", "function": {"name": "f", "parameters": {}}}
TOOLS = [WEATHER, TIME, ECHO, ANY]
