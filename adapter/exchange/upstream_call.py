"""Asking upstream for a whole completion, streamed or not; the beginning of an answer (behaviour 6.1)."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.api.aggregate import Aggregator
from adapter.api.chunk_reader import ChunkReader, Text
from adapter.api.upstream_answer import answer_of, read_answer
from adapter.api.upstream_events import Chunk, Done, UpstreamFault
from adapter.api.upstream_reader import JsonReader, TextReader, reader_for
from adapter.exchange.errors_on_the_wire import bad_gateway
from adapter.exchange.protocol import CHAT, Break, Command, Reply, read
from adapter.exchange.sending import as_success, read_all, send
from adapter.exchange.watching import present_watch
from adapter.text.wire_json import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.api.upstream_reader import Reader
    from adapter.exchange.learnt import Learnt

Asking = Generator[Command, Any, tuple[Reply, dict[str, Any] | None]]
_FIELD = re.compile(rb"[a-zA-Z_-]{1,32}:")
CUT = "the upstream's stream ended before its answer was finished"


class Begun(NamedTuple):
    """An answer whose form is known.

    Attributes:
        reader: The reader of the answer.
        items: The first items; some, unless the answer comes in events.
        ended: Nothing more comes.
    """

    reader: Reader
    items: Sequence[Chunk | Text | UpstreamFault | Done]
    ended: bool = False


def ask(body: dict[str, Any], learnt: Learnt, asked: Mapping[str, Any], *, stream: bool, endpoint: str = CHAT) -> Asking:
    """Ask for a whole completion.

    Args:
        body: The request.
        learnt: Facts about upstream.
        asked: The caller's own request.
        stream: Upstream answers in a stream only.
        endpoint: The end of the URL's path.

    Returns:
        Upstream's reply and the chat completion in its body; None for a reply to be handed on: an error.
    """
    if stream:
        options = {"include_usage": True, **(body.get("stream_options") or {})}
        body = {**body, "stream": True, "stream_options": options}
    reply = as_success((yield from send(body, learnt, asked, stream=stream, endpoint=endpoint)), learnt)
    if reply.status != 200:
        return ((yield from read_all(reply)) if stream else reply), None
    if stream:
        return (yield from _joined(reply, (yield from begin(reply, learnt)), learnt))
    answer = read_answer(reply.body)
    if isinstance(answer, UpstreamFault):
        reader = reader_for(reply.body, learnt.most_of_event) or TextReader()
        _tell_form(reader, reply, learnt, stream=False)
        items = reader.feed(reply.body)
        over = bool(items) and not isinstance(items[-1], Chunk | Text)
        return (yield from _joined(reply, Begun(reader, items if over else [*items, *reader.close()], ended=True), learnt))
    learnt.mended(answer.mended)
    if (watch := present_watch()) is not None:
        watch.tell_document()
    return reply, answer.body


def begin(reply: Reply, learnt: Learnt, sign: Callable[[], bytes] | None = None) -> Generator[Command, Any, Begun]:
    """Read until the first bytes tell the form of the answer, and until the first item of an answer that is not in events.

    Args:
        reply: The reply.
        learnt: Facts about upstream.
        sign: Writes a sign of life for a caller whose response has begun.
    """
    beginning, reader, data = b"", None, b"-"
    while reader is None and data:
        data = yield from read(sign)
        beginning = (beginning + data).lstrip()  # white space keeps a connection alive
        reader = reader_for(beginning, learnt.most_of_event)
    if isinstance(reader, TextReader) and is_stream(reply) and _FIELD.match(beginning):
        reader = ChunkReader(learnt.most_of_event)  # a stream that begins with a field of the server's own
    if reader is None:
        empty = not beginning and is_stream(reply)  # a stream that was cut before its first byte
        reader = ChunkReader(learnt.most_of_event) if empty else TextReader()
    _tell_form(reader, reply, learnt, stream=True)
    items = reader.feed(beginning) if data else [*reader.feed(beginning), *reader.close()]
    while data and not items and not isinstance(reader, ChunkReader):
        data = yield from read(sign)
        items = reader.feed(data) if data else reader.close()
    return Begun(reader, items, ended=not data)


def label(reply: Reply) -> str:
    """Return the content type of a reply; empty without the header."""
    return next((value for name, value in reply.headers if name.lower() == "content-type"), "")


def is_stream(reply: Reply) -> bool:
    """Return True for a reply labelled as a stream of events."""
    return "event-stream" in label(reply)


def _tell_form(reader: Reader, reply: Reply, learnt: Learnt, *, stream: bool) -> None:
    """Report an answer in another form than its label, or than the request, asks for."""
    if isinstance(reader, ChunkReader) and (not stream or "json" in label(reply)):
        learnt.once(
            "wire_mended", f"upstream's server-sent events under the content type {label(reply)!r} are read as a stream"
        )
    elif isinstance(reader, JsonReader) and stream:
        learnt.once("wire_mended", f"upstream answered a request for a stream with JSON, of the content type {label(reply)!r}")


def _joined(reply: Reply, begun: Begun, learnt: Learnt) -> Asking:
    """Return the answer that comes in chunks, joined; or the error in the chunks."""
    aggregator = Aggregator()
    reader, items, ended = begun
    while True:
        for item in items:
            if isinstance(item, UpstreamFault):
                return bad_gateway(item.body), None
            if isinstance(item, Done):
                return _completed(reply, aggregator, learnt)
            if isinstance(item, Text):
                aggregator.add({"choices": [{"index": item.choice, "delta": {"content": item.text}}]})
            else:
                learnt.mended(item.mended)
                aggregator.add(item.body)
        if ended:
            if not aggregator.finished:
                yield Break(CUT)
            return _completed(reply, aggregator, learnt)
        data = yield from read()
        items, ended = (reader.feed(data) if data else reader.close()), not data


def _completed(reply: Reply, aggregator: Aggregator, learnt: Learnt) -> tuple[Reply, dict[str, Any] | None]:
    completion = aggregator.completion()
    body = write_json(completion)
    answer = answer_of(completion, body)
    if isinstance(answer, UpstreamFault):
        return bad_gateway(answer.body), None
    learnt.mended(answer.mended)
    headers = [(name, value) for name, value in reply.headers if name.lower() != "content-type"]
    return Reply(200, [*headers, ("content-type", "application/json")], body), answer.body
