"""ASGI: the types of its callables, bodies read with limits, and plain answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.errors import AdapterError

if TYPE_CHECKING:
    from adapter.exchange.protocol import Reply

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CALLER = "adapter.caller"  # in a scope: the connection as the server knows it (`adapter.gateway.caller`)
_HEADERS = "adapter.headers"  # in a scope: the headers by name
# Headers of one connection, of a body that is sent on in another form, or of the gateway's own affairs with upstream.
_KEPT_BACK = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "set-cookie"}
    | {"content-length", "content-encoding", "server", "date", "www-authenticate", "alt-svc", "strict-transport-security"}
)


class ClientGone(Exception):
    """The caller has closed the connection."""


class Refused(AdapterError):
    """A request that the gateway does not take.

    Args:
        status: The HTTP status.
        message: The fault, and the likely fix.
        kind: OpenAI's word for the kind of the error.
        code: A word for the fault.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.status = status  # type: ignore[misc]  # of this error alone
        self.type = kind  # type: ignore[misc]


def let_go(error: BaseException) -> None:
    """Let an error that was told, and those behind it, go of the calls they came through, which hold the request in turn.

    The request is garbage at once, and waits for no collector.
    """
    behind: BaseException | None = error
    while behind is not None and behind.__traceback__ is not None:
        behind.__traceback__ = None
        behind = behind.__cause__ or behind.__context__


def header(scope: Scope, name: bytes) -> str:
    """Return the value of a header, the first of several; empty without the header. Names are lower-case in ASGI."""
    known: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if known is None:
        known = scope[_HEADERS] = dict(reversed([*scope["headers"]]))
    value = known.get(name)
    return "" if value is None else value.decode("latin-1")


async def read_body(scope: Scope, receive: Receive, most: int, patience: float) -> bytes:
    """Return the body of a request.

    Args:
        scope: The request.
        receive: Receives an ASGI message.
        most: Bytes of the body at most.
        patience: Seconds of silence that are waited for.

    Raises:
        Refused: The body is too large, or does not come.
        ClientGone: The caller has closed the connection.
    """
    length = header(scope, b"content-length")
    if length.isdecimal() and int(length[:20]) > most:
        raise _too_large(most)
    caller = scope.get(CALLER)
    pieces: list[bytes] = []
    size = 0
    while True:
        if caller is not None and caller.tells:
            message = await receive()
        else:
            message = await _waited(receive, patience)
        if message["type"] != "http.request":
            raise ClientGone
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise _too_large(most)
        pieces.append(piece)
        if not message.get("more_body"):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _waited(receive: Receive, patience: float) -> Message:
    """Return the next message of a request, which may have to be waited for."""
    try:
        async with asyncio.timeout(patience):
            return await receive()
    except TimeoutError:
        raise Refused(408, f"The body of the request did not come: {patience:g} s of silence.", code="timeout") from None


def _too_large(most: int) -> Refused:
    message = f"The request is larger than {most:,} bytes; the gateway's max_body sets the limit."
    return Refused(413, message, code="request_too_large")


async def gone(receive: Receive) -> None:
    """Return when the caller closes the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_reply(send: Send, reply: Reply, more: list[tuple[bytes, bytes]] | None = None) -> None:
    """Send a whole response."""
    headers = [*for_caller(reply.headers), *(more or ()), (b"content-length", str(len(reply.body)).encode())]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})


def for_caller(headers: Any) -> list[tuple[bytes, bytes]]:
    """Return upstream's headers for the caller, as pairs of bytes; those of the connection and of the body are left out."""
    return [
        (name.lower().encode("latin-1", "replace"), value.encode("utf-8", "replace"))
        for name, value in headers
        if name.lower() not in _KEPT_BACK and not name.lower().startswith("access-control-")
    ]
