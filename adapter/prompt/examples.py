"""Worked examples made of the caller's own tools: a small model imitates examples better than it follows rules.

The examples depend on the turn. Before a call: an answer in words that states a fact, and calls of different tools. After a
result: a full loop, from question to answer, which would do harm before a call. No example holds a value of the conversation,
and made-up values are marked, lest the model take an example for the real question (behaviour 4.11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from adapter.grounding.conversation import ConversationText
from adapter.prompt.call_ids import shown_id
from adapter.prompt.native import NATIVE
from adapter.prompt.results import result_messages
from adapter.schema.made_up import is_placeholder
from adapter.schema.samples import sample_arguments
from adapter.tools.reply_tool import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from adapter.dialects.registry import Dialect
    from adapter.prompt.neutralise import Neutraliser
    from adapter.schema.samples import Sample
    from adapter.tools.definitions import ToolSet
    from adapter.tools.one_tool import ToolDefinition

_MOST_CALLS = 2
_MOST_TOOLS = 32  # that are looked at
_LONGEST_ABOUT = 200  # characters of a description
# The end of a description's first sentence; the points of `e.g.` and `i.e.` end none.
_SENTENCE = re.compile(r"(?<!\be\.g)(?<!\bi\.e)[.!?]\s|[。！？\n]")
# Questions that a model answers from its own knowledge, and that no tool is likely to be for.
_FACTS = (
    ("How many legs does a spider have?", "A spider has eight legs.", "spider"),
    ("Which colour does a ripe banana have?", "A ripe banana is yellow.", "banana"),
    ("What do bees make?", "Bees make honey.", "honey"),
)
_VALUES = (17, 23, 41, 68)
NO_RESULT = "\x00no result"


@dataclass(frozen=True, slots=True)
class _Shown:
    """The parts of a tool used in an example. All is neutralised, because definitions may come from a stranger's server."""

    name: str
    about: str
    arguments: Mapping[str, Any]
    made: bool

    def question(self) -> str:
        """A user's question that the call answers."""
        given = ", ".join(f"{name} {_said(value)}" for name, value in self.arguments.items())
        return f"{'Example: ' if self.made else ''}{self.about}{': ' if given else ''}{given}?"


def worked_examples(
    tools: ToolSet,
    messages: Any,
    reply: str | None,
    dialect: Dialect,
    guard: Neutraliser | None,
    *,
    forced: bool = False,
) -> list[dict[str, Any]]:
    """Make plain messages to put before the conversation; none where no tool has valid sample arguments.

    Args:
        tools: The tools that may be called, without the reply tool.
        messages: The conversation.
        reply: The name of the reply tool, or None.
        dialect: The dialect of the calls.
        guard: Neutralises text from definitions; None leaves definitions unchanged.
        forced: The answer has to be a call.
    """
    said = ConversationText.of(messages)
    last = messages[-1] if messages else {}
    if not isinstance(last, Mapping):
        return []  # refused in the caller's words, by the check of the messages
    if last.get("role") in ("tool", "function") and not forced:
        loop = _for_loop(tools, _called_last(messages), said, guard)
        return [] if loop is None else _loop(loop, said, reply, dialect, guard)
    calls = _for_calls(tools, said, guard)
    # The answer in words first: a model imitates the last example most.
    examples = [] if forced or not calls else _fact(said, reply, dialect)
    for shown in calls:
        question = _safe(shown.question(), guard)
        examples += [{"role": "user", "content": question}, _call(dialect, shown.name, shown.arguments)]
    return examples


