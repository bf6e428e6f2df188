"""The server: uvicorn on sockets of its own, with limits for slow callers, until a signal stops it."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import signal
import socket
import ssl
import sys
import threading
from typing import TYPE_CHECKING, Any

import uvicorn

from adapter.gateway.app import make_app
from adapter.gateway.collecting import leave_out, seldom
from adapter.gateway.config import BadConfig
from adapter.gateway.handling import load_connections
from adapter.gateway.json_log import JsonLines, without_text_line
from adapter.gateway.patient import protocol
from adapter.gateway.reloading import Reload

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.gateway.config import Config
    from adapter.gateway.reloading import Reloading

if importlib.util.find_spec("aiohttp") is None:  # imported when connections are taken already; told before
    raise ModuleNotFoundError("No module named 'aiohttp'", name="aiohttp")

_BACKLOG = 2048
_HANGUP = getattr(signal, "SIGHUP", None)  # Windows has none
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Gateway:
    """A gateway on a socket of its own, not yet running.

    Args:
        config: The configuration.
        ready: Told of the base URL, as soon as requests are taken.
        reread: Reads the configuration once more, at SIGHUP; None where nobody can.
        reloaded: Told of a configuration that holds from now on.
        listening: The socket to take requests on; None for one on the address of the configuration.

    Attributes:
        url: The base URL for callers.

    Raises:
        BadConfig: The address or the certificate cannot be used.
        sqlite3.Error: The file of the store cannot be opened.
    """

    def __init__(
        self,
        config: Config,
        ready: Callable[[str], None],
        reread: Callable[[], Config] | None = None,
        reloaded: Callable[[Config], None] = lambda _: None,
        listening: socket.socket | None = None,
    ) -> None:
        self._socket = listen(config.host, config.port) if listening is None else listening
        try:
            app = make_app(config)
            settings = _settings(config, app)
            settings.load()
        except BaseException as error:
            self._socket.close()
            if isinstance(error, ssl.SSLError | FileNotFoundError | PermissionError):
                raise BadConfig(f"tls_cert {config.tls and config.tls[0]!r}: {error}") from error
            raise
        self.url = url_of(config, self._socket)
        self._reload = None if reread is None else Reload(app, reread, reloaded)
        self._server = _Server(settings, lambda: ready(self.url), self._reload)

    def run(self) -> int:
        """Serve until a signal comes, or `stop` is called. Returns the exit status."""
        # uvicorn raises the signals that stopped it once more, at its end; a gateway that was told to stop has not failed.
        kept = at_signals(lambda *_: None)
        try:
            with seldom():
                self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            for number, handler in kept.items():
                signal.signal(number, handler)
        return 0 if self._server.started else 1

    def reload(self) -> None:
        """Read the configuration once more, as SIGHUP asks for; callable from another thread while requests are taken."""
        if self._reload is not None and self._server.loop is not None:
            self._server.loop.call_soon_threadsafe(self._reload.begin)

    def stop(self) -> None:
        """Take no new requests, and end when the running ones have ended; callable from another thread."""
        self._server.should_exit = True


def url_of(config: Config, listening: socket.socket) -> str:
    """Return the base URL for callers."""
    host, port = config.host, listening.getsockname()[1]
    return f"{'https' if config.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/v1"


def at_signals(handler: Callable[..., None]) -> dict[int, Any]:
    """Set the handler of the signals that stop a server. Returns the handlers before; none outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}


class _Server(uvicorn.Server):
    """Tells when requests are taken, and reloads at SIGHUP."""

    def __init__(self, settings: uvicorn.Config, ready: Callable[[], None], reload: Reload | None) -> None:
        super().__init__(settings)
        self._tell = ready
        self._reload = reload
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests."""
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        if self._reload is not None and _HANGUP and threading.current_thread() is threading.main_thread():
            self.loop.add_signal_handler(_HANGUP, self._reload.begin)
        if self.started:
            self._tell()
            await self.loop.run_in_executor(None, load_connections)
            leave_out()


def _settings(config: Config, app: Reloading) -> uvicorn.Config:
    cert, key = config.tls or (None, None)
    return uvicorn.Config(
        app,
        http=protocol(config.header_timeout),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=max(1, round(config.idle_timeout)),
        timeout_graceful_shutdown=config.stop_timeout,
        backlog=_BACKLOG,
        ssl_certfile=cert,
        ssl_keyfile=key,
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        BadConfig: The address cannot be listened on.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        raise BadConfig(f"host {host!r}, port {port}: {error.strerror or error}; --port 0 takes a free port") from error
    return listening


def log_to_stderr(level: str, *, as_json: bool = False) -> None:
    """Let the gateway and uvicorn write lines on stderr.

    Args:
        level: The least level that is written.
        as_json: Each line is an object of JSON.
    """
    handler = logging.StreamHandler(sys.stderr)
    if as_json:
        handler.setFormatter(JsonLines())
        handler.addFilter(without_text_line)
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name, least in (("adapter", level), ("uvicorn", "debug" if level == "debug" else "warning")):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(_LEVELS[least])
