"""The check of a call against the tools that were offered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapter.completion.early_coercion import coerced_early
from adapter.completion.given_words import as_given, may_be_shown
from adapter.completion.grounded import grounded
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Event, Problem, frozen
from adapter.schema import coercion
from adapter.schema import compiled as schemas
from adapter.syntax.reading import RawCall
from adapter.text.some_of import some_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.completion.request_rules import Rules
    from adapter.events import Where
    from adapter.options import Options
    from adapter.syntax.reading import Nameless
    from adapter.tools.choice import ToolChoice
    from adapter.tools.definitions import ToolSet


@frozen
class CheckedCall:
    """A checked call.

    Attributes:
        name: The tool.
        arguments: JSON text, coerced if coercion made the call valid; otherwise as far as a stream coerces early.
        valid: The tool was offered, may be called in this turn, and accepts the arguments.
        problems: Kinds and messages of the problems; `problems_of` adds index and raw text.
    """

    name: str
    arguments: str
    valid: bool
    problems: tuple[Problem, ...] = ()


def check(call: RawCall, rules: Rules, options: Options) -> CheckedCall:
    """Check a call; without tools, only for unread text and for arguments that are an object."""
    tools = rules.tools
    if may_be_shown(call.arguments):
        call = as_given(call, tools)
    checked = _checked(call, tools, rules.choice, options)
    if rules.said is not None and checked.valid and not call.faults:
        arguments, judged = grounded(call.name, checked.arguments, rules, options)
        checked = replace(checked, arguments=arguments, problems=(*checked.problems, *judged))
    faults = call.faults
    left_out: tuple[Problem, ...] = ()
    if call.beside:
        stray, left_out = _beside(call, tools)
        faults += stray
    if not faults:
        return replace(checked, problems=(*left_out, *checked.problems)) if left_out else checked
    told = Problem("malformed", f"call of {call.name!r}: {'; '.join(faults)}")
    return CheckedCall(call.name, call.arguments, False, (told, *left_out, *checked.problems))


def _beside(call: RawCall, tools: ToolSet) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Judge the members beside the arguments of a call: a parameter of the tool stands in the wrong place, others are left out.

    Returns:
        Sentences on text without a reading, and problems that are told.
    """
    tool = tools.by_name.get(call.name)
    lost = [key for key in call.beside if tool is not None and tool.schema.place.names(key)]
    others = [key for key in call.beside if key not in lost]
    told = f"call of {call.name!r}: left out {', '.join(map(repr, others))}, which stood beside the arguments"
    return (
        tuple(f"the parameter {key!r} stands beside the arguments, in place of inside" for key in lost),
        (Problem("repaired", told),) if others else (),
    )


def _checked(call: RawCall, tools: ToolSet, choice: ToolChoice, options: Options) -> CheckedCall:
    """Check a call of which all text was read."""
    tool = tools.by_name.get(call.name)
    if (tool is None or (choice.allowed is not None and call.name not in choice.allowed)) and tools:
        allowed = choice.allowed or tools.names
        message = f"there is no tool {call.name!r} to call; use {some_names(allowed, call.name, ' or ')}"
        return CheckedCall(call.name, call.arguments, False, (Problem("unknown_tool", message),))
    try:
        value = call.value
        if tool is not None:
            return _against(call, value, tool.schema, options)
    except (RecursionError, ValueError) as error:
        early = coerced_early(call.arguments, tool.schema.place) if tool is not None and options.coerce else None
        return _invalid(call, [_unread(error)], early)
    if isinstance(value, dict):
        return CheckedCall(call.name, call.arguments, True)
    return _invalid(call, ["the arguments must be a JSON object"])


def _unread(error: Exception) -> str:
    """Return the sentence on arguments that cannot be decoded: too deep, or, of a call of upstream's own, no JSON."""
    if isinstance(error, RecursionError) or "nested too deeply" in str(error):
        return "the arguments are nested too deeply to be checked"
    return f"the arguments are no JSON: {error}"


def verdicts(calls: Iterable[RawCall | Nameless], rules: Rules, options: Options) -> list[CheckedCall]:
    """Check the calls of a block; values that name no tool are left out."""
    return [check(call, rules, options) for call in calls if isinstance(call, RawCall)]


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
        return _invalid(call, schemas.messages(errors), coerced_early(call.arguments, schema.place))
    return _invalid(call, schemas.messages(errors))


def _invalid(call: RawCall, reasons: list[str], arguments: str | None = None) -> CheckedCall:
    message = f"call of {call.name!r}: {'; '.join(reasons)}"
    return CheckedCall(call.name, arguments or call.arguments, False, (Problem("invalid_arguments", message),))


def call_id(own: str, taken: set[str], options: Options) -> str:
    """Return the model's own id for a call, or a new id if there is none or an earlier call has the same."""
    found = own if own and own not in taken else options.new_id()
    taken.add(found)
    return found


def events(call: CheckedCall, index: int, call_id: str, raw: str, places: Where) -> list[Event]:
    """Return the events of one complete call."""
    made: list[Event] = [
        CallStarted(index, call_id, call.name),
        ArgumentsDelta(index, call.arguments),
        CallFinished(index, call_id, call.name, call.arguments, call.valid, raw, places),
    ]
    return made + problems_of(call, index, raw) if call.problems else made


def problems_of(call: CheckedCall, index: int, raw: str) -> list[Event]:
    """Return the problems of a checked call, with the call's index and raw text."""
    return [Problem(problem.kind, problem.message, raw, index) for problem in call.problems]
