"""Routes of the wires of other makers: DashScope's, and with `ollama` Ollama's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.exchange.foreign_wires import DASHSCOPE, OLLAMA
from adapter.exchange.ollama_beside import beside
from adapter.exchange.protocol import Reply
from adapter.gateway.asgi import Refused, header, send_reply
from adapter.gateway.endpoint import Endpoint
from adapter.gateway.seen import present

if TYPE_CHECKING:
    from adapter.gateway.asgi import Scope, Send
    from adapter.gateway.handling import Handling
    from adapter.gateway.service import Service

_BESIDE = ("/api/version", "/api/tags", "/api/ps", "/api/show", "/api/pull")
_ALIVE = Reply(200, [("content-type", "text/plain; charset=utf-8")], b"Ollama is running")


def foreign_routes(service: Service) -> list[tuple[str, Endpoint]]:
    """Return the paths and their routes."""
    found: list[tuple[str, Endpoint]] = [(path, _DashScope(service, path)) for path in DASHSCOPE]
    if not service.config.ollama:
        return found
    found += [(path, _Ollama(service, path)) for path in OLLAMA]
    found += [(path, _Beside(service)) for path in _BESIDE]
    return found if service.config.playground else [*found, ("/", _Root(service))]


class _Ollama(Endpoint):
    """Chat and completion of Ollama's."""

    methods = ("POST",)

    def __init__(self, service: Service, path: str) -> None:
        super().__init__(service)
        self._path = path

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        body = await handling.body()
        await handling.answer(await handling.aside(lambda: self.service.foreign(self._path, body)), body)


class _DashScope(_Ollama):
    """Generation of DashScope's; a header asks for a stream."""

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        body = await handling.body()
        stream = header(scope, b"x-dashscope-sse") == "enable" or "event-stream" in header(scope, b"accept")
        if (seen := present()) is not None:
            seen.stream = stream
        asked = {**body, "stream": stream}
        await handling.answer(await handling.aside(lambda: self.service.foreign(self._path, asked)), body)


class _Beside(Endpoint):
    """Ollama's routes about models."""

    methods = ("GET", "POST")

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        body = await handling.body() if method == "POST" else {}
        exchange = beside(scope["path"], method, body)
        if exchange is None:
            raise Refused(405, f"{method} {scope['path']}: the method is not allowed.")
        await handling.answer(exchange, {"model": body.get("model") or body.get("name")} if body else None)


class _Root(Endpoint):
    """The sign by which programs know Ollama."""

    async def answer(self, handling: Handling, scope: Scope, send: Send) -> None:  # noqa: ARG002
        await send_reply(send, _ALIVE)
