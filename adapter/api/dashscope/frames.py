"""Objects and frames of an answer on DashScope's wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.text.wire_json import write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALIVE = b":waiting\n\n"  # a comment
_CODES = {400: "InvalidParameter", 401: "InvalidApiKey", 403: "AccessDenied", 404: "ModelNotFound", 429: "Throttling"}
_NO_CODE = "InternalError"
UNFINISHED = "null"  # the `finish_reason` of every frame but the last


def usage_object(usage: Any) -> dict[str, Any]:
    """Return usage in DashScope's words; zeros where upstream told none."""
    told = usage if isinstance(usage, dict) else {}
    read, written = told.get("prompt_tokens") or 0, told.get("completion_tokens") or 0
    return {"input_tokens": read, "output_tokens": written, "total_tokens": told.get("total_tokens") or read + written}


def answer_object(
    choices: Sequence[tuple[str, Mapping[str, Any]]], usage: Any, request_id: str, *, as_message: bool, parts: bool
) -> dict[str, Any]:
    """Return an answer, or a frame of one.

    Args:
        choices: The `finish_reason` and the message of each choice, in order.
        usage: Usage in OpenAI's form; None where it is not known.
        request_id: The id of the request.
        as_message: Choices with messages; else the text of the first.
        parts: Content is a list of parts.
    """
    if not as_message:
        reason, message = choices[0]
        output: dict[str, Any] = {"text": message.get("content") or "", "finish_reason": reason, "choices": None}
        return {"output": output, "usage": usage_object(usage), "request_id": request_id}
    several = len(choices) > 1
    made = [
        {"finish_reason": reason, **({"index": position} if several else {}), "message": _message(message, parts=parts)}
        for position, (reason, message) in enumerate(choices)
    ]
    return {"output": {"choices": made}, "usage": usage_object(usage), "request_id": request_id}


def _message(message: Mapping[str, Any], *, parts: bool) -> dict[str, Any]:
    content = message.get("content") or ""
    shown: Any = content
    if parts:
        shown = [{"text": content}] if content else []
    return {"role": "assistant", **message, "content": shown}


def error_object(status: int, body: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """Return an error in DashScope's form for one in OpenAI's, `{"error": {"message", …}}`."""
    error = body.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    code = _CODES.get(status, _NO_CODE)
    return {"code": code, "message": message if isinstance(message, str) else str(body), "request_id": request_id}


def frame(number: int, value: dict[str, Any], *, status: int = 200) -> bytes:
    """Return a frame of a stream; the SDK reads the status of an error in a line of its own."""
    name, told = ("result", "") if status == 200 else ("error", f"status:{status}\n")
    return f"id:{number}\nevent:{name}\n:HTTP_STATUS/{status}\n{told}data:".encode() + write_json(value) + b"\n\n"
