"""Effect of each way to get tool calls out of a model: questions, remarks that need no tool, and results to answer from.

A way that the server refuses is a row of its own, and the others go on. Rows are handed out as they are done.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import openai

import adapter
from adapter.demo.questions import CHAT, QUESTIONS, TOOLS, Question, is_right
from adapter.demo.tasks import FUNCTIONS, Tasks, required_of
from adapter.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from openai import OpenAI

    Track = Callable[[Iterable[Any], str], Iterable[Any]]  # wraps an iterable, for a progress bar with a label

_MAX_TOKENS = 128
_FORCED = {"tool_choice": "required"}
_HOPELESS = {401, 403, 404}  # of a wrong key, a wrong address or a wrong model: every way fails
_OUR_REFUSALS = {"invalid_tool_call", "tool_call_required"}
_LONGEST = 160  # characters of a server's words


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
        right: Questions answered with the right call; None where nobody knows the right call.
        false_calls: Remarks answered with a call; None if a call was required.
        of_questions: Questions asked.
        of_chat: Remarks made.
        refused: The server's words, if the server refused; the counts say nothing then.
    """

    way: str
    called: int
    right: int | None
    false_calls: int | None
    of_questions: int = len(QUESTIONS)
    of_chat: int = len(CHAT)
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The count of answers that agree with the tool's result; `refused` as for `Outcome`."""

    way: str
    good: int
    of_questions: int = len(QUESTIONS)
    refused: str = ""


def ways(server: str, dialect: str = "hermes") -> list[Way]:
    """The ways that make sense with a server: its own tools, and each of its rungs."""
    rungs = SERVERS[server].rungs if server != "generic" else ("prompt", "json_schema")
    same = {"server": server, "dialect": dialect}
    found = [
        Way("the server's own tools, auto"),
        Way("the server's own tools, required", None, _FORCED),
        Way("adapter, words only", {"recover": False, "dialect": dialect}),
        Way("adapter, words only, calls without tags recovered", {"dialect": dialect}),
    ]
    found += [Way(f"adapter, required, {rung}", {"enforce": rung, **same}, _FORCED) for rung in rungs[1:]]
    small = {"profile": "small", **same}
    if server == "generic":
        small["enforce"] = "json_schema"
    found.append(Way("adapter, free choice, profile small", small))
    return found


def measure(client: OpenAI, model: str, way: Way, track: Track | None = None, tasks: Tasks | None = None) -> Outcome:
    """Ask the questions and make the remarks in one way.

    Args:
        client: An unwrapped client.
        model: The model's name.
        way: The way.
        track: Wraps the questions, for a progress bar.
        tasks: The tools, questions and remarks; default: the demo's.

    Raises:
        openai.APIError: No server, no model or a wrong key; anything else that a server refuses is an outcome.
    """
    tasks = tasks or Tasks()
    used = client if way.options is None else adapter.wrap(client, retries=0, **way.options)
    asked: list[tuple[str, Question | None]] = [(question.text, question) for question in tasks.questions]
    asked += [] if way.forced else [(remark, None) for remark in tasks.remarks]
    called = right = false_calls = 0
    refused = ""
    for text, question in track(asked, way.label) if track else asked:
        try:
            calls = list(_calls(used, model, text, tasks, way.request or {}))
        except openai.APIStatusError as error:
            refused = _refusal(error)
            break
        if question is None:
            false_calls += bool(calls)
        else:
            called += bool(calls)
            right += any(is_right(question, name, arguments) for name, arguments in calls)
    counts = (called, right if tasks.judged else None, None if way.forced else false_calls)
    return Outcome(way.label, *counts, len(tasks.questions), len(tasks.remarks), refused)


def _refusal(error: openai.APIStatusError) -> str:
    """Return a server's words. Raises the error where no other way would fare better."""
    if error.status_code in _HOPELESS:
        raise error
    words = f"{error.status_code}: {words_of(error)}"
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def words_of(error: openai.APIError) -> str:
    """Return the words of an error on a line, without those that the client puts in front."""
    body = error.body.get("message") if isinstance(error.body, dict) else None
    return " ".join(str(body or error.message).split())


def _calls(client: OpenAI, model: str, text: str, tasks: Tasks, request: dict[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        completion = client.chat.completions.create(
            model=model,
            messages=[{"role": "user", "content": text}],
            tools=list(tasks.tools),
            temperature=0,
            max_tokens=_MAX_TOKENS,
            **request,
        )
    except openai.UnprocessableEntityError as error:
        if error.code not in _OUR_REFUSALS:
            raise
        return  # the adapter refused the answer: no call
    for call in completion.choices[0].message.tool_calls or []:
        if call.type == "function":
            yield call.function.name, call.function.arguments


def measure_answers(
    client: OpenAI, model: str, server: Any, *, worked: bool, dialect: str = "hermes", track: Track | None = None
) -> Answered:
    """Let the model answer from a tool's result, ten times; with a worked example of a whole loop, or without."""
    label = "one worked example of a whole loop" if worked else "no example"
    options: Any = {"examples": "auto"} if worked else {}
    used = adapter.wrap(client, retries=0, server=server, dialect=dialect, **options)
    good = 0
    for question in track(QUESTIONS, label) if track else QUESTIONS:
        messages, facts = _with_result(question)
        try:
            completion = used.chat.completions.create(
                model=model, messages=messages, tools=TOOLS, temperature=0, max_tokens=_MAX_TOKENS
            )
        except openai.UnprocessableEntityError as error:
            if error.code not in _OUR_REFUSALS:
                return Answered(label, good, refused=_refusal(error))
            continue
        except openai.APIStatusError as error:
            return Answered(label, good, refused=_refusal(error))
        text = completion.choices[0].message.content or ""
        good += "<" not in text and all(fact in text for fact in facts)
    return Answered(label, good)


def _with_result(question: Question) -> tuple[list[Any], tuple[str, ...]]:
    """A conversation in which the tool has run, and the words that a right answer holds."""
    result = FUNCTIONS[question.tool](question.value)
    function = {"name": question.tool, "arguments": json.dumps({required_of(TOOLS, question.tool): question.value})}
    call = {"id": "call_1", "type": "function", "function": function}
    messages = [
        {"role": "user", "content": question.text},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": result},
    ]
    return messages, (question.value, "sunny" if question.tool == "get_current_weather" else "14:35")


def as_json(outcomes: Iterable[Outcome], answered: Iterable[Answered]) -> dict[str, Any]:
    """The results as a JSON value."""
    return {"calls": [asdict(item) for item in outcomes], "answers": [asdict(item) for item in answered]}
