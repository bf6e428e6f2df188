"""Tools added in the course of a conversation, so that nothing that a server has read changes.

The request's `tools` are those that the first turn of the user needs. A later turn that needs others gets them in a system
message, right before the user's message. Each addition follows from the messages of its turn and before, so the next request
repeats all additions, and its prompt begins with the last prompt.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.routing.asked import calls_in, plain_messages
from adapter.routing.router import ToolRouter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WINDOW = 6  # turns of the user that count in a selection; older ones weigh nothing
_SHARE = 4  # a later turn gets at most the limit's fourth part


class Revealed(NamedTuple):
    """A request's tools and messages.

    Attributes:
        tools: For the request's `tools`.
        messages: The messages, and between them system messages with further tools: `{"role": "system", "tools": […], …}`.
    """

    tools: list[Mapping[str, Any]]
    messages: list[Any]


def reveal_tools(router: ToolRouter, messages: Any, *, keep: Iterable[str] = ()) -> Revealed:
    """Choose the tools of a conversation so that its prompt only grows at the end, and the server's prompt cache holds.

    The tools of the first turn are the router's selection. Of the best tools for a later turn (a fourth of the limit), those
    not yet shown are added before the turn. The number of tools grows with the subjects of the conversation, beyond the limit.

    Args:
        router: The router.
        messages: Chat messages. Messages at the beginning must stay in later requests.
        keep: Names of tools for the last turn, such as that of a `tool_choice`.

    Raises:
        BadRequest: `messages` is no conversation.
        ValueError: `keep` names no tool.
        TypeError: `router` is no router.
    """
    if not isinstance(router, ToolRouter):
        raise TypeError(f"router is an adapter.ToolRouter, not {router!r}; make one: adapter.ToolRouter(tools)")
    plain = plain_messages(messages)
    turns = [place for place, message in enumerate(plain) if message.get("role") == "user"] or [len(plain)]
    wanted = router.known(keep, "keep")
    given: list[Any] = list(plain[: turns[0]])
    first: list[Mapping[str, Any]] = []
    shown: set[str] = set()
    for number, (place, end) in enumerate(pairwise([*turns, len(plain)])):
        begin = turns[max(0, number - _WINDOW)] if number else 0
        said = plain[begin : place + 1]
        needed = _needed(router, said, later=number > 0) | {*calls_in(plain[place:end])}
        if end == len(plain):
            needed.update(wanted)
        tools = [tool for name, tool in router.by_name.items() if name in needed and name not in shown]
        shown |= needed
        if not number:
            first = tools
        elif tools:
            given.append({"role": "system", "content": "", "tools": tools})
        given += plain[place:end]
    return Revealed(first, given)


def _needed(router: ToolRouter, said: Sequence[Mapping[str, Any]], *, later: bool) -> set[str]:
    """Return the names of the tools that a turn needs, of all for the first turn, of the best for a later one."""
    selection = router.select(said)
    if not later:
        return set(selection.names)
    best = selection.ranked()[: max(1, router.limit // _SHARE)]
    return {one.name for one in best if one.score > 0}
