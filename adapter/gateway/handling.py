"""One request of a caller: read, answered, and given up when the caller goes."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any, TypeVar

from adapter.errors import AdapterError, BadRequest
from adapter.exchange.protocol import MODELS
from adapter.gateway.asgi import CALLER, ClientGone, Refused, gone, header, let_go, read_body, send_reply
from adapter.gateway.guard import key_in
from adapter.gateway.passing import Passing
from adapter.gateway.seen import note_error, present
from adapter.gateway.service import LOG
from adapter.gateway.shell import Answer
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from adapter.exchange.protocol import Exchange
    from adapter.gateway.asgi import Receive, Scope, Send
    from adapter.gateway.link import Link
    from adapter.gateway.listing import UnionLink
    from adapter.gateway.service import Service
    from adapter.gateway.wires import Wire

# Headers of a caller that upstream gets too: traces, and the caller's own number of a request.
_PASSED = (b"traceparent", b"tracestate", b"x-request-id", b"accept")
_LENGTH = b"content-length"
_LARGE = 1 << 20  # bytes of a body from which on the work on it takes so long that other callers would notice
T = TypeVar("T")
L = TypeVar("L", bound="Link")


def load_connections() -> None:
    """Import the modules that speak to upstream.

    They are a fifth of the time of a start, and nobody needs them before the first request: a server takes connections first.
    """
    importlib.import_module("adapter.gateway.listing")


class Handling:
    """A request of a caller.

    Args:
        service: Opens the exchanges.
        wire: The form of errors.
        scope: The request.
        receive: Receives an ASGI message.
        send: Sends an ASGI message.
    """

    def __init__(self, service: Service, wire: Wire, scope: Scope, receive: Receive, send: Send) -> None:
        self._service = service
        self._wire = wire
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = self._large = False
        self._link_in_use: Link | None = None

    async def run(self, answering: Coroutine[Any, Any, None]) -> None:
        """Run the answering of the request; a failure is this request's alone."""
        try:
            await answering
        except ClientGone:
            return
        except asyncio.CancelledError:  # by the server, after stop_timeout
            await self._fail(Refused(503, "The gateway stops. Send the request again.", kind="server_error", code="stopping"))
        except AdapterError as error:
            await self._fail(error)
        except Exception:  # noqa: BLE001  # told in the log, and to the caller of this request alone
            LOG.exception("%s %s failed", self._scope["method"], self._scope["path"])
            await self._fail(Refused(500, "The gateway failed on this request; its log says why.", kind="server_error"))

    async def body(self) -> dict[str, Any]:
        """Return the JSON object of the request's body.

        Raises:
            AdapterError: The body is no JSON object, or too large, or does not come.
            ClientGone: The caller has closed the connection.
        """
        config = self._service.config
        data = await read_body(self._scope, self._receive, config.max_body, config.body_timeout)
        self._large = len(data) > _LARGE
        try:
            value = await self.aside(lambda: read_json(data))
        except ValueError as error:
            raise BadRequest(f"The body of the request is no JSON: {error}.", code="invalid_json") from None
        if not isinstance(value, dict):
            raise BadRequest(f"The body of the request is {type(value).__name__}; send a JSON object.", code="invalid_json")
        if (seen := present()) is not None:
            seen.body(value)
        return value

    async def aside(self, work: Callable[[], T]) -> T:
        """Return the result of work on the request; of a large one in a thread, lest all other callers wait."""
        return await asyncio.to_thread(work) if self._large else work()

    async def answer(self, exchange: Exchange, body: Mapping[str, Any] | None = None) -> None:
        """Answer with an exchange, until the answer is complete or the caller goes.

        Args:
            exchange: The exchange.
            body: The request, whose model has its upstreams; None for a question to all.
        """
        link = self._link(body)
        await self._until_gone(Answer(exchange, link, self._noting, self._wire, aside=self._large).run())
        if link.moved and body is not None:
            self._service.forget(body, link.first)

    async def pass_on(
        self, endpoint: str, body: dict[str, Any] | None, method: str = "POST", about: Mapping[str, Any] | None = None
    ) -> None:
        """Hand the request on to upstream, and the answer back.

        Args:
            endpoint: The end of the URL's path.
            body: The request; None for one without a body.
            method: The HTTP method.
            about: The request, or the model that a path names, whose upstreams are asked.
        """
        query = self._scope.get("query_string", b"").decode("latin-1")
        patience = self._service.config.options.get("alive_after")
        passing = Passing(self._link(about if body is None else body), self._noting, self._wire, patience)
        stream = body is not None and body.get("stream") is True
        sent = None if body is None else self._service.renamed(body)
        await self._until_gone(passing.run(method, endpoint, sent, stream=stream, query=query))

    async def list_models(self) -> None:
        """Answer with the models of all upstreams; of a single one as it tells them."""
        if len(self._service.upstreams) == 1:
            await self.pass_on(MODELS, None, "GET")
            return
        await send_reply(self._noting, await self._union().models())

    async def _until_gone(self, answering: Coroutine[Any, Any, None]) -> None:
        """Run until done, or give up as soon as the caller closes the connection."""
        if (caller := self._scope.get(CALLER)) is not None:
            await caller.staying(answering)
            return
        work = asyncio.ensure_future(answering)
        left = asyncio.ensure_future(gone(self._receive))
        try:
            await asyncio.wait((work, left), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise ClientGone
            work.result()
        finally:
            left.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait((work,))

    def _link(self, body: Mapping[str, Any] | None) -> Link:
        """Return a link to the upstreams of a request, with its headers."""
        if body is None and len(self._service.upstreams) > 1:
            return self._union()
        from adapter.gateway.link import Link

        headers, key = self._for_upstream()
        return self._noted(Link(self._service.route(body or {}), headers, key, self._service.reach))

    def _union(self) -> UnionLink:
        """Return a link whose list of models is that of all upstreams."""
        from adapter.gateway.listing import UnionLink

        return self._noted(UnionLink(self._service, *self._for_upstream()))

    def _noted(self, link: L) -> L:
        """Keep a link for the headers and the log line. Returns the link."""
        self._link_in_use = link
        if (seen := present()) is not None:
            seen.link = link
        return link

    def _for_upstream(self) -> tuple[dict[str, str], str]:
        """Return the headers for upstream, and the caller's key, where upstream may have the key."""
        headers = {"user-agent": "tool-call-adapter"}
        for name in _PASSED:
            if value := header(self._scope, name):
                headers[name.decode()] = value
        return headers, "" if self._service.config.keys else key_in(self._scope)

    async def _noting(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            headers = message["headers"] = [*message["headers"], *self._told()]
            caller = self._scope.get(CALLER)
            if caller is not None and self._scope["method"] != "HEAD" and any(name == _LENGTH for name, _ in headers):
                caller.hold()  # a whole answer, whose body follows at once
        await self._send(message)

    def _told(self) -> list[tuple[bytes, bytes]]:
        """Return headers with the upstream that answers, and the tries that failed before."""
        link = self._link_in_use
        if link is None or not link.tried:
            return []
        failed = ", ".join(f"{tried.upstream} {tried.outcome}" for tried in link.tried if tried.failed)
        single = len(self._service.upstreams) > 1 and not link.lists_all
        named = [(b"x-adapter-upstream", link.member.name.encode())] if single else []
        return [*named, *([(b"x-adapter-tried", failed.encode())] if failed else [])]

    async def _fail(self, error: AdapterError) -> None:
        note_error(error)
        reply = self._wire.error(error)
        if self._started:
            await self._send({"type": "http.response.body", "body": self._wire.late(reply.body), "more_body": False})
        else:
            await send_reply(self._noting, reply)
        let_go(error)
