"""The response object: the echo of the request, the status, errors and usage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.api.responses.request import ResponsesRequest

# Members echoed from the request, with the values for a request without them.
_ECHOED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def new_response(request: ResponsesRequest, response_id: str, now: float, *, stored: bool) -> dict[str, Any]:
    """Return the response before any output.

    Args:
        request: The request.
        response_id: The id of the response.
        now: The time in seconds since the epoch.
        stored: The response will be stored.
    """
    body = request.body
    echoed = {key: body[key] if body.get(key) is not None else value for key, value in _ECHOED.items()}
    reasoning = body.get("reasoning") or {}
    return {
        "id": response_id,
        "object": "response",
        "created_at": int(now),
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": body.get("model") or "",
        "output": [],
        **echoed,
        "metadata": body.get("metadata") or {},
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "store": stored,
        "text": {"format": {"type": "text"}, **(body.get("text") or {})},
        "tools": [_tool(tool) for tool in body.get("tools") or () if isinstance(tool, Mapping)],
        "usage": None,
    }


def item_id(prefix: str, response_id: str, place: str) -> str:
    """Return the id of an item, in which the id of its response can be found."""
    return f"{prefix}_{response_id.partition('_')[2]}_{place}"


def response_of(item: str) -> str:
    """Return the id of the response to which an item belongs, by the item's id."""
    return f"resp_{item.partition('_')[2].rpartition('_')[0]}"


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    if tool.get("type") != "function":
        return dict(tool)
    return {"description": None, "parameters": None, **tool, "strict": bool(tool.get("strict"))}


def ending(finish_reason: str | None) -> dict[str, Any]:
    """Return the members about the end of a response, by the `finish_reason` of the chat answer."""
    reason = _INCOMPLETE.get(finish_reason or "")
    if reason is None:
        return {"status": "completed"}
    return {"status": "incomplete", "incomplete_details": {"reason": reason}}


def failure(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members about an error, given as `{"message", "code", …}`; the Responses API has error codes of its own."""
    message = str(error.get("message") or "The upstream failed.")
    code = error.get("code")
    return {"status": "failed", "error": {"code": "server_error", "message": f"{code}: {message}" if code else message}}


def usage(told: Any) -> dict[str, Any]:
    """Return the usage of a chat answer in the words of a response.

    An upstream that tells none counts as zeros: opencode asks again without end where a completed response has no usage.
    """
    told = told if isinstance(told, dict) else {}
    taken, made = _count(told, "prompt_tokens"), _count(told, "completion_tokens")
    total = told.get("total_tokens")
    read, thought = told.get("prompt_tokens_details") or {}, told.get("completion_tokens_details") or {}
    return {
        "input_tokens": taken,
        "input_tokens_details": {
            "cached_tokens": _count(read, "cached_tokens"),
            "cache_write_tokens": _count(read, "cache_write_tokens"),
        },
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": _count(thought, "reasoning_tokens")},
        "total_tokens": total if isinstance(total, int) else taken + made,
    }


def _count(told: Mapping[str, Any], name: str) -> int:
    count = told.get(name)
    return count if isinstance(count, int) else 0
