"""One request of another client: on its way, and as it is kept. Nothing is written as JSON until somebody looks."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from adapter.gateway.guard import key_in
from adapter.gateway.playground.recorded import record_object
from adapter.gateway.secrecy import SHORTEST, Secrets, credentials_in, without_credentials
from adapter.text.wire_json import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.gateway.asgi import Message, Receive, Scope, Send
    from adapter.records import ExchangeRecord

_MOST_OF_ERROR = 1 << 12
_A_RECORD = 4096  # bytes of a record's smaller parts, and of the objects that hold them
_OF_OBJECTS = 4  # times the size of their JSON: tools as objects


class Held:
    """A request that is kept.

    Args:
        facts: Time, path, status and duration.
        body: The body, as the caller sent it; empty for one that is too large.
        records: The records of its requests to upstream.
        error: The beginning of an error that the caller got.
        large: The size of a request too large to be kept; 0 for others.
        written: The same as JSON, in place of body, records and error.

    Attributes:
        weight: The size in bytes, about.
    """

    def __init__(
        self,
        facts: Mapping[str, Any],
        body: bytes,
        records: Sequence[ExchangeRecord],
        error: bytes,
        large: int = 0,
        written: bytes = b"",
    ) -> None:
        self._facts, self._body, self._records, self._error, self._large = facts, body, records, error, large
        self._written = written
        self._outline: dict[str, Any] | None = None
        parts = sum(map(len, (body, error, written)))
        self.weight = parts + sum(_weight(record, len(body)) for record in records) + _A_RECORD

    def without(self, key: str) -> Held:
        """Return the same request without a key that stands in a text."""
        written = self.whole({key})
        return Held(self._facts, b"", (), b"", self._large, written)

    def outline(self, keys: set[str]) -> dict[str, Any]:
        """Return the line of the list.

        Args:
            keys: Keys that are not shown.
        """
        if self._outline is None:
            whole = self._object()
            request, records = whole["request"] or {}, whole["records"]
            last: dict[str, Any] = records[-1] if records else {"calls": [], "outcome": ""}
            self._outline = {
                **self._facts,
                "model": str(request.get("model") or "")[:200],
                "stream": bool(request.get("stream")),
                "requests": len(records),
                "calls": [call["name"][:100] for call in last["calls"]][:5],
                "problems": sum(len(record["problems"]) for record in records),
                "outcome": last["outcome"],
            }
        found: dict[str, Any] = read_json(Secrets(keys).without(self._outline))
        return found

    def whole(self, keys: set[str]) -> bytes:
        """Return the request and its records, as JSON.

        Args:
            keys: Keys that are not shown.
        """
        whole = self._object()
        return Secrets(keys | credentials_in(whole["request"] or {})).without(whole)

    def _object(self) -> dict[str, Any]:
        if self._written:
            written: dict[str, Any] = read_json(self._written)
            return written
        records = [record_object(record) for record in self._records]
        return {
            **self._facts,
            "request": None if self._large else _object_in(self._body),
            "records": [{**record, "body": without_credentials(record["body"])} for record in records],
            "error": self._error[:_MOST_OF_ERROR].decode("utf-8", "replace"),
            "large": self._large,
        }


class Passing:
    """A request on its way: an ASGI application sees `receive` and `send` in place of the server's.

    Args:
        scope: The request.
        receive: Receives an ASGI message.
        send: Sends an ASGI message.
        most: Bytes of the body that are kept.
        keep: Called once, when the answer is complete or the caller has gone.

    Attributes:
        records: The records of its requests to upstream.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int, keep: Callable[[Passing], None]) -> None:
        self.records: list[ExchangeRecord] = []
        self._path, self._key = scope["path"], key_in(scope)
        self._receive, self._send, self._most = receive, send, most
        self._keep: Callable[[Passing], None] | None = keep
        self._started, self._begun = time.time(), time.perf_counter()
        self._pieces: list[bytes] = []
        self._size = self._status = 0
        self._error = b""

    async def receive(self) -> Message:
        """Receive a message of the server's; pieces of the body are kept."""
        message = await self._receive()
        piece = message.get("body", b"")
        if piece:
            self._size += len(piece)
            if self._size <= self._most:
                self._pieces.append(piece)
            else:
                self._pieces.clear()
        return message

    async def send(self, message: Message) -> None:
        """Send a message to the caller; the status and the words of an error are kept."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
        else:
            if self._status >= 400 and len(self._error) < _MOST_OF_ERROR:
                self._error += message.get("body", b"")[:_MOST_OF_ERROR]
            if not message.get("more_body"):
                self.done()  # before the caller knows of the end
        await self._send(message)

    def done(self) -> None:
        """Have the request kept, once."""
        if self._keep is not None:
            keep, self._keep = self._keep, None
            keep(self)

    def held(self, most: int) -> Held:
        """Return the request as it is kept, of at most so many bytes, without the caller's key."""
        facts = {
            "time": self._started,
            "path": self._path,
            "status": self._status,
            "seconds": time.perf_counter() - self._begun,
        }
        body = b"".join(self._pieces)
        made = Held(facts, body, tuple(self.records), self._error)
        if self._size > most or made.weight > most:
            return Held(facts, b"", (), self._error, max(self._size, made.weight))
        return made.without(self._key) if self._quotes(body) else made

    def _quotes(self, body: bytes) -> bool:
        """Return True where the caller's key stands in a text."""
        if len(self._key) < SHORTEST:
            return False
        key = self._key.encode("utf-8", "replace")
        texts = [text for record in self.records for text in (record.error, *map(str, record.problems))]
        if key in body or key in self._error or any(self._key in text for text in texts):
            return True
        return any(self._key in record.raw if record.unread is None else record.unread.quotes(key) for record in self.records)


def _weight(record: ExchangeRecord, body: int) -> int:
    """Return the size of a record in bytes, about.

    Args:
        record: The record.
        body: The size of the caller's request, whose tools may be in the record as objects.
    """
    if record.unread is not None:
        return _A_RECORD + record.unread.weight()
    request = record.request
    texts = [record.raw, *record.completions, record.reasoning, request.get("prompt")]
    messages = request.get("messages")
    if isinstance(messages, list):
        texts += [message.get("content") for message in messages if isinstance(message, dict)]
    objects = any(name in request for name in ("tools", "response_format", "json_schema", "grammar", "structured_outputs"))
    plain = all(text is None or isinstance(text, str) for text in texts)
    of_texts = sum(sys.getsizeof(text) for text in texts if isinstance(text, str))
    return _A_RECORD + of_texts + (0 if plain and not objects else _OF_OBJECTS * body)


def _object_in(body: bytes) -> dict[str, Any]:
    """Return the object in a body; an empty one for a body that holds none."""
    try:
        value = read_json(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
