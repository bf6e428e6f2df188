"""Ten questions with two tools, and the right call for each: small enough for a model of 135 million parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


def _tool(name: str, description: str, parameter: str, about: str) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": {parameter: {"type": "string", "description": about}},
                "required": [parameter],
            },
        },
    }


TOOLS: list[Any] = [
    _tool(
        "get_current_weather",
        "Useful when you want to check the weather for a specific city.",
        "location",
        "City or county, such as Singapore or New York.",
    ),
    _tool(
        "get_current_time",
        "Useful when you want to know the current time in a specific city.",
        "city",
        "City, such as Singapore or New York.",
    ),
]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the call that answers it.

    Attributes:
        text: What the user asks.
        tool: The tool to call.
        value: Text that the tool's only argument must hold.
    """

    text: str
    tool: str
    value: str


QUESTIONS: tuple[Question, ...] = (
    Question("What's the weather in Singapore?", "get_current_weather", "Singapore"),
    Question("What time is it in Tokyo?", "get_current_time", "Tokyo"),
    Question("Is it raining in London right now?", "get_current_weather", "London"),
    Question("Tell me the current time in New York.", "get_current_time", "New York"),
    Question("How is the weather in Paris today?", "get_current_weather", "Paris"),
    Question("What is the time in Sydney now?", "get_current_time", "Sydney"),
    Question("Do I need an umbrella in Berlin? Check the weather.", "get_current_weather", "Berlin"),
    Question("What's the local time in Cairo?", "get_current_time", "Cairo"),
    Question("Give me the weather for Toronto.", "get_current_weather", "Toronto"),
    Question("Can you check the weather in Madrid?", "get_current_weather", "Madrid"),
)


# Remarks that need no tool.
CHAT: tuple[str, ...] = ("Hello!", "Thank you very much!", "Who are you?", "Tell me a joke.", "What is 2 plus 2?")


def is_right(question: Question, name: str, arguments: str) -> bool:
    """True for the right call: the tool, and the place as a part of the argument.

    `"Paris, France"` is right for Paris; a country or an explanation beside the place does no harm to a lookup.
    """
    try:
        value = json.loads(arguments)
    except ValueError:
        return False
    if name != question.tool or not isinstance(value, dict):
        return False
    return any(question.value.casefold() in str(item).casefold() for item in value.values())
