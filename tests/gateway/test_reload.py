"""Settings read once more while requests run: a stream goes on, a broken file changes nothing (behaviour 9.5, 9.6)."""

from __future__ import annotations

import logging
import queue
import signal
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from adapter.gateway.config import BadConfig, Config
from tests.gateway.test_openai_wires import ASKED, CHAT_TOOLS, GOOD, call
from tests.gateway.test_process import START, process
from tests.support.gateway import LIMIT, config_for, gateway_with
from tests.support.loopback import DONE, Answer, Received, Stream, Upstream, chunk, completion, event

if TYPE_CHECKING:
    from pathlib import Path

PLAIN: dict[str, Any] = {"model": "m", "messages": ASKED}


class Settings:
    """The settings that are read next: a configuration, or an error."""

    def __init__(self, now: Config) -> None:
        self.now: Config | Exception = now
        self.read: queue.Queue[Config] = queue.Queue()

    def __call__(self) -> Config:
        if isinstance(self.now, Exception):
            raise self.now
        return self.now


def said_by(url: str, **more: Any) -> str:
    got = httpx.post(f"{url}/chat/completions", json=PLAIN, timeout=LIMIT, **more)
    assert got.status_code == 200, got.text
    return str(got.json()["choices"][0]["message"]["content"])


def test_a_stream_goes_on_with_the_settings_it_began_with() -> None:
    """Also over a second reload, whose upstream is another than of the first; the stored response is there after it.

    The old upstream's connection is closed when the stream has ended.
    """
    text, goes_on = call(GOOD), threading.Event()

    def old(request: Received) -> Any:
        if not request.body.get("stream"):
            return completion("Old.")
        first, *rest = [event(chunk({"content": text[at : at + 20]})) for at in range(0, len(text), 20)]
        return Stream(
            (event(chunk({"role": "assistant", "content": "I look. "})), first, goes_on, *rest, event(chunk({}, "stop")), DONE)
        )

    with Upstream(old) as one, Upstream(completion("New.")) as two:
        settings = Settings(config_for(one.url, retries=1))
        with (
            gateway_with(config_for(one.url), reread=settings, reloaded=settings.read.put) as gateway,
            httpx.Client(timeout=LIMIT) as client,
        ):
            kept = client.post(f"{gateway.url}/responses", json={"model": "m", "input": "Hi", "tools": []}).json()
            body = {**PLAIN, "tools": CHAT_TOOLS, "stream": True}
            with client.stream("POST", f"{gateway.url}/chat/completions", json=body) as answer:
                lines = answer.iter_lines()
                assert next(lines).startswith("data: ")
                for _ in range(2):
                    gateway.reload()
                    settings.read.get(timeout=LIMIT)
                    settings.now = config_for(two.url, keys=frozenset({"k-new"}))
                assert httpx.post(f"{gateway.url}/chat/completions", json=PLAIN, timeout=LIMIT).status_code == 401
                key = {"authorization": "Bearer k-new"}
                assert said_by(gateway.url, headers=key) == "New."
                goes_on.set()
                rest = "\n".join(lines)
            assert "Oslo" in rest
            assert rest.rstrip().endswith("[DONE]")
            assert client.get(f"{gateway.url}/responses/{kept['id']}", headers=key).json()["id"] == kept["id"]
        assert [len(upstream.received) for upstream in (one, two)] == [2, 1]


def test_settings_that_cannot_be_used_change_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "adapter.gateway")
    with Upstream(completion("Old.")) as one, Upstream(completion("New.")) as two:
        settings = Settings(config_for(one.url))
        with gateway_with(config_for(one.url), reread=settings, reloaded=settings.read.put) as gateway:
            for wrong in (
                BadConfig("adapter.toml: prot: no such setting; did you mean 'port'?"),
                OSError(5, "the disk\nis away"),
                RuntimeError(),
            ):
                caplog.clear()
                settings.now = wrong
                gateway.reload()
                number = 0
                while not caplog.records and number < 400:
                    assert said_by(gateway.url) == "Old."
                    number += 1
                [line] = [record.getMessage() for record in caplog.records if record.name == "adapter.gateway"]
                words = " ".join(str(wrong).split()) or "RuntimeError"
                assert line == f"reload: the old settings stay: {words}"
            caplog.clear()
            settings.now = config_for(two.url, port=1, idle_timeout=9.0)
            gateway.reload()
            settings.read.get(timeout=LIMIT)
            assert said_by(gateway.url) == "New."


def test_an_open_address_keeps_its_keys() -> None:
    """The address stays until the process ends: settings with another one do not open the door (9.4)."""
    from adapter.gateway.app import make_app

    def config(host: str, *keys: str, no_auth: bool = False) -> Config:
        return config_for("http://127.0.0.1:9/v1", host=host, keys=frozenset(keys), no_auth=no_auth)

    # The settings at the start and at the reload; true for settings that may hold.
    rows: list[tuple[Config, Config, bool]] = [
        (config("192.0.2.7", "k"), config("127.0.0.1"), False),
        (config("192.0.2.1", "k"), config("192.0.2.1"), False),
        (config("192.0.2.7", "k"), config("127.0.0.1", no_auth=True), True),
        (config("192.0.2.7", "k"), config("127.0.0.1", "k2"), True),
        (config("127.0.0.1", "k"), config("127.0.0.1"), True),
    ]
    for before, after, holds in rows:
        app = make_app(before)
        if holds:
            assert app.made(after).service.config is after
            continue
        with pytest.raises(BadConfig, match=r"listened on until the next start.*--api-key-file"):
            app.made(after)


def test_circuits_and_counts_of_an_upstream_stay() -> None:
    from adapter.gateway.service import Service

    first = config_for("http://127.0.0.1:9/v1", circuit_failures=1)
    before = Service(first)
    before.upstreams.members[0].circuit.failed(0.0)
    same, other = Service(first, before), Service(config_for("http://127.0.0.1:8/v1", circuit_failures=1), before)
    assert same.upstreams.members[0] is before.upstreams.members[0]
    assert other.upstreams.members[0] is not before.upstreams.members[0]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_signal_reads_the_file_again(tmp_path: Path) -> None:
    """The file is broken first, and then names another upstream; each signal leaves one line."""
    file = tmp_path / "adapter.toml"
    with Upstream(completion("Old.")) as one, Upstream(Answer(completion("New.").body)) as two:
        file.write_text(f"upstream = '{one.url}'\n", encoding="utf-8")
        with process("--config", str(file)) as (url, running):
            lines: queue.Queue[str] = queue.Queue()
            assert running.stderr is not None
            err = running.stderr
            told = filter(lambda line: "reload" in line, err)
            threading.Thread(target=lambda: list(map(lines.put, told)), daemon=True).start()
            assert said_by(url) == "Old."
            file.write_text("upstraem = 1\n", encoding="utf-8")
            running.send_signal(signal.SIGHUP)
            assert "ERROR reload: the old settings stay: " in (line := lines.get(timeout=START))
            assert "did you mean 'upstream'?" in line
            assert said_by(url) == "Old."
            file.write_text(f"upstream = '{two.url}'\nport = 1\n", encoding="utf-8")
            running.send_signal(signal.SIGHUP)
            assert f"INFO reload: the settings of {file} hold for new requests" in lines.get(timeout=START)
            assert said_by(url) == "New."
            running.send_signal(signal.SIGTERM)
            assert running.wait(LIMIT) == 0
