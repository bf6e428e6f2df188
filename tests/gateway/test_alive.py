"""Signs of life, and callers that go: on every wire, whole and streamed (behaviour 9.10)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.gateway.test_openai_wires import ASKED, CHAT_TOOLS, FLAT_TOOLS, GOOD, call
from tests.support.gateway import LIMIT, Script, running
from tests.support.loopback import DONE, Answer, Raw, Stream, Upstream, chunk, completion, event, streamed

REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/chat/completions", {"messages": ASKED, "tools": CHAT_TOOLS}),
    "chat without tools": ("/chat/completions", {"messages": ASKED}),
    "responses": ("/responses", {"input": "Weather?", "tools": FLAT_TOOLS}),
    "messages": ("/messages", {"max_tokens": 9, "messages": ASKED, "tools": [{"name": "weather", "input_schema": {}}]}),
    "completions": ("/completions", {"prompt": "Once"}),
}
ALIVE = 0.1
SILENT = 0.5
SAID = call(GOOD)
BEGUN = event(chunk({"role": "assistant", "content": SAID[:9]}))
REST = (event(chunk({"content": SAID[9:]})), event(chunk({}, "stop")), DONE)
# The sign of life on each wire.
SIGNS = {
    "chat": ": waiting", "chat without tools": ": waiting", "responses": "event: response.in_progress",
    "messages": "event: ping", "completions": ": waiting",
}  # fmt: skip


@pytest.mark.parametrize("wire", REQUESTS)
def test_a_silent_upstream_gives_signs_of_life(wire: str) -> None:
    path, given = REQUESTS[wire]
    with (
        Upstream(Stream((BEGUN, SILENT, *REST))) as upstream,
        running(upstream.url, {"alive_after": ALIVE}) as url,
    ):
        got = httpx.post(url + path, json={"model": "m", "stream": True, **given}, timeout=LIMIT)
    lines = got.text.splitlines()
    assert lines.count(SIGNS[wire]) >= 2, got.text
    assert got.headers["x-accel-buffering"] == "no"
    if path != "/completions" and "tools" in given:
        assert "Oslo" in got.text


@pytest.mark.parametrize("wire", ["chat", "chat without tools", "responses", "messages"])
def test_signs_of_life_come_before_upstream_says_anything(wire: str) -> None:
    """A server that reads a long prompt sends no head for minutes; an error that comes late ends the stream."""
    path, given = REQUESTS[wire]
    script = Script()
    with Upstream(script) as upstream, running(upstream.url, {"alive_after": ALIVE}) as url:
        good = Answer(b"".join([BEGUN, *REST]), headers={"content-type": "text/event-stream"}, delay=SILENT)
        bad = Answer({"error": {"message": "out of memory"}}, 500, delay=SILENT)
        called = "_call" if wire == "chat without tools" else "Oslo"
        for script.reply, words in ((good, called), (bad, "out of memory"), (Raw(b""), "broke off")):
            got = httpx.post(url + path, json={"model": "m", "stream": True, **given}, timeout=LIMIT)
            assert words in got.text, got.text
            if script.reply is not good and not isinstance(script.reply, Raw):
                assert got.status_code == 200
            if not isinstance(script.reply, Raw):
                assert got.text.splitlines().count(SIGNS[wire]) >= 2


@pytest.mark.parametrize("wire", ["chat", "messages"])
def test_signs_of_life_come_while_a_call_is_asked_for_again(wire: str) -> None:
    path, given = REQUESTS[wire]
    again = Answer(b"".join([BEGUN, *REST]), headers={"content-type": "text/event-stream"}, delay=SILENT)
    tools: dict[str, Any] = {"tools": [{"name": "weather", "input_schema": {"type": "object", "required": ["city"]}}]}
    given = {**given, **(tools if wire == "messages" else {})}
    with Upstream(streamed(call({"days": 1})), again) as upstream, running(upstream.url, {"alive_after": ALIVE}) as url:
        got = httpx.post(url + path, json={"model": "m", "stream": True, **given}, timeout=LIMIT)
        assert len(upstream.received) == 2
    assert got.text.splitlines().count(SIGNS[wire]) >= 2
    assert "Oslo" in got.text


# What upstream does while the caller waits: nothing yet, half a document, half a stream.
WAITS: dict[str, Any] = {
    "before the head": Raw(b"", linger=True),
    "within a document": Stream((b'{"id": "c", ',), {"content-type": "application/json"}, linger=True),
    "within a stream": Stream((BEGUN,), linger=True),
}


def leaves(url: str, body: dict[str, Any], upstream: Upstream) -> None:
    """Send a request and give up once upstream has the request, which may take a while on a busy machine."""
    before = len(upstream.received)
    for seconds in (0.3, 1, 3, LIMIT):
        with pytest.raises(httpx.ReadTimeout), httpx.stream("POST", url, json=body, timeout=seconds) as got:
            for _ in got.iter_bytes():
                pass
        if len(upstream.received) > before:
            return


@pytest.mark.parametrize("wire", REQUESTS)
def test_a_caller_that_goes_ends_the_request_to_upstream(wire: str) -> None:
    path, given = REQUESTS[wire]
    script = Script()
    with Upstream(script) as upstream, running(upstream.url) as url:
        for name, script.reply in WAITS.items():
            upstream.hung_up.clear()
            body = {"model": "m", "stream": name == "within a stream", **given}
            leaves(url + path, body, upstream)
            assert upstream.hung_up.wait(LIMIT), name
        script.reply = completion("Fine.")
        assert httpx.post(f"{url}/chat/completions", json={"model": "m", "messages": ASKED}, timeout=LIMIT).status_code == 200


def test_one_caller_waits_for_no_other() -> None:
    """Requests run side by side: while one is silent, others are answered."""
    script = Script()
    slow = {"model": "slow", "stream": True, "messages": ASKED}
    with Upstream(script) as upstream, running(upstream.url) as url, httpx.Client(timeout=LIMIT) as client:
        script.reply = lambda request: WAITS["within a stream"] if request.body["model"] == "slow" else completion("Fine.")
        with client.stream("POST", f"{url}/chat/completions", json=slow) as waiting:
            assert next(waiting.iter_bytes()).startswith(b"data: ")
            for _ in range(3):
                got = client.post(f"{url}/chat/completions", json={"model": "m", "messages": ASKED, "tools": CHAT_TOOLS})
                assert json.loads(got.text)["choices"][0]["message"]["content"] == "Fine."
