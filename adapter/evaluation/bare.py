"""The verdict on a completion without the adapter's help: the dialect's strict form, and nothing else.

The first completion of an answer is read again without coercion and without recovery. A completion that needed any mending
(`MENDED`) is wrong, or cut off; otherwise its calls are checked as those of the adapter. An answer that a grammar, a JSON
schema or JSON mode held, or that a prefill began, is not judged: its form is the adapter's and not the model's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapter.evaluation.cases import name_of
from adapter.evaluation.outcome import Called

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.arms import Arm
    from adapter.records import ExchangeRecord

# Problems that tell of reading beyond the strict form.
MENDED = frozenset(
    {"repaired", "coerced", "recovered", "markup", "unreadable", "cut", "malformed", "call_in_thinking", "wire_mended"}
)
_READING = ("thinking_prefilled", "calls_in_thinking")


def strict_calls(arm: Arm, record: ExchangeRecord, tools: Sequence[dict[str, Any]]) -> list[Called] | str | None:
    """Return the calls of a first completion as upstream gave it.

    Returns:
        `"mended"` for a completion that is not in the strict form, None for one that is not judged.
    """
    if record.status != 200 or record.outcome == "broken":
        return None
    return _native(record) if record.rung == "native" else _strict(arm, record, tools) if record.rung == "prompt" else None


def _strict(arm: Arm, record: ExchangeRecord, tools: Sequence[dict[str, Any]]) -> list[Called] | str:
    """Read the calls of a completion strictly; `"mended"` for a completion that is not in the strict form."""
    from adapter.completion.result import parse
    from adapter.tools.reply_tool import reply_tool

    given = arm.options.get("dialect", "auto")
    options: dict[str, Any] = {key: arm.options[key] for key in _READING if key in arm.options}
    parsed = parse(
        record.completion, tools, finish_reason=record.finish_reason or None, on_invalid="return", coerce=False, recover=False,
        dialect=record.dialect if given == "auto" else given, **options,
    )  # fmt: skip
    if any(problem.kind in MENDED for problem in parsed.problems):
        return "mended"
    # A call of the tool for answers in words, where the adapter offers one, is an answer in words.
    reply = reply_tool([name_of(tool) for tool in tools])["function"]["name"]
    words = {reply} if json.dumps(reply) in record.prompt else set()
    found = [call for call in parsed.tool_calls if call.name not in words]
    return calls_of((call.name, call.arguments) for call in found)


def _native(record: ExchangeRecord) -> list[Called] | str | None:
    """Read the calls in upstream's own answer; None for an answer in pieces."""
    try:
        message = json.loads(record.raw)["choices"][0]["message"]
        functions = [call["function"] for call in message.get("tool_calls") or ()]
        return calls_of((function["name"], function["arguments"]) for function in functions)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None if record.stream else "mended"


def calls_of(calls: Any) -> list[Called]:
    """Return calls of names and JSON texts; arguments that are no JSON object become the argument `""`."""
    found = []
    for name, text in calls:
        try:
            arguments = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            arguments = None
        found.append(Called(str(name), arguments if isinstance(arguments, dict) else {"": text}))
    return found
