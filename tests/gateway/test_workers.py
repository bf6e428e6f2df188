"""Several processes on one socket: another one begins where one dies, streams end before the stop, settings are read again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.loopback import DONE, Stream, Upstream, chunk, completion, event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 60.0
NONE_KEPT = '[options]\nstore = "none"\n'
ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


class Served:
    """A gateway with workers, in a process of its own.

    Attributes:
        url: The base URL for callers.
        process: The process that looks after the workers.
    """

    def __init__(self, upstream: str, folder: Path, *flags: str) -> None:
        settings = folder / "adapter.toml"
        settings.write_text(NONE_KEPT, encoding="utf-8")
        self._log = folder / "log"
        command = [sys.executable, "-m", "adapter", "serve", "--config", str(settings), "--upstream", upstream, "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
        with self._log.open("ab") as said:
            self.process = subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, stderr=said, env=environment, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Serving http://"), (line, self.log())
        self.url = line.split()[1]

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def logged(self, text: str, times: int = 1) -> None:
        """Wait until the log has a text so many times."""
        until = time.monotonic() + LIMIT
        while self.log().count(text) < times:
            assert time.monotonic() < until, self.log()
            time.sleep(0.05)

    def children(self) -> set[int]:
        """The ids of the workers' processes."""
        listed = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)],  # noqa: S607  # the system's
            capture_output=True,
            text=True,
            check=True,
        )
        return {int(line.split()[0]) for line in listed.stdout.splitlines() if "spawn_main" in line}

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(LIMIT)


@pytest.fixture
def release() -> threading.Event:
    return threading.Event()


@pytest.fixture
def upstream(release: threading.Event) -> Iterator[Upstream]:
    def reply(request: Any) -> Any:
        if request.body.get("stream"):
            return Stream((event(chunk({"content": "a"})), release, event(chunk({"content": "b"}, "stop")), DONE))
        return completion("Hello.")

    with Upstream(reply) as found:
        yield found


def stopped_in_a_stream(served: Served, release: threading.Event) -> str:
    """Have the gateway stop while a stream runs, whose rest comes later. Returns the words of the stream."""
    got: list[bytes] = []
    with httpx.stream("POST", f"{served.url}/chat/completions", json={**ASKED, "stream": True}, timeout=LIMIT) as answer:
        pieces = answer.iter_bytes()
        got.append(next(pieces))
        served.process.terminate()
        time.sleep(0.5)
        assert served.process.poll() is None
        release.set()
        got += pieces
    assert got[-1].endswith(b"data: [DONE]\n\n")
    said = [json.loads(line[6:]) for line in b"".join(got).splitlines() if line.startswith(b"data: {")]
    return "".join(one["choices"][0]["delta"].get("content") or "" for one in said if one["choices"])


@pytest.mark.proof
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_day_of_two_workers(upstream: Upstream, release: threading.Event, tmp_path: Path) -> None:
    served = Served(upstream.url, tmp_path, "--workers", "2", "--native", "never")
    try:
        before = served.children()
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        served.logged("another one begins")
        for _ in range(20):  # the other goes on, and soon both do
            assert httpx.post(f"{served.url}/chat/completions", json=ASKED, timeout=LIMIT).status_code == 200
        assert len(served.children()) == 2
        (tmp_path / "adapter.toml").write_text(f'model = "other"\nstop_timeout = 31\n{NONE_KEPT}', encoding="utf-8")
        served.process.send_signal(signal.SIGHUP)
        served.logged("reload: ", 2)
        for broken, times in (
            ('log_level = "loud"', 1),
            (f"a = {'[' * 3000}", 2),
            (NONE_KEPT.replace("none", "/nonexistent/x"), 4),
        ):
            (tmp_path / "adapter.toml").write_text(broken + "\n", encoding="utf-8")
            served.process.send_signal(signal.SIGHUP)
            served.logged("reload: the old settings stay: ", times)
        os.kill(min(served.children()), signal.SIGKILL)  # the next one begins with the settings that hold
        served.logged("another one begins", 2)
        until = time.monotonic() + LIMIT
        while len(served.children()) < 2:
            assert time.monotonic() < until, served.log()
            time.sleep(0.05)
        assert "giving up" not in served.log()
        upstream.received.clear()
        for _ in range(20):
            assert httpx.post(f"{served.url}/chat/completions", json=ASKED, timeout=LIMIT).status_code == 200
        assert {body["model"] for body in upstream.bodies} == {"other"}
        assert stopped_in_a_stream(served, release) == "ab"
    finally:
        release.set()
        status = served.stop()
    assert status == 0, served.log()


@pytest.mark.proof
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_workers_end_with_the_process_that_began_them(upstream: Upstream, tmp_path: Path) -> None:
    served = Served(upstream.url, tmp_path, "--workers", "2", "--store", "none")
    children = served.children()
    assert len(children) == 2
    served.process.kill()
    served.stop()
    until = time.monotonic() + LIMIT
    while any(_lives(pid) for pid in children):
        assert time.monotonic() < until
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.proof
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_what_workers_count_is_one_sum(upstream: Upstream, tmp_path: Path) -> None:
    """Whichever worker is asked, and after one has died; each writes a file of records of its own."""
    flags = ("--workers", "2", "--store", "none", "--native", "never", "--metrics", "--record", str(tmp_path / "records"))
    served = Served(upstream.url, tmp_path, *flags)
    counted = [
        'adapter_requests_total{model="m",status="200",wire="chat"} 24.0',
        'adapter_upstream_requests_total{outcome="answered",upstream="default"}',
        'adapter_upstream_circuit{state="closed",upstream="default"} 2.0',
    ]
    try:
        for _ in range(24):
            assert httpx.post(f"{served.url}/chat/completions", json=ASKED, timeout=LIMIT).status_code == 200
        address = f"{served.url.removesuffix('/v1')}/metrics"
        seen = [httpx.get(address, timeout=LIMIT).text for _ in range(8)]
        assert [line for text in seen for line in counted[:2] if line not in text] == [], seen[0]
        os.kill(min(served.children()), signal.SIGKILL)
        served.logged("another one begins")
        assert counted[0] in httpx.get(address, timeout=LIMIT).text
        until = time.monotonic() + LIMIT
        while counted[2] not in httpx.get(address, timeout=LIMIT).text:  # once the new one has answered
            assert time.monotonic() < until
            httpx.post(f"{served.url}/chat/completions", json=ASKED, timeout=LIMIT)
    finally:
        status = served.stop()
    assert status == 0, served.log()
    written = [path.read_text(encoding="utf-8").count('"finish_reason"') for path in sorted(tmp_path.glob("records.*"))]
    assert len(written) == 2
    assert sum(written) >= 20
