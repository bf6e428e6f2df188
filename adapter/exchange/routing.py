"""The tools of a router in a request of any wire, read as a chat request (behaviour 4.12)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from adapter.errors import BadRequest
from adapter.events import Problem
from adapter.routing.additions import NOTHING, Additions, digests_of
from adapter.routing.asked import plain_messages
from adapter.routing.definition import wrapped_form
from adapter.routing.revealing import Revealing, no_router
from adapter.routing.router import ToolRouter
from adapter.routing.search import NAME, free_name, search_tool
from adapter.routing.searching import Search
from adapter.tools.definitions import ToolSet, read_tools
from adapter.tools.message_tools import names_in, together

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from adapter.api.chat.request import ChatRequest
    from adapter.exchange.protocol import Report
    from adapter.tools.call_form import CallForm

Reveal = Literal["append", "search_tool"]


class Routing:
    """A router, and what it has added to the conversations of a client.

    Args:
        router: The router.
        reveal: The way by which later turns get further tools.

    Raises:
        TypeError: Not a router.
        ValueError: An unknown way.
    """

    def __init__(self, router: Any, reveal: Any = "append") -> None:
        if not isinstance(router, ToolRouter):
            raise no_router(router)
        if reveal not in get_args(Reveal):
            raise ValueError(f"reveal is one of {', '.join(map(repr, get_args(Reveal)))}, not {reveal!r}")
        self._router = router
        self._searches = reveal == "search_tool" and len(router.tools) > router.limit
        self._append = reveal == "append"
        self._additions = Additions()
        self._told = False
        self._forms: Mapping[str, CallForm] | None = None

    @property
    def names(self) -> Collection[str]:
        """Names of the router's tools, which a `tool_choice` may name."""
        return self._router.by_name.keys()

    def _custom(self) -> Mapping[str, CallForm]:
        """Return the forms of the calls of custom tools, which a search may find."""
        if self._forms is None:
            custom = [wrapped_form(tool) for tool in self._router.tools if tool.get("type") == "custom"]
            self._forms = read_tools(custom).forms
        return self._forms

    def routed(self, request: ChatRequest, report: Report) -> ChatRequest:
        """Return a request with the tools that its turns need.

        Tools of the request that the router does not know stay, before the router's; those that it knows are left to the
        router. A tool that the tool choice names is shown in any case.

        Raises:
            BadRequest: The messages are no conversation, or the request has `functions`.
        """
        if request.legacy:
            raise BadRequest("A router takes no 'functions'; send 'tools', or none: the router has them.", param="functions")
        if not isinstance(request.messages, list) or not self._router.tools:
            return request  # the reader of messages says why they are wrong
        plain = plain_messages(request.messages)
        brought = names_in(plain)
        keep = [name for name in request.choice.allowed or () if name in self._router.by_name]
        digests = digests_of(plain) if self._searches or keep or self._additions.any else []
        self._remember(plain, digests, keep)
        additions = self._additions.after(digests)
        if additions.get(len(plain), NOTHING).rounds:  # a request that is made again begins anew, and with it its conversation
            additions[len(plain)] = additions[len(plain)]._replace(rounds=())
            self._additions.keep(digests[-1], additions[len(plain)])
        found = Revealing(self._router, plain, keep=keep, later=self._append, additions=additions, brought=brought)
        known = self._router.by_name.keys() - set(brought)
        own = request.tools.without([name for name in request.tools.names if name in known])
        search = self._search(own, found.shown, digests[-1] if digests else "", additions.get(len(plain), NOTHING), report)
        shown = [wrapped_form(tool) for tool in found.tools]
        shown += [search_tool(search.name)] if search is not None else []
        return self._with(request, found, own, [*shown, *map(wrapped_form, found.later_tools)], search)

    def _with(
        self, request: ChatRequest, found: Revealing, own: ToolSet, tools: list[dict[str, Any]], search: Search | None
    ) -> ChatRequest:
        messages = [_in_wrapped_form(message) for message in found.messages]
        places = request.places
        if None in found.places:
            places = ["a message of the router's" if place is None else request.place(place) for place in found.places]
        joined = together(own, read_tools(tools)) if own else read_tools(tools)
        return replace(request, body={**request.body, "messages": messages}, tools=joined, places=places, search=search)

    def _remember(self, plain: list[Any], digests: list[str], keep: list[str]) -> None:
        """Keep the tools of a choice for the requests to come, which may have no choice."""
        place = next((at for at in reversed(range(len(plain))) if plain[at].get("role") == "user"), None)
        if place is None or not keep:
            return
        known = self._additions.after(digests[: place + 1]).get(place + 1, NOTHING)
        names = tuple(dict.fromkeys((*known.names, *keep)))
        if names != known.names:
            self._additions.keep(digests[place], known._replace(names=names))

    def _search(self, own: ToolSet, shown: set[str], digest: str, known: Any, report: Report) -> Search | None:
        if not self._searches:
            return None
        name = free_name({*self._router.by_name, *own.names})
        if name != NAME and not self._told:
            self._told = True
            message = f"the tool that looks for further tools is called {name!r}: a tool of the caller's is {NAME!r}"
            report(Problem("chosen", message))
        return Search(name, self._router, frozenset(shown), self._additions, digest, known, self._custom())


def _in_wrapped_form(message: Any) -> Any:
    return {**message, "tools": [*map(wrapped_form, message["tools"])]} if message.get("tools") else message
