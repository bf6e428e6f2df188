"""Conversations as samples: of each turn of the model's, the prompt as served and the text to be learnt (behaviour 14.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from adapter.api.reasoning import REASONING, one_name
from adapter.completion.result import parse
from adapter.dialects.registry import AUTO, choose, resolve
from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.exchange.rendering import render
from adapter.option_keywords import MessageKeywords
from adapter.options import make_options
from adapter.prompt.parts import text_of
from adapter.prompt.past_reasoning import split_thought, with_field
from adapter.text.json_spans import loads
from adapter.tools.call_form import input_arguments
from adapter.tools.definitions import ToolSet, read_tools
from adapter.tools.one_tool import wrong_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapter.completion.result import ParsedCompletion
    from adapter.dialects.registry import Dialect


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """A turn of the model's with what stood before it.

    Attributes:
        prompt: The messages that the server gets, as `adapter.render` writes them.
        completion: The text that the model is to write.
        parsed: The completion as it is read when served.
        problems: Problems of the prompt and of the reading; and `inexact`, a part of the turn that is not read as it was.
        turn: The index of the turn in the conversation.
    """

    prompt: list[dict[str, Any]]
    completion: str
    parsed: ParsedCompletion
    problems: tuple[Problem, ...]
    turn: int

    @property
    def exact(self) -> bool:
        """The completion is read as the turn that it was made of."""
        return not any(problem.kind == "inexact" for problem in self.problems)

    def to_dict(self) -> dict[str, Any]:
        """Return the sample as a row of a conversational data set with the columns `prompt` and `completion`."""
        return {"prompt": self.prompt, "completion": [{"role": "assistant", "content": self.completion}]}


def training_samples(
    messages: Iterable[Any],
    tools: Iterable[Any] | ToolSet = (),
    *,
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    model: str = "",
    **options: Unpack[MessageKeywords],
) -> list[TrainingSample]:
    """Make a sample of each turn of the assistant, with the prompt and the text as they are when the model is served.

    The completion is the turn in the dialect's notation, reasoning in the dialect's tags, without the tokens that the chat
    template writes around it. Each is read back; a part that differs is told as `inexact`.

    Args:
        messages: As in a chat request.
        tools: As in a chat request, or the result of `adapter.read_tools`.
        tool_choice: As in a chat request; of all turns.
        parallel_tool_calls: As in a chat request; of all turns.
        model: The model's name, for the options that may be `"auto"`.
        options: The options that shape the prompt; see `adapter.option_keywords.MessageKeywords`. `neutralise` concerns
            the prompts only; `reasoning_field` is `"text"` unless given.

    Raises:
        BadRequest: The conversation is wrong; `param` names the place.
        DialectError: The dialect is unknown.
    """
    chosen = make_options(options, MessageKeywords)  # refuses others: a chat template writes texts, and not messages
    dialect, reason = choose(model) if chosen.dialect == AUTO else (resolve(chosen.dialect), "")
    every = _listed(messages)
    maker = _Maker(
        dialect,
        tools if isinstance(tools, ToolSet) else read_tools(list(tools)),
        {"tool_choice": tool_choice, "parallel_tool_calls": parallel_tool_calls},
        {"reasoning_field": "text", **options, "dialect": dialect, "model": model},
        chosen.thinking_prefilled,
    )
    samples = [maker.sample(every[: turn + 1]) for turn, message in enumerate(every) if _role(message) == "assistant"]
    told = [Problem("chosen", reason)] if reason else []
    if chosen.on_event is not None:
        for problem in (*told, *(problem for sample in samples for problem in sample.problems)):
            chosen.on_event(problem)
    return samples


def _listed(messages: Any) -> list[Any]:
    """Return the messages as a list; each turn of the model's needs something before it."""
    if isinstance(messages, str | Mapping) or not hasattr(messages, "__iter__"):
        raise wrong_type("messages", messages, "an array of messages")
    every = list(messages)
    if every and _role(every[0]) == "assistant":
        raise BadRequest(
            "messages[0] is a turn of the assistant, with no prompt before it: begin with a message of the user or the system",
            param="messages[0]",
        )
    return every


