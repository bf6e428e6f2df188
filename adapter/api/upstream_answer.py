"""Upstream's whole answer as a chat completion in OpenAI's form, or as an error in upstream's own words (behaviour 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.liberties import broken, is_openai, joined, meant, words_of
from adapter.api.raw_completions import as_chat, is_text_choice
from adapter.api.sound import has_sound_calls, sound, sound_calls
from adapter.api.upstream_events import UpstreamFault, fault, is_index, quoted
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Answer(NamedTuple):
    """A chat completion; `choices` is a list of objects with `index`, `message` and `finish_reason`, at least one.

    Attributes:
        body: The completion.
        mended: A sentence for each change that OpenAI's form asked for.
    """

    body: dict[str, Any]
    mended: tuple[str, ...] = ()


def read_answer(body: bytes) -> Answer | UpstreamFault:
    """Read the JSON document of an answer with status 200, chat or raw."""
    try:
        value = read_json(body)
    except ValueError:
        return UpstreamFault(no_completion(body))
    return answer_of(value, body)


def answer_of(value: Any, body: bytes) -> Answer | UpstreamFault:
    """Read the JSON value of an answer.

    Args:
        value: The value.
        body: Its text, for a message.
    """
    choices = value.get("choices") if isinstance(value, dict) else None
    if not isinstance(choices, list) or not choices:
        return UpstreamFault(no_completion(body, value))
    value, odd = sound(value)
    if all(map(_is_plain, choices)):
        return Answer(value, tuple(odd))
    if all(map(is_text_choice, choices)):
        value = as_chat(value, "message")
        choices = value["choices"]
    if not all(isinstance(choice, dict) and _message(choice) is not None for choice in choices):
        return UpstreamFault(no_completion(body, value))
    failure = next(filter(None, map(broken, choices)), None)
    if failure is not None:
        return UpstreamFault(fault(failure))
    mended = odd
    read = [_choice(choice, place, mended) for place, choice in enumerate(choices)]
    return Answer({**value, "choices": read}, tuple(dict.fromkeys(mended)))


def _is_plain(choice: Any) -> bool:
    """Return True for a choice in the form of OpenAI, which needs no change."""
    return (
        type(choice) is dict and is_index(choice.get("index")) and type(choice.get("message")) is dict
        and choice.get("finish_reason") is not None and is_openai(choice["message"], choice["finish_reason"])
        and has_sound_calls(choice["message"])
        and not choice.get("error")
    )  # fmt: skip


def _message(choice: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the message of a choice, which some servers call `delta` as in a stream."""
    return next((choice[name] for name in ("message", "delta") if isinstance(choice.get(name), dict)), None)


def _choice(choice: Mapping[str, Any], place: int, mended: list[str]) -> dict[str, Any]:
    message, parts = joined(_message(choice) or {})
    message, calls = sound_calls(message)
    reason, word = meant(choice.get("finish_reason"))
    index = choice.get("index")
    mended += filter(None, (parts, calls, word))
    return {
        **{key: value for key, value in choice.items() if key != "delta"},
        "index": index if is_index(index) else place,
        "message": {"role": "assistant", **message},
        "finish_reason": reason or "stop",
    }


def completed(completion: Mapping[str, Any], *, new_id: Callable[[], str], created: float, model: str) -> dict[str, Any]:
    """Return a chat completion with the members that upstream left out.

    Args:
        completion: The completion.
        new_id: Makes the id of an answer without an id.
        created: The time in seconds since the epoch, for an answer without a time.
        model: The model of an answer that names none.
    """
    ident, given = completion.get("id"), completion.get("created")
    made = int(given if isinstance(given, int | float) and not isinstance(given, bool) else created)
    return {
        **completion,
        "id": ident if isinstance(ident, str) and ident else new_id(),
        "object": "chat.completion",
        "created": made,
        "model": completion.get("model") if isinstance(completion.get("model"), str) and completion["model"] else model,
    }


def no_completion(body: bytes, value: Any = None) -> dict[str, Any]:
    """Return the error, `{"error": …}`, for a body with status 200 that is no completion.

    An error object in the body is handed on unchanged; other bodies are quoted, with upstream's own message if any.
    """
    if value is None:
        try:
            value = read_json(body)
        except ValueError:
            value = None
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        return {
            **value,
            "error": {"message": words_of(value), "type": "server_error", "param": None, "code": None, **value["error"]},
        }
    text = body.decode("utf-8", "replace").strip()
    said = words_of(value)
    shown = said or (quoted(text) if text else "an empty body")
    return fault(f"The upstream answered with status 200 and no chat completion: {shown}", "bad_upstream_answer")
