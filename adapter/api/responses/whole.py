"""A whole answer as a response: the streaming writer, called for the whole answer at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.chat.logprobs import LogprobTrimmer
from adapter.api.chat.response import choice_for
from adapter.api.reasoning import one_name
from adapter.events import CallStarted, TextDelta

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.api.responses.writer import ResponseWriter
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.options import Options


class WholeResponse:
    """Writes a whole response; a `WholeWriter`.

    Args:
        writer: The streaming writer of the response.
        top_logprobs: The number of alternatives of each token that the caller wants.
    """

    def __init__(self, writer: ResponseWriter, top_logprobs: int) -> None:
        self._writer = writer
        self._trimmer = LogprobTrimmer(top_logprobs)
        self._events: Sequence[Event] = ()

    def choice(
        self,
        request: ChatRequest,
        choice: Mapping[str, Any],
        parsed: ParsedCompletion,
        events: Sequence[Event],
        options: Options,
    ) -> dict[str, Any]:
        """Return the choice of a chat completion; the events keep the order of text and calls."""
        self._events = events
        self._trimmer.add(choice.get("logprobs"))
        return choice_for(request, choice, parsed, events, options)

    def answer(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the response."""
        self._writer.begin(completion, fallback_id="", now=0.0)
        choices: list[dict[str, Any]] = completion["choices"] or [{"message": {}, "finish_reason": "stop"}]
        choice = choices[0]
        message = one_name(choice["message"])
        if self._events:
            self._in_order(message)
        else:
            self._writer.delta(0, message)  # upstream calls tools itself
        self._writer.finish(0, choice.get("finish_reason"), {})
        self._writer.end(completion.get("usage"))
        return self._writer.response

    def _in_order(self, message: Mapping[str, Any]) -> None:
        """Write reasoning, then text and calls in the order of the model."""
        calls = {call["id"]: call["function"] for call in message.get("tool_calls") or ()}
        self._writer.delta(0, {key: value for key, value in message.items() if key not in {"content", "tool_calls"}})
        position = 0
        for event in self._events:
            logprobs = self._trimmer.take(event)
            if isinstance(event, TextDelta) and message.get("content") is not None:
                self._writer.delta(0, {"content": event.text}, logprobs)
            elif isinstance(event, CallStarted) and event.id in calls:
                self._writer.call(0, position, event.id, event.name)
                if calls[event.id]["arguments"]:
                    self._writer.arguments(0, position, calls[event.id]["arguments"])
                self._writer.complete(0, position)
                position += 1
