"""The rules for an answer at fault: asked for again, refused, or let through (behaviour 5.3, 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from adapter.errors import InvalidToolCall, RefusedAnswer, ToolCallRequired
from adapter.prompt.history import canonical
from adapter.prompt.results import result_messages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from adapter.completion.request_rules import Rules
    from adapter.completion.result import ParsedCompletion
    from adapter.dialects.registry import Dialect
    from adapter.options import Options

_ADVICE = 'Try enforce="json_schema" where the upstream has structured output, or more retries.'


@dataclass(frozen=True, slots=True)
class Fault:
    """The reason why an answer cannot stand.

    Attributes:
        kind: `invalid`: a call that is unknown or against its schema. `required`: a forced call is missing.
            `repeated`: a call was made just before and has a result.
        message: The reason in words, for the caller and for the model.
        strict: A tool with `strict: true` is concerned; no option lets an invalid call of a strict tool through.
    """

    kind: Literal["invalid", "required", "repeated"]
    message: str
    strict: bool = False


def find_fault(parsed: ParsedCompletion, rules: Rules, finish_reason: str | None) -> Fault | None:
    """Return the fault of an answer, or None.

    An answer cut by the length limit is handed on unchanged: the next answer would be cut too.
    """
    invalid = [call for call in parsed.tool_calls if not call.valid]
    if invalid:
        reasons = [problem.message for problem in parsed.problems if problem.kind in {"unknown_tool", "invalid_arguments"}]
        return Fault("invalid", "; ".join(reasons), any(_is_strict(call.name, rules) for call in invalid))
    if rules.choice.forced and not parsed.tool_calls and finish_reason != "length":
        names = " or ".join(map(repr, rules.choice.allowed or rules.tools.names))
        unread = "".join(f" ({problem.message})" for problem in parsed.problems if problem.kind == "unreadable")
        return Fault("required", f"a call of {names} was required and the answer holds none{unread}")
    return None


def lets_through(name: str, rules: Rules, options: Options) -> bool:
    """Return True for a tool whose invalid calls are handed out unchanged."""
    return options.on_invalid == "return" and not _is_strict(name, rules)


def _is_strict(name: str, rules: Rules) -> bool:
    tool = rules.tools.by_name.get(name)
    return tool is not None and tool.strict


def repeated(calls: Iterable[tuple[str, str]], settled: Collection[tuple[str, str]]) -> Fault | None:
    """Return the fault of calls that were made just before and have results, or None.

    Args:
        calls: The calls of an answer, as `(name, arguments)`.
        settled: The calls with results, the arguments in canonical JSON.
    """
    if not settled:
        return None
    names = [name for name, arguments in calls if (name, canonical(arguments)) in settled]
    if not names:
        return None
    listed = " and ".join(map(repr, names))
    return Fault("repeated", f"{listed} was called just before with the same arguments, and has its result")


def reask_messages(text: str, parsed: ParsedCompletion, fault: Fault, dialect: Dialect) -> list[dict[str, Any]]:
    """Return an answer and the objection as further messages of the conversation."""
    answer = {"role": "assistant", "content": text}
    if fault.kind == "required":
        return [answer, {"role": "user", "content": f"Error: {fault.message}. Answer with the function call."}]
    if fault.kind == "repeated":
        objection = f"Error: {fault.message}. Answer in words, from the result."
        return [answer, {"role": "user", "content": objection}]
    reasons = {problem.index: problem.message for problem in parsed.problems if problem.kind != "coerced"}
    results = [
        {
            "content": f"Error: {reasons.get(index, 'invalid call')}. Make the call again, corrected."
            if not call.valid
            else "Not run, because another call of the same turn was invalid. Make all calls again.",
            "name": call.name,
            "id": call.id,
        }
        for index, call in enumerate(parsed.tool_calls)
    ]
    return [answer, *result_messages(dialect, results)]


def refusal(fault: Fault, options: Options) -> RefusedAnswer | None:
    """Return the error that ends the request after the last attempt; None for an answer let through."""
    if fault.kind == "required":
        return ToolCallRequired(f"The model made no tool call: {fault.message}. {_ADVICE}")
    if fault.kind == "invalid" and (fault.strict or options.on_invalid == "raise"):
        return InvalidToolCall(f"The model's tool call is invalid: {fault.message}. {_ADVICE}", param="tools")
    return None
