"""Flat tool definitions, and the tool choices of the Responses API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.responses.checks import missing, wrong_type, wrong_value
from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.recent import recent
from adapter.tools.choice import ToolChoice, choice_by_word, offered
from adapter.tools.definitions import MOST_KEPT, Policy, ToolSet, read_flat_tools

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_FORMS = (
    '\'none\', \'auto\', \'required\', {"type": "function", "name": …}, {"type": "custom", "name": …} or '
    '{"type": "allowed_tools", "mode": …, "tools": [{"type": "function", "name": …}]}'
)
_NAMED = ("function", "custom", "tool")  # `tool` is Anthropic's word
# Items of the input that bring tools.
_BRINGING = ("additional_tools", "tool_search_output")


def brought_tools(items: Iterable[tuple[Mapping[str, Any], str]]) -> list[tuple[Any, str]]:
    """Return the lists of tools in the input, each with its path; items come with their paths."""
    return [(item["tools"], f"{param}.tools") for item, param in items if item.get("type") in _BRINGING and item.get("tools")]


def read_tools_and_choice(
    body: Mapping[str, Any], brought: Iterable[tuple[Any, str]], policy: Policy, beyond: Collection[str] = ()
) -> tuple[ToolSet, ToolChoice]:
    """Return the tools and the `tool_choice` of a request.

    Args:
        body: The request.
        brought: Further lists of tools in the input, with their paths. Of two tools of a name the later is offered.
        policy: The treatment of tools that cannot be offered.
        beyond: Names of tools that are not in the request, and that its choice may name: a router's.

    Raises:
        BadRequest: A tool cannot be offered or is malformed, or the choice is none of the documented forms or names a tool that
            was not offered.
    """
    tools = read_flat_tools(body.get("tools"), policy=policy)
    for more, param in brought:
        tools = _joined(tools, read_flat_tools(more, param, policy))
    choice = _choice(body.get("tool_choice"), tools, policy, beyond)
    if choice.mode not in {"auto", "none"} and not (tools or beyond):
        raise BadRequest("Tool choice must be specified with 'tools' parameter.", param="tool_choice")
    return tools, choice


@recent(MOST_KEPT, lambda tools, more: tools.size + more.size)
def _joined(tools: ToolSet, more: ToolSet) -> ToolSet:
    """Join two sets, cached by identity, because values derived from a set are cached by the set's identity."""
    again = [name for name in more.names if name in tools.names]
    joined = tools.without(again).and_all(more)
    changed = [name for name in again if tools.by_name[name].wire != more.by_name[name].wire]
    told = [
        Problem("tool_left_out", f"tool {name!r} is defined again later; the later definition is offered") for name in changed
    ]
    return joined.telling(told) if told else joined


def _choice(value: Any, tools: ToolSet, policy: Policy, beyond: Collection[str]) -> ToolChoice:
    if value is None:
        return ToolChoice()
    choice = choice_by_word(value)
    if choice is not None:
        return choice
    kind = value.get("type") if isinstance(value, dict) else None
    if kind in _NAMED:
        return ToolChoice("named", (_named(value, "tool_choice", tools, beyond),))
    if kind == "allowed_tools":
        return _allowed(value, tools, policy, beyond)
    raise wrong_value("tool_choice", value, f"Use {_FORMS}.")


def _named(value: Any, param: str, tools: ToolSet, beyond: Collection[str]) -> str:
    if not isinstance(value, dict) or value.get("type") not in _NAMED:
        raise wrong_value(param, value, 'Use {"type": "function", "name": …}: this model has functions and custom tools only.')
    inner = value.get(value["type"])
    name = inner.get("name") if isinstance(inner, dict) else value.get("name")  # inside the type, as in Chat Completions
    if name is None:
        raise missing(f"{param}.name", "It is the name of one of the tools.")
    if not isinstance(name, str):
        raise wrong_type(f"{param}.name", name, "a string")
    names = {*tools.names, *beyond} if beyond else tools.names
    return tools.known_as(name, value.get("namespace")) or offered(name, f"{param}.name", names)


def _allowed(value: Mapping[str, Any], tools: ToolSet, policy: Policy, beyond: Collection[str]) -> ToolChoice:
    mode = value.get("mode")
    if mode not in ("auto", "required"):
        raise wrong_value("tool_choice.mode", mode, "Use 'auto' or 'required'.")
    listed = value.get("tools")
    if not isinstance(listed, list) or not listed:
        raise wrong_value("tool_choice.tools", listed, "Give at least one tool.")
    found: list[str] = []
    for position, item in enumerate(listed):
        param = f"tool_choice.tools[{position}]"
        kind = item.get("type") if isinstance(item, dict) else None
        if isinstance(kind, str) and kind in tools.by_name and kind not in _NAMED:
            found.append(kind)  # a search for tools, whose type is its name
        elif kind in _NAMED or policy.on_builtin == "raise" or not isinstance(kind, str):
            found.append(_named(item, param, tools, beyond))
    if not found:
        raise wrong_value("tool_choice.tools", listed, "None of them can be offered here: name a function or a custom tool.")
    return ToolChoice(mode, tuple(found))
