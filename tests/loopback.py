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


Script = Callable[[Received], Answer]


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


class Upstream:
    """The server, as a context manager.

    Args:
        replies: Scripted replies in order, or one function of the request.
    """

    def __init__(self, *replies: Answer | Script) -> None:
        self._replies = list(replies)
        self._lock = threading.Lock()
        self.received: list[Received] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                data = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Received(self.command, self.path, headers, json.loads(data) if data else None)
                answer = outer._answer(request)
                if answer.delay:
                    time.sleep(answer.delay)
                body, sent = answer.encoded()
                try:
                    self.send_response(answer.status)
                    for name, value in sent.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client gave up waiting, which some tests are about

            do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # the names http.server looks for

            def log_message(self, *args: object) -> None:
                """Say nothing: tests read the requests from `received`."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Clients that hang up between requests are no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def _answer(self, request: Received) -> Answer:
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
