"""Tools added in the course of a conversation, so that nothing that a server has read changes.

The request's `tools` are those that the first turn of the user needs. A later turn that needs others gets them in a system
message, right before the user's message. Each addition follows from the messages of its turn and before, so the next request
repeats all additions, and its prompt begins with the last prompt.
"""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.routing.additions import NOTHING, without_words
from adapter.routing.asked import calls_in, plain_messages
from adapter.routing.router import ToolRouter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from adapter.routing.additions import Addition

_SHOWN = 80  # characters of a wrong value in an error
_WINDOW = 6  # turns of the user that count in a selection; older ones weigh nothing
_SHARE = 4  # a later turn gets at most the limit's fourth part


def no_router(value: Any) -> TypeError:
    """Return the error for a value that is no router."""
    text = repr(value)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return TypeError(f"router is an adapter.ToolRouter, not {shown}; make one: adapter.ToolRouter(tools)")


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
        raise no_router(router)
    plain = plain_messages(messages)
    found = Revealing(router, plain, keep=router.known(keep, "keep"))
    return Revealed(found.tools, found.messages)


class Revealing:
    """The tools and messages of a conversation.

    Args:
        router: The router.
        messages: Chat messages.
        keep: Names of the router's tools for the last turn.
        later: Later turns get the tools that they need; else those only that are called, kept or found by searches.
        additions: What requests before have added, by the number of messages before it.
        brought: Names of the router's tools that the caller's own messages show.

    Attributes:
        tools: For the request's `tools`.
        messages: The messages, and between them what is added.
        places: For each of the messages the position among the caller's; None for an added one.
        later_tools: The tools that the added messages show, in order.
        shown: Names of all tools that are shown.
    """

    def __init__(
        self,
        router: ToolRouter,
        messages: Sequence[Mapping[str, Any]],
        *,
        keep: Collection[str] = (),
        later: bool = True,
        additions: Mapping[int, Addition] = MappingProxyType({}),
        brought: Collection[str] = (),
    ) -> None:
        self._router, self._plain, self._additions = router, messages, additions
        self.tools: list[Mapping[str, Any]] = []
        self.messages: list[Any] = []
        self.places: list[int | None] = []
        self.later_tools: list[Mapping[str, Any]] = []
        self.shown = set(brought)
        turns = [place for place, message in enumerate(messages) if message.get("role") == "user"] or [len(messages)]
        self._pass(0, turns[0])
        for number, (place, end) in enumerate(pairwise([*turns, len(messages)])):
            begin = turns[max(0, number - _WINDOW)] if number else 0
            needed = {*self._called(place, end), *additions.get(place + 1, NOTHING).names}
            if later or not number:
                needed |= _needed(router, messages[begin : place + 1], later=number > 0)
            if end == len(messages):
                needed.update(keep)
            self._show(needed, later=number > 0)
            self._pass(place, end)

    def _called(self, place: int, end: int) -> set[str]:
        """Return the names of the tools that were called in a turn, without those that searches in the turn have found."""
        found = {name for at in range(place, end) for name in self._additions.get(at + 1, NOTHING).found}
        return {*calls_in(self._plain[place:end])} - found

    def _show(self, names: Collection[str], *, later: bool) -> None:
        tools = [tool for name, tool in self._router.by_name.items() if name in names and name not in self.shown]
        self.shown.update(names)
        if not later:
            self.tools = tools
        elif tools:
            self._add([{"role": "system", "content": "", "tools": tools}], tools)

    def _pass(self, begin: int, end: int) -> None:
        """Pass the messages on, and what was added after each."""
        for at in range(begin, end):
            self.messages.append(without_words(self._plain[at], self._additions.get(at, NOTHING)))
            self.places.append(at)
            for one in self._additions.get(at + 1, NOTHING).rounds:
                tools = [self._router.by_name[name] for name in one.found if self._is_new(name)]
                self.shown.update(one.found)
                self._add(one.messages(tools), tools)

    def _is_new(self, name: str) -> bool:
        return name in self._router.by_name and name not in self.shown

    def _add(self, messages: Sequence[Any], tools: Sequence[Mapping[str, Any]]) -> None:
        self.messages += messages
        self.places += [None] * len(messages)
        self.later_tools += tools


def _needed(router: ToolRouter, said: Sequence[Mapping[str, Any]], *, later: bool) -> set[str]:
    """Return the names of the tools that a turn needs, of all for the first turn, of the best for a later one."""
    selection = router.select(said)
    if not later:
        return set(selection.names)
    best = selection.ranked()[: max(1, router.limit // _SHARE)]
    return {one.name for one in best if one.score > 0}
