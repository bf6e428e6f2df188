"""The guide's first figure, played with a real model: question, tool call, the tool runs, answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import adapter
from adapter.demo.questions import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.demo.wire import Wire

_MAX_TOKENS = 128


def get_current_weather(location: str) -> str:
    """The guide's weather tool, on a day when the sun shines everywhere."""
    return f"{location} is sunny today."


def get_current_time(city: str) -> str:
    """Return a fixed time, so that every run of the demo prints the same."""
    return f"It is 14:35 in {city}."


FUNCTIONS: dict[str, Callable[..., str]] = {
    "get_current_weather": get_current_weather,
    "get_current_time": get_current_time,
}


def _call(call_id: str, name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


def play(wire: Wire, model: str, server: str, question: str, show: Callable[[str, str], None]) -> str:
    """Have the conversation and show each step under a label. Returns the final answer."""
    # An unknown server most likely has structured output.
    options: Any = {"enforce": "json_schema"} if server == "generic" else {"server": server}
    client = adapter.wrap(wire.client, profile="small", **options)
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
    result = FUNCTIONS[name](**json.loads(arguments))
    show("the tool runs", f"{name}({', '.join(f'{k}={v!r}' for k, v in json.loads(arguments).items())}) -> {result}")
    followed = [
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
    show("prompt of the second turn, with one worked example", _as_text(wire.prompt[1:]))
    answer = last.choices[0].message.content or ""
    show("answer", answer)
    return answer


def _as_text(messages: list[dict[str, Any]]) -> str:
    return "\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)
