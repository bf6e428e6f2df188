"""Rendered tools: neutralised and rendered once for each set of tools, not for each request.

A `ToolSet` and a `Dialect` never change, and a macro is a pure function, so renderings are cached by the identity of both.
The caches are bounded.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from adapter.prompt.neutralise import Neutraliser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.dialects.registry import Dialect
    from adapter.tools.choice import ToolChoice
    from adapter.tools.definitions import ToolSet

# Of how many sets of tools, system texts and choices the rendering is kept.
_MOST = 64


def shown_tools(tools: ToolSet, choice: ToolChoice, dialect: Dialect, *, neutralise: bool) -> tuple[Mapping[str, Any], ...]:
    """The definitions that the model may see: none if the choice is `none`.

    Args:
        tools: The tools offered.
        choice: The tool choice.
        dialect: The dialect whose markup is neutralised in descriptions.
        neutralise: False to leave descriptions unchanged.
    """
    return () if choice.mode == "none" else _shown(tools, choice.allowed, dialect if neutralise else None)


@functools.lru_cache(maxsize=_MOST)
def _shown(tools: ToolSet, allowed: tuple[str, ...] | None, against: Dialect | None) -> tuple[Mapping[str, Any], ...]:
    guard = None if against is None else Neutraliser(against)
    return tuple(tool.wire if guard is None else guard.tool(tool.wire) for tool in tools.only(allowed))


@functools.lru_cache(maxsize=_MOST)
def system_text(
    text: str, tools: ToolSet, choice: ToolChoice, parallel: bool | None, dialect: Dialect, neutralise: bool
) -> str:
    """The system text with the tools, around the caller's text; the caller's text alone without tools."""
    shown = shown_tools(tools, choice, dialect, neutralise=neutralise)
    return dialect.system(text, shown, choice, parallel) if shown else text


@functools.lru_cache(maxsize=_MOST)
def asked_text(choice: ToolChoice, parallel: bool | None, dialect: Dialect) -> str:
    """The text of the system message about the tool choice."""
    return dialect.asked(choice, parallel)
