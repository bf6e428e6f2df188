"""The message object of the Messages API: its end, usage and errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.api.liberties import words_of
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ENDS = {"length": "max_tokens", "content_filter": "refusal"}
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_EVIDENCE = ("completion", "problems")  # members of a refused answer's error
_QUOTED = 200


def new_message(message_id: str, model: str) -> dict[str, Any]:
    """Return a message before any content."""
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage(None),
    }


def ending(finish_reason: str | None, *, called: bool, hit: Any, stops: Sequence[str]) -> dict[str, Any]:
    """Return the members about the end of a message.

    Args:
        finish_reason: The `finish_reason` of the chat answer.
        called: The message holds calls.
        hit: The stop sequence that was hit, as far as upstream tells.
        stops: The caller's stop sequences.
    """
    if finish_reason in _ENDS:
        return {"stop_reason": _ENDS[finish_reason], "stop_sequence": None}
    if called:
        return {"stop_reason": "tool_use", "stop_sequence": None}
    if isinstance(hit, str) and hit in stops:
        return {"stop_reason": "stop_sequence", "stop_sequence": hit}
    return {"stop_reason": "end_turn", "stop_sequence": None}


def usage(told: Any) -> dict[str, Any]:
    """Return the usage of a chat answer in the words of a message; tokens out of a cache count apart."""
    told = told if isinstance(told, dict) else {}
    details = told.get("prompt_tokens_details")
    cached = _count(details if isinstance(details, dict) else {}, "cached_tokens")
    return {
        "input_tokens": max(_count(told, "prompt_tokens") - cached, 0),
        "output_tokens": _count(told, "completion_tokens"),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
    }


def _count(told: Mapping[str, Any], name: str) -> int:
    count = told.get(name)
    return count if isinstance(count, int) and not isinstance(count, bool) else 0


def input_of(arguments: Any) -> Any:
    """Return the arguments of a call as an object; arguments that are none stand under `arguments`, as they are."""
    try:
        value = read_json(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        value = arguments
    if value in ("", None):
        return {}
    return value if isinstance(value, dict) else {"arguments": arguments}


def error_object(error: Mapping[str, Any], status: int, request_id: str) -> dict[str, Any]:
    """Return an error in the form of the Messages API.

    Args:
        error: The error, `{"message", "code", …}`.
        status: The HTTP status, or the status that the error would have.
        request_id: The id of the request.
    """
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    message = str(error.get("message") or "The upstream failed.")
    evidence = {name: error[name] for name in _EVIDENCE if name in error}
    return {"type": "error", "error": {"type": kind, "message": message, **evidence}, "request_id": request_id}


def error_in(body: bytes) -> dict[str, Any]:
    """Return the error in the body of a response, whatever its form."""
    try:
        value = read_json(body)
    except ValueError:
        value = None
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict) and error.get("message"):
        return error
    shown = words_of(value) or body[:_QUOTED].decode("utf-8", "replace").strip() or "an empty body"
    return {"message": f"The upstream answered with an error: {shown}"}


def event(kind: str, fields: Mapping[str, Any]) -> bytes:
    """Return an event of a stream."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
