"""A server on loopback that answers as a file of records has it, for tests that need no model.

adapter serve --upstream http://localhost:8080/v1 --record records.jsonl

with adapter.testing.Replay("records.jsonl") as upstream:
    client = adapter.wrap(OpenAI(base_url=upstream.url, api_key="none"))
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from http.server import BaseHTTPRequestHandler
    from types import TracebackType

# Bytes of an answer that a record keeps: a longer one is not whole, and cannot be given again.
_MOST_RAW = 1 << 20
_Key = tuple[str, str]  # the end of the path, and the request in one form


class Answer(NamedTuple):
    """An answer of a record.

    Attributes:
        status: The HTTP status; None for a connection that broke off before.
        body: The body.
        stream: The body is a stream of events.
        whole: The body came to its end.
    """

    status: int | None
    body: bytes
    stream: bool
    whole: bool


class Replay:
    """A server that answers requests with the recorded answers: the same request gets the same answer.

    Several answers to the same request come in order, the last again and again. A request that is not in the file gets a 404
    that names the members in which the nearest recorded request differs.

    Args:
        file: The file that `adapter serve --record` wrote.

    Attributes:
        unknown: The requests that were not in the file.

    Raises:
        OSError: The file cannot be read.
        ValueError: A line is no record.
    """

    def __init__(self, file: str | os.PathLike[str]) -> None:
        self.unknown: list[dict[str, Any]] = []
        self._answers: dict[_Key, list[Answer]] = {}
        self._requests: list[tuple[str, dict[str, Any]]] = []
        self._models: dict[str, None] = {}
        self._lock = threading.Lock()
        for number, line in enumerate(Path(file).read_text(encoding="utf-8").splitlines(), 1):
            try:
                self._add(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise ValueError(f"{file}, line {number}: no record of `adapter serve --record`: {error!r}") from error
        self._server = _server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def _add(self, record: dict[str, Any]) -> None:
        request, raw = dict(record["request"]), str(record["raw"]).encode()
        whole = record["status"] is not None and record["outcome"] != "broken" and len(raw) < _MOST_RAW
        answer = Answer(record["status"], raw, raw.startswith((b"data:", b"event:", b":")), whole)
        self._answers.setdefault(_key(record["endpoint"], request), []).append(answer)
        self._requests.append((record["endpoint"], request))
        self._models[str(request.get("model") or "")] = None

    @property
    def url(self) -> str:
        """The base URL for a client, or for `adapter serve --upstream`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer(self, path: str, request: dict[str, Any]) -> Answer:
        """Return the answer to a request.

        Args:
            path: The path of the URL.
            request: The JSON body.
        """
        endpoint = path.removeprefix("/v1")
        with self._lock:
            found = self._answers.get(_key(endpoint, request))
            if found:
                return found.pop(0) if len(found) > 1 else found[0]
            self.unknown.append(request)
        message = f"no such request is in the file; {self._nearest(endpoint, request)}"
        return _json(
            404, {"error": {"message": message, "type": "invalid_request_error", "code": "not_recorded", "param": None}}
        )

    def question(self, path: str) -> Answer:
        """Return the recorded answer to a question about the server (`/models`, `/props`).

        Without a record the models are those in the file's requests, and any other question gets a 404.

        Args:
            path: The path of the URL.
        """
        endpoint = path.removeprefix("/v1")
        if _key(endpoint, {}) in self._answers:
            return self.answer(path, {})
        if not endpoint.endswith("/models"):
            return _json(404, {"error": {"message": "not recorded"}})
        return _json(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self._models if name]})

    def _nearest(self, endpoint: str, request: Mapping[str, Any]) -> str:
        """Return words about the recorded request that differs in the fewest members."""
        differing: list[list[str]] = [
            [name for name in sorted({*request, *known}) if request.get(name) != known.get(name)]
            for path, known in self._requests
            if path == endpoint
        ]
        if not differing:
            return f"none is for {endpoint}"
        fewest: list[str] = min(differing, key=len)
        return f"the nearest differs in {', '.join(fewest)}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _key(endpoint: str, request: Mapping[str, Any]) -> _Key:
    return endpoint, json.dumps(request, sort_keys=True)


def _json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), stream=False, whole=True)


def _server(replay: Replay) -> Any:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _send(self, replay.question(self.path))

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
            try:
                request = json.loads(data)
            except ValueError:
                request = None
            if isinstance(request, dict):
                _send(self, replay.answer(self.path, request))
            else:
                _send(self, _json(400, {"error": {"message": "the body is no JSON object"}}))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    return Server(("127.0.0.1", 0), Handler)


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    """Send an answer; one that was cut is cut again."""
    if answer.status is None:
        handler.close_connection = True
        return
    handler.send_response(answer.status)
    handler.send_header("content-type", "text/event-stream" if answer.stream else "application/json")
    handler.send_header("content-length", str(len(answer.body) + (not answer.whole)))
    handler.close_connection = not answer.whole
    handler.end_headers()
    handler.wfile.write(answer.body)
