"""The tool by which a model asks for tools that it has not been shown, and what a search finds.

The adapter answers its calls. The tools found stand in a system message after the result, so that the prompt only grows at
the end; a second search finds others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.text.json_spans import loads
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from adapter.routing.router import ToolRouter
    from adapter.routing.selection import SelectedTool

NAME = "search_tools"
# Searches of one request that look for tools. The next is told that no more are made; the one after ends the request.
MOST = 3
_SHARE = 4  # a search shows at most the limit's fourth part
_PARAMETER = "query"


class Round(NamedTuple):
    """An answer of the model's with nothing but searches, and what it was told.

    Attributes:
        content: The model's words before the calls.
        calls: Id, name and arguments of each call, the arguments as JSON text.
        results: The result of each call.
        found: Names of the tools that are shown from then on.
        reasoning: The reasoning before the calls.
    """

    content: str
    calls: tuple[tuple[str, str, str], ...]
    results: tuple[str, ...]
    found: tuple[str, ...]
    reasoning: str = ""

    def messages(self, tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the round as messages of a chat request; `tools` are the definitions to show."""
        calls = [
            {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
            for call_id, name, arguments in self.calls
        ]
        told: list[dict[str, Any]] = [{"role": "assistant", "content": self.content or None, "tool_calls": calls}]
        told += [
            {"role": "tool", "tool_call_id": call_id, "content": result}
            for (call_id, _, _), result in zip(self.calls, self.results, strict=True)
        ]
        return [*told, *([{"role": "system", "content": "", "tools": [*tools]}] if tools else [])]


def search_tool(name: str) -> dict[str, Any]:
    """Return the definition of the tool, which may be called again at once."""
    described = {"type": "string", "description": "The purpose of the tool that is needed, in a few words."}
    function = {
        "name": name,
        "description": "Find more tools. Use it if no tool at hand does the task; those found can be called from then on.",
        "parameters": {"type": "object", "properties": {_PARAMETER: described}, "required": [_PARAMETER]},
        "polls": True,
    }
    return {"type": "function", "function": function}


def free_name(taken: Collection[str]) -> str:
    """Return `search_tools`, with a number where a tool has that name."""
    number, name = 1, NAME
    while name in taken:
        number += 1
        name = f"{NAME}_{number}"
    return name


def query_in(arguments: str) -> str:
    """Return the words of a search, from arguments that no schema has checked: all texts in them where `query` is none."""
    try:
        given = loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    if isinstance(given, dict) and isinstance(given.get(_PARAMETER), str):
        return given[_PARAMETER]  # type: ignore[no-any-return]  # checked in the line before
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def searched(router: ToolRouter, query: str, shown: Collection[str]) -> tuple[tuple[str, ...], str]:
    """Look for tools. Returns the names of those not yet shown, and the result for the model.

    Args:
        router: The router.
        query: The words of the search.
        shown: Names of tools that the model has been shown.
    """
    ranked = [one.name for one in router.select(query, limit=len(router.tools)).ranked() if _met(one)]
    found = tuple(name for name in ranked if name not in shown)[: max(1, router.limit // _SHARE)]
    if found:
        return found, f"Found, and can be called from now on: {', '.join(found)}."
    known = [name for name in ranked if name in shown]
    near = f" Nearest of the tools at hand: {some_of(map(repr, known[:3]))}." if known else ""
    return (), f"No further tool was found.{near} Use a tool at hand, or answer without one."


def _met(one: SelectedTool) -> bool:
    return one.score > 0 and one.kind != "fallback"
