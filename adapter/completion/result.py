"""A completion as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from adapter.completion.request_rules import Rules
from adapter.completion.whole_completion import read_whole
from adapter.events import CallFinished, Event, Problem, ReasoningDelta, TextDelta
from adapter.options import make_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from openai.types.chat import ChatCompletionMessage

    from adapter.options import OptionKeywords


@dataclass(frozen=True, slots=True)
class ParsedToolCall:
    """One tool call.

    Attributes:
        id: The id, new for every parse.
        name: The tool.
        arguments: JSON text, in the model's own spelling.
        valid: The tool was offered and accepts the arguments.
        raw: The text of the call's block.
    """

    id: str
    name: str
    arguments: str
    valid: bool = True
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ParsedCompletion:
    """A completion as content, reasoning and calls.

    Attributes:
        content: The text that is neither reasoning nor a call; None beside calls or reasoning if there is no text.
        reasoning: The reasoning, or None.
        tool_calls: The calls, in order.
        finish_reason: The word of upstream; `"tool_calls"` in place of `"stop"` if there are calls.
        problems: Repairs, coercions, text that was left out, invalid calls.
    """

    content: str | None
    reasoning: str | None
    tool_calls: tuple[ParsedToolCall, ...]
    finish_reason: str | None
    problems: tuple[Problem, ...]

    @property
    def incomplete(self) -> bool:
        """The completion ended inside a call."""
        return any(problem.kind == "cut" for problem in self.problems)

    def to_dict(self) -> dict[str, Any]:
        """Return the assistant message as a native server writes it."""
        message: dict[str, Any] = {"role": "assistant", "content": self.content, "refusal": None, "annotations": []}
        if self.reasoning is not None:
            message["reasoning_content"] = self.reasoning
        if self.tool_calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in self.tool_calls
            ]
        return message

    def to_message(self) -> ChatCompletionMessage:
        """Return the assistant message as the openai client's own type."""
        from openai.types.chat import ChatCompletionMessage

        return ChatCompletionMessage.model_validate(self.to_dict())


def assemble(events: Iterable[Event], finish_reason: str | None) -> ParsedCompletion:
    """Join the events of a whole completion to one value."""
    content: list[str] = []
    reasoning: list[str] = []
    calls: list[ParsedToolCall] = []
    problems: list[Problem] = []
    for event in events:
        if isinstance(event, TextDelta):
            content.append(event.text)
        elif isinstance(event, ReasoningDelta):
            reasoning.append(event.text)
        elif isinstance(event, CallFinished):
            calls.append(ParsedToolCall(event.id, event.name, event.arguments, event.valid, event.raw))
        elif isinstance(event, Problem):
            problems.append(event)
    if calls and finish_reason == "stop":
        finish_reason = "tool_calls"
    text = "".join(content)
    nothing = None if calls or reasoning else ""
    return ParsedCompletion(text or nothing, "".join(reasoning) or None, tuple(calls), finish_reason, tuple(problems))


def parse(
    completion: str,
    tools: Iterable[Mapping[str, Any]] = (),
    *,
    finish_reason: str | None = "stop",
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    **options: Unpack[OptionKeywords],
) -> ParsedCompletion:
    """Read a whole completion.

    Args:
        completion: The model's text.
        tools: The tools offered, as in a chat request. Without tools calls are read but not checked.
        finish_reason: The word of upstream; `"length"` or None for a cut text.
        tool_choice: As in a chat request.
        parallel_tool_calls: As in a chat request.
        options: See `adapter.options.Options`.

    Raises:
        BadRequest: A chat request may not hold these tools, or this tool choice.
        DialectError: No such dialect.
    """
    rules = Rules.of(tools, tool_choice, parallel_tool_calls)
    return assemble(read_whole(completion, finish_reason, rules, make_options(options)), finish_reason)
