"""The check of a call against the tools that were offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Event, Problem, frozen
from adapter.schema import coercion
from adapter.schema import compiled as schemas
from adapter.syntax.reading import RawCall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.completion.request_rules import Rules
    from adapter.options import Options
    from adapter.syntax.reading import Nameless
    from adapter.tools.choice import ToolChoice
    from adapter.tools.definitions import ToolSet


@frozen
class CheckedCall:
    """A checked call.

    Attributes:
        name: The tool.
        arguments: JSON text, coerced if coercion made the call valid.
        valid: The tool was offered, may be called in this turn, and accepts the arguments.
        problems: Kinds and messages of the problems; `problems_of` adds index and raw text.
    """

    name: str
    arguments: str
    valid: bool
    problems: tuple[Problem, ...] = ()


def check(call: RawCall, tools: ToolSet, choice: ToolChoice, options: Options) -> CheckedCall:
    """Check a call; without tools, only for arguments that are an object."""
    tool = tools.by_name.get(call.name)
    if (tool is None or (choice.allowed is not None and call.name not in choice.allowed)) and tools:
        allowed = choice.allowed or tools.names
        message = f"there is no tool {call.name!r} to call; use {' or '.join(map(repr, allowed))}"
        return CheckedCall(call.name, call.arguments, False, (Problem("unknown_tool", message),))
    try:
        value = call.value
        if tool is not None:
            return _against(call, value, tool.schema, options)
    except (RecursionError, ValueError):
        return _invalid(call, ["the arguments are nested too deeply to be checked"])
    if isinstance(value, dict):
        return CheckedCall(call.name, call.arguments, True)
    return _invalid(call, ["the arguments must be a JSON object"])


def verdicts(calls: Iterable[RawCall | Nameless], rules: Rules, options: Options) -> list[CheckedCall]:
    """Check the calls of a block; values that name no tool are left out."""
    return [check(call, rules.tools, rules.choice, options) for call in calls if isinstance(call, RawCall)]


def _against(call: RawCall, value: Any, schema: schemas.CompiledSchema, options: Options) -> CheckedCall:
    """Check a call against the schema of its tool. Raises RecursionError if both are deeper than the validator goes."""
    errors = schema.errors(value)
    if not errors:
        return CheckedCall(call.name, call.arguments, True)
    if options.coerce and isinstance(value, dict):
        mended = coercion.coerce(call.arguments, schema)
        if mended is not None:
            text, changes = mended
            told = tuple(Problem("coerced", f"call of {call.name!r}: {change}") for change in changes)
            return CheckedCall(call.name, text, True, told)
    return _invalid(call, schemas.messages(errors))


def _invalid(call: RawCall, reasons: list[str]) -> CheckedCall:
    message = f"call of {call.name!r}: {'; '.join(reasons)}"
    return CheckedCall(call.name, call.arguments, False, (Problem("invalid_arguments", message),))


def call_id(own: str, taken: set[str], options: Options) -> str:
    """Return the model's own id for a call, or a new id if there is none or an earlier call has the same."""
    found = own if own and own not in taken else options.new_id()
    taken.add(found)
    return found


def events(call: CheckedCall, index: int, call_id: str, raw: str) -> list[Event]:
    """Return the events of one complete call."""
    made: list[Event] = [
        CallStarted(index, call_id, call.name),
        ArgumentsDelta(index, call.arguments),
        CallFinished(index, call_id, call.name, call.arguments, call.valid, raw),
    ]
    return made + problems_of(call, index, raw) if call.problems else made


def problems_of(call: CheckedCall, index: int, raw: str) -> list[Event]:
    """Return the problems of a checked call, with the call's index and raw text."""
    return [Problem(problem.kind, problem.message, raw, index) for problem in call.problems]
