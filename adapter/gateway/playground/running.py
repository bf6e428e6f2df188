"""A request of the page's own: asked as any other, and told step by step, a line of JSON for each step."""

from __future__ import annotations

import secrets
import time
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from adapter.api.aggregate import Aggregator
from adapter.api.chunk_reader import ChunkReader, Text
from adapter.api.upstream_events import Chunk, UpstreamFault
from adapter.api.upstream_reader import reader_for
from adapter.errors import AdapterError
from adapter.exchange.protocol import CHAT, Emit, Read, Reply, Run, Start, UpstreamRequest
from adapter.exchange.watching import Watch
from adapter.gateway.playground.choices import made, options_of, request_in
from adapter.gateway.playground.recorded import explained, record_object, sent_in_sections
from adapter.text.wire_json import read_json, write_json
from adapter.transport import open_exchange_for

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from adapter.api.upstream_reader import Reader
    from adapter.exchange import Opener
    from adapter.exchange.protocol import Command, Exchange
    from adapter.gateway.config import Config
    from adapter.records import ExchangeRecord

# Lines for the page, and work that is done off the event loop.
Telling: TypeAlias = "Generator[Emit | Run, Any, None]"
LINES = "application/x-ndjson"
_MOST_OPENERS = 8


class Runs:
    """Opens the exchanges of the page's own requests.

    Args:
        config: The gateway's configuration.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._openers: dict[bytes, Opener] = {}

    def opened(self, body: Mapping[str, Any], model: str, upstream: str) -> Exchange:
        """Return the exchange for a request of the page.

        Args:
            body: `request`, a chat request; `options`.
            model: The name that the request's model has upstream.
            upstream: The name of the upstream that is asked first, about which is learnt.

        Raises:
            AdapterError: The request or the options are wrong.
        """
        options = options_of(self._config, body)
        request = {**request_in(body), "stream": True}
        run = _Run(request, options)
        opener = self._opener(options, upstream).under(run.watch.of)
        exchange = opener(CHAT, {**request, "model": model} if model else request)
        if exchange is None:
            raise TypeError("a watched request has no exchange")
        return run.told(exchange)

    def _opener(self, options: Mapping[str, Any], upstream: str) -> Opener:
        """Return the opener for options: what it has learnt about the server is kept."""
        name = write_json([upstream, options])
        if name not in self._openers:
            if len(self._openers) >= _MOST_OPENERS:
                self._openers.pop(next(iter(self._openers)))
            self._openers[name] = open_exchange_for(made(options), compares=self._config.compares)
        return self._openers[name]


class _Run:
    """One request of the page."""

    def __init__(self, request: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        self._request = request
        self._options = options
        self._records: list[ExchangeRecord] = []
        self._number = 0  # of the requests to upstream, as the records count them
        self._reader: Reader | None = None
        self._beginning = b""
        self._fault: Mapping[str, Any] | None = None  # that the caller would get within the stream
        self._answer, self._chunks = Aggregator(), ChunkReader()
        self.watch = Watch(self._records.append, lambda _: None, time.time, time.perf_counter, secrets.token_hex(8))

    def told(self, exchange: Exchange) -> Exchange:
        """Run the exchange; the response is lines about its steps in place of its own."""
        yield Start(200, [("content-type", LINES)])
        answer: Any = None
        try:
            while True:
                command = exchange.throw(answer) if isinstance(answer, AdapterError) else exchange.send(answer)
                yield from self._lines()
                if isinstance(command, Emit):
                    self._heard(command.data)
                    answer = None
                elif isinstance(command, Start):
                    answer = None
                else:
                    yield from self._before(command)
                    try:
                        answer = yield command
                    except AdapterError as error:
                        answer = error
                    yield from self._after(command, answer)
        except StopIteration as done:
            yield from self._lines()
            yield from self._end(done.value)
        except AdapterError as error:
            yield from self._lines()
            yield _line("error", status=error.status, **error.to_body())
        finally:
            exchange.close()
        return None

    def _before(self, command: Command) -> Telling:
        if isinstance(command, UpstreamRequest):
            self._reader, self._beginning = None, b""
            self._number += 1
            if command.method == "POST":
                shown = yield Run(lambda: sent_in_sections(command.body, self._request, self._options))
                yield _line("sent", number=self._number, endpoint=command.endpoint, body=command.body, **shown)

    def _after(self, command: Command, answer: Any) -> Iterator[Emit]:
        """Tell the text in an answer of upstream's."""
        if isinstance(command, Read) and isinstance(answer, bytes):
            yield from self._text(answer)
        elif isinstance(answer, Reply) and answer.body and answer.status < 400:
            yield from self._text(answer.body)
            yield from self._text(b"")

    def _text(self, data: bytes) -> Iterator[Emit]:
        if self._reader is None:
            self._beginning += data
            self._reader, data = reader_for(self._beginning), self._beginning
        if self._reader is None:
            return
        for item in self._reader.feed(data) if data else self._reader.close():
            if isinstance(item, Text):
                yield from _piece(item.text, "")
            elif isinstance(item, Chunk):
                for choice in item.body.get("choices") or ():
                    delta = choice["delta"]
                    yield from _piece(delta.get("content") or "", delta.get("reasoning_content") or "")

    def _lines(self) -> Telling:
        """Tell the records that are complete by now."""
        while self._records:
            record = self._records.pop(0)
            made = partial(explained, record_object(record), self._request, self._options)
            yield _line("record", **(yield Run(made)))

    def _heard(self, data: bytes) -> None:
        """Join the answer that a caller would get."""
        for item in self._chunks.feed(data):
            if isinstance(item, Text):
                self._answer.add({"choices": [{"index": item.choice, "delta": {"content": item.text}}]})
            elif isinstance(item, UpstreamFault):
                self._fault = item.body
            elif isinstance(item, Chunk):
                self._answer.add(item.body)

    def _end(self, reply: Reply | None) -> Iterator[Emit]:
        if reply is not None and reply.status >= 400:
            try:
                body = read_json(reply.body)
            except ValueError:
                body = {"error": {"message": reply.body[:400].decode("utf-8", "replace")}}
            yield _line("error", status=reply.status, error=body.get("error") if isinstance(body, dict) else body)
            return
        if self._fault is not None:
            yield _line("error", **self._fault)
            return
        choices = self._answer.completion()["choices"]
        if choices:
            yield _line("answer", message=choices[0]["message"], finish_reason=choices[0]["finish_reason"])


def _piece(text: str, reasoning: str) -> Iterator[Emit]:
    if text or reasoning:
        yield _line("text", text=text, reasoning=reasoning)


def _line(kind: str, **members: Any) -> Emit:
    return Emit(write_json({"event": kind, **members}) + b"\n")
