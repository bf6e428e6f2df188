"""Effect of each way to get tool calls out of a model: ten questions, five remarks that need no tool, ten results."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import openai

import adapter
from adapter.demo.conversation import FUNCTIONS
from adapter.demo.questions import CHAT, QUESTIONS, TOOLS, Question, is_right
from adapter.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openai import OpenAI

_MAX_TOKENS = 128
_FORCED = {"tool_choice": "required"}


@dataclass(frozen=True, slots=True)
class Way:
    """A way to get a tool call out of the model.

    Attributes:
        label: The label in the table.
        options: Options of `adapter.wrap`; None for the bare client.
        request: Further fields of the request.
    """

    label: str
    options: Any = None
    request: dict[str, Any] | None = None

    @property
    def forced(self) -> bool:
        """True if the request forces a call, so that remarks make no sense."""
        return self.request is not None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The counts for a way.

    Attributes:
        way: The label of the way.
        called: Questions answered with a call; with a valid call through the adapter.
        right: Questions answered with the right call.
        false_calls: Remarks answered with a call; None if a call was required.
        of_questions: Questions asked.
        of_chat: Remarks made.
    """

    way: str
    called: int
    right: int
    false_calls: int | None
    of_questions: int = len(QUESTIONS)
    of_chat: int = len(CHAT)


@dataclass(frozen=True, slots=True)
class Answered:
    """The count of answers that agree with the tool's result."""

    way: str
    good: int
    of_questions: int = len(QUESTIONS)


def ways(server: str) -> list[Way]:
    """The ways that make sense with a server: its own tools, and each of its rungs."""
    rungs = SERVERS[server].rungs if server != "generic" else ("prompt", "json_schema")
    found = [
        Way("the server's own tools, auto"),
        Way("the server's own tools, required", None, _FORCED),
        Way("adapter, words only", {"recover": False}),
        Way("adapter, words only, calls without tags recovered", {}),
    ]
    found += [Way(f"adapter, required, {rung}", {"enforce": rung, "server": server}, _FORCED) for rung in rungs[1:]]
    small = {"profile": "small", "server": server}
    if server == "generic":
        small["enforce"] = "json_schema"
    found.append(Way("adapter, free choice, profile small", small))
    return found


def measure(client: OpenAI, model: str, way: Way, track: Callable[[Iterable[Any]], Iterable[Any]] = iter) -> Outcome:
    """Ask the questions and make the remarks in one way.

    Args:
        client: An unwrapped client.
        model: The model's name.
        way: The way.
        track: Wraps an iterable of questions, for a progress bar.
    """
    used = client if way.options is None else adapter.wrap(client, retries=0, **way.options)
    asked: list[tuple[str, Question | None]] = [(question.text, question) for question in QUESTIONS]
    asked += [] if way.forced else [(remark, None) for remark in CHAT]
    called = right = false_calls = 0
    for text, question in track(asked):
        calls = list(_calls(used, model, text, way.request or {}))
        if question is None:
            false_calls += bool(calls)
        else:
            called += bool(calls)
            right += any(is_right(question, name, arguments) for name, arguments in calls)
    return Outcome(way.label, called, right, None if way.forced else false_calls)


def _calls(client: OpenAI, model: str, text: str, request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        completion = client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": text}],
            tools=TOOLS,
            temperature=0,
            max_tokens=_MAX_TOKENS,
            **request,
        )
    except openai.InternalServerError as error:
        if error.code not in {"invalid_tool_call", "tool_call_required"}:
            raise
        return  # the adapter refused the answer: no call
    for call in completion.choices[0].message.tool_calls or []:
        if call.type == "function":
            yield call.function.name, call.function.arguments


def measure_answers(client: OpenAI, model: str, server: str, *, worked: bool) -> Answered:
    """Let the model answer from a tool's result, ten times; with a worked example of a whole loop, or without."""
    options: Any = {"examples": "auto"} if worked else {}
    used = adapter.wrap(client, retries=0, server=server, **options)
    good = 0
    for question in QUESTIONS:
        messages, facts = _with_result(question)
        completion = used.chat.completions.create(
            model=model, messages=messages, tools=TOOLS, temperature=0, max_tokens=_MAX_TOKENS
        )
        text = completion.choices[0].message.content or ""
        good += "<" not in text and all(fact in text for fact in facts)
    return Answered("one worked example of a whole loop" if worked else "no example", good)


def _with_result(question: Question) -> tuple[list[Any], tuple[str, ...]]:
    """A conversation in which the tool has run, and the words that a right answer holds."""
    tool = next(tool["function"] for tool in TOOLS if tool["function"]["name"] == question.tool)
    [parameter] = tool["parameters"]["required"]
    result = FUNCTIONS[question.tool](question.value)
    function = {"name": question.tool, "arguments": json.dumps({parameter: question.value})}
    call = {"id": "call_1", "type": "function", "function": function}
    messages = [
        {"role": "user", "content": question.text},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": result},
    ]
    return messages, (question.value, "sunny" if question.tool == "get_current_weather" else "14:35")


def table(outcomes: Iterable[Outcome], answered: Iterable[Answered]) -> list[str]:
    """The results as lines of text."""
    rows = [["way", f"calls of {len(QUESTIONS)}", f"right of {len(QUESTIONS)}", f"false of {len(CHAT)}"]]
    rows += [[item.way, str(item.called), str(item.right), _number(item.false_calls)] for item in outcomes]
    rows.append(["", "", "", ""])
    rows.append(["answer after a tool result", f"good of {len(QUESTIONS)}", "", ""])
    rows += [[item.way, str(item.good), "", ""] for item in answered]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [_line(row, widths).rstrip() for row in rows]


def _number(count: int | None) -> str:
    return "" if count is None else str(count)


def _line(row: list[str], widths: list[int]) -> str:
    return "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))])


def as_json(outcomes: Iterable[Outcome], answered: Iterable[Answered]) -> dict[str, Any]:
    """The results as a JSON value."""
    return {"calls": [asdict(item) for item in outcomes], "answers": [asdict(item) for item in answered]}
