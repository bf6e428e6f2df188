"""The door of the gateway: names, origins, keys, slow callers (behaviour 9.4)."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.support.gateway import LIMIT, running
from tests.support.loopback import Answer, Upstream, completion

PLAIN = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


def test_names_of_the_host() -> None:
    rows = {
        "localhost": 200, "LOCALHOST:8790": 200, "127.0.0.1:1": 200, "[::1]:8790": 200, "192.0.2.7": 200, "my.gateway:80": 200,
        "evil.example": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421, "": 421,
    }  # fmt: skip
    with Upstream(completion("Fine.")) as upstream, running(upstream.url, hosts=frozenset({"my.gateway"})) as url:
        for name, status in rows.items():
            got = httpx.post(url.removesuffix("/v1") + CHAT, json=PLAIN, headers={"host": name}, timeout=LIMIT)
            assert got.status_code == status, name
            if status == 421:
                assert "--allow-host" in got.json()["error"]["message"]


def test_origins() -> None:
    with Upstream(completion("Fine.")) as upstream, running(upstream.url, origins=frozenset({"https://page"})) as url:
        base = url.removesuffix("/v1")
        own = base.removeprefix("http://")
        with httpx.Client(base_url=base, timeout=LIMIT) as client:
            for origin, status in {
                "https://page": 200,
                base: 200,
                "https://evil": 403,
                "null": 403,
                f"http://evil.{own}": 403,
            }.items():
                got = client.post(CHAT, json=PLAIN, headers={"origin": origin})
                assert got.status_code == status, origin
                assert got.headers.get("access-control-allow-origin") == ("https://page" if origin == "https://page" else None)
            asked = {"access-control-request-method": "POST", "access-control-request-headers": "x-api-key, content-type"}
            allowed = client.options(CHAT, headers={"origin": "https://page", **asked})
            assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, "https://page")
            assert allowed.headers["access-control-allow-headers"] == "x-api-key, content-type"
            refused = client.options(CHAT, headers={"origin": "https://evil", **asked})
            assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (403, False)


def test_keys() -> None:
    rows: list[tuple[dict[str, str], int]] = [
        ({}, 401), ({"authorization": "Bearer"}, 401), ({"authorization": "Bearer k-on"}, 401), ({"x-api-key": "k-two2"}, 401),
        ({"authorization": "Basic k-one"}, 401), ({"authorization": "Bearer k-one"}, 200), ({"authorization": "bearer k-two"}, 200),
        ({"x-api-key": "k-two"}, 200), ({"authorization": "Bearer k-\xfc"}, 401),
    ]  # fmt: skip
    with Upstream(completion("Fine.")) as upstream, running(upstream.url, keys=frozenset({"k-one", "k-two"})) as url:
        with httpx.Client(base_url=url.removesuffix("/v1"), timeout=LIMIT) as client:
            for path in (CHAT, MESSAGES):
                for headers, status in rows:
                    sent: Any = {name: value.encode("latin-1") for name, value in headers.items()}
                    got = client.post(path, json=PLAIN, headers=sent)
                    assert got.status_code == status, (path, headers)
                    if status == 401:
                        assert got.json()["error"]["type"] == "authentication_error"
                        assert (got.json().get("type") == "error") == (path == MESSAGES)
            assert client.get("/v1/models").status_code == 401
            assert client.get("/health").status_code == 200
        # A key of the gateway's is nothing for upstream.
        assert all("authorization" not in request.headers for request in upstream.received)


def test_headers_that_upstream_gets() -> None:
    with Upstream(completion("Fine.")) as upstream, running(upstream.url) as url:
        headers = {"authorization": "Bearer mine", "cookie": "a=b", "x-request-id": "r1", "x-other": "y", "traceparent": "00-1"}
        httpx.post(f"{url}/chat/completions", json=PLAIN, headers=headers, timeout=LIMIT)
        got = upstream.received[0].headers
    assert {name: got.get(name) for name in headers} == {
        "authorization": "Bearer mine", "cookie": None, "x-request-id": "r1", "x-other": None, "traceparent": "00-1"}  # fmt: skip


def test_names_of_models_lead_to_models_alone() -> None:
    """A caller has the gateway's key alone, and the request goes with upstream's: no name leads out of `/models`."""
    # The path of the caller's; the target of the request upstream, or None for a name that is refused.
    rows: dict[str, str | None] = {
        "m": "m", "org/m:7b@q4": "org/m:7b@q4", "m%3Fx=1": "m%3Fx%3D1", "m%23x": "m%23x", "a%20b": "a%20b", "%c3%a4": "%C3%A4",
        "a%2525b": "a%2525b", "v1..2": "v1..2", "..%2ffiles": None, "m%2f..%2f..%2ffiles": None, "..%5cfiles": None, "a%2f.%2fb": None,
        "a%2f%2fb": None,
    }  # fmt: skip
    with Upstream(Answer({"id": "m"})) as upstream, running(upstream.url, key="sk-upstream") as url:
        for name, target in rows.items():
            for headers in ({}, {"anthropic-version": "2023-06-01"}):
                before = len(upstream.received)
                with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=LIMIT) as connection:
                    lines = [f"GET /v1/models/{name} HTTP/1.1", "host: localhost", "connection: close"]
                    lines += [f"{key}: {value}" for key, value in headers.items()]
                    connection.sendall("\r\n".join([*lines, "", ""]).encode())
                    got = connection.recv(9999)
                assert got.startswith(b"HTTP/1.1 404" if target is None else b"HTTP/1.1 200"), (name, headers, got)
                asked = [request.path for request in upstream.received[before:]]
                assert asked == ([] if target is None else [f"/v1/models/{target}"]), (name, headers)


def closed(port: int, data: bytes, more: bytes = b"") -> bytes:
    """Send some bytes, and return those that come until the gateway closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as connection:
        connection.sendall(data)
        got = connection.recv(65536) if more else b""
        connection.sendall(more)
        while piece := connection.recv(65536):
            got += piece
    return got


def test_slow_callers() -> None:
    """A connection without a head, with half a head, with half a second head: closed; half a body: 408."""
    limits: dict[str, Any] = {"header_timeout": 0.3, "body_timeout": 0.3, "idle_timeout": 30.0}
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n"
    first = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with Upstream(completion("Fine.")) as upstream, running(upstream.url, **limits) as url:
        port = urlsplit(url).port or 0
        for name, data in {"nothing": b"", "half a head": head[:40]}.items():
            assert closed(port, data) == b"", name
        assert closed(port, first, b"GET /hea").startswith(b"HTTP/1.1 200 OK")
        answer = closed(port, head + b"connection: close\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "timeout"
        assert upstream.received == []
