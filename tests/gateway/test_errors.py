"""Errors of the gateway: each has a status, OpenAI's form, and says what to do; no key stands in one (behaviour 9.3)."""

from __future__ import annotations

import json
import logging
import socket
import threading
from typing import Any

import httpx
import pytest

from adapter.gateway import service
from tests.gateway.test_openai_wires import ASKED, CHAT_TOOLS
from tests.gateway.test_tools_ignored import WIRES
from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import DONE, Answer, Raw, Stream, Upstream, chunk, completion, event

TOOLS: dict[str, Any] = {"model": "m", "messages": ASKED, "tools": CHAT_TOOLS}
PLAIN: dict[str, Any] = {"model": "m", "messages": ASKED}
KEY = "sk-upstream-secret"
# Method, path, body, status, words of the message.
REQUESTS: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/v1/chat/completions", b"{", 400, "no JSON"),
    ("POST", "/v1/chat/completions", b"[1]", 400, "send a JSON object"),
    ("POST", "/v1/chat/completions", {**TOOLS, "tool_choice": "maybe"}, 400, "tool_choice"),
    ("POST", "/v1/responses", {"model": "m"}, 400, "input"),
    ("GET", "/v1/chat/completions", None, 405, "use POST"),
    ("GET", "/v1/nowhere", None, 404, "/v1/nowhere"),
    ("GET", "/v1/responses/resp_1", None, 404, "resp_1"),
    ("PUT", "/v1/responses/resp_1", None, 405, "PUT"),
]


def test_wrong_requests() -> None:
    with Upstream(completion("x")) as upstream, running(upstream.url) as url, httpx.Client(timeout=LIMIT) as client:
        for method, path, body, status, words in REQUESTS:
            content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
            got = client.request(method, url.removesuffix("/v1") + path, content=content)
            assert got.status_code == status, (method, path, got.text)
            assert words in got.json()["error"]["message"], (method, path)
            assert set(got.json()["error"]) == {"message", "type", "param", "code"}
        assert upstream.received == []


def test_a_body_that_is_too_large() -> None:
    with Upstream(completion("x")) as upstream, running(upstream.url, max_body=100) as url:
        for sent in (b"x" * 101, iter([b"x" * 60, b"x" * 60])):
            got = httpx.post(f"{url}/chat/completions", content=sent, timeout=LIMIT)
            assert (got.status_code, got.json()["error"]["code"]) == (413, "request_too_large")


