"""The guide's first figure, played with a real model: question, tool call, the tool runs, answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import adapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.demo.tasks import Tasks
    from adapter.demo.wire import Screen, Wire

_MAX_TOKENS = 128


def options_for(server: str, dialect: str | None = None, enforce: str | None = None) -> dict[str, Any]:
    """The options of the demo's client. An unknown server most likely has structured output."""
    options: dict[str, Any] = {"enforce": "json_schema"} if server == "generic" else {"server": server}
    if enforce:
        options["enforce"] = enforce
    return {"profile": "small", **options, **({"dialect": dialect} if dialect else {})}


def play(wire: Wire, model: str, options: Mapping[str, Any], question: str, screen: Screen, tasks: Tasks) -> str:
    """Have the conversation and show each step under a label. Returns the final answer; empty without any.

    Args:
        wire: The client, whose exchanges are shown.
        model: The model's name.
        options: Options of `adapter.wrap`.
        question: What the user asks.
        screen: The place to show the steps.
        tasks: The tools, and what runs them.

    Raises:
        openai.APIError: The server or the adapter refused.
    """
    client: Any = adapter.wrap(wire.client, **options)
    wire.screen = screen
    asked: list[Any] = [{"role": "user", "content": question}]
    request: dict[str, Any] = {"tools": list(tasks.tools), "temperature": 0, "max_tokens": _MAX_TOKENS}
    screen.show("question", question)
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    screen.show("options", f"adapter.wrap(client, {given}); tool_choice='required', temperature=0, max_tokens={_MAX_TOKENS}")
    words, call = _streamed(client.chat.completions.create(
        model=model, messages=asked, tool_choice="required", stream=True, **request
    ))  # fmt: skip
    if call is None:
        screen.show("answer", words)
        return words
    screen.show("tool call object", _indented(call))
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    shown, result = tasks.run(name, arguments)
    if not result:
        screen.show("the tool would run", f"{shown}; --result TEXT plays on with its result")
        return shown
    screen.show("the tool runs", f"{shown} -> {result}")
    followed = [
        *asked,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": result},
    ]
    wire.label, wire.skip = "prompt of the second turn, with one worked example", 1
    answer, again = _streamed(client.chat.completions.create(model=model, messages=followed, stream=True, **request))
    if again is not None:
        screen.show("another call", _indented(again))
    screen.show("answer", answer)
    return answer


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _streamed(chunks: Any) -> tuple[str, dict[str, Any] | None]:
    """Put a stream together. Returns the words and the first call."""
    words, call = "", None
    for chunk in chunks:
        for choice in chunk.choices:
            words += choice.delta.content or ""
            for part in choice.delta.tool_calls or ():
                if part.index:
                    continue
                if call is None:
                    call = {"id": part.id, "type": "function", "function": {"name": part.function.name, "arguments": ""}}
                call["function"]["arguments"] += part.function.arguments or ""
    return words, call
