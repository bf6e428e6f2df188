"""Callers' connections as the server itself knows them, and routes by path: the bytes are those of the longer way."""

from __future__ import annotations

import gc
import json
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.routing import Match, Route, Router

from adapter.gateway import app as gateway_app
from adapter.gateway import collecting, patient
from adapter.gateway.app import make_app
from adapter.gateway.asgi import header
from adapter.gateway.caller import Caller
from adapter.gateway.patient import Joining
from tests.gateway.test_openai_wires import ASKED, CHAT_TOOLS, GOOD, call
from tests.support.gateway import LIMIT, Script, config_for, running
from tests.support.loopback import Answer, Raw, Stream, Upstream, completion, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAT: dict[str, Any] = {"model": "m", "messages": ASKED, "tools": CHAT_TOOLS}


def http(path: str, body: Any = None, method: str = "POST", *fields: str) -> bytes:
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *fields]
    length = [] if body is None or any("chunked" in field for field in fields) else [f"content-length: {len(data)}"]
    return "\r\n".join([*lines, *length]).encode() + b"\r\n\r\n" + data


ASK = http("/v1/chat/completions", CHAT)
LARGE = {**CHAT, "messages": [*ASKED, {"role": "user", "content": "x" * 300_000}]}
BEHIND = "connection: close"
# The bytes of a caller, in pieces, on one connection.
ROWS: dict[str, list[bytes]] = {
    "a call": [http("/v1/chat/completions", CHAT, "POST", BEHIND)],
    "without the prefix": [http("/chat/completions", CHAT, "POST", BEHIND)],
    "one behind the other": [ASK + http("/v1/models", None, "GET", BEHIND)],
    "in pieces": [ASK[:30], ASK[30:90], ASK[90:-9], ASK[-9:] + http("/health", None, "GET", BEHIND)],
    "a large body": [http("/v1/chat/completions", LARGE, "POST", BEHIND)],
    "a stream": [http("/v1/chat/completions", {**CHAT, "stream": True}, "POST", BEHIND)],
    "passed on": [http("/v1/embeddings", {"model": "m", "input": "x"}, "POST", BEHIND)],
    "no JSON": [http("/v1/chat/completions", b"{", "POST", BEHIND)],
    "too large": [http("/v1/chat/completions", None, "POST", "content-length: 900000", BEHIND)],
    "a wrong request": [http("/v1/chat/completions", {"messages": 7, "tools": CHAT_TOOLS}, "POST", BEHIND)],
    "an error of upstream": [http("/v1/chat/completions", {**CHAT, "model": "bad"}, "POST", BEHIND)],
    "no method": [http("/v1/chat/completions", None, "GET", BEHIND)],
    "no path": [http("/v1/chat/completion", CHAT, "POST", BEHIND)],
    "a line break in the path": [http("/v1/chat/completions%0A", CHAT, "POST", BEHIND)],
    "a stored response": [http("/v1/responses/resp_1", None, "GET", BEHIND)],
    "only the head": [http("/v1/models", None, "HEAD", BEHIND)],
    "with a host elsewhere": [ASK.replace(b"127.0.0.1", b"example.org").replace(b"\r\nhost", b"\r\nconnection: close\r\nhost")],
    "announced": [http("/v1/chat/completions", CHAT, "POST", "expect: 100-continue", BEHIND)],
    "in chunks": [
        http("/v1/chat/completions", b"2\r\n{}\r\n0\r\nx-end: 1\r\n\r\n", "POST", "transfer-encoding: chunked", BEHIND)
    ],
}


def upstream_reply(request: Any) -> Any:
    if request.method == "GET":
        return Answer({"data": [{"id": "m"}]})
    if request.path.endswith("embeddings"):
        return Answer({"data": []})
    if request.body["model"] == "bad":
        return Answer({"error": {"message": "no such model"}}, 404)
    return streamed("Fine.") if request.body.get("stream") else completion(call(GOOD))


