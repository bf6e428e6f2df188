"""Tasks of the demo: tools, questions with or without a known right call, and remarks that need no tool."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.demo.questions import CHAT, QUESTIONS, TOOLS, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SMALL_TALK = CHAT[:3]  # remarks that need none of anybody's tools


def get_current_weather(location: str) -> str:
    """The guide's weather tool, on a day when the sun shines everywhere."""
    return f"{location} is sunny today."


def get_current_time(city: str) -> str:
    """Return a fixed time, so that every run of the demo prints the same."""
    return f"It is 14:35 in {city}."


FUNCTIONS: dict[str, Callable[[str], str]] = {
    "get_current_weather": get_current_weather,
    "get_current_time": get_current_time,
}


@dataclass(frozen=True, slots=True)
class Tasks:
    """Work for a model.

    Attributes:
        tools: The tools offered.
        questions: The questions; a question without a tool's name has no known right call.
        remarks: Remarks that need no tool.
        own: True for tools of the user's, which nobody can run here.
        result: The text that a tool of the user's gives back; empty without one.
    """

    tools: Sequence[Any] = tuple(TOOLS)
    questions: tuple[Question, ...] = QUESTIONS
    remarks: tuple[str, ...] = CHAT
    own: bool = False
    result: str = ""

    @property
    def judged(self) -> bool:
        """True if the right call of every question is known."""
        return all(question.tool for question in self.questions)

    def run(self, name: str, arguments: str) -> tuple[str, str]:
        """Run a tool. Returns the call in Python's notation and the result, which is empty for a tool nobody can run."""
        given: dict[str, Any] = json.loads(arguments)
        shown = f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})"
        if name not in FUNCTIONS or self.own:
            return shown, self.result
        return shown, FUNCTIONS[name](str(given[required_of(self.tools, name)]))


def required_of(tools: Sequence[Any], name: str) -> str:
    """The only required parameter of a tool of the demo's."""
    [parameter] = next(tool["function"] for tool in tools if tool["function"]["name"] == name)["parameters"]["required"]
    return str(parameter)


def tasks_for(tools: Sequence[Any] | None, questions: Sequence[str], result: str = "") -> Tasks:
    """Tasks of the user's own tools or questions, or the demo's.

    Args:
        tools: Tools of the user's; None for the demo's.
        questions: Questions of the user's; none for the demo's.
        result: The text that a tool of the user's gives back.
    """
    asked = tuple(Question(text, "", "") for text in questions) or QUESTIONS
    if tools is None:
        return Tasks(questions=asked)
    return Tasks(tools, asked, _SMALL_TALK, own=True, result=result)
