"""Worked examples made of the caller's own tools: a small model imitates examples better than it follows rules.

The examples depend on the turn. Before a call: a greeting that needs no call, and calls. After a result: a full loop, from
question to answer, which would do harm before a call. Measured with `benchmarks/effect.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.prompt.call_ids import shown_id
from adapter.prompt.native import NATIVE
from adapter.prompt.results import result_messages
from adapter.schema.samples import sample_arguments
from adapter.tools.reply_tool import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.prompt.neutralise import Neutraliser
    from adapter.tools.definitions import ToolDefinition, ToolSet

_MOST_CALLS = 3


@dataclass(frozen=True, slots=True)
class _Shown:
    """The parts of a tool used in an example. Descriptions are neutralised, because they come from the caller."""

    name: str
    about: str
    schema: Mapping[str, Any]


def worked_examples(
    tools: ToolSet, messages: Sequence[Mapping[str, Any]], reply: str | None, dialect: Dialect, guard: Neutraliser | None
) -> list[dict[str, Any]]:
    """Make plain messages to put before the conversation.

    Args:
        tools: The tools that may be called, without the reply tool.
        messages: The conversation.
        reply: The name of the reply tool, or None.
        dialect: The dialect of the calls.
        guard: Neutralises text from descriptions; None leaves descriptions unchanged.
    """
    last = messages[-1] if messages else {}
    said = " ".join(str(message.get("content") or "") for message in messages)
    if last.get("role") in {"tool", "function"}:
        called = _called_last(messages)
        tool = next((tool for tool in tools if tool.name == called), None)
        return [] if tool is None else _loop(_shown(tool, guard), said, reply, dialect)
    # The greeting first: a model imitates the last example most.
    examples = [{"role": "user", "content": "Hello!"}, _answer(dialect, "Hello! How can I help you?", reply)]
    for shown in (_shown(tool, guard) for tool in tools):
        arguments, told = sample_arguments(shown.schema, said)
        if not told or len(examples) > 2 * _MOST_CALLS:
            continue  # a made-up value would be copied into the real call
        examples += [{"role": "user", "content": _question(shown, arguments)}, _call(dialect, shown.name, arguments)]
    return examples


def _shown(tool: ToolDefinition, guard: Neutraliser | None) -> _Shown:
    about = str(tool.wire["function"].get("description") or tool.name.replace("_", " "))
    if guard is None:
        return _Shown(tool.name, about, tool.schema.source)
    return _Shown(tool.name, guard.text(about), guard.tool(tool.schema.source))


def _loop(tool: _Shown, said: str, reply: str | None, dialect: Dialect) -> list[dict[str, Any]]:
    arguments, _ = sample_arguments(tool.schema, said)
    values = " ".join(str(value) for value in arguments.values() if isinstance(value, str | int | float)) or tool.name
    result = f"The result for {values} is good."
    call_id = shown_id("call_example", dialect.call_ids, name=tool.name, index=0)
    return [
        {"role": "user", "content": _question(tool, arguments)},
        _call(dialect, tool.name, arguments),
        *result_messages(dialect, [{"content": result, "name": tool.name, "id": call_id}]),
        _answer(dialect, result, reply),
    ]


def _question(tool: _Shown, arguments: Mapping[str, Any]) -> str:
    """A user's question that the call answers."""
    about = tool.about.strip().split("\n")[0].rstrip(".")
    given = ", ".join(f"{name} {value if isinstance(value, str) else json.dumps(value)}" for name, value in arguments.items())
    return f"{about}: {given}?" if given else f"{about}?"


def _call(dialect: Dialect, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    made = {"id": "call_example", "name": name, "arguments": arguments}
    return {
        "role": "assistant",
        "content": dialect.assistant("", [dialect.tool_call(name, arguments)]),
        NATIVE: {"text": "", "calls": [made]},
    }


def _answer(dialect: Dialect, text: str, reply: str | None) -> dict[str, Any]:
    return {"role": "assistant", "content": text} if reply is None else _call(dialect, reply, {TEXT: text})


def _called_last(messages: Sequence[Mapping[str, Any]]) -> str | None:
    """The tool of the last call in the conversation."""
    for message in reversed(messages):
        if message.get("role") == "assistant":
            calls = message.get("tool_calls") or [{"function": message.get("function_call")}]
            function = calls[-1].get("function") or {}
            name = function.get("name")
            return name if isinstance(name, str) else None
    return None
