"""Wires: the forms in which callers of the gateway read errors, and the wire of a request."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from adapter.exchange.dashscope_exchange import as_dashscope_error
from adapter.exchange.errors_on_the_wire import error_reply
from adapter.exchange.messages_exchange import as_messages_error
from adapter.exchange.ollama_exchange import as_ollama_error
from adapter.exchange.protocol import COUNT_TOKENS, MESSAGES, MODELS
from adapter.gateway.asgi import header

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.errors import AdapterError
    from adapter.exchange.protocol import Reply
    from adapter.gateway.asgi import Scope


class Wire(NamedTuple):
    """A wire format.

    Attributes:
        name: The name, for logs.
        error: Writes an error as a whole response.
        late: Writes the body of an error into a stream that has begun.
    """

    name: str
    error: Callable[[AdapterError], Reply]
    late: Callable[[bytes], bytes]


def _event(body: bytes) -> bytes:
    return b"data: " + body + b"\n\n"


def _messages_error(error: AdapterError) -> Reply:
    return as_messages_error(error_reply(error), f"req_{secrets.token_hex(12)}")


def _messages_event(body: bytes) -> bytes:
    return b"event: error\ndata: " + body + b"\n\n"


OPENAI = Wire("openai", error_reply, _event)
ANTHROPIC = Wire("anthropic", _messages_error, _messages_event)
OLLAMA = Wire("ollama", lambda error: as_ollama_error(error_reply(error)), lambda body: body + b"\n")
DASHSCOPE = Wire(
    "dashscope",
    lambda error: as_dashscope_error(error_reply(error), secrets.token_hex(12)),
    lambda body: b"event:error\n:HTTP_STATUS/500\nstatus:500\ndata:" + body + b"\n\n",
)


def wire_of(scope: Scope, *, ollama: bool) -> Wire:
    """Return the wire of a request, by its path and headers.

    Args:
        scope: The request.
        ollama: Ollama's routes are served.
    """
    path: str = scope["path"]
    if path.startswith("/api/v1/services/"):
        return DASHSCOPE
    if ollama and path.startswith("/api/"):
        return OLLAMA
    if path.endswith((MESSAGES, COUNT_TOKENS)) or (MODELS in path and header(scope, b"anthropic-version")):
        return ANTHROPIC
    return OPENAI
