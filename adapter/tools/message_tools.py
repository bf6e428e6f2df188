"""Tools that a message of the conversation brings, beside the tools of the request.

A system or developer message may have `tools` of its own, in the form of a request's: DeepSeek's own encoder offers tools from
a certain turn on in the same way. They may be called like the others; the model reads them at the place of the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest
from adapter.recent import recent
from adapter.tools.definitions import MOST_KEPT, RAISING, Policy, ToolSet, read_tools

if TYPE_CHECKING:
    from collections.abc import Iterable

BRINGING = frozenset({"system", "developer"})  # roles of messages that may bring tools
_OBJECTS = (dict, Mapping)  # the commonest type first: the check against `Mapping` is slow
_LENIENT = Policy("leave_out", "leave_out")  # for messages that are checked already


def brings_tools(message: Any) -> bool:
    """True if an unchecked message has tools of its own."""
    return isinstance(message, _OBJECTS) and bool(message.get("tools")) and message.get("role") in BRINGING


def names_in(messages: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the tools in messages that `with_those_of` has checked."""
    names: list[str] = []
    for message in messages:
        if "tools" in message and brings_tools(message):
            names += read_tools(message["tools"], policy=_LENIENT).names
    return tuple(names)


def with_those_of(messages: Any, tools: ToolSet, policy: Policy = RAISING) -> ToolSet:
    """Join the request's tools and the tools in messages, in order.

    Args:
        messages: The request's messages, unchecked.
        tools: The request's tools.
        policy: The treatment of tools that cannot be offered.

    Raises:
        BadRequest: A message's tools are no tool definitions, or repeat a name; `param` names the place.
    """
    if not isinstance(messages, list):
        return tools
    for place, message in enumerate(messages):
        if brings_tools(message):
            brought = read_tools(message["tools"], f"messages[{place}].tools", policy)
            for position, name in enumerate(brought.names):
                if name in tools.names:
                    raise BadRequest(
                        f"Duplicate function name {name!r}: it was offered before. Give each tool a name of its own.",
                        param=f"messages[{place}].tools[{position}].function.name",
                    )
            tools = together(tools, brought)
    return tools


@recent(MOST_KEPT, lambda tools, more: tools.size + more.size)
def together(tools: ToolSet, more: ToolSet) -> ToolSet:
    """Join two sets, cached by identity, because values derived from a set are cached by the set's identity."""
    return tools.and_all(more)
