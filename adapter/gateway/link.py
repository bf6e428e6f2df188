"""One request of a caller's on its way to upstream: sent to the upstreams of its model in turn until one begins to answer."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import aiohttp

from adapter.errors import UpstreamFailed, UpstreamTooLarge
from adapter.exchange.protocol import Reply
from adapter.gateway.faults import fault_of_error, fault_of_status
from adapter.gateway.hiding import Hiding
from adapter.gateway.reaching import Budget, Reach, Reaching
from adapter.gateway.session import Asked, Head
from adapter.gateway.upstreams import LOG, Try
from adapter.gateway.way import sent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.exchange.protocol import UpstreamRequest
    from adapter.gateway.faults import Fault
    from adapter.gateway.quick_request import QuickResponse
    from adapter.gateway.upstreams import Member

_JSON = "application/json"
_MOST_OF_ERROR, _PATIENCE_WITH_ERROR = 1 << 20, 5.0  # bytes and seconds of the error of an upstream that another follows
_MOST_TRIES = 64  # that are told


class Link:
    """Upstream's answers to one request of a caller.

    Args:
        route: The upstreams of the model, in the order in which they are asked.
        headers: The headers for upstream, without a key.
        caller_key: The caller's key, for upstreams that get callers' keys.
        reach: The limits of tries.

    Attributes:
        member: The upstream that was asked last.
        tried: The requests that were sent, in order.
    """

    lists_all = False  # the list of models is that of the upstream asked

    __slots__ = (
        "_budget", "_caller_key", "_headers", "_hiding", "_kept", "_left", "_most", "_response", "_route", "_sending",
        "member", "tried",
    )  # fmt: skip

    def __init__(
        self, route: Sequence[Member], headers: Mapping[str, str], caller_key: str = "", reach: Reach | None = None
    ) -> None:
        self._route = route
        self._headers = headers
        self._caller_key = caller_key
        self._budget = Budget(reach or Reach())
        self._response: aiohttp.ClientResponse | QuickResponse | None = None
        self._sending: asyncio.Task[Head] | None = None
        self._kept = b""  # bytes of the answer that were read already
        self._hiding = Hiding(member.upstream.key for member in route)
        self._most = self._left = 0
        self.member = route[0]
        self.tried: list[Try] = []

    @property
    def first(self) -> Member:
        """The upstream that was asked first."""
        return self._route[0]

    @property
    def moved(self) -> bool:
        """True after an answer of another upstream than the first."""
        return self.member is not self._route[0]

    async def ask(self, request: UpstreamRequest) -> Reply | None:
        """Send a request of an exchange. Returns the reply; None while the head does not come and the request has patience.

        With `stream` the body of a success stays to be read.

        Raises:
            UpstreamFailed: Upstream cannot be reached, or its answer is too large.
        """
        body, written = (None, None) if request.method == "GET" else (request.body, request.written)
        sending = self.send(request.method, request.endpoint, body, request.most, written=written)
        if request.patience is None:
            return await self._reply(request, await sending)
        self.close()
        self._sending = asyncio.ensure_future(sending)
        return await self.go_on(request)

    async def go_on(self, request: UpstreamRequest) -> Reply | None:
        """Wait on for the reply; None after as many seconds as the request has patience.

        Raises:
            UpstreamFailed: Upstream cannot be reached, or its answer is too large.
        """
        sending = self._sending
        if sending is None:
            raise RuntimeError("no request is on its way")
        await asyncio.wait((sending,), timeout=request.patience)
        if not sending.done():
            return None
        self._sending = None
        return await self._reply(request, sending.result())

    async def _reply(self, request: UpstreamRequest, head: Head) -> Reply:
        headers = [(name.lower(), value) for name, value in head.headers.items()]
        if request.stream and head.status < 400:
            return Reply(head.status, headers)
        return Reply(head.status, headers, self.redacted(head.status, await self.whole()))

    async def send(
        self,
        method: str,
        endpoint: str,
        body: Mapping[str, Any] | None,
        most: int,
        query: str = "",
        written: bytes | None = None,
    ) -> Head:
        """Send a request, and wait for the head of the response; a response before is given up.

        Raises:
            UpstreamFailed: No upstream can be reached.
        """
        self._release()
        self._most = self._left = most
        request = Asked(method, endpoint, body, query, written)
        order = [self.member, *(member for member in self._route if member is not self.member)]
        reaching = Reaching(order, None if method == "GET" else self._budget)
        held: tuple[Head, bytes, Member] | None = None
        while True:
            self.member = reaching.member
            head, fault = await self._tried(request, self.member)
            if fault is None and head is not None:
                return head
            if fault is None:
                raise RuntimeError("a try ends in an answer or in a fault")
            if head is not None and not reaching.may_go_on:
                return head
            if head is not None:
                held = head, await self._error_body(), self.member
            wait = reaching.after(fault)
            if wait is None:
                return self._given_up(fault, held)
            LOG.info("upstream %s: %s; next is %s in %.1f s", self.member.name, fault.outcome, reaching.member.name, wait)
            if wait:
                await asyncio.sleep(wait)

    def _given_up(self, fault: Fault, held: tuple[Head, bytes, Member] | None) -> Head:
        """Return the error that an upstream answered with; without one raise the last."""
        if held is not None:
            head, self._kept, self.member = held
            return head
        raise fault.error or RuntimeError("an answer is held")

    async def _tried(self, request: Asked, member: Member) -> tuple[Head | None, Fault | None]:
        """Send a request to an upstream. Returns the head of an answer, and the fault; a status may be both."""
        begun = time.monotonic()
        probes, done = request.method != "GET" and member.circuit.begin(begun), False
        head: Head | None = None
        try:
            try:
                async with asyncio.timeout(member.upstream.first_byte):
                    response = await self._sent(request, member)
                    head = Head(response.status, response.headers)
                    if request.method == "POST" and response.status < 400 and len(self._route) > 1:
                        self._kept = await _first_bytes(response)  # from here on nobody else is asked
                # Questions about the server get its answer, whatever that is.
                fault = None if request.method == "GET" else fault_of_status(head.status, head.headers, time.time())
            except (aiohttp.ClientError, OSError, ValueError) as error:
                self._release()
                head, fault = None, fault_of_error(error, member.upstream)
            done = True
        finally:
            if probes and not done:
                member.circuit.left()
        tried = Try(member.name, "answered" if fault is None else fault.outcome, time.monotonic() - begun)
        if len(self.tried) < _MOST_TRIES:
            self.tried.append(tried)
        member.note(tried, fault, asked=request.method != "GET")
        return head, fault

    async def _sent(self, request: Asked, member: Member) -> aiohttp.ClientResponse | QuickResponse:
        body = request.bytes_for(member.upstream)
        headers = dict(self._headers) if body is None else {**self._headers, "content-type": _JSON}
        if key := member.upstream.key or (self._caller_key if member.upstream.caller_key else ""):
            headers["authorization"] = f"Bearer {key}"
        self._response = await sent(member.session, request, headers, body)
        return self._response

    async def _error_body(self) -> bytes:
        """Return the body of an error that may be answered in the end, and give the connection back."""
        most, self._left, self._most = self._most, _MOST_OF_ERROR, _MOST_OF_ERROR
        try:
            async with asyncio.timeout(_PATIENCE_WITH_ERROR):
                return await self.whole()
        except (TimeoutError, UpstreamFailed):
            return b""
        finally:
            self._release()
            self._left = self._most = most

    async def piece(self, patience: float | None = None) -> bytes | None:
        """Return the next piece of a stream, decoded; empty at the end; None after so many seconds of silence.

        Raises:
            UpstreamFailed: The connection broke, or the body is too large.
        """
        while data := await self._read(patience):
            if shown := self._hiding.lines(data):
                return shown
        return data if data is None else self._hiding.rest()

    async def _read(self, patience: float | None = None) -> bytes | None:
        """Return the next bytes of the body, as `piece` does, as upstream sent them."""
        response = self._response
        if self._kept:
            data, self._kept = self._kept, b""
        elif response is None:
            return b""
        else:
            try:
                if patience is None:
                    data = await response.content.readany()
                else:
                    async with asyncio.timeout(patience):
                        data = await response.content.readany()
            except TimeoutError as error:
                if isinstance(error, aiohttp.ServerTimeoutError):
                    raise self._broken(error) from error
                return None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise self._broken(error) from error
        self._left -= len(data)
        if self._left < 0:
            self._release()  # the task that sends may be the one that reads here
            raise UpstreamTooLarge("The upstream's answer", self._most)
        return data

    def close(self) -> None:
        """Give the connection back, or close a connection whose body was not read to its end."""
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        self._release()

    def _release(self) -> None:
        self._kept = b""
        self._hiding.rest()
        if self._response is not None:
            self._response.close()
            self._response = None

    async def whole(self, most: int | None = None) -> bytes:
        """Return the rest of the body, of at most so many bytes."""
        self._left = self._left if most is None else most
        pieces = []
        while piece := await self._read():
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def redacted(self, status: int, body: bytes) -> bytes:
        """Return a whole body without the keys for upstreams, if the body is an error."""
        return self._hiding.whole(status, body)

    def _broken(self, error: BaseException) -> UpstreamFailed:
        """Return the error for an answer that broke off after its first byte."""
        found = fault_of_error(error, self.member.upstream, began=True).error
        return found or UpstreamFailed(str(error))


async def _first_bytes(response: aiohttp.ClientResponse | QuickResponse) -> bytes:
    """Return the first bytes of a body.

    Raises:
        aiohttp.ClientError: There is none.
    """
    if data := await response.content.readany():
        return data
    raise aiohttp.ClientError("it ended before its first byte")
