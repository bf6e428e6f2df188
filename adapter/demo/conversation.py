"""The guide's first figure, played with a real model: question, tool call, the tool runs, answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import adapter
from adapter.demo.questions import QUESTIONS, TOOLS, Question, is_right

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import OpenAI

    from adapter.demo.wire import Wire

_MAX_TOKENS = 128


def get_current_weather(location: str) -> str:
    """The guide's weather tool, on a day when the sun shines everywhere."""
    return f"{location} is sunny today."


def get_current_time(city: str) -> str:
    """A clock that stands still, so that the demo prints the same every time."""
    return f"It is 14:35 in {city}."


_FUNCTIONS: dict[str, Callable[..., str]] = {
    "get_current_weather": get_current_weather,
    "get_current_time": get_current_time,
}
# A small model answers from a tool result once it has seen one complete loop with the same tool, and hardly without.
_WORKED = {
    "get_current_weather": ("What's the weather in Oslo?", {"location": "Oslo"}, "It is sunny in Oslo today."),
    "get_current_time": ("What time is it in Oslo?", {"city": "Oslo"}, "It is 14:35 in Oslo."),
}


def worked_loop(tool: str) -> list[dict[str, Any]]:
    """Question, call, result and answer with the given tool, to stand before the real question."""
    question, arguments, answer = _WORKED[tool]
    return [
        {"role": "user", "content": question},
        _call("call_example", tool, json.dumps(arguments)),
        {"role": "tool", "tool_call_id": "call_example", "content": _FUNCTIONS[tool](**arguments)},
        {"role": "assistant", "content": answer},
    ]


def _call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


def play(wire: Wire, model: str, question: str, show: Callable[[str, str], None]) -> str:
    """Have the conversation, showing each step under its label. Returns the final answer."""
    client = adapter.wrap(wire.client, enforce="json_schema")
    asked: list[Any] = [{"role": "user", "content": question}]
    show("question", question)
    first = client.chat.completions.create(
        model=model,
        messages=asked,
        tools=TOOLS,
        tool_choice="required",
        temperature=0,
        max_tokens=_MAX_TOKENS,
    )
    show("prompt the model saw", _as_text(wire.prompt))
    show("raw completion", wire.completion)
    message = first.choices[0].message
    if not message.tool_calls or message.tool_calls[0].type != "function":
        show("answer", message.content or "")
        return message.content or ""
    call = message.tool_calls[0]
    show("tool call object", call.model_dump_json(indent=2))
    name, arguments = call.function.name, call.function.arguments
    result = _FUNCTIONS[name](**json.loads(arguments))
    show("the tool runs", f"{name}({', '.join(f'{k}={v!r}' for k, v in json.loads(arguments).items())}) -> {result}")
    followed = [
        *worked_loop(name),
        *asked,
        _call(call.id, name, arguments),
        {"role": "tool", "tool_call_id": call.id, "content": result},
    ]
    last = client.chat.completions.create(
        model=model,
        messages=followed,
        tools=TOOLS,
        temperature=0,
        max_tokens=_MAX_TOKENS,
    )
    show("prompt of the second turn, after one worked loop", _as_text(wire.prompt[1:]))
    answer = last.choices[0].message.content or ""
    show("answer", answer)
    return answer


def _as_text(messages: list[dict[str, Any]]) -> str:
    return "\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)


@dataclass(frozen=True, slots=True)
class Way:
    """A way to get a tool call out of the model."""

    label: str
    client: OpenAI
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one question brought.

    Attributes:
        called: Whether there was a tool call; the adapter's checks have found it valid.
        right: Whether it was the one that the question asks for.
    """

    called: bool
    right: bool


def ways(client: OpenAI) -> tuple[Way, ...]:
    """The three ways that `--all` compares."""
    forced = {"tool_choice": "required"}
    return (
        Way("the server's own tools parameter", client, forced),
        Way("adapter, prompt only", adapter.wrap(client), {}),
        Way("adapter, schema enforced", adapter.wrap(client, enforce="json_schema"), forced),
    )


def ask(way: Way, model: str, question: Question) -> Outcome:
    """Ask one question in one way."""
    completion = way.client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": question.text}],
        tools=TOOLS,
        temperature=0,
        max_tokens=_MAX_TOKENS,
        **way.options,
    )
    calls = completion.choices[0].message.tool_calls or []
    right = any(call.type == "function" and is_right(question, call.function.name, call.function.arguments) for call in calls)
    return Outcome(bool(calls), right)


__all__ = ["QUESTIONS", "Outcome", "Way", "ask", "play", "ways", "worked_loop"]
