"""A real HTTP server on loopback that answers as a text-only model server does.

    with Upstream(completion("Hello.")) as upstream:
        client = adapter.wrap(OpenAI(base_url=upstream.url, api_key="key"))

It answers from a list of scripted replies, the last one again and again, or from a function of the request, and keeps every
request it got.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """A scripted reply: a status, a JSON value or raw bytes, and how they travel."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    compressed: bool = False
    delay: float = 0.0

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        data = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", **self.headers}
        if self.compressed:
            data = gzip.compress(data)
            headers["content-encoding"] = "gzip"
        return data, {**headers, "content-length": str(len(data))}


@dataclass(frozen=True)
class Stream:
    """A scripted reply that comes piece by piece.

    Attributes:
        pieces: Bytes to send, seconds to wait, an event to wait for.
        cut: The connection breaks off after them, in the middle of the body.
        linger: After them nothing more comes, and nothing ends, until the client hangs up.
    """

    pieces: tuple[bytes | float | threading.Event, ...]
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    linger: bool = False


@dataclass(frozen=True)
class Raw:
    """A scripted reply as bytes, the head too; then the connection closes.

    Attributes:
        data: The bytes.
        linger: The connection stays open until the client hangs up.
    """

    data: bytes
    linger: bool = False


Reply = Answer | Stream | Raw
Script = Callable[[Received], Reply]


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    """A chunk as a text-only server sends it; without a delta one that has no choices."""
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "text-only",
        "choices": [] if delta is None else [choice],
        **more,
    }


def event(data: Any) -> bytes:
    """A server-sent event."""
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()) + b"\n\n"


DONE = event(b"[DONE]")


def streamed(*texts: str, finish: str = "stop", usage: bool = True) -> Stream:
    """A streamed chat completion of these deltas."""
    pieces = [event(chunk({"role": "assistant", "content": ""}))]
    pieces += [event(chunk({"content": text})) for text in texts]
    pieces.append(event(chunk({}, finish)))
    if usage:
        pieces.append(event(chunk(usage={"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15})))
    return Stream((*pieces, DONE))


def completion(content: str | None, finish_reason: str = "stop", **message: Any) -> Answer:
    """A chat completion with this text, as a text-only server sends it."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": content, **message},
        "finish_reason": finish_reason,
        "logprobs": None,
    }
    return Answer(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1700000000,
            "model": "text-only",
            "choices": [choice],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
    )


def raw_completion(text: str, finish_reason: str = "stop", **more: Any) -> Answer:
    """A raw completion with this text, as `/v1/completions` answers."""
    choice = {"index": 0, "text": text, "finish_reason": finish_reason, "logprobs": None, **more}
    return Answer({**_RAW, "choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}})


def raw_streamed(*texts: str, finish: str = "stop", usage: bool = True) -> Stream:
    """The same in pieces."""
    choices = [{"index": 0, "text": text, "finish_reason": None, "logprobs": None} for text in texts]
    choices.append({"index": 0, "text": "", "finish_reason": finish, "logprobs": None})
    pieces = [event({**_RAW, "choices": [choice]}) for choice in choices]
    if usage:
        counts = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        pieces.append(event({**_RAW, "choices": [], "usage": counts}))
    return Stream((*pieces, DONE))


_RAW = {"id": "cmpl-1", "object": "text_completion", "created": 1700000000, "model": "text-only"}


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's `upstream` says."""

    protocol_version = "HTTP/1.1"

    @property
    def _upstream(self) -> Upstream:
        upstream: Upstream = self.server.upstream  # type: ignore[attr-defined]  # `Server` below has it
        return upstream

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        data = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(self.command, self.path, headers, json.loads(data) if data else None)
        answer = self._upstream.answer(request)
        if isinstance(answer, Stream):
            self._stream(answer)
            return
        if isinstance(answer, Raw):
            self._raw(answer)
            return
        if answer.delay:
            time.sleep(answer.delay)
        body, sent = answer.encoded()
        try:
            self._head(answer.status, sent)
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up waiting, which some tests are about

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _raw(self, answer: Raw) -> None:
        self.close_connection = True
        try:
            self.wfile.write(answer.data)
            if answer.linger:
                self.connection.settimeout(20)
                if self.connection.recv(1) == b"":
                    self._upstream.hung_up.set()
        except (BrokenPipeError, ConnectionResetError):
            return

    def _stream(self, answer: Stream) -> None:
        try:
            self._head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked", **answer.headers})
            for piece in answer.pieces:
                if isinstance(piece, bytes):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                elif isinstance(piece, threading.Event):
                    piece.wait(20)
                else:
                    time.sleep(piece)
            if answer.linger:
                self.connection.settimeout(20)
                self.close_connection = self.connection.recv(1) == b""
                self._upstream.hung_up.set()
            elif answer.cut:
                self.close_connection = True
            else:
                self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
            self._upstream.hung_up.set()

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # the names http.server looks for

    def log_message(self, *args: object) -> None:
        """Say nothing: tests read the requests from `received`."""


class Server(ThreadingHTTPServer):
    """Listens on a free port of loopback."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up between requests are no news."""


class Upstream:
    """The server, as a context manager.

    Args:
        replies: Scripted replies in order, or one function of the request.
    """

    def __init__(self, *replies: Reply | Script) -> None:
        self._replies = list(replies)
        self._lock = threading.Lock()
        self.received: list[Received] = []
        self.hung_up = threading.Event()  # a client closed its connection in the middle of a stream
        self._server = Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def answer(self, request: Received) -> Reply:
        """The next reply."""
        with self._lock:
            self.received.append(request)
            reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return reply(request) if callable(reply) else reply

    @property
    def url(self) -> str:
        """The base URL for an openai client."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def bodies(self) -> list[Any]:
        """The JSON bodies received."""
        return [request.body for request in self.received]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
