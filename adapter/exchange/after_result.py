"""A tool choice that still forces the tool that has just answered (behaviour 5.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.events import Problem
from adapter.prompt.in_words import is_pending
from adapter.text.some_of import some_of
from adapter.tools.choice import ToolChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from adapter.options import Options
    from adapter.tools.definitions import ToolSet

_ADVICE = (
    "Leave tool_choice out of the request that brings the result, if an answer in words is wanted; "
    "tool_choice_after_result='auto' does that"
)


def after_result(
    choice: ToolChoice,
    tools: ToolSet,
    answered: Collection[tuple[str, str]],
    options: Options,
    report: Callable[[Problem], object],
) -> ToolChoice:
    """Return the tool choice to go by: as given, unless the option drops a choice of the tool that has just answered.

    Native servers honour such a choice, and answer with the same call for ever; agents that always require a call, or force
    another tool next, depend on the choice.

    Args:
        choice: The caller's choice.
        tools: The tools offered.
        answered: The calls that have just got their results, as `(name, arguments)`; none that may be repeated.
        options: The option `tool_choice_after_result`.
        report: Called with the `Problem`.
    """
    forced = (choice.allowed or tuple(tools.names)) if choice.forced else ()
    if not forced or not answered or not set(forced) <= {name for name, _ in answered}:
        return choice
    names = some_of(map(repr, forced), " or ")
    if options.tool_choice_after_result == "auto":
        message = f"tool_choice asked for a call of {names}, which has just answered: the choice is 'auto' after the result"
        report(Problem("forced_again", message))
        return ToolChoice("auto", None if choice.mode == "named" else choice.allowed)
    report(Problem("forced_again", f"tool_choice asks for a call of {names}, which has just answered. {_ADVICE}"))
    return choice


def may_repeat(tools: ToolSet, name: str, result: Any) -> bool:
    """Return True for a call that may be made again: its result is still to come, or its tool is marked `polls`."""
    tool = tools.by_name.get(name)
    return (tool is not None and tool.polls) or is_pending(result)
