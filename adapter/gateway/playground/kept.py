"""The last requests of other clients, kept in memory: bounded in number and in bytes, shown without keys."""

from __future__ import annotations

import itertools
import logging
from collections import OrderedDict
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from adapter.exchange.foreign_wires import DASHSCOPE, OLLAMA
from adapter.exchange.protocol import CHAT, MESSAGES, RESPONSES
from adapter.gateway.playground.held import Held, Passing
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapter.gateway.asgi import App, Receive, Scope, Send
    from adapter.records import ExchangeRecord

_LOG = logging.getLogger("adapter.gateway")
MOST = 100
MOST_BYTES = 16 << 20
MOST_OF_ONE = 2 << 20
_KEPT = frozenset((*(prefix + path for prefix in ("", "/v1") for path in (CHAT, RESPONSES, MESSAGES)), *OLLAMA, *DASHSCOPE))
_CURRENT: ContextVar[Passing | None] = ContextVar("adapter_playground_request", default=None)


class Kept:
    """The last requests of other clients."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._held: OrderedDict[int, Held] = OrderedDict()
        self._bytes = 0
        self._numbers = itertools.count(1)

    def hide(self, keys: Iterable[str]) -> None:
        """Show no keys from now on: those of the gateway and of its upstreams."""
        self._keys |= {key for key in keys if key}

    def around(self, app: App) -> App:
        """Return an application whose requests are kept."""

        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in _KEPT:
                await app(scope, receive, send)
                return
            request = Passing(scope, receive, send, MOST_OF_ONE, self._keep)
            before = _CURRENT.set(request)
            try:
                await app(scope, request.receive, request.send)
            finally:
                _CURRENT.reset(before)
                request.done()

        return noted

    @staticmethod
    def hear(record: ExchangeRecord) -> None:
        """Take a record down, for the request whose exchange takes its step."""
        if (request := _CURRENT.get()) is not None:
            request.records.append(record)

    def outlines(self) -> list[dict[str, Any]]:
        """Return the lines of the list, the last request first."""
        return [{"number": number, **held.outline(self._keys)} for number, held in reversed([*self._held.items()])]

    def entry(self, number: Any) -> dict[str, Any] | None:
        """Return a request by its number; None for a request that is not kept, or no more."""
        held = self._held.get(number) if isinstance(number, int) else None
        return None if held is None else {"number": number, **read_json(held.whole(self._keys))}

    def _keep(self, request: Passing) -> None:
        """Keep a request; what goes wrong concerns the list alone."""
        try:
            held = request.held(MOST_OF_ONE)
        except Exception:  # noqa: BLE001  # the caller gets the answer, whatever the page can show of the request
            _LOG.exception("a request is not kept for the Playground")
            return
        self._held[next(self._numbers)] = held
        self._bytes += held.weight
        while len(self._held) > MOST or self._bytes > MOST_BYTES:
            self._bytes -= self._held.popitem(last=False)[1].weight
