"""Upstream's events read as chunks, errors and the end (behaviour 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.raw_completions import as_chat, is_text_choice
from adapter.api.sse import DONE
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.api.sse import ServerSentEvent

# A missing index is the first choice's; OpenAI's `n` is at most 128.
_INDICES = (None, *range(128))


class Chunk(NamedTuple):
    """A chunk; `choices` is always a list of objects with `index` and `delta`."""

    body: dict[str, Any]


class UpstreamFault(NamedTuple):
    """An error event, in the form `{"error": …}`."""

    body: dict[str, Any]


class Done(NamedTuple):
    """`[DONE]`."""


def read_chunks(events: Iterable[ServerSentEvent], *, at_end: bool = False) -> list[Chunk | UpstreamFault | Done]:
    """Return the chunks of events, up to the first error or the end.

    Args:
        events: The events, in order.
        at_end: The stream is over; half an event then comes from a cut stream, and is dropped.
    """
    items: list[Chunk | UpstreamFault | Done] = []
    for event in events:
        if not event.data.strip():
            continue
        item = _read(event, at_end=at_end)
        if item is not None:
            items.append(item)
        if not isinstance(item, Chunk):
            break
    return items


def _read(event: ServerSentEvent, *, at_end: bool) -> Chunk | UpstreamFault | Done | None:
    if event.data.strip() == DONE:
        return Done()
    try:
        body = read_json(event.data)
    except ValueError:
        if at_end:
            return None
        body = None
    if isinstance(body, dict) and body.get("error"):
        return UpstreamFault(body)
    if event.name == "error" or (isinstance(body, dict) and body.get("object") == "error"):
        return UpstreamFault({"error": body if isinstance(body, dict) else {"message": event.data, "type": "server_error"}})
    if not isinstance(body, dict) or not isinstance(body.get("choices", []), list | None):
        return UpstreamFault(_not_a_chunk(event.data))
    choices = body.get("choices") or []
    if choices and all(map(_is_plain, choices)):
        return Chunk(body)
    if choices and all(is_text_choice(choice) for choice in choices):
        body = as_chat(body, "delta")
        choices = body["choices"]
    if not all(_is_choice(choice) for choice in choices):
        return UpstreamFault(_not_a_chunk(event.data))
    return Chunk({**body, "choices": [_choice(choice) for choice in choices]})


def _is_plain(choice: Any) -> bool:
    """Return True for a choice in the form of OpenAI, which needs no change."""
    return (
        type(choice) is dict and type(choice.get("index")) is int and choice["index"] in _INDICES
        and type(choice.get("delta")) is dict and "message" not in choice
    )  # fmt: skip


def _is_choice(choice: Any) -> bool:
    return isinstance(choice, dict) and choice.get("index") in _INDICES


def _choice(choice: dict[str, Any]) -> dict[str, Any]:
    """Return a choice with `index` and `delta`; some servers write `message` in a stream too."""
    delta = choice.get("delta") or choice.get("message")
    known = {"index": choice.get("index") or 0, "delta": delta if isinstance(delta, dict) else {}}
    return {**{key: value for key, value in choice.items() if key != "message"}, **known}


def _not_a_chunk(data: str) -> dict[str, Any]:
    shown = data if len(data) <= 200 else f"{data[:199]}…"
    message = f"The upstream's stream holds an event that is no chat completion chunk: {shown}"
    return {"error": {"message": message, "type": "server_error", "param": None, "code": "bad_upstream_event"}}
