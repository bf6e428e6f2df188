"""Constraints that a server ignores or refuses, and the advice that fits (behaviour 6.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.enforce.ladder import rung_for, stronger
from adapter.errors import option
from adapter.servers import RUNGS, server_for
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.completion.result import ParsedCompletion
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.retry_policy import Fault
    from adapter.options import Options
    from adapter.servers import Rung

_LIMITS = ("max_tokens", "max_completion_tokens", "n_predict")


def is_ignored(attempt: Attempt, parsed: ParsedCompletion, fault: Fault | None) -> bool:
    """Return True for an answer that the constraint of its request does not allow.

    Args:
        attempt: The request.
        parsed: The answer, not cut off.
        fault: The fault of the answer.
    """
    if not attempt.constraint:
        return False
    if attempt.rules.constrained and any(call.raw[:1] not in {"{", "["} for call in parsed.tool_calls):
        return True  # a call in tags, where the answer was to be JSON
    if attempt.rules.constrained and attempt.rules.reply is None and not parsed.tool_calls and parsed.content:
        return parsed.content.lstrip()[:1] not in {"{", "["}
    if fault is None or attempt.rung == "json_object":  # any JSON is allowed
        return False
    return fault.kind in {"required", "unreadable"} or (fault.kind == "invalid" and not attempt.unenforced)


def cut_short(attempt: Attempt, parsed: ParsedCompletion, finish_reason: str) -> str:
    """Return the sentence about a held call that the token limit, or the bound of a string, has cut; else an empty text.

    Args:
        attempt: The request.
        parsed: The answer.
        finish_reason: Upstream's `finish_reason`.
    """
    if not attempt.constraint:
        return ""
    if finish_reason == "length" and parsed.incomplete:
        limits = [f"{name}={attempt.body[name]}" for name in _LIMITS if attempt.body.get(name) is not None]
        return (
            f"a call that is held by {' and '.join(map(repr, attempt.constraint))} was cut by the token limit"
            f"{f' ({limits[0]})' if limits else ''}: raise the limit, or bound strings with maxLength or longest_string"
        )
    full = [call.name for call in parsed.tool_calls if attempt.longest and _reaches(call.arguments, attempt.longest)]
    return (
        f"a string in the call of {full[0]!r} has the {attempt.longest} characters of longest_string: its end may be cut"
        if full
        else ""
    )


def _reaches(arguments: str, longest: int) -> bool:
    """Return True if a string in the arguments is as long as the bound."""
    if len(arguments) < longest:
        return False
    try:
        waiting: list[Any] = [loads(arguments)]
    except (ValueError, RecursionError):
        return False
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and len(value) == longest:
            return True
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return False


def advice(rung: Rung, options: Options, *, ignored: Sequence[str], refused: Sequence[str]) -> str:
    """Return the last sentence of a refusal: the likely fix.

    Args:
        rung: The rung of the last request.
        options: The caller's choices.
        ignored: The fields of a constraint that the server does not enforce.
        refused: The fields of a constraint that the server refuses.
    """
    if refused:
        fields = " and ".join(map(repr, refused))
        return f"The upstream refuses {fields}, so the call was asked for in words; try more retries, or another server."
    if ignored:
        fields = " and ".join(map(repr, ignored))
        return (
            f"The request held the answer in {fields}, and the upstream does not enforce it: check that "
            f"{option('server', options.server)} is the kind of the upstream, or use one that has structured output."
        )
    server = server_for(options.server, options.upstream)
    held = max(rung, rung_for(options.enforce or "prompt", server), key=RUNGS.index)
    if options.server == "generic" and held == "prompt":
        return f"Try {option('enforce', 'json_schema')} where the upstream has structured output, or more retries."
    higher = stronger(held, server)
    return "Try more retries." if higher is None else f"Try {option('enforce', higher)}, or more retries."