def made_up_in(examples: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the placeholders among the arguments of worked examples: no answer should hold one."""
    calls = [call for message in examples for call in message.get(NATIVE, {}).get("calls", ())]
    return tuple({value for call in calls for value in call["arguments"].values() if is_placeholder(value)})


def with_open_calls(messages: Any) -> Any:
    """Return the caller's own examples with a placeholder behind each call without a result, which no prompt shows."""
    if not isinstance(messages, list | tuple):
        return messages
    found: list[Any] = []
    for position, message in enumerate(messages):
        found.append(message)
        behind = messages[position + 1] if position + 1 < len(messages) else {}
        answered = isinstance(behind, Mapping) and behind.get("role") in ("tool", "function")
        if isinstance(message, Mapping) and message.get("role") == "assistant" and not answered:
            found += _placeholders(message)
    return found


def _placeholders(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        call_id = call.get("id") if isinstance(call, Mapping) else None
        yield {"role": "tool", "tool_call_id": call_id or "", "content": NO_RESULT}
    legacy = message.get("function_call")
    if isinstance(legacy, Mapping) and calls is None:
        yield {"role": "function", "name": legacy.get("name"), "content": NO_RESULT}


def _for_calls(tools: ToolSet, said: ConversationText, guard: Neutraliser | None) -> list[_Shown]:
    """The tools to call: those whose values the schema names first, in the caller's order."""
    named: list[_Shown] = []
    made: list[_Shown] = []
    for tool in islice(tools, _MOST_TOOLS):
        sample = sample_arguments(tool.schema, said.holds)
        if sample is not None:
            (made if sample.made else named).append(_shown(tool, sample, guard))
            if len(named) == _MOST_CALLS:
                break
    return [*named, *made][:_MOST_CALLS]


def _for_loop(tools: ToolSet, called: str | None, said: ConversationText, guard: Neutraliser | None) -> _Shown | None:
    """The tool of a full loop: another than the tool that has just answered, if any, and with arguments if possible."""
    others = [tool for tool in islice(tools, _MOST_TOOLS) if tool.name != called]
    found: _Shown | None = None
    for tool in [*others, *(tool for tool in tools if tool.name == called)]:
        sample = sample_arguments(tool.schema, said.holds)
        if sample is not None and (found is None or (sample.arguments and tool.name != called)):
            found = _shown(tool, sample, guard)
            if sample.arguments:
                break
    return found


def _shown(tool: ToolDefinition, sample: Sample, guard: Neutraliser | None) -> _Shown:
    text = str(tool.wire["function"].get("description") or tool.name.replace("_", " ")).strip()
    about = _SENTENCE.split(text, maxsplit=1)[0][:_LONGEST_ABOUT].rstrip(".。")
    arguments = sample.arguments if guard is None else guard.data(sample.arguments)
    return _Shown(tool.name, _safe(about, guard), arguments, sample.made)


def _loop(
    tool: _Shown, said: ConversationText, reply: str | None, dialect: Dialect, guard: Neutraliser | None
) -> list[dict[str, Any]]:
    """A question, a call, a result of several fields in JSON, and a sentence that uses one of them."""
    value = next((value for value in _VALUES if not said.holds(value)), _VALUES[0])
    plain = {name: item for name, item in tool.arguments.items() if isinstance(item, str | int | float)}
    subject = ", ".join(map(_said, plain.values())) or "Example 1"
    fields = {**(plain or {"label": subject}), "value": value, "unit": "points", "source": "example"}
    result = _safe(json.dumps(fields, ensure_ascii=False), guard)
    call_id = shown_id("call_example", dialect.call_ids, name=tool.name, index=0)
    return [
        {"role": "user", "content": _safe(tool.question(), guard)},
        _call(dialect, tool.name, tool.arguments),
        *result_messages(dialect, [{"content": result, "name": tool.name, "id": call_id}]),
        _answer(dialect, _safe(f"For {subject} the value is {value} points.", guard), reply),
    ]


def _fact(said: ConversationText, reply: str | None, dialect: Dialect) -> list[dict[str, Any]]:
    """A question that needs no call, and an answer that states a fact."""
    question, fact, _ = next((each for each in _FACTS if not said.holds(each[2])), _FACTS[0])
    return [{"role": "user", "content": question}, _answer(dialect, fact, reply)]


def _safe(text: str, guard: Neutraliser | None) -> str:
    return text if guard is None else guard.text(text)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
