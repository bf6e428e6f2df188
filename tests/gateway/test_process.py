"""`adapter serve` as a process: says where it listens, serves, and stops at a signal without cutting an answer (behaviour 9.6)."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

import adapter
from tests.gateway.test_openai_wires import ASKED, CHAT_TOOLS, GOOD, call
from tests.gateway.test_tools_ignored import WIRES
from tests.support.gateway import LIMIT, config_for, gateway_with
from tests.support.loopback import DONE, Raw, Received, Reply, Stream, Upstream, chunk, event, streamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

ROOT = Path(adapter.__file__).parents[1]
START = 60.0  # seconds for a process on a busy machine


@contextmanager
def process(*words: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run `adapter serve` on a free port. Yields the base URL and the process."""
    command = [sys.executable, "-m", "adapter", "serve", "--port", "0", *words]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables, cwd="/"
    ) as running:
        assert running.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        out = running.stdout
        threading.Thread(target=lambda: lines.put(out.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=START)
            assert line.startswith("Serving http://127.0.0.1:"), line
            yield line.split()[1], running
        finally:
            running.kill()
            running.communicate(timeout=LIMIT)


def test_it_serves_and_stops() -> None:
    """A stream that runs when the signal comes is finished; the exit status is 0; the key is nowhere."""
    text = call(GOOD)
    pieces = [event(chunk({"content": text[at : at + 20]})) for at in range(0, len(text), 20)]
    slow = Stream((pieces[0], 0.8, *pieces[1:], event(chunk({}, "stop")), DONE))
    with (
        Upstream(streamed(text), slow) as upstream,
        process("--upstream", upstream.url, "--upstream-key-env", "UP", UP="sk-7") as (
            url,
            running,
        ),
    ):
        body = {"model": "m", "messages": ASKED, "tools": CHAT_TOOLS, "stream": True}
        with httpx.Client(timeout=LIMIT) as client:
            assert '"tool_calls"' in client.post(f"{url}/chat/completions", json=body).text
            with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
                lines = answer.iter_lines()
                running.send_signal(signal.SIGTERM)
                rest = "\n".join(lines)
        assert '"tool_calls"' in rest
        assert rest.rstrip().endswith("[DONE]")
        assert running.wait(LIMIT) == 0
        assert running.stderr is not None
        assert "sk-7" not in running.stderr.read()
        assert upstream.received[0].headers["authorization"] == "Bearer sk-7"


def test_a_request_that_is_cut_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """After `stop_timeout`: a 503 in the wire's form, whole or streamed; a stream that has begun ends in an error."""
    half = event(chunk({"role": "assistant", "content": "Hel"}))
    wires = {**WIRES, "completions": ("/v1/completions", {"prompt": "Hi"})}
    begun, told = threading.Semaphore(0), {}

    def ask(url: str, wire: str, kind: str) -> None:
        path, body = wires[wire]
        stream = kind != "whole"
        given = {"model": kind, **body, **({} if wire == "dashscope" else {"stream": stream})}
        headers = {"x-dashscope-sse": "enable"} if stream else {}
        with httpx.stream("POST", url.removesuffix("/v1") + path, json=given, headers=headers, timeout=LIMIT) as got:
            text = ""
            for piece in got.iter_text():
                if not text and kind == "begun":
                    begun.release()
                text += piece
            assert "x-should-retry" not in got.headers
            told[wire, kind] = (got.status_code, text)

    def reply(request: Received) -> Reply:
        return Stream((half,), linger=True) if request.body["model"] == "begun" else Raw(b"", linger=True)

    rows = [(wire, kind) for wire in wires for kind in ("whole", "streamed", "begun")]
    with Upstream(reply) as upstream:
        options = {"alive_after": None}
        with gateway_with(config_for(upstream.url, options, ollama=True, log_json=True)) as gateway:
            asking = [threading.Thread(target=ask, args=(gateway.url, *row), daemon=True) for row in rows]
            for thread in asking:
                thread.start()
            assert all(begun.acquire(timeout=LIMIT) for _ in wires)
            until = time.monotonic() + LIMIT
            while len(upstream.received) < len(rows) and time.monotonic() < until:
                time.sleep(0.01)
        for thread in asking:
            thread.join(LIMIT)
    assert set(told) == set(rows)
    for (wire, kind), (status, text) in told.items():
        assert status == (200 if kind == "begun" else 503), (wire, kind, text)
        assert "The gateway stops." in text, (wire, kind, text)
    assert json.loads(told["messages", "whole"][1])["type"] == "error"
    assert json.loads(told["ollama", "streamed"][1])["error"].startswith("The gateway stops.")
    assert "event: error" in told["messages", "begun"][1]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_it_says_in_a_line_why_it_cannot_serve() -> None:
    command = [sys.executable, "-m", "adapter", "serve", "--upstream", "http://127.0.0.1:1", "--host", "192.0.2.1", "--no-auth"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("adapter: host '192.0.2.1', port 8790: ")
    assert done.stderr.count("\n") == 1
