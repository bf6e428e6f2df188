"""The rules for an answer at fault: asked for again, refused, or let through (behaviour 5.3, 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from adapter.completion.ends import CUT
from adapter.errors import InvalidToolCall, RefusedAnswer, ToolCallRequired
from adapter.exchange import reask_forms
from adapter.prompt.results import result_messages
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.completion.request_rules import Rules
    from adapter.completion.result import ParsedCompletion
    from adapter.dialects.registry import Dialect
    from adapter.exchange.reask_forms import Form
    from adapter.options import Options
    from adapter.prompt.neutralise import Neutraliser

_INVALID = {"unknown_tool", "invalid_arguments", "malformed"}


@dataclass(frozen=True, slots=True)
class Fault:
    """The reason why an answer cannot stand.

    Attributes:
        kind: `invalid`: a call that is unknown or against its schema. `required`: a forced call is missing.
            `unreadable`: a call of an offered tool cannot be read. `repeated`: a call was made just before and has a result.
            `format`: the answer is not in the caller's `response_format`. `ungrounded`: no value of a call occurs in the
            conversation, or the answer is a bare call of a tool that was not offered. `native`: upstream did not use the tools
            that went with the request as a native server does.
        message: The reason in words, for the caller and for the model.
        strict: A tool with `strict: true` is concerned; no option lets an invalid call of a strict tool through.
    """

    kind: Literal["invalid", "required", "unreadable", "repeated", "format", "ungrounded", "native"]
    message: str
    strict: bool = False

    @property
    def form(self) -> Form:
        """The form in which the model is asked again."""
        return reask_forms.FORMS[self.kind]


def find_fault(parsed: ParsedCompletion, rules: Rules, finish_reason: str | None) -> Fault | None:
    """Return the fault of an answer, or None.

    An answer cut by the length limit, or by a filter, is handed on unchanged: the next answer would be cut too.
    """
    invalid = [call for call in parsed.tool_calls if not call.valid]
    if invalid:
        reasons = [problem.message for problem in parsed.problems if problem.kind in _INVALID]
        return Fault("invalid", "; ".join(reasons), any(_is_strict(call.name, rules) for call in invalid))
    if rules.choice.forced and not parsed.tool_calls and finish_reason not in CUT:
        names = some_of(map(repr, rules.choice.allowed or rules.tools.names), " or ")
        unread = "".join(f" ({problem.message})" for problem in parsed.problems if problem.kind == "unreadable")
        return Fault("required", f"a call of {names} was required and the answer holds none{unread}")
    unreadable = [problem.message for problem in parsed.problems if problem.tool]
    return Fault("unreadable", "; ".join(unreadable)) if unreadable else None


def lets_through(name: str, rules: Rules, options: Options) -> bool:
    """Return True for a tool whose invalid calls are handed out unchanged."""
    return options.on_invalid == "return" and not _is_strict(name, rules)


def _is_strict(name: str, rules: Rules) -> bool:
    tool = rules.tools.by_name.get(name)
    return tool is not None and tool.strict


# The words behind the reason of a fault that concerns no single call.
_WISHES = {
    "required": "Answer with the function call.",
    "format": "Answer again, with nothing but the JSON.",
    "repeated": "Answer in words, from the result.",
    "ungrounded": "Answer in words, or make a call with values of the conversation.",
}


def shown_whole(text: str, parsed: ParsedCompletion) -> str:
    """Return an answer with the calls of upstream's own, which do not stand in its text."""
    return "\n".join(filter(None, [text, *(call.raw for call in parsed.tool_calls if call.raw not in text)]))


def reask_messages(
    text: str, parsed: ParsedCompletion, fault: Fault, dialect: Dialect, guard: Neutraliser | None
) -> list[dict[str, Any]]:
    """Return an answer and the objection as further messages of the conversation.

    Args:
        text: The answer as the model wrote it, which stays.
        parsed: The answer.
        fault: The fault of the answer.
        dialect: The dialect of the results.
        guard: Neutralises the objection, whose words come from schemas and decoded values; None leaves the objection unchanged.
    """
    answer = {"role": "assistant", "content": text}
    safe: Callable[[str], str] = str if guard is None else guard.text
    if fault.kind in _WISHES:
        return [answer, {"role": "user", "content": safe(f"Error: {fault.message}. {_WISHES[fault.kind]}")}]
    shown = [{key: safe(value) for key, value in result.items()} for result in _results(parsed)]
    return [answer, *result_messages(dialect, shown)]


def objection(fault: Fault, guard: Neutraliser | None) -> dict[str, Any]:
    """Return the objection alone, as a message of the user's: a small model makes a bad answer again that it is shown."""
    safe: Callable[[str], str] = str if guard is None else guard.text
    wish = _WISHES.get(fault.kind, "Make the call again, corrected.")
    return {"role": "user", "content": safe(f"Error: {fault.message}. {wish}")}


def _results(parsed: ParsedCompletion) -> list[dict[str, str]]:
    """Return the results that the calls of an answer at fault get."""
    reasons: dict[int | None, str] = {}
    for problem in parsed.problems:
        if problem.kind in _INVALID:
            reasons[problem.index] = "; ".join(filter(None, (reasons.get(problem.index), problem.message)))
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
    results += [
        {
            "content": f"Error: {problem.message}. Make the call again, corrected.",
            "name": problem.tool,
            "id": f"call_unreadable{number}",
        }
        for number, problem in enumerate(problem for problem in parsed.problems if problem.tool)
    ]
    return results


def refusal(fault: Fault, options: Options, advice: str) -> RefusedAnswer | None:
    """Return the error that ends the request after the last attempt; None for an answer let through.

    Args:
        fault: The fault of the answer.
        options: The caller's choices.
        advice: The likely fix, a sentence.
    """
    if fault.kind == "required":
        return ToolCallRequired(f"The model made no tool call: {fault.message}. {advice}")
    if fault.kind == "invalid" and (fault.strict or options.on_invalid == "raise"):
        return InvalidToolCall(f"The model's tool call is invalid: {fault.message}. {advice}", param="tools")
    return None
