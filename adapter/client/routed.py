"""A wrapped client's router: tools and messages of a chat request, chosen before anything else reads the request."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest
from adapter.exchange.protocol import CHAT, MESSAGES, RESPONSES
from adapter.routing.revealing import reveal_tools
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from adapter.exchange import Exchange, OpenExchange
    from adapter.routing.router import ToolRouter

_OTHERS = (RESPONSES, MESSAGES)
_INSTEAD = "give the request its tools: tools=router.select(messages).tools"


class Routed:
    """Opens exchanges for requests with the router's tools.

    Args:
        opener: Opens the exchange for a request with its tools.
        router: The router.
    """

    def __init__(self, opener: OpenExchange, router: ToolRouter) -> None:
        self._opener = opener
        self._router = router

    def __call__(
        self, path: str, body: bytes | dict[str, Any], method: str = "POST", query: Mapping[str, str] = MappingProxyType({})
    ) -> Exchange | None:
        """Return the exchange for a request; None for a request that upstream understands unchanged.

        Raises:
            BadRequest: The request cannot be routed: of another API than Chat Completions, or with `functions`.
        """
        if method == "POST" and path.endswith(_OTHERS):
            raise BadRequest(f"The router chooses tools for chat completions, not for {path!r}. Without `router`, {_INSTEAD}.")
        if method == "POST" and path.endswith(CHAT):
            request = body if isinstance(body, dict) else _object(body)
            if request is not None and isinstance(request.get("messages"), list):
                body = routed(request, self._router)
        return self._opener(path, body, method, query)

    def reset(self) -> None:
        """Forget all that was learnt about servers and models."""
        self._opener.reset()


def routed(request: Mapping[str, Any], router: ToolRouter) -> dict[str, Any]:
    """Return a chat request with the tools that its turns need.

    Tools of the request that the router does not know stay, before the router's; those that it knows are left to the router. A
    tool that the tool choice names is shown in any case.

    Raises:
        BadRequest: The messages are no conversation, or the request has `functions`.
    """
    if request.get("functions"):
        raise BadRequest(f"The router takes no 'functions'; {_INSTEAD}.", param="functions")
    given = request.get("tools")
    own = [tool for tool in given if _name_of(tool) not in router.by_name] if isinstance(given, list) else given or []
    if not isinstance(own, list):
        return dict(request)  # the reader of requests says why such tools are wrong
    keep = [name for name in _chosen(request.get("tool_choice")) if name in router.by_name]
    found = reveal_tools(router, request["messages"], keep=keep)
    tools = [*own, *found.tools]
    return {**request, "messages": found.messages, **({"tools": tools} if tools else {})}


def _object(body: bytes) -> dict[str, Any] | None:
    """Read a JSON object; None for any other body, which upstream refuses in its own words."""
    try:
        found = read_json(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _name_of(tool: Any) -> Any:
    """Return the name of a function or a custom tool, None without one."""
    if not isinstance(tool, Mapping):
        return None
    inner = next((tool[key] for key in ("function", "custom") if isinstance(tool.get(key), Mapping)), tool)
    name = inner.get("name")
    return name if isinstance(name, str) else None


def _chosen(choice: Any) -> list[str]:
    """Return the names in a tool choice: a named tool, or allowed tools."""
    if not isinstance(choice, Mapping):
        return []
    allowed = choice.get("allowed_tools", choice)
    listed = allowed.get("tools") if isinstance(allowed, Mapping) else None
    names = map(_name_of, [choice, *(listed if isinstance(listed, list) else ())])
    return [name for name in names if name is not None]
