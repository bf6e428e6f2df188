"""Chat completions: upstream's answer turned into a native server's, whole (behaviour 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.chat.logprobs import limited, trimmed
from adapter.api.reasoning import REASONING, one_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.api.chat.request import ChatRequest
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Event
    from adapter.options import Options


# The model has finished: some servers say `tool_calls` where the text holds a call, and where it holds none.
_ENDED = frozenset({"stop", "tool_calls", "function_call", None})


def reasoning_of(message: Mapping[str, Any]) -> str:
    """Return the reasoning that the server took out of an answer itself; empty for none."""
    reasoning = one_name(message).get(REASONING)
    return reasoning if isinstance(reasoning, str) else ""


def choice_for(
    request: ChatRequest, choice: Mapping[str, Any], parsed: ParsedCompletion, events: Sequence[Event], options: Options
) -> dict[str, Any]:
    """Return a choice of the answer, as a native server writes choices.

    Args:
        request: The caller's request.
        choice: Upstream's choice.
        parsed: The parsed content of the choice.
        events: The events of the parser for the content.
        options: The caller's choices.
    """
    upstream = one_name({key: value for key, value in choice["message"].items() if value not in (None, [])})
    message = {**upstream, **parsed.to_dict()}
    if upstream.get("refusal"):  # upstream's own words, in place of an answer
        message |= {"refusal": upstream["refusal"], "content": parsed.content or None}
    reasoning = f"{upstream.get(REASONING, '')}{parsed.reasoning or ''}"  # the server's own comes first, as in a stream
    message.pop(REASONING, None)
    if reasoning:
        message[REASONING] = reasoning
    if parsed.tool_calls and request.body.get("response_format") is not None:
        message["content"] = None  # text beside a call is no answer in the caller's format
    if request.legacy and parsed.tool_calls:
        call = parsed.tool_calls[0]
        message.pop("tool_calls")
        message["function_call"] = {"name": call.name, "arguments": call.arguments}
    logprobs = choice.get("logprobs")
    if logprobs is not None:
        logprobs = limited(logprobs, request.top_logprobs)
        if parsed.content != choice["message"].get("content"):
            logprobs = trimmed(logprobs, events, request.top_logprobs)
    return {
        **choice,
        "message": message,
        "finish_reason": finish_reason(request, choice.get("finish_reason"), options, called=bool(parsed.tool_calls)),
        "logprobs": logprobs,
    }


def finish_reason(request: ChatRequest, upstream: Any, options: Options, *, called: bool) -> Any:
    """Return the `finish_reason`: `tool_calls` for a free or required choice, `stop` for a named choice; `length` stays."""
    if upstream not in _ENDED:
        return upstream
    if not called:
        return "stop"
    if request.legacy:
        return "function_call" if request.choice.mode != "named" else options.named_finish_reason
    return options.named_finish_reason if request.choice.mode == "named" else "tool_calls"


def add_usage(total: Any, more: Any) -> Any:
    """Return the usage of two requests together; a field of a single request counts unchanged."""
    if isinstance(total, dict) and isinstance(more, dict):
        return {key: add_usage(total.get(key), more.get(key)) for key in {**total, **more}}
    if isinstance(total, int | float) and isinstance(more, int | float):
        return total + more
    return total if total is not None else more
