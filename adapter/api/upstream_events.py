"""Upstream's events read as chunks, errors and the end (behaviour 3.5, 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.liberties import broken, is_openai, joined, meant, words_of
from adapter.api.raw_completions import as_chat, is_text_choice
from adapter.api.sound import has_sound_calls, sound, sound_calls
from adapter.api.sse import DONE
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.api.sse import ServerSentEvent

# A missing index is the first choice's; OpenAI's `n` is at most 128.
_INDICES = (None, *range(128))
# Characters quoted of an answer that cannot be read.
_QUOTED = 200


class Chunk(NamedTuple):
    """A chunk; `choices` is always a list of objects with `index` and `delta`, in OpenAI's form.

    Attributes:
        body: The chunk.
        mended: A sentence for each change that OpenAI's form asked for.
    """

    body: dict[str, Any]
    mended: tuple[str, ...] = ()


class UpstreamFault(NamedTuple):
    """An error of upstream's, in the form `{"error": …}`."""

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
    if event.name == "error" and not (isinstance(body, dict) and body.get("error")):
        return UpstreamFault({"error": body if isinstance(body, dict) else {"message": event.data, "type": "server_error"}})
    return read_chunk(body, event.data)


def read_chunk(body: Any, shown: str) -> Chunk | UpstreamFault:
    """Return a JSON value as a chunk, or as the error that the value tells.

    Args:
        body: The value.
        shown: The text of the value, for a message.
    """
    if isinstance(body, dict) and body.get("error"):
        error = body["error"]
        return UpstreamFault(body if isinstance(error, dict) else {**body, "error": fault(words_of(body) or shown)["error"]})
    if isinstance(body, dict) and body.get("object") == "error":
        return UpstreamFault({"error": body})
    if not isinstance(body, dict) or not isinstance(body.get("choices", []), list | None):
        return UpstreamFault(_not_a_chunk(shown))
    body, odd = sound(body)
    choices = body.get("choices") or []
    if choices and all(map(_is_plain, choices)):
        return Chunk(body, tuple(odd))
    if choices and all(is_text_choice(choice) for choice in choices):
        body = as_chat(body, "delta")
        choices = body["choices"]
    if not all(_is_choice(choice) for choice in choices):
        return UpstreamFault(_not_a_chunk(shown))
    failure = next(filter(None, map(broken, choices)), None)
    if failure is not None:
        return UpstreamFault(fault(failure))
    mended = odd
    return Chunk({**body, "choices": [_choice(choice, mended) for choice in choices]}, tuple(mended))


def _is_plain(choice: Any) -> bool:
    """Return True for a choice in the form of OpenAI, which needs no change."""
    return (
        type(choice) is dict and is_index(choice.get("index"))
        and type(choice.get("delta")) is dict and "message" not in choice
        and is_openai(choice["delta"], choice.get("finish_reason")) and has_sound_calls(choice["delta"])
        and not choice.get("error")
    )  # fmt: skip


def is_index(value: Any) -> bool:
    """Return True for the index of a choice: a whole number that `n` allows."""
    return type(value) is int and value in _INDICES


def _is_choice(choice: Any) -> bool:
    return isinstance(choice, dict) and choice.get("index") in _INDICES


def _choice(choice: dict[str, Any], mended: list[str]) -> dict[str, Any]:
    """Return a choice with `index` and `delta`; some servers write `message` in a stream too."""
    delta = choice.get("delta") or choice.get("message")
    delta, parts = joined(delta if isinstance(delta, dict) else {})
    delta, calls = sound_calls(delta)
    reason, word = meant(choice.get("finish_reason"))
    mended += filter(None, (parts, calls, word))
    known = {"index": choice.get("index") or 0, "delta": delta, "finish_reason": reason}
    return {**{key: value for key, value in choice.items() if key != "message"}, **known}


def fault(message: str, code: str | None = None) -> dict[str, Any]:
    """Return an error about upstream, in the form `{"error": …}`."""
    return {"error": {"message": message, "type": "server_error", "param": None, "code": code}}


def quoted(text: str) -> str:
    """Return the beginning of a text, for a message."""
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"


def _not_a_chunk(data: str) -> dict[str, Any]:
    return fault(f"The upstream's stream holds an event that is no chat completion chunk: {quoted(data)}", "bad_upstream_event")
