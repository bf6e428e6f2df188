"""A call of the model's, judged before anything runs: ready to be run, or answered with its fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.running import replies
from adapter.running.values import Outcome, ToolCall
from adapter.schema.compiled import messages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.running.history import WrittenCall
    from adapter.running.tool import RunnableTool
    from adapter.running.toolbox import Toolbox

# Endings of a whole answer; after any other, a call without arguments may have been cut off before them.
_WHOLE = ("tool_calls", "stop", "function_call")


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A call that can be run.

    Attributes:
        call: The call.
        tool: The tool.
        positional: Positional arguments of the function.
        named: Keyword arguments of the function.
    """

    call: ToolCall
    tool: RunnableTool
    positional: tuple[Any, ...]
    named: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """A call that cannot be run.

    Attributes:
        outcome: `"unknown"`, `"invalid"`, or `"failed"`: a validator of the function's types raised.
        reply: Text for the model.
        error: Exception of the validator.
    """

    outcome: Outcome
    reply: str
    error: Exception | None = None


def judge(written: WrittenCall, tools: Toolbox, finish_reason: str | None) -> Ready | Fault:
    """Check the name and the arguments of a call: against the tool's schema first, then against the types of the function."""
    tool = tools.by_name.get(written.name)
    if tool is None:
        return Fault("unknown", replies.unknown(written.name, tools.by_name))
    arguments = written.object
    if arguments is None and not written.arguments and finish_reason in _WHOLE:
        arguments = {}  # servers write no arguments in place of {}
    if arguments is None:
        return Fault("invalid", replies.invalid(tool.name, [replies.unreadable(written.arguments)]))
    faults = messages(tools.checked.by_name[tool.name].schema.errors(arguments))
    if faults:
        return Fault("invalid", replies.invalid(tool.name, faults))
    try:
        positional, named = tool.read(written.arguments or "{}")
    except ValueError as error:  # pydantic's, too
        return Fault("invalid", replies.invalid(tool.name, _sentences(error)))
    except Exception as error:  # noqa: BLE001  # pydantic passes on what a type's own validator raises
        return Fault("failed", replies.failed(tool.name, error), error)
    progress = tool.progress_text(arguments)
    call = ToolCall(written.id, tool.name, arguments, tool.writes, progress, tool.description)
    return Ready(call, tool, positional, named)


def _sentences(error: ValueError) -> list[str]:
    """Word the faults that pydantic found, without the values, which the model knows."""
    found = getattr(error, "errors", None)
    if not callable(found):
        return [str(error)]
    return [
        f"arguments{''.join(f'.{step}' for step in fault['loc'])}: {fault['msg']}"
        for fault in found(include_url=False, include_input=False, include_context=False)
    ]
