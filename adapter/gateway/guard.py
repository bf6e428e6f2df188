"""The door of the gateway: names of the host, origins of pages, keys (behaviour 9.4)."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from typing import TYPE_CHECKING

from adapter.gateway.asgi import Refused, header, send_reply

if TYPE_CHECKING:
    from adapter.gateway.asgi import App, Message, Receive, Scope, Send
    from adapter.gateway.config import Config
    from adapter.gateway.wires import Wire

_OPEN = frozenset({"/health", "/ready"})  # for the probes of a supervisor, which have no key
_ANY = "*"


class Guard:
    """Lets requests through to an application, or refuses them.

    Args:
        app: The application.
        config: The gateway's configuration.
        wire_of: Returns the wire of a request, for the form of errors.
        paths: Paths that need no key.
        refused: Told of each request that is refused.
    """

    def __init__(
        self,
        app: App,
        config: Config,
        wire_of: WireOf,
        paths: frozenset[str] = frozenset(),
        refused: Callable[[Refused], None] = lambda _: None,
    ) -> None:
        self._refused = refused
        self._app = app
        self._open = _OPEN | paths
        self._wire_of = wire_of
        self._keys = [key.encode() for key in config.keys]
        self._origins = config.origins
        self._passed = ""  # the last `Host` that was let through: callers of a gateway know it by few names
        self._hosts = config.hosts | {"localhost", config.host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = header(scope, b"origin").lower()
        if origin and self._knows(origin):
            send = _with_origin(send, origin)
        try:
            self._check_host(scope)
            self._check_origin(scope, origin)
            if scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method"):
                await _preflight(scope, send)
                return
            self._check_key(scope)
        except Refused as error:
            self._refused(error)
            await send_reply(send, self._wire_of(scope).error(error))
            return
        await self._app(scope, receive, send)

    def _check_host(self, scope: Scope) -> None:
        """Refuse a name that is not the gateway's: a page elsewhere may have its own name lead to this machine."""
        given = header(scope, b"host")
        if given and given == self._passed:
            return
        host = _name_in(given)
        if _ANY in self._hosts or host in self._hosts or _is_address(host):
            self._passed = given
            return
        raise Refused(
            421, f"The gateway is not called {host!r}; --allow-host {host or 'NAME'} says that it is.", code="wrong_host"
        )

    def _check_origin(self, scope: Scope, origin: str) -> None:
        """Refuse pages of other origins: a browser would send their requests with no question."""
        if not origin or self._knows(origin) or origin.partition("://")[2] == header(scope, b"host").lower():
            return
        raise Refused(
            403, f"Pages of {origin!r} may not use the gateway; --allow-origin {origin} lets them.", code="wrong_origin"
        )

    def _knows(self, origin: str) -> bool:
        return _ANY in self._origins or origin in self._origins

    def _check_key(self, scope: Scope) -> None:
        if not self._keys or scope["path"] in self._open:
            return
        given = key_in(scope).encode()
        # Every key is compared, each in constant time: neither says how much of a guess was right.
        if not sum([hmac.compare_digest(given, key) for key in self._keys]):
            message = "The key is missing or wrong: send one of the gateway's keys as 'Authorization: Bearer KEY'."
            raise Refused(401, message, kind="authentication_error", code="invalid_api_key")


def key_in(scope: Scope) -> str:
    """Return the key that a caller sends: a bearer token, or Anthropic's `x-api-key`."""
    scheme, _, token = header(scope, b"authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else header(scope, b"x-api-key")


def _name_in(host: str) -> str:
    """Return the name in a `Host` header, without the port."""
    name = host.lower()
    return name.partition("]")[0].removeprefix("[") if name.startswith("[") else name.partition(":")[0]


def _is_address(name: str) -> bool:
    """Tell if a name is an IP address, which no page elsewhere can have as its own name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _with_origin(send: Send, origin: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            allowed = [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin")]
            message["headers"] = [*message["headers"], *allowed]
        await send(message)

    return sending


async def _preflight(scope: Scope, send: Send) -> None:
    wanted = header(scope, b"access-control-request-headers")
    headers = [
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (b"access-control-allow-headers", wanted.encode("latin-1")),
        (b"access-control-max-age", b"600"),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


if TYPE_CHECKING:
    from collections.abc import Callable

    WireOf = Callable[[Scope], Wire]
