"""Rendered tools: neutralised and rendered once for each set of tools, not for each request.

A `ToolSet` and a `Dialect` never change, and a macro is a pure function, so renderings are cached by the identity of both.
The caches are bounded.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from adapter.prompt.neutralise import neutraliser
from adapter.recent import recent
from adapter.tools.definitions import MOST_KEPT, size_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.dialects.registry import Dialect
    from adapter.tools.choice import ToolChoice
    from adapter.tools.definitions import ToolSet
    from adapter.tools.one_tool import ToolDefinition

# Choices whose text is kept.
_MOST_CHOICES = 64


def shown_tools(tools: ToolSet, choice: ToolChoice, dialect: Dialect, *, neutralise: bool) -> tuple[Mapping[str, Any], ...]:
    """The definitions that the model may see: none if the choice is `none`.

    Args:
        tools: The tools offered.
        choice: The tool choice.
        dialect: The dialect whose markup is neutralised in definitions.
        neutralise: False to leave definitions unchanged.
    """
    return () if choice.mode == "none" else _shown(tools, choice.allowed, dialect if neutralise else None)


@recent(MOST_KEPT, size_of)
def _shown(tools: ToolSet, allowed: tuple[str, ...] | None, against: Dialect | None) -> tuple[Mapping[str, Any], ...]:
    guard = None if against is None else neutraliser(against)
    return tuple(tool.wire if guard is None else guard.tool(tool.wire) for tool in tools.only(allowed))


def meant_tools(tools: ToolSet, dialect: Dialect, *, neutralise: bool) -> tuple[Mapping[str, Any], ...]:
    """The definitions for a server that reads the schemas itself: a schema with harmless faults as it is meant (behaviour 5.6).

    Args:
        tools: The tools offered.
        dialect: The dialect whose markup is neutralised in definitions.
        neutralise: False to leave definitions unchanged.
    """
    return _meant(tools, dialect if neutralise else None)


@recent(MOST_KEPT, size_of)
def _meant(tools: ToolSet, against: Dialect | None) -> tuple[Mapping[str, Any], ...]:
    guard = None if against is None else neutraliser(against)
    wires = [_as_meant(tool) for tool in tools]
    return tuple(wires if guard is None else map(guard.tool, wires))


def _as_meant(tool: ToolDefinition) -> Mapping[str, Any]:
    """A definition with its schema as it is meant; unchanged where nothing was mended."""
    if not tool.schema.told:
        return tool.wire
    parameters = {"type": "object", "properties": {}, **tool.schema.source}
    return {**tool.wire, "function": {**tool.wire["function"], "parameters": parameters}}


@recent(2 * MOST_KEPT, lambda text, tools, *_: len(text) + tools.size)
def system_text(
    text: str, tools: ToolSet, choice: ToolChoice, parallel: bool | None, dialect: Dialect, neutralise: bool
) -> str:
    """The system text with the tools, around the caller's text; the caller's text alone without tools."""
    shown = shown_tools(tools, choice, dialect, neutralise=neutralise)
    return dialect.system(text, shown, choice, parallel) if shown else text


@functools.lru_cache(maxsize=_MOST_CHOICES)
def asked_text(choice: ToolChoice, parallel: bool | None, dialect: Dialect) -> str:
    """The text of the system message about the tool choice."""
    return dialect.asked(choice, parallel)
