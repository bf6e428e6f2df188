"""Requests of callers as they are seen: a value for each, for metrics, the log and the file of records (behaviour 9.13)."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from adapter.exchange.foreign_wires import DASHSCOPE
from adapter.exchange.protocol import CHAT, COUNT_TOKENS, MESSAGES, MODELS, RESPONSES
from adapter.gateway.guard import key_in
from adapter.gateway.upstreams import LOG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapter.errors import AdapterError
    from adapter.gateway.asgi import App, Message, Receive, Scope, Send
    from adapter.gateway.link import Link
    from adapter.records import ExchangeRecord

# Questions of supervisors, every few seconds: no requests of callers.
_UNSEEN = frozenset({"/health", "/ready", "/metrics", "/"})
_OF_THE_PAGE = "/playground/"
_WIRES = {
    CHAT: "chat",
    MESSAGES: "messages",
    COUNT_TOKENS: "count_tokens",
    "/completions": "completions",
    "/embeddings": "embeddings",
    **dict.fromkeys(DASHSCOPE, "dashscope"),
}
# All values of `Seen.wire`.
WIRES = (*dict.fromkeys((*_WIRES.values(), "responses", "models", "ollama", "other")),)
_PRESENT: ContextVar[Seen | None] = ContextVar("adapter_gateway_seen", default=None)
_ASKS = ("/chat/completions", "/completions")


class Seen:
    """A request of a caller's.

    Args:
        scope: The request.
        wire: A word for the wire; one of `WIRES`.

    Attributes:
        wire: The same.
        method: The HTTP method.
        path: The path.
        key: The caller's key, which nobody is told.
        model: The model in the request; empty for none.
        stream: The caller asked for a stream.
        started: The time of arrival, in seconds since the epoch.
        status: The status of the response; 0 before, or for a caller who left.
        error: The error that the caller got, or None.
        left: The caller closed the connection.
        records: The records of the requests to upstream, in order; requests that pass unchanged have none.
        link: The way to upstream; None where nobody was asked.
        seconds: The time of all.
    """

    __slots__ = (
        *("_begun", "error", "key", "left", "link", "method", "model", "path", "records", "seconds", "started"),
        *("status", "stream", "wire"),
    )

    def __init__(self, scope: Scope, wire: str) -> None:
        self.wire, self.method, self.path = wire, str(scope["method"]), str(scope["path"])
        self.key = key_in(scope)
        self.model = ""
        self.stream = self.left = False
        self.started, self._begun = time.time(), time.perf_counter()
        self.status, self.seconds = 0, 0.0
        self.error: AdapterError | None = None
        self.records: list[ExchangeRecord] = []
        self.link: Link | None = None

    def body(self, value: Mapping[str, Any]) -> None:
        """Take the body of the request down."""
        model = value.get("model")
        self.model = model if isinstance(model, str) else ""
        self.stream = value.get("stream") is True or (self.wire == "ollama" and value.get("stream") is None)

    def ended(self) -> None:
        """Take the end down."""
        self.seconds = time.perf_counter() - self._begun

    @property
    def asked(self) -> list[ExchangeRecord]:
        """The records of requests for a completion, without questions about the server."""
        return [record for record in self.records if record.endpoint in _ASKS]

    @property
    def outcome(self) -> str:
        """The end of the request: that of its last record, `left`, `broken`, or by the status `answered` or `error`."""
        if self.left:
            return "left"
        asked = self.asked
        if not asked and self.error is not None and self.status < 400:
            return "broken"  # a stream that passed unchanged
        if self.status >= 400 or not asked:
            return "refused" if asked and asked[-1].outcome == "refused" else "error" if self.status >= 400 else "answered"
        return asked[-1].outcome

    @property
    def first_token(self) -> float | None:
        """Seconds from arrival to the first piece of a streamed completion; None without one."""
        first = next((record for record in self.asked if record.stream and record.first is not None), None)
        if first is None or first.first is None:
            return None
        return max(0.0, first.started - self.started + first.first)

    def tokens(self, kind: str) -> int:
        """Return upstream's count of `prompt_tokens` or `completion_tokens`, of all requests together."""
        counts = [(record.usage or {}).get(kind) for record in self.asked]
        return sum(count for count in counts if type(count) is int and count > 0)


class Sink(Protocol):
    """A listener to requests."""

    def begin(self) -> None:
        """Take down that a request begins."""

    def hide(self, keys: Iterable[str]) -> None:
        """Show no such key from now on."""

    def see(self, seen: Seen) -> None:
        """Take a request that has ended."""

    def close(self) -> None:
        """End, with what waits written."""


class Seeing:
    """An application whose requests are seen.

    Args:
        app: The application.
        sinks: The listeners.
        ollama: Ollama's routes are served too.
    """

    def __init__(self, app: App, sinks: Sequence[Sink], *, ollama: bool) -> None:
        self._app = app
        self._sinks = sinks
        self._ollama = ollama

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"] in _UNSEEN or scope["path"].startswith(_OF_THE_PAGE):
            await self._app(scope, receive, send)
            return
        seen = Seen(scope, wire_word(scope["path"], ollama=self._ollama))
        told = False

        async def sending(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            elif not message.get("more_body") and not told:
                told = True  # before the caller knows of the end
                self._tell(seen)
            await send(message)

        for sink in self._sinks:
            sink.begin()
        before = _PRESENT.set(seen)
        try:
            await self._app(scope, receive, sending)
        finally:
            _PRESENT.reset(before)
            if not told:
                seen.left = True
                self._tell(seen)

    def _tell(self, seen: Seen) -> None:
        seen.ended()
        for sink in self._sinks:
            try:
                sink.see(seen)
            except Exception:  # noqa: BLE001  # the caller gets the answer, whatever a listener does
                LOG.exception("%s failed on a request", type(sink).__name__)


def present() -> Seen | None:
    """Return the request that is being answered; None where nobody listens."""
    return _PRESENT.get()


def hear(record: ExchangeRecord) -> None:
    """Take a record down, for the request that is being answered."""
    if (seen := _PRESENT.get()) is not None:
        seen.records.append(record)


def wire_word(path: str, *, ollama: bool) -> str:
    """Return the word for the wire of a path; one of `WIRES`."""
    end = path.removeprefix("/v1")
    if end in _WIRES:
        return _WIRES[end]
    for start, word in ((RESPONSES, "responses"), (MODELS, "models")):
        if end == start or end.startswith(f"{start}/"):
            return word
    return "ollama" if ollama and path.startswith("/api/") else "other"


def note_error(error: AdapterError) -> None:
    """Take down the error that the caller gets."""
    if (seen := _PRESENT.get()) is not None:
        seen.error = error
