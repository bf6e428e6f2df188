"""Tools that a message of the conversation brings, beside those of the request.

A system or developer message may have `tools` of its own, in the form of a request's: that is how DeepSeek's own encoder offers
tools from a certain turn on. They may be called like the others; the model reads them where the message stands.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest
from adapter.tools.definitions import ToolSet, read_tools

if TYPE_CHECKING:
    from collections.abc import Iterable

BRINGING = frozenset({"system", "developer"})  # the roles of such messages
_OBJECTS = (dict, Mapping)  # the commonest first: whether something is a mapping takes long to find out
_MOST = 32  # sets that were put together and are kept


def brings_tools(message: Any) -> bool:
    """Whether a message, unchecked, has tools of its own."""
    return isinstance(message, _OBJECTS) and bool(message.get("tools")) and message.get("role") in BRINGING


def names_in(messages: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the tools that messages bring, which `with_those_of` has read."""
    names: list[str] = []
    for message in messages:
        if "tools" in message and brings_tools(message):
            names += [tool["function"]["name"] for tool in message["tools"]]
    return tuple(names)


def with_those_of(messages: Any, tools: ToolSet) -> ToolSet:
    """All tools that may be called: the request's, and those of the messages, in their order.

    Args:
        messages: The request's messages, unchecked.
        tools: The request's tools.

    Raises:
        BadRequest: A message's tools are no tool definitions, or have a name twice; `param` says where.
    """
    if not isinstance(messages, list):
        return tools
    for place, message in enumerate(messages):
        if brings_tools(message):
            brought = read_tools(message["tools"], f"messages[{place}].tools")
            for position, name in enumerate(brought.names):
                if name in tools.names:
                    raise BadRequest(
                        f"Duplicate function name {name!r}: it was offered before. Give each tool a name of its own.",
                        param=f"messages[{place}].tools[{position}].function.name",
                    )
            tools = _together(tools, brought)
    return tools


@functools.lru_cache(maxsize=_MOST)
def _together(tools: ToolSet, more: ToolSet) -> ToolSet:
    """Both sets as one, the same one for the same two: what is made of a set is kept with it."""
    return tools.and_all(more)
