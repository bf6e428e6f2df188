"""A text server that costs nearly nothing: `python -m benchmarks.gateways.upstream PORT`.

It answers every chat request with one call in the text, and every stream with words. A stream for the model `held` sends its
first words, and the rest when a request to `/release` comes.
"""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.gateways.requests import CALL, CONTENT

_PIECES = [CONTENT[at : at + 8] for at in range(0, len(CONTENT), 8)]
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n%s\r\n"


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _whole() -> bytes:
    message = {"role": "assistant", "content": CALL}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    ).encode()
    return _HEAD % (b"application/json", b"content-length: %d\r\n" % len(body)) + body


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


_WHOLE = _whole()
_FIRST = _HEAD % (b"text/event-stream", b"transfer-encoding: chunked\r\n") + _framed(
    _chunk({"role": "assistant", "content": "A"})
)
_REST = b"".join(_framed(_chunk({"content": piece})) for piece in _PIECES)
_REST += _framed(_chunk({}, "stop")) + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


_LATER = 0.01  # seconds between the first words of a stream and the rest


class _Server(asyncio.Protocol):
    """A connection of a caller."""

    held: list[_Server] = []  # noqa: RUF012  # of all connections

    def __init__(self) -> None:
        self._got = b""
        self._transport = asyncio.Transport()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (request := self._next()) is not None:
            self._answer(*request)

    def _next(self) -> tuple[bytes, bytes] | None:
        """Return the head and the body of the next request; None before it is complete."""
        head, end, rest = self._got.partition(b"\r\n\r\n")
        if not end:
            return None
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if len(rest) < length:
            return None
        self._got = rest[length:]
        return head, rest[:length]

    def _answer(self, head: bytes, body: bytes) -> None:
        if b" /release " in head:
            for one in self.held:
                one.release()
            self.held.clear()
            self._transport.write(_WHOLE)
        elif not json.loads(body or b"{}").get("stream"):
            self._transport.write(_WHOLE)
        elif json.loads(body)["model"] == "held":
            self._transport.write(_FIRST)
            self.held.append(self)
        else:
            self._transport.write(_FIRST)
            asyncio.get_running_loop().call_later(_LATER, self.release)

    def release(self) -> None:
        """Send the rest of a stream that was held."""
        self._transport.write(_REST)


async def main(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
