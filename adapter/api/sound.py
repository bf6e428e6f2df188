"""Members of upstream's answers that no client could read: left out, and told (behaviour 6.1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_OF_COUNTS = {int, type(None)}


_TYPES: dict[str, type[Any]] = {
    **dict.fromkeys(("id", "model", "service_tier", "system_fingerprint"), str),
    "created": int,
    "usage": dict,
}


def _is_usage(value: dict[str, Any]) -> bool:
    kinds = {type(value[name]) for name in _COUNTS if name in value}
    return bool(kinds) and kinds <= _OF_COUNTS


def sound(body: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return an answer or a chunk without members of wrong types, and a sentence for each; a time in fractions is cut.

    Args:
        body: The answer or the chunk.
    """
    wrong = [name for name, kind in _TYPES.items() if (value := body.get(name)) is not None and type(value) is not kind]
    if "usage" not in wrong and body.get("usage") is not None and not _is_usage(body["usage"]):
        wrong.append("usage")
    if not wrong:
        return body, []
    kept = {name: value for name, value in body.items() if name not in wrong}
    given = body.get("created")
    if type(given) is float and math.isfinite(given):
        kept["created"] = int(given)
        wrong.remove("created")
    return kept, [f"upstream's {name!r} is of another kind ({type(body[name]).__name__}), and is left out" for name in wrong]


def sound_calls(message: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Return a message or a delta without calls of upstream's own that are none, and a sentence; empty without a change."""
    if has_sound_calls(message):
        return message, ""
    mended = {**message, "tool_calls": _as_meant(message.get("tool_calls"))}
    if has_sound_calls(mended):
        return mended, "upstream's calls are in another form than OpenAI's, and are read as they were meant"
    calls = mended["tool_calls"]
    kept = {name: value for name, value in message.items() if name not in {"tool_calls", "function_call"}}
    called = message.get("function_call")
    if called is not None and _is_function(called):
        kept["function_call"] = called
    if isinstance(calls, list) and (sure := [call for call in calls if _is_call(call)]):
        kept["tool_calls"] = sure
    return kept, "upstream makes calls of its own that are none, which are left out"


def _as_meant(calls: Any) -> Any:
    """Return calls in OpenAI's form: ids that are numbers, calls without an inner `function`, one call in place of a list."""
    if isinstance(calls, dict):
        calls = [calls]
    return [_call_as_meant(call) if isinstance(call, dict) else call for call in calls] if isinstance(calls, list) else calls


def _call_as_meant(call: dict[str, Any]) -> dict[str, Any]:
    found = dict(call)
    if type(call.get("id")) in {int, float}:
        found["id"] = str(call["id"])
    if call.get("function") is None and call.get("custom") is None:
        inner = {name: found.pop(name) for name in ("name", "arguments") if name in found}
        found |= {"type": "function", "function": inner} if inner else {}
    return found


def has_sound_calls(message: Mapping[str, Any]) -> bool:
    """Return True for a message or a delta whose calls, if any, have the form of calls."""
    calls, called = message.get("tool_calls"), message.get("function_call")
    return (calls is None or (type(calls) is list and all(map(_is_call, calls)))) and (called is None or _is_function(called))


def _is_call(value: Any) -> bool:
    inner = (value.get("function") or value.get("custom")) if type(value) is dict else None
    return inner is not None and _is_function(inner) and type(value.get("id")) in {str, type(None)}


def _is_function(value: Any) -> bool:
    return type(value) is dict and bool(value) and type(value.get("name")) in {str, type(None)}
