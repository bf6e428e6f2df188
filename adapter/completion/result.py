"""A completion as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

from adapter.completion.places import Places, Span
from adapter.completion.request_rules import Rules
from adapter.completion.whole_completion import read_whole
from adapter.events import CallFinished, CallPlaces, Event, Problem, ReasoningDelta, TextDelta
from adapter.option_keywords import ReadKeywords
from adapter.options import make_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from openai.types.chat import ChatCompletionMessage

    from adapter.tools.definitions import ToolSet


@dataclass(frozen=True, slots=True)
class ParsedToolCall:
    """One tool call.

    Attributes:
        id: The id, new for every parse.
        name: The tool.
        arguments: JSON text, in the model's own spelling.
        valid: The tool was offered and accepts the arguments.
        raw: The text of the call's block.
        span: The place of `raw` in the completion, as (start, end) in code points; several calls may share a block. None for a
            call that was not read by `parse`.
        name_span: The place of the name.
        arguments_span: The place of the arguments: of their JSON text or, in other notations, of all text between the markup of
            the call. None for arguments that are not written, and in JSON that was repaired.
        value_spans: The place of each argument's value, by name, where the arguments stand in the completion as JSON.
    """

    id: str
    name: str
    arguments: str
    valid: bool = True
    raw: str = ""
    _places: Places | None = field(default=None, compare=False, repr=False)
    _number: int = field(default=0, compare=False, repr=False)

    @property
    def span(self) -> Span | None:  # noqa: D102  # see the class
        found = () if self._places is None else self._places.calls[self._number].spans
        return found[0] if len(found) == 1 else None

    @property
    def name_span(self) -> Span | None:  # noqa: D102
        found = self._inside.name
        return None if found is None else Span(*found)

    @property
    def arguments_span(self) -> Span | None:  # noqa: D102
        found = self._inside.arguments
        return None if found is None else Span(*found)

    @property
    def value_spans(self) -> dict[str, Span]:  # noqa: D102
        return {} if self._places is None else self._places.values(self.arguments, self.arguments_span)

    @property
    def _inside(self) -> CallPlaces:
        """The places inside the block, in the completion."""
        return (self._places and self._places.calls[self._number].places) or CallPlaces()


@dataclass(frozen=True, slots=True)
class ParsedCompletion:
    """A completion as content, reasoning and calls.

    Attributes:
        content: The text that is neither reasoning nor a call; None beside calls or reasoning if there is no text.
        reasoning: The reasoning, or None.
        tool_calls: The calls, in order.
        finish_reason: The word of upstream; `"tool_calls"` in place of `"stop"` if there are calls.
        problems: Repairs, coercions, text that was left out, invalid calls.
        content_spans: The stretches of the completion that make the content, in order; empty unless read by `parse`.
        reasoning_spans: The same for the reasoning.
        text: The completion; None unless read by `parse`.
    """

    content: str | None
    reasoning: str | None
    tool_calls: tuple[ParsedToolCall, ...]
    finish_reason: str | None
    problems: tuple[Problem, ...]
    _places: Places | None = field(default=None, compare=False, repr=False)

    @property
    def content_spans(self) -> tuple[Span, ...]:  # noqa: D102  # see the class
        return () if self._places is None else self._places.content

    @property
    def reasoning_spans(self) -> tuple[Span, ...]:  # noqa: D102
        return () if self._places is None else self._places.reasoning

    @property
    def text(self) -> str | None:  # noqa: D102
        return None if self._places is None else self._places.text

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


def assemble(events: Sequence[Event], finish_reason: str | None, completion: str | None = None) -> ParsedCompletion:
    """Join the events of a whole completion to one value.

    Args:
        events: All events of a parser.
        finish_reason: The word of upstream.
        completion: The text, for the places of its parts; None leaves the parts without places.
    """
    places = None if completion is None else Places(completion, events)
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
            number = len(calls)
            calls.append(ParsedToolCall(event.id, event.name, event.arguments, event.valid, event.raw, places, number))
        elif isinstance(event, Problem):
            problems.append(event)
    if calls and finish_reason == "stop":
        finish_reason = "tool_calls"
    text = "".join(content)
    nothing = None if calls or reasoning else ""
    return ParsedCompletion(text or nothing, "".join(reasoning) or None, tuple(calls), finish_reason, tuple(problems), places)


def parse(
    completion: str | None,
    tools: Iterable[Mapping[str, Any]] | ToolSet | None = (),
    *,
    finish_reason: str | None = "stop",
    tool_choice: Any = None,
    parallel_tool_calls: bool | None = None,
    **options: Unpack[ReadKeywords],
) -> ParsedCompletion:
    """Read a whole completion.

    Args:
        completion: The model's text; None, the content of a message without content, is an empty text.
        tools: The tools offered, as in a chat request, or the result of `adapter.read_tools`. Without tools calls are read but
            not checked.
        finish_reason: The word of upstream; `"length"`, `"content_filter"` or None for a cut text.
        tool_choice: As in a chat request.
        parallel_tool_calls: As in a chat request.
        options: The options of `adapter.option_keywords.ReadKeywords`; `adapter.Options` documents them.

    Raises:
        BadRequest: A chat request may not hold these tools, or this tool choice.
        DialectError: No such dialect.
        TypeError: An option that does not concern the reading of a whole text.
    """
    chosen = make_options(options, ReadKeywords)
    rules = Rules.of(tools, tool_choice, parallel_tool_calls, chosen, streamed=False)
    text = completion or ""
    parsed = assemble(read_whole(text, finish_reason, rules, chosen), finish_reason, text)
    if chosen.on_event is not None:
        for problem in parsed.problems:
            chosen.on_event(problem)
    return parsed
