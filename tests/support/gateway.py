"""The gateway on a free port of loopback, in a thread: uvicorn, its routes and its connections to upstream are the real ones."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from adapter.gateway.config import Config, ModelRule, Upstream
from adapter.gateway.server import Gateway
from adapter.gateway.settings import FOR_AGENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received, Reply

# Tools go upstream in words, as in the library, lest each test answer the first request of a model natively; its size is not asked for.
_WORDS = {**FOR_AGENTS, "native": "never", "profile": None}
LIMIT = 20.0  # seconds that a test waits for anything


def config_for(upstream: str, options: dict[str, Any] | None = None, **given: Any) -> Config:
    """The configuration of a gateway over an upstream."""
    rules = tuple(
        ModelRule(
            pattern=pattern,
            options={**_WORDS, **rule.get("options", {})},
            model=rule.get("model", ""),
            upstreams=tuple(rule.get("upstreams", ())),
        )
        for pattern, rule in given.pop("models", {}).items()
    )
    first: dict[str, Any] = {name: given.pop(name) for name in ("name", "first_byte", "caller_key") if name in given}
    server = Upstream(url=upstream, key=given.pop("key", ""), timeout=given.pop("timeout", LIMIT), **first)
    given.setdefault("compares", False)  # tests count and script the requests upstream
    return Config(upstream=server, options={**_WORDS, **(options or {})}, models=rules, stop_timeout=1, **given)


class Script:
    """An upstream's script that a test can change: one gateway serves many rows."""

    def __init__(self) -> None:
        self.reply: Any = None

    def __call__(self, request: Received) -> Reply:
        reply: Reply = self.reply(request) if callable(self.reply) else self.reply
        return reply


@contextmanager
def running(upstream: str, options: dict[str, Any] | None = None, **given: Any) -> Iterator[str]:
    """Run a gateway. Yields the base URL for clients."""
    with running_with(config_for(upstream, options, **given)) as url:
        yield url


@contextmanager
def running_with(config: Config) -> Iterator[str]:
    """Run a gateway of a configuration. Yields the base URL for clients."""
    with gateway_with(config) as gateway:
        yield gateway.url


@contextmanager
def gateway_with(config: Config, **more: Any) -> Iterator[Gateway]:
    """Run a gateway of a configuration. Yields the gateway."""
    ready = threading.Event()
    gateway = Gateway(config, lambda _: ready.set(), **more)
    thread = threading.Thread(target=gateway.run, daemon=True)
    thread.start()
    try:
        assert ready.wait(LIMIT), "the gateway did not begin"
        yield gateway
    finally:
        gateway.stop()
        thread.join(LIMIT)
        assert not thread.is_alive(), "the gateway did not end"