def _role(message: Any) -> Any:
    return message.get("role") if isinstance(message, Mapping) else getattr(message, "role", None)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes samples of the beginnings of one conversation.

    Attributes:
        dialect: The dialect.
        tools: The tools.
        asked: Tool choice and `parallel_tool_calls`.
        options: Options of the prompt, and the model.
        prefilled: The prompt ends with the opening tag of the reasoning.
    """

    dialect: Dialect
    tools: ToolSet
    asked: dict[str, Any]
    options: dict[str, Any]
    prefilled: bool

    def sample(self, messages: list[Any]) -> TrainingSample:
        """Make the sample of the last message."""
        problems: list[Problem] = []
        prompt: Any = render(messages[:-1], self.tools, **self.asked, **{**self.options, "on_event": problems.append})
        exact = {**self.options, "neutralise": False, "reasoning_field": "text", "merge_turns": False, "on_event": None}
        rendered: Any = render(messages, self.tools, **self.asked, **exact)
        completion = self._begun(next(text_of(one["content"]) for one in reversed(rendered) if one["role"] == "assistant"))
        parsed = parse(completion, self.tools, **self.asked, dialect=self.dialect, thinking_prefilled=self.prefilled)
        problems += [*parsed.problems, *_inexact(messages, parsed, self.dialect)]
        return TrainingSample(prompt, completion, parsed, tuple(problems), len(messages) - 1)

    def _begun(self, completion: str) -> str:
        """Return the completion behind an opening tag that the prompt has; without reasoning it closes at once."""
        if not self.prefilled or not self.dialect.reasoning:
            return completion
        opening, closing = self.dialect.reasoning
        if completion.startswith(opening):
            return completion.removeprefix(opening).removeprefix("\n")
        return f"\n{closing}\n\n{completion}"


def _inexact(messages: Sequence[Any], parsed: ParsedCompletion, dialect: Dialect) -> list[Problem]:
    """Compare the last message with its completion as read. White space at the edges of words and of reasoning is free."""
    place = f"messages[{len(messages) - 1}]"
    content, reasoning, calls = _said(messages[-1], dialect)
    found: list[tuple[str, str, str]] = []
    read = [(call.name, _spelt(call.arguments)) for call in parsed.tool_calls]
    if [name for name, _ in read] != [name for name, _ in calls]:
        found.append(("tool_calls", _names(calls), _names(read)))
    else:
        for number, (call, other) in enumerate(zip(calls, read, strict=True)):
            if call != other:
                found.append((f"tool_calls[{number}]", call[1], other[1]))
    if content.strip() != (parsed.content or "").strip():
        found.append(("content", content, parsed.content or ""))
    if reasoning.strip() != (parsed.reasoning or "").strip():
        found.append(("reasoning", reasoning, parsed.reasoning or ""))
    said = "{}: the {} {!r} of the turn is read as {!r} in the dialect {!r}: leave the sample out, or change the turn"
    return [Problem("inexact", said.format(place, part, was[:200], now[:200], dialect.name), was) for part, was, now in found]


def _said(message: Any, dialect: Dialect) -> tuple[str, str, list[tuple[str, str]]]:
    """Return content, reasoning and calls of a message, the arguments as JSON in one spelling."""
    dump = getattr(message, "model_dump", None)
    plain = one_name(with_field(dump(exclude_none=True) if callable(dump) else message))
    thought, content = split_thought(text_of(plain.get("content")) or plain.get("refusal") or "", dialect.reasoning)
    opening, closing = dialect.reasoning or ("", "")
    reasoning = plain.get(REASONING) or thought.removeprefix(opening).removesuffix(closing)
    legacy = plain.get("function_call")
    calls = [{"function": legacy}] if legacy else plain.get("tool_calls") or ()
    return content, reasoning, [_call(call) for call in calls]


def _call(call: Mapping[str, Any]) -> tuple[str, str]:
    custom = call.get("custom")
    if custom:
        return custom.get("name", ""), _spelt(input_arguments(custom.get("input", "")))
    function = call.get("function") or {}
    return function.get("name", ""), _spelt(function.get("arguments"))


def _spelt(arguments: Any) -> str:
    """Return arguments as JSON in one spelling; text that is no JSON as it is."""
    if isinstance(arguments, str):
        try:
            arguments = loads(arguments)
        except (ValueError, RecursionError):
            return arguments if arguments.strip() else "{}"
    return json.dumps({} if arguments is None else arguments, ensure_ascii=False, sort_keys=True)


def _names(calls: Sequence[tuple[str, str]]) -> str:
    return ", ".join(name for name, _ in calls) or "no call"
