"""A whole answer as a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.chat.response import choice_for
from adapter.api.messages.response import ending, input_of, new_message, usage
from adapter.api.reasoning import REASONING, one_name
from adapter.events import CallStarted, TextDelta

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.options import Options


class WholeMessage:
    """Writes a whole message; a `WholeWriter`.

    Args:
        message_id: The id of the message.
        model: The model that the caller named.
        thoughts: Reasoning is written.
        stops: The caller's stop sequences.
    """

    def __init__(self, message_id: str, model: str, *, thoughts: bool, stops: Sequence[str]) -> None:
        self._id = message_id
        self._model = model
        self._thoughts = thoughts
        self._stops = stops
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
        return choice_for(request, choice, parsed, events, options)

    def answer(self, completion: dict[str, Any]) -> dict[str, Any]:
        """Return the message."""
        choices: list[dict[str, Any]] = completion["choices"] or [{"message": {}, "finish_reason": "stop"}]
        choice = choices[0]
        message = one_name(choice["message"])
        thoughts = message.get(REASONING) if self._thoughts else None
        first = [{"type": "thinking", "thinking": thoughts, "signature": ""}] if thoughts else []
        content = [*first, *_joined(self._blocks(message))]
        called = any(block["type"] == "tool_use" for block in content)
        end = ending(choice.get("finish_reason"), called=called, hit=choice.get("stop_reason"), stops=self._stops)
        model = completion.get("model") or self._model
        return {**new_message(self._id, model), "content": content, **end, "usage": usage(completion.get("usage"))}

    def _blocks(self, message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the text and the calls in the order of the model; upstream's own calls follow the text."""
        calls = {call["id"]: call["function"] for call in message.get("tool_calls") or ()}
        if message.get("refusal"):
            yield {"type": "text", "text": message["refusal"]}
        if not self._events:
            yield {"type": "text", "text": message.get("content") or ""}
        for event in self._events:
            if isinstance(event, TextDelta) and message.get("content") is not None:
                yield {"type": "text", "text": event.text}
            elif isinstance(event, CallStarted) and event.id in calls:
                yield _call(event.id, calls.pop(event.id))
        for call_id, function in calls.items():
            yield _call(call_id, function)


def _call(call_id: str, function: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": function["name"], "input": input_of(function.get("arguments"))}


def _joined(blocks: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return blocks with neighbouring texts joined, and without empty texts."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        if block["type"] != "text":
            found.append(block)
        elif block["text"] and found and found[-1]["type"] == "text":
            found[-1]["text"] += block["text"]
        elif block["text"]:
            found.append(block)
    return found
