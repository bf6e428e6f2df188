"""The tools that the test tables offer, and a conversation with a result of one."""

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

# A conversation of which the last message is a tool's result.
CALLED: list[Any] = [
    {"role": "user", "content": "Weather in Paris?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}],
    },
    {"role": "tool", "tool_call_id": "a", "content": "18 C"},
]
