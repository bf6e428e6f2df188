"""Events of a saved stream, of many APIs, as deltas of a chat message."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from adapter.api.liberties import words_of
from adapter.api.reasoning import REASONING
from adapter.cli.saved_forms import call_of, output_as_message, whole_answer


class Stream:
    """The deltas of a stream.

    Attributes:
        kind: The kind of the stream, for messages; empty for events of no known kind.
        deltas: Deltas of a chat message.
        reason: The reason why the answer ended, in its maker's word; empty for a stream that broke off.
        error: The words of an error in the stream.
    """

    def __init__(self, events: Iterator[Mapping[str, Any]]) -> None:
        self.kind = ""
        self.deltas: list[Mapping[str, Any]] = []
        self.reason = ""
        self.error = ""
        self.read = 0
        for event in events:
            self.read += 1
            try:
                self._take(event)
            except (KeyError, TypeError, ValueError, AttributeError, IndexError):
                continue

    def _take(self, event: Mapping[str, Any]) -> None:
        kind = event.get("type")
        if "choices" in event:
            self._chunk(event)
        elif isinstance(kind, str) and kind.startswith(("content_block", "message_")):
            self._anthropic(kind, event)
        elif isinstance(kind, str) and kind.startswith("response."):
            self._response(kind, event)
        elif event.get("error") or kind == "error":
            self.error = words_of(event) or "an error without words"
        elif (whole := whole_answer(event)) is not None:  # Ollama, Gemini, DashScope: each event is a small answer
            self._known(whole.kind, whole.message)
            self.reason = whole.reason or self.reason

    def _known(self, kind: str, *deltas: Mapping[str, Any]) -> None:
        self.kind = self.kind or kind
        self.deltas += deltas

    def _chunk(self, event: Mapping[str, Any]) -> None:
        self._known("the content of its stream")
        for choice in event["choices"]:
            if choice.get("index"):
                continue
            self.deltas.append(choice.get("delta") or {"content": choice.get("text") or ""})
            self.reason = str(choice.get("finish_reason") or self.reason)

    def _anthropic(self, kind: str, event: Mapping[str, Any]) -> None:
        self._known("the text of a stream of Anthropic's API")
        delta, block = event.get("delta") or {}, event.get("content_block") or {}
        if block.get("type") == "tool_use":
            self.deltas.append(
                {"tool_calls": [call_of(event["index"], block["name"], block.get("input") or None, block.get("id"))]}
            )
        elif delta.get("type") == "input_json_delta":
            piece = {"index": event["index"], "function": {"arguments": delta["partial_json"]}}
            self.deltas.append({"tool_calls": [piece]})
        elif kind == "message_delta":
            self.reason = str(delta.get("stop_reason") or self.reason)
        else:
            self.deltas.append({"content": delta.get("text") or "", REASONING: delta.get("thinking") or ""})

    def _response(self, kind: str, event: Mapping[str, Any]) -> None:
        self._known("the text of its output")
        item = event.get("item") or {}
        if kind in {"response.completed", "response.incomplete"}:
            self.reason = "stop" if kind == "response.completed" else "length"
            self.deltas = [output_as_message(event["response"].get("output") or ())]
        elif kind == "response.failed":
            self.error = words_of(event["response"]) or "the response failed"
        elif kind == "response.output_text.delta":
            self.deltas.append({"content": event["delta"]})
        elif kind.startswith("response.reasoning") and kind.endswith(".delta"):
            self.deltas.append({REASONING: event["delta"]})
        elif kind == "response.output_item.added" and item.get("type") == "function_call":
            self.deltas.append({"tool_calls": [call_of(event["output_index"], item["name"], None, item.get("call_id"))]})
        elif kind == "response.function_call_arguments.delta":
            piece = {"index": event["output_index"], "function": {"arguments": event["delta"]}}
            self.deltas.append({"tool_calls": [piece]})


def events_of(text: str) -> Iterator[Mapping[str, Any]] | None:
    """Return the events in a text: server-sent ones, or lines of JSON; None for a text of another kind."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith((":", "id:", "retry:"))]
    if lines and all(line.startswith(("data:", "event:")) for line in lines[:2]):
        return _decoded(line.removeprefix("data:") for line in lines if line.startswith("data:"))
    objects = [line for line in lines if line.startswith("{") and line.rstrip().endswith("}")]
    if len(lines) > 1 and len(objects) >= len(lines) - 1:  # the last line may be cut
        events = list(_decoded(iter(objects)))
        known = [event for event in events if "choices" in event or whole_answer(event) is not None]
        return iter(events) if known else None
    return None


def _decoded(lines: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, Mapping):
            yield event