@contextmanager
def longer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The gateway without the short ways: a task that receives, a clock for each body, two packets, the router alone."""
    with monkeypatch.context() as patched:
        patched.setattr(patient, "CALLER", "adapter.nobody")
        patched.setattr(gateway_app, "_by_path", lambda _, router: router)
        yield


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0), timeout=LIMIT)


def spoken(url: str, pieces: list[bytes]) -> bytes:
    """Send bytes to the gateway. Returns all that comes back."""
    with connected(url) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        got = b""
        while data := connection.recv(1 << 16):
            got += data
    return re.sub(rb"date: [^\r]*\r\n", b"", got)


def test_bytes_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[dict[str, bytes]] = []
    stayed: list[str] = []
    real = Caller.staying

    async def counted(self: Caller, answering: Any) -> None:
        stayed.append("")
        await real(self, answering)

    monkeypatch.setattr(Caller, "staying", counted)
    options = {"new_id": lambda: "call_1"}
    with Upstream(upstream_reply) as upstream:
        with running(upstream.url, options, max_body=800_000) as url:
            found.append({name: spoken(url, pieces) for name, pieces in ROWS.items()})
        taken = len(stayed)
        with longer(monkeypatch), running(upstream.url, options, max_body=800_000) as url:
            found.append({name: spoken(url, pieces) for name, pieces in ROWS.items()})
    assert taken == len(stayed) > 8
    for name in ROWS:
        assert found[0][name] == found[1][name], name
        assert found[0][name].startswith(b"HTTP/1.1 "), name


WAITS: dict[str, Any] = {
    "before the head": (Raw(b"", linger=True), ASK),
    "within a document": (Stream((b'{"id": ',), {"content-type": "application/json"}, linger=True), ASK),
    "of a large request": (Raw(b"", linger=True), http("/v1/chat/completions", LARGE)),
    "of a request that passes": (Raw(b"", linger=True), http("/v1/embeddings", {"model": "m", "input": "x"})),
}


def test_a_caller_that_leaves_ends_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()
    with Upstream(script) as upstream:

        def leave(url: str) -> None:
            for name, (script.reply, sent) in WAITS.items():
                upstream.hung_up.clear()
                before = len(upstream.received)
                with connected(url) as connection:
                    connection.sendall(sent)
                    until = time.monotonic() + LIMIT
                    while len(upstream.received) == before and time.monotonic() < until:
                        time.sleep(0.002)
                assert upstream.hung_up.wait(LIMIT / 2), name  # before the upstream's own patience ends

        with running(upstream.url) as url:
            leave(url)
        with longer(monkeypatch), running(upstream.url) as url:
            leave(url)


CUT = {
    "a document that is cut": (Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"), ROWS["a call"]),
    "a stream that is cut": (Stream((b"data: {}\n\n",), cut=True), ROWS["a stream"]),
    "one that passes and is cut": (Stream((b"data: {}\n\n",), cut=True), ROWS["passed on"]),
    "a call that is refused": (completion(call({"days": 2})), ROWS["a call"]),
}


def garbage(url: str, pieces: Any, number: int) -> int:
    """Return how many objects wait for the collector after so many requests."""
    spoken(url, pieces)
    gc.collect()
    gc.freeze()  # the look is at few objects
    gc.disable()
    try:
        for _ in range(number):
            spoken(url, pieces)
        return gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()


def test_requests_leave_no_garbage() -> None:
    """The collector looks seldom: what a request held, its body too, must not wait for a look.

    Garbage of a request comes with each. A look may find some of this process's other threads: then it is repeated.
    """
    script = Script()
    number = 5
    with (
        Upstream(script) as upstream,
        running(upstream.url, {"on_invalid": "raise"}, max_body=800_000, circuit_failures=9999) as url,
    ):
        for name, (script.reply, pieces) in {**{name: (upstream_reply, row) for name, row in ROWS.items()}, **CUT}.items():
            assert any(garbage(url, pieces, number) < 2 * number for _ in range(4)), name


def test_routes_by_path_are_those_of_the_router(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[list[Route], Router]] = []
    real = gateway_app._by_path

    def kept(routes: list[Route], router: Router) -> Any:
        given.append((routes, router))
        return real(routes, router)

    monkeypatch.setattr(gateway_app, "_by_path", kept)
    make_app(config_for("http://127.0.0.1:1/v1", ollama=True, metrics=True))
    ((routes, router),) = given
    plain = [route.path for route in routes if "{" not in route.path]
    assert len(plain) > 20
    for path in plain:
        scope = {"type": "http", "path": path, "method": "POST", "headers": []}
        first = next(route for route in router.routes if route.matches(scope)[0] == Match.FULL)
        assert isinstance(first, Route)
        assert first.path == path


def test_the_first_of_several_headers_counts() -> None:
    headers = [(b"a", b"1"), (b"b", b"\xe9"), (b"a", b"2")]
    scope = {"headers": iter(headers)}
    assert [header(scope, name) for name in (b"a", b"b", b"c", b"a")] == ["1", "é", "", "1"]


class _Transport:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def write(self, data: bytes) -> None:
        self.seen.append(data)

    def close(self) -> None:
        self.seen.append(None)

    def is_closing(self) -> bool:
        return None in self.seen


# What is done with the transport, and what reaches the connection; `hold` joins the two writes that follow.
PACKETS: dict[str, tuple[list[Any], list[Any]]] = {
    "no hold": ([b"a", b"b"], [b"a", b"b"]),
    "a whole answer": (["hold", b"a", b"b", b"c"], [b"ab", b"c"]),
    "an empty body": (["hold", b"a", b""], [b"a"]),
    "closed before the body": (["hold", b"a", None], [b"a", None]),
    "closed with nothing held": (["hold", None], [None]),
    "two answers": (["hold", b"a", b"b", "hold", b"c", b"d"], [b"ab", b"cd"]),
}


@pytest.mark.parametrize("row", PACKETS)
def test_a_head_waits_for_its_body(row: str) -> None:
    steps, expected = PACKETS[row]
    transport = _Transport()
    joining = Joining(transport)
    for step in steps:
        if step is None:
            joining.close()
        elif step == "hold":
            joining.hold()
        else:
            joining.write(step)
    assert transport.seen == expected
    assert joining.is_closing() == (None in expected)


def test_garbage_is_collected_seldom_in_a_process_of_its_own() -> None:
    before = gc.get_threshold()
    with collecting.seldom():
        assert gc.get_threshold() == collecting._THRESHOLDS
        collecting.leave_out()
        assert gc.get_freeze_count() > 1000
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
    code = (
        "import gc, threading; from adapter.gateway import collecting\n"
        "def run():\n with collecting.seldom():\n  collecting.leave_out(); print(gc.get_threshold()[0], gc.get_freeze_count())\n"
        "one = threading.Thread(target=run); one.start(); one.join()"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT)
    assert told.stdout.split() == [str(before[0]), "0"]
