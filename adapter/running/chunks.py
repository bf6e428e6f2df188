"""Streams of answers, joined: chunks of Chat Completions, events of Responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from adapter.api.aggregate import Aggregator
from adapter.errors import UpstreamFailed

# Is told each delta: its kind and its text.
Told = Callable[[Literal["text", "reasoning"], str], None]
_ENDS = ("response.completed", "response.incomplete", "response.failed")
_REASONING = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")


class Joined(Protocol):
    """Joins the parts of a stream."""

    def add(self, part: Any) -> None:
        """Add a part: an object of the openai client, or a dictionary."""

    def whole(self) -> Mapping[str, Any]:
        """Return the answer."""


def plain(part: Any) -> Mapping[str, Any]:
    """Return an object of the openai client as a dictionary."""
    if isinstance(part, Mapping):
        return part
    dumped: Mapping[str, Any] = part.model_dump(exclude_unset=True, by_alias=True, warnings=False)
    return dumped


class ChatChunks:
    """Joins the chunks of a chat completion, and tells its text as it comes."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._joined = Aggregator()

    def add(self, part: Any) -> None:
        """Add a chunk."""
        chunk = plain(part)
        self._joined.add(chunk)
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            reasoning = delta.get("reasoning_content") or delta.get("reasoning")
            if isinstance(reasoning, str) and reasoning:
                self._told("reasoning", reasoning)
            if delta.get("content"):
                self._told("text", delta["content"])

    def whole(self) -> Mapping[str, Any]:
        """Return the completion."""
        return self._joined.completion()


class ResponseEvents:
    """Keeps the response of a stream's last event, and tells its text as it comes."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._response: Any = None

    def add(self, part: Any) -> None:
        """Add an event."""
        event = plain(part)
        kind = event.get("type")
        if kind == "response.output_text.delta":
            self._told("text", event["delta"])
        elif kind in _REASONING:
            self._told("reasoning", event["delta"])
        elif kind in _ENDS:
            self._response = event.get("response")
        elif kind == "error":
            raise UpstreamFailed(f"the response broke off: {event.get('message') or event}")

    def whole(self) -> Mapping[str, Any]:
        """Return the response.

        Raises:
            UpstreamFailed: The stream had no last event.
        """
        if not isinstance(self._response, Mapping):
            raise UpstreamFailed("the response broke off: its stream ended without a last event")
        return self._response
