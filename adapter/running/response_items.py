"""Items of a run over the Responses API: an answer of the model, tools, results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from adapter.errors import UpstreamFailed
from adapter.running.chunks import sendable_answer, tokens
from adapter.running.history import Answer, Usage, read_call


def flat_tool(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition in the flat form. `strict` is off unless the caller wrote the key: the API takes it to be on."""
    return {"type": "function", "strict": False, **definition["function"]}


def result_item(call_id: str, text: str) -> dict[str, Any]:
    """Return the item with the result of a call."""
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def read_answer(response: Any, new_id: Callable[[], str]) -> Answer:
    """Read a response: an object of the openai client, or a dictionary.

    Args:
        response: The response.
        new_id: Makes ids for calls that came without, or with the id of another call.

    Raises:
        UpstreamFailed: The response failed, or has no output.
    """
    if not isinstance(response, Mapping) and not callable(getattr(response, "model_dump", None)):
        raise TypeError(f"the client answered {response!r}, which is no response")
    mended: list[str] = []
    whole = sendable_answer(response, mended)
    output = whole.get("output")
    if whole.get("status") == "failed" or not isinstance(output, list):
        raise UpstreamFailed(f"the response has no output: {json.dumps(whole.get('error') or whole, default=repr)[:500]}")
    items: list[dict[str, Any]] = []
    calls, seen = [], set[str]()
    for item in output:
        if not isinstance(item, Mapping) or item.get("type") == "custom_tool_call":
            mended.append(f"an item that no function can answer is left out: {json.dumps(item, default=repr)[:200]}")
            continue
        kept = {key: value for key, value in item.items() if value is not None}
        if item.get("type") == "function_call":
            call, written = read_call(item.get("call_id"), item, seen, new_id, mended)
            kept |= {"call_id": call.id, **written}
            calls.append(call)
        items.append(kept)
    reason = (whole.get("incomplete_details") or {}).get("reason")
    finish = "stop" if whole.get("status") == "completed" else str(reason or whole.get("status"))
    return Answer(tuple(items), _text(items), tuple(calls), finish, _usage(whole.get("usage")), tuple(mended))


def _text(items: list[dict[str, Any]]) -> str:
    """Return the text of all messages of a response, refusals among them."""
    return "".join(_words(item.get("content")) for item in items if item.get("type") == "message")


def _words(content: Any) -> str:
    if not isinstance(content, list):
        return str(content or "")
    members = {"output_text": "text", "refusal": "refusal"}
    parts = (part for part in content if isinstance(part, Mapping))
    return "".join(str(part.get(members.get(str(part.get("type")), "")) or "") for part in parts)


def _usage(usage: Any) -> Usage | None:
    if not isinstance(usage, Mapping):
        return None
    return Usage(tokens(usage, "input_tokens"), tokens(usage, "output_tokens"))