# Upstream's answer; the status; words of the message.
UPSTREAM: dict[str, tuple[Any, int, str]] = {
    "its own error, word for word": (Answer({"error": {"message": "no such model"}}, 404), 404, "no such model"),
    "an error that quotes the key": (Answer({"error": {"message": f"bad key {KEY}"}}, 401), 401, "bad key ***"),
    "closes at once": (Raw(b""), 502, "broke off"),
    "no HTTP": (Raw(b"garbage\r\n\r\n"), 502, "broke off"),
    "cut in the middle": (Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"), 502, "broke off"),
    "silent": (Raw(b"", linger=True), 504, "did not answer in time"),
}


@pytest.mark.parametrize("body", [TOOLS, PLAIN], ids=["with tools", "without"])
def test_faults_of_upstream(body: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "adapter")
    script = Script()
    with (
        Upstream(script) as upstream,
        running(upstream.url, key=KEY, timeout=0.3) as url,
        httpx.Client(timeout=LIMIT) as client,
    ):
        for name, (script.reply, status, words) in UPSTREAM.items():
            for stream in (False, True):
                got = client.post(f"{url}/chat/completions", json={**body, "stream": stream})
                assert (got.status_code, words in got.json()["error"]["message"]) == (status, True), (name, stream, got.text)
                assert upstream.received[-1].headers["authorization"] == f"Bearer {KEY}"
                assert KEY not in got.text, name
    assert KEY not in caplog.text


QUOTED = {"error": {"message": f"Incorrect API key provided: Bearer {KEY}", "code": "invalid_api_key"}}


@pytest.mark.parametrize("wire", [*WIRES, "completions"])
def test_an_error_under_a_success_quotes_no_key(wire: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whole and streamed, also where the key is cut in two; a model's own words stay."""
    caplog.set_level(logging.DEBUG, "adapter")
    path, body = WIRES.get(wire, ("/v1/completions", {"prompt": "Hi"}))
    data = event(QUOTED)
    middle = data.index(KEY.encode()) + 5
    rows = {
        "whole": Answer(QUOTED),
        "at once": Stream((data, DONE)),
        "in two": Stream((data[:middle], 0.02, data[middle:], DONE)),
    }
    script = Script()
    with Upstream(script) as upstream, running(upstream.url, key=KEY, ollama=True, log_json=True) as url:
        for name, script.reply in rows.items():
            for stream in (False, True):
                given = body if wire == "dashscope" else {**body, "stream": stream}
                headers = {"x-dashscope-sse": "enable"} if stream else {}
                got = httpx.post(url.removesuffix("/v1") + path, json={"model": "m", **given}, headers=headers, timeout=LIMIT)
                assert KEY not in got.text, (name, stream)
        fields = [getattr(record, "fields", {}) for record in caplog.records]
        assert KEY not in caplog.text + json.dumps(fields)
        script.reply = completion(f"Say {KEY}.")
        assert f"Say {KEY}." in httpx.post(f"{url}/chat/completions", json=PLAIN, timeout=LIMIT).text
    assert any("***" in field.get("error", "") for field in fields) or wire == "completions"


def test_an_upstream_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        with running(f"http://127.0.0.1:{taken.getsockname()[1]}/v1") as url, httpx.Client(timeout=LIMIT) as client:
            for body in (TOOLS, PLAIN):
                got = client.post(f"{url}/chat/completions", json=body)
                assert (got.status_code, got.json()["error"]["code"]) == (502, "upstream_unreachable")
                assert "x-should-retry" not in got.headers
            assert client.get(f"{url.removesuffix('v1')}ready").status_code == 503
            assert client.get(f"{url.removesuffix('v1')}health").json() == {"status": "ok"}


HALF = (event(chunk({"role": "assistant", "content": "Hel"})), 0.05)


@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
@pytest.mark.parametrize("tools", [True, False], ids=["with tools", "without"])
def test_a_stream_that_breaks_off_ends_in_an_error(path: str, tools: bool) -> None:
    request: dict[str, Any] = {"model": "m", "stream": True}
    request |= PLAIN if path == "/chat/completions" else {"input": "Hi"}
    if tools:
        request["tools"] = CHAT_TOOLS if path == "/chat/completions" else [{"type": "function", "name": "f"}]
    with Upstream(Stream(HALF, cut=True)) as upstream, running(upstream.url) as url:
        got = httpx.post(url + path, json=request, timeout=LIMIT).text
    last = [json.loads(line[6:]) for line in got.splitlines() if line.startswith("data: {")][-1]
    error = last["error"] if path == "/chat/completions" else last["response"]["error"]
    assert "broke off" in error["message"] or "ended before" in error["message"]
    assert "Hel" in got
    assert "[DONE]" not in got


def test_a_failure_is_one_requests_alone(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def failing(self: service.Service, path: str, body: dict[str, Any]) -> Any:
        raise RuntimeError("a fault of ours")

    with Upstream(completion("x")) as upstream, running(upstream.url) as url, httpx.Client(timeout=LIMIT) as client:
        with monkeypatch.context() as patched:
            patched.setattr(service.Service, "opened", failing)
            got = client.post(f"{url}/chat/completions", json=TOOLS, headers={"authorization": "Bearer k-caller"})
        assert (got.status_code, got.json()["error"]["type"]) == (500, "server_error")
        assert "a fault of ours" not in got.text
        assert client.post(f"{url}/chat/completions", json=PLAIN).status_code == 200
    assert "a fault of ours" in caplog.text
    assert "k-caller" not in caplog.text


def test_an_exchange_that_fails_within_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = (event(chunk({"content": "Hel"})), event(chunk({"content": "lo"})), event(chunk({}, "stop")), DONE)

    def failing(self: Any, *given: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("adapter.exchange.streamed_choice.StreamedChoice.finish", failing)
    with Upstream(Stream(pieces)) as upstream, running(upstream.url) as url:
        got = httpx.post(f"{url}/chat/completions", json={**TOOLS, "stream": True}, timeout=LIMIT)
    assert '"server_error"' in got.text.splitlines()[-2]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/api/chat"])
def test_a_large_request_keeps_nobody_waiting(path: str) -> None:
    """While it is read and rendered, many small ones are answered."""
    messages = [{"role": "user", "content": f"line {number} of a long conversation"} for number in range(40_000)]
    large = {"model": "m", "max_tokens": 9, "messages": messages, "tools": [], "stream": False}
    done = threading.Event()
    status: list[int] = []

    def ask() -> None:
        status.append(httpx.post(f"{root}{path}", json=large, timeout=LIMIT).status_code)
        done.set()

    with Upstream(completion("Fine.")) as upstream, running(upstream.url, ollama=True) as url:
        root = url.removesuffix("/v1")
        asking = threading.Thread(target=ask)
        asking.start()
        answered = 0
        with httpx.Client(timeout=LIMIT) as client:
            while not done.is_set():
                assert client.get(f"{root}/health").status_code == 200
                answered += 1
        asking.join()
    assert status == [200]
    assert answered >= 10
