"""Requests of the other wires as chat requests, for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.api.dashscope.request import read_request as read_dashscope
from adapter.api.messages.request import read_request as read_messages
from adapter.api.ollama.request import read_chat, read_generate
from adapter.errors import AdapterError
from adapter.exchange.foreign_wires import DASHSCOPE, OLLAMA
from adapter.exchange.protocol import MESSAGES, RESPONSES
from adapter.exchange.rendering import request_of
from adapter.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.api.chat.request import ChatRequest

_LIMIT = "max_tokens"


def as_chat(path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the chat request that a request of any wire amounts to; None for a request that cannot be read.

    Args:
        path: The path of the request.
        body: The body.
    """
    try:
        return _read(path, body)
    except AdapterError:
        return None


def _read(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    if path.endswith(MESSAGES):
        return _written(read_messages(body, _LIMIT).chat)
    if path.endswith(RESPONSES):
        return _written(request_of(body, Options()))
    if path in OLLAMA:
        return (read_chat if path == OLLAMA[0] else read_generate)(body, _LIMIT, "").body
    if path in DASHSCOPE:
        stream = bool(body.get("stream"))
        return read_dashscope(body, _LIMIT, stream=stream, parts=path == DASHSCOPE[1]).body
    return dict(body)


def _written(request: ChatRequest) -> dict[str, Any]:
    """Return a chat request with its tools as a caller of the chat API writes them."""
    tools = [tool.wire for tool in request.tools.tools]
    offered: dict[str, Any] = {"tools": tools} if tools else {}
    if tools and request.choice.forced:
        allowed = request.choice.allowed
        named = {"type": "function", "function": {"name": allowed[0]}} if allowed and len(allowed) == 1 else "required"
        offered["tool_choice"] = named
    return {**request.body, **offered}
