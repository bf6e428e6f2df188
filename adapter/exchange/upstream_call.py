"""Asking upstream for a whole completion, streamed or not."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from adapter.api.aggregate import Aggregator
from adapter.api.chat.response import read_completion
from adapter.api.sse import SseDecoder
from adapter.api.upstream_events import Chunk, UpstreamFault, read_chunks
from adapter.exchange.errors_on_the_wire import bad_gateway
from adapter.exchange.protocol import CHAT, READ, Break, Command, Reply, UpstreamRequest

Asking = Generator[Command, Any, tuple[Reply, dict[str, Any] | None]]


def ask(body: dict[str, Any], *, stream: bool, endpoint: str = CHAT) -> Asking:
    """Ask for a whole completion.

    Args:
        body: The request.
        stream: Upstream answers in a stream only.
        endpoint: The end of the URL's path.

    Returns:
        Upstream's reply and the chat completion in its body; None for a reply to be handed on unchanged.
    """
    if not stream:
        reply: Reply = yield UpstreamRequest(body, endpoint=endpoint)
        return reply, read_completion(reply.status, reply.body)
    options = {"include_usage": True, **(body.get("stream_options") or {})}
    reply = yield UpstreamRequest({**body, "stream": True, "stream_options": options}, True, endpoint)
    if reply.status == 200 and not is_json(reply):
        return (yield from _aggregate(reply))
    whole = yield from read_all(reply)
    return whole, read_completion(whole.status, whole.body)


def is_json(reply: Reply) -> bool:
    """Return True where upstream answered with a JSON document, by the content type."""
    kinds = [value for name, value in reply.headers if name.lower() == "content-type"]
    return any("json" in kind for kind in kinds)


def read_all(reply: Reply) -> Generator[Command, Any, Reply]:
    """Return a reply with its whole body, read from the stream."""
    pieces = []
    while piece := (yield READ):
        pieces.append(piece)
    return Reply(reply.status, reply.headers, b"".join(pieces))


def _aggregate(reply: Reply) -> Asking:
    decoder, aggregator = SseDecoder(), Aggregator()
    while True:
        data: bytes = yield READ
        for item in read_chunks(decoder.feed(data) if data else decoder.close(), at_end=not data):
            if isinstance(item, Chunk):
                aggregator.add(item.body)
            elif isinstance(item, UpstreamFault):
                return bad_gateway(item.body), None
            else:
                return _completed(reply, aggregator)
        if not data:
            if not aggregator.finished:
                yield Break("the upstream's stream ended before its answer was finished")
            return _completed(reply, aggregator)


def _completed(reply: Reply, aggregator: Aggregator) -> tuple[Reply, dict[str, Any] | None]:
    completion = aggregator.completion()
    headers = [(name, value) for name, value in reply.headers if name.lower() != "content-type"]
    body = json.dumps(completion).encode()
    whole = Reply(200, [*headers, ("content-type", "application/json")], body)
    return whole, read_completion(200, body)
