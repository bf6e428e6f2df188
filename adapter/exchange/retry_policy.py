"""What becomes of an answer that is not as it must be: asked again, refused, or let through (behaviour 5.3, 5.4)."""

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


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer cannot stand.

    Attributes:
        kind: `invalid`: a call that is unknown or against its schema. `required`: a forced call that is not there.
            `repeated`: a call that was made just before and has its result.
        message: What is wrong, for the caller and for the model.
        strict: Whether a tool with `strict: true` is concerned, which no option lets through.
    """

    kind: Literal["invalid", "required", "repeated"]
    message: str
    strict: bool = False


def find_fault(parsed: ParsedCompletion, rules: Rules, finish_reason: str | None) -> Fault | None:
    """What is wrong with an answer, or None.

    An answer that was cut by its length is handed on as it is: asked again, it would be cut again.
    """
    invalid = [(index, call) for index, call in enumerate(parsed.tool_calls) if not call.valid]
    if invalid:
        reasons = [problem.message for problem in parsed.problems if problem.kind in {"unknown_tool", "invalid_arguments"}]
        strict = any(call.name in rules.tools.by_name and rules.tools.by_name[call.name].strict for _, call in invalid)
        return Fault("invalid", "; ".join(reasons), strict)
    if rules.choice.forced and not parsed.tool_calls and finish_reason != "length":
        names = " or ".join(map(repr, rules.choice.allowed or rules.tools.names))
        unread = "".join(f" ({problem.message})" for problem in parsed.problems if problem.kind == "unreadable")
        return Fault("required", f"a call of {names} was required and the answer holds none{unread}")
    return None


def repeated(calls: Iterable[tuple[str, str]], settled: Collection[tuple[str, str]]) -> str:
    """One sentence on the calls, names and arguments, that were made just before and have their results; empty for none."""
    again = [name for name, arguments in calls if settled and (name, canonical(arguments)) in settled]
    return (
        f"{' and '.join(map(repr, again))} was called just before with the same arguments, and has its result" if again else ""
    )


def reask_turns(text: str, parsed: ParsedCompletion, fault: Fault, dialect: Dialect) -> list[dict[str, Any]]:
    """The answer and the objection to it, as further turns of the conversation."""
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
    """The error that ends the request after the last attempt, or None when the answer is let through."""
    if fault.kind == "required":
        return ToolCallRequired(f"The model made no tool call: {fault.message}. {_ADVICE}")
    if fault.kind == "invalid" and (fault.strict or options.on_invalid == "raise"):
        return InvalidToolCall(f"The model's tool call is invalid: {fault.message}. {_ADVICE}", param="tools")
    return None


_ADVICE = 'Try enforce="json_schema" where the upstream has structured output, or more retries.'
