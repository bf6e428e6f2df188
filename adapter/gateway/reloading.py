"""The application of the settings that hold now; requests that run go on with the settings they began with (behaviour 9.5)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from adapter.gateway.config_reading import check_door
from adapter.gateway.upstreams import LOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.gateway.asgi import App, Receive, Scope, Send
    from adapter.gateway.config import Config
    from adapter.gateway.service import Service

# Settings of the socket, of the server in front of the application and of listeners: they hold until the process ends.
FIXED = (
    *("host", "port", "tls", "header_timeout", "idle_timeout", "stop_timeout", "workers"),
    *("metrics", "log_json", "record", "record_limit"),
)
_LAST_WORDS = 1.0  # seconds for the errors of requests that are cut


class Made(NamedTuple):
    """The application of a configuration.

    Attributes:
        app: The application.
        service: The library behind the application.
    """

    app: App
    service: Service


class Reloading:
    """An application whose configuration can be replaced while requests run.

    Args:
        config: The configuration.
        make: Makes the application of a configuration, with what may be kept of the service before.
        ended: Called in a thread when the server ends.
    """

    def __init__(
        self, config: Config, make: Callable[[Config, Service | None], Made], ended: Callable[[], None] = lambda: None
    ) -> None:
        self._ended = ended
        self._host = config.host  # the address stays until the process ends, whatever later settings say
        self._make = make
        self._now = make(config, None)
        self._running: dict[Service, int] = {}

    @property
    def config(self) -> Config:
        """The configuration that holds now."""
        return self._now.service.config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with the settings that hold at its beginning."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        app, service = self._now
        self._running[service] = self._running.get(service, 0) + 1
        try:
            await app(scope, receive, send)
        finally:
            self._running[service] -= 1
            if not self._running[service]:
                del self._running[service]
                await self._close_left(service)

    def made(self, config: Config) -> Made:
        """Make the application of a configuration, which does not hold yet. May be called in another thread.

        Raises:
            BadConfig: Everybody could use the gateway, at the address that is listened on.
        """
        check_door(self._host, keys=bool(config.keys), no_auth=config.no_auth, place=", listened on until the next start")
        return self._make(config, self._now.service)

    async def swap(self, made: Made) -> list[str]:
        """Let a configuration hold from now on. Returns the names of changed settings that need a new process."""
        before, self._now = self._now.service, made
        if before not in self._running:
            await self._close_left(before)
        return [name for name in FIXED if getattr(before.config, name) != getattr(made.service.config, name)]

    async def _close_left(self, service: Service) -> None:
        """Close the connections of settings that hold no more, but for upstreams of the new ones and of running requests."""
        if service is not self._now.service:
            in_use = (self._now.service, *self._running)
            await service.upstreams.close([member for one in in_use for member in one.upstreams])

    async def _cut(self) -> None:
        """Wait for requests that the server has cut: each says so to its caller."""
        until = time.monotonic() + _LAST_WORDS
        while self._running and time.monotonic() < until:
            await asyncio.sleep(0.01)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Begin and end with the server."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
                continue
            self._now.service.stopping = True
            await self._cut()
            await self._now.service.upstreams.close()
            await asyncio.to_thread(self._ended)
            await send({"type": "lifespan.shutdown.complete"})
            return


class Reload:
    """Reads the configuration once more, and lets it hold; one that cannot be used changes nothing.

    Args:
        app: The application.
        reread: Reads the configuration.
        reloaded: Told of a configuration that holds from now on.
    """

    def __init__(self, app: Reloading, reread: Callable[[], Config], reloaded: Callable[[Config], None]) -> None:
        self._app, self._reread, self._reloaded = app, reread, reloaded
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def begin(self) -> None:
        """Begin, in the event loop; a reload that runs is followed by another."""
        if self._task is not None and not self._task.done():
            self._again = True
            return
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        while True:
            self._again = False
            await self._once()
            if not self._again:
                return

    async def _once(self) -> None:
        try:
            made = await asyncio.to_thread(self._make)
            fixed = await self._app.swap(made)
            self._reloaded(made.service.config)
        except Exception as error:  # noqa: BLE001  # of any kind: the gateway goes on as it was
            LOG.error("reload: the old settings stay: %s", " ".join(str(error).split()) or type(error).__name__)
            return
        source = made.service.config.source or "the command line and the environment"
        later = f"; {', '.join(fixed)} from the next start on" if fixed else ""
        LOG.info("reload: the settings of %s hold for new requests%s", source, later)

    def _make(self) -> Made:
        return self._app.made(self._reread())
