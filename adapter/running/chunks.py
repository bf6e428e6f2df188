"""Streams of answers, joined: chunks of Chat Completions, events of Responses."""

from __future__ import annotations

import json
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
    if not callable(getattr(part, "model_dump", None)):
        raise TypeError(f"the client's stream brought {part!r}, which is no part of an answer")
    dumped: Mapping[str, Any] = part.model_dump(exclude_unset=True, by_alias=True, warnings=False)
    return dumped


def sendable_answer(answer: Any, mended: list[str]) -> Mapping[str, Any]:
    r"""Return an answer as a dictionary that UTF-8 can hold.

    Args:
        answer: The answer, of the openai client or a dictionary.
        mended: Grows by a sentence if half a surrogate pair (an escape such as `\ud800` in JSON) became a question mark.
    """
    whole = plain(answer)
    text = json.dumps(whole, ensure_ascii=False, default=repr)
    try:
        text.encode()
    except UnicodeEncodeError:
        mended.append("half a surrogate pair in the answer, which no request can hold, is a question mark in the history")
        mended_answer: Mapping[str, Any] = json.loads(text.encode("utf-8", "replace"))
        return mended_answer
    return whole


def tokens(usage: Any, key: str) -> int:
    """Return a count of an answer's usage; 0 where the server wrote none."""
    count = usage.get(key)
    return count if isinstance(count, int) else 0


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
        """Return the completion.

        Raises:
            UpstreamFailed: The stream ended within an answer.
        """
        whole = self._joined.completion()
        if whole["choices"] and not self._joined.finished:
            raise UpstreamFailed("the answer broke off: its stream ended without a finish_reason")
        return whole


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
