"""Upstream's choices in OpenAI's form: content in parts is joined, the end of an answer gets OpenAI's word (behaviour 6.1).

Servers and proxies write `eos_token`, `end_turn` or `COMPLETE` for `stop`; Mistral's reasoning models write content as a
list of a thinking part and a text part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import REASONING, one_name

if TYPE_CHECKING:
    from collections.abc import Mapping

FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
_MEANT = {
    **dict.fromkeys(("eos", "eos_token", "eot", "end_turn", "end", "complete", "completed", "finished", "done"), "stop"),
    **dict.fromkeys(("stop_sequence", "stop_token", "stop_str", "finish_reason_stop"), "stop"),
    **dict.fromkeys(("max_tokens", "max_length", "max_output_tokens", "model_length", "token_limit", "truncated"), "length"),
    **dict.fromkeys(("length_limit", "context_length", "model_context_window_exceeded", "incomplete"), "length"),
    **dict.fromkeys(("tool_call", "tool_use", "tool-calls", "function_calls"), "tool_calls"),
    **dict.fromkeys(("content-filter", "content_filtered", "safety", "recitation", "blocklist"), "content_filter"),
    **dict.fromkeys(("prohibited_content", "spii", "sensitive", "refusal"), "content_filter"),
}
_SHOWN = 100  # code points of a word in a sentence
# The answer was broken off by a failure: no part of the answer is an answer.
_BROKEN = frozenset({"error", "abort", "aborted", "cancelled", "canceled", "network_error", "insufficient_system_resource"})


def is_openai(message: Mapping[str, Any], reason: Any) -> bool:
    """Return True for a message or delta and a `finish_reason` in OpenAI's form."""
    content = message.get("content")
    return (content is None or type(content) is str) and (reason is None or (type(reason) is str and reason in FINISH_REASONS))


def broken(choice: Mapping[str, Any]) -> str | None:
    """Return the words about a choice that a failure broke off; None for any other choice."""
    reason, error = choice.get("finish_reason"), choice.get("error")
    if error:
        return words_of({"error": error})
    if isinstance(reason, str) and reason.lower() in _BROKEN:
        return f"The upstream broke the answer off, with the finish_reason {reason!r}."
    return None


def meant(reason: Any) -> tuple[Any, str]:
    """Return a `finish_reason` in OpenAI's words, and a sentence about the change; an empty sentence without a change.

    Args:
        reason: Upstream's word; None or an empty text while the answer goes on.
    """
    if reason is None or reason == "":
        return None, ""
    if isinstance(reason, str) and reason in FINISH_REASONS:
        return reason, ""
    word = reason.strip().lower() if isinstance(reason, str) else type(reason).__name__
    ours = word if word in FINISH_REASONS else _MEANT.get(word, "stop")
    shown = repr(reason[:_SHOWN]) if isinstance(reason, str) else f"of another kind ({word})"
    return ours, f"upstream's finish_reason {shown} is read as {ours!r}"


def joined(message: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Return a message or delta whose content is a text, and a sentence about the change; an empty sentence without a change.

    The texts of parts are joined, thinking parts are reasoning, refusals are the refusal. Parts of any other kind become the
    member `content_parts`, unchanged.
    """
    content = message.get("content")
    if content is None or isinstance(content, str):
        return message, ""
    texts: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    others: list[Any] = []
    for part in content if isinstance(content, list) else [content]:
        kind, text = _read(part)
        {"text": texts, "thought": thoughts, "refusal": refusals}.get(kind, others).append(part if kind == "other" else text)
    changed: dict[str, Any] = {**message, "content": "".join(texts) if texts else None}
    if thoughts:
        changed = one_name(changed)
        changed[REASONING] = (changed.get(REASONING) or "") + "".join(thoughts)
    if refusals:
        changed["refusal"] = (changed.get("refusal") or "") + "".join(refusals)
    if others:
        changed["content_parts"] = others
    return changed, "upstream's content is a list of parts, which are joined: thinking parts are reasoning"


def _read(part: Any) -> tuple[str, str]:
    """Return the kind of a part, and its text."""
    if isinstance(part, str):
        return "text", part
    if not isinstance(part, dict):
        return "other", ""
    kind = str(part.get("type") or "text")
    if "thinking" in kind or "reasoning" in kind:
        return "thought", _text(
            next((part[name] for name in ("thinking", "reasoning", "text", "summary") if part.get(name)), "")
        )
    if isinstance(part.get("refusal"), str):
        return "refusal", part["refusal"]
    return ("text", part["text"]) if isinstance(part.get("text"), str) else ("other", "")


def _text(value: Any) -> str:
    """Return a text, or the texts of parts inside a part."""
    if isinstance(value, list):
        return "".join(_text(item.get("text") if isinstance(item, dict) else item) for item in value)
    return value if isinstance(value, str) else ""


def words_of(value: Any) -> str:
    """Return upstream's own words in a JSON value that is no answer; empty for a value without words."""
    if isinstance(value, list):
        return next(filter(None, map(words_of, value)), "")
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    return next(filter(None, (words_of(value.get(name)) for name in ("error", "message", "detail", "msg", "title"))), "")
