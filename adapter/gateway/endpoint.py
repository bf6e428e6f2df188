"""A route of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.gateway.asgi import Refused, send_reply
from adapter.gateway.handling import Handling

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from adapter.gateway.asgi import Receive, Scope, Send
    from adapter.gateway.service import Service


class Endpoint:
    """A route: a subclass answers the requests with its methods.

    Args:
        service: Opens the exchanges.
    """

    methods: tuple[str, ...] = ("GET",)

    def __init__(self, service: Service) -> None:
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        wire = self.service.wire_of(scope)
        handling = Handling(self.service, wire, scope, receive, send)
        if scope["method"] not in self.methods and not (scope["method"] == "HEAD" and "GET" in self.methods):
            allowed = ", ".join(self.methods)
            message = f"{scope['method']} {scope['path']}: the method is not allowed; use {allowed}."
            await send_reply(send, wire.error(Refused(405, message)), [(b"allow", allowed.encode())])
            return
        await handling.run(self.answer(handling, scope, send))

    def answer(self, handling: Handling, scope: Scope, send: Send) -> Coroutine[Any, Any, None]:
        """Return the answering of a request."""
        raise NotImplementedError
