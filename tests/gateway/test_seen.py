"""Metrics, the log in JSON, the file of records: what is told about requests on every wire, and what never is (behaviour 9.13)."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import re
import stat
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

import adapter
from adapter.gateway import metrics as metrics_module
from adapter.gateway.config import BadConfig
from adapter.gateway.json_log import JsonLines, without_text_line
from adapter.gateway.metrics import Metrics, Names
from adapter.gateway.recording import Recorder
from adapter.gateway.secrecy import Secrets
from adapter.gateway.seen import WIRES as WORDS
from adapter.gateway.seen import Seen, wire_word
from tests.gateway.test_openai_wires import ASKED, CHAT_TOOLS, GOOD, call
from tests.gateway.test_tools_ignored import WIRES
from tests.gateway.test_upstreams import ask
from tests.support.gateway import LIMIT, Script, config_for, gateway_with, running
from tests.support.loopback import Answer, Raw, Received, Stream, Upstream, chunk, completion, event, streamed

ROOT = Path(adapter.__file__).parents[1]
PLAIN: dict[str, Any] = {"model": "m", "messages": ASKED}
TOOLS: dict[str, Any] = {**PLAIN, "tools": CHAT_TOOLS}
SECRETS = ("sk-upstream-1", "k-gateway-2", "sk-in-the-body-3", "Bearer sk-of-a-server-4")


def samples(url: str, **more: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The metrics: by name and labels."""
    got = httpx.get(f"{url.removesuffix('/v1')}/metrics", timeout=LIMIT, **more)
    assert got.status_code == 200, got.text
    assert got.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(got.text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def picked(found: Any, name: str) -> dict[tuple[str, ...], float]:
    """The samples of a name, by the values of their labels in the order of the labels' names."""
    return {tuple(value for _, value in labels): count for (one, labels), count in found.items() if one == name}


def said(request: Received, text: str) -> Any:
    return streamed(text) if request.body.get("stream") else completion(text)


def test_requests_on_every_wire_are_counted() -> None:
    with (
        Upstream(lambda request: said(request, call(GOOD))) as upstream,
        running(upstream.url, ollama=True, metrics=True) as url,
    ):
        for wire in WIRES:
            for stream in (False, True):
                assert ask(url, wire, stream=stream).status_code == 200
        httpx.get(f"{url.removesuffix('v1')}health", timeout=LIMIT)
        found = samples(url)
    for wire in WIRES:
        assert picked(found, "adapter_requests_total")["m", "200", wire] == 2
        assert picked(found, "adapter_request_seconds_count")["m", wire] == 2
        assert picked(found, "adapter_first_token_seconds_count")["m", wire] == 1, wire
        assert picked(found, "adapter_calls_total")["m", "valid", "weather", wire] == 2
        assert picked(found, "adapter_tokens_total")["prompt", "m", wire] == 20
        assert picked(found, "adapter_tokens_total")["completion", "m", wire] == 10
    assert len(picked(found, "adapter_requests_total")) == len(WIRES)
    assert picked(found, "adapter_requests_running") == {(): 0}
    assert picked(found, "adapter_upstream_requests_total") == {("answered", "default"): 2 * len(WIRES)}
    assert picked(found, "adapter_upstream_circuit") == {
        ("closed", "default"): 1, ("half_open", "default"): 0, ("open", "default"): 0}  # fmt: skip


# Texts of the model, options; then what is counted: metric, labels in the order of their names.
FATES: dict[str, tuple[list[str], dict[str, Any], dict[tuple[str, tuple[str, ...]], float]]] = {
    "coerced": ([call({"city": "Oslo", "days": "2"})], {}, {("repairs", ("coerced", "m", "weather", "chat")): 1, ("problems", ("coerced", "m", "chat")): 1}),
    "repaired": (['<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo",}}\n</tool_call>'], {}, {("repairs", ("repaired", "m", "weather", "chat")): 1}),
    "asked again": ([call({"days": 2}), call(GOOD)], {}, {
        ("reasks", ("m", "invalid_arguments", "weather", "chat")): 1, ("calls", ("m", "invalid", "weather", "chat")): 1, ("calls", ("m", "valid", "weather", "chat")): 1}),
    "refused": ([call({"days": 2})], {"on_invalid": "raise", "retries": 0}, {("refusals", ("m", "invalid_arguments", "weather", "chat")): 1, ("requests", ("m", "422", "chat")): 1}),
    "no call": (["It rains."], {"retries": 0}, {("refusals", ("m", "no_call", "none", "chat")): 1}),
    "a tool that nobody offered": ([call({}, "rm_rf")], {"retries": 0}, {("calls", ("m", "invalid", "other", "chat")): 1}),
}  # fmt: skip


@pytest.mark.parametrize("tools", [{}, {"tools": TOOLS["tools"]}], ids=["passed unchanged", "read"])
def test_a_stream_that_breaks_off_is_no_200(tools: dict[str, Any]) -> None:
    """Its status left with its first byte."""
    cut = Stream((event(chunk({"role": "assistant", "content": "Hel"})), 0.05), cut=True)
    with Upstream(cut) as upstream, running(upstream.url, metrics=True) as url:
        got = httpx.post(f"{url}/chat/completions", json={**PLAIN, **tools, "stream": True}, timeout=LIMIT)
        assert got.status_code == 200
        assert picked(samples(url), "adapter_requests_total") == {("m", "broken", "chat"): 1}


@pytest.mark.parametrize("fate", FATES)
def test_fates_of_calls_are_counted(fate: str) -> None:
    texts, options, wanted = FATES[fate]
    left = list(texts)
    with (
        Upstream(lambda request: said(request, left.pop(0) if len(left) > 1 else left[0])) as upstream,
        running(upstream.url, options, metrics=True) as url,
    ):
        choice = {"tool_choice": "required"} if fate == "no call" else {}
        httpx.post(f"{url}/chat/completions", json={**TOOLS, **choice}, timeout=LIMIT)
        found = samples(url)
    assert {key: picked(found, f"adapter_{key[0]}_total").get(key[1]) for key in wanted} == wanted


def test_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "MOST_MODELS", 2)
    monkeypatch.setattr(metrics_module, "MOST_SERIES", 3)
    hostile = ["\ud800", "a\nb", 'x"} 1', "y" * 101, "other", "", "é"]
    script = Script()
    with Upstream(script) as upstream, running(upstream.url, metrics=True) as url, httpx.Client(timeout=LIMIT) as client:
        script.reply = Answer({"error": {"message": "no such model"}}, 404)
        for number in range(5):  # names that serve nothing take no place
            client.post(f"{url}/chat/completions", json={**PLAIN, "model": f"unknown-{number}"})
        script.reply = lambda request: said(request, call(GOOD, f"tool_{request.body['model']}"[:60]))
        for name in hostile:
            sent = json.dumps({**PLAIN, "model": name}).encode()
            client.post(f"{url}/chat/completions", content=sent, headers={"content-type": "application/json"})
        for name in ("a", "b"):
            tools = [
                {"type": "function", "function": {"name": f"tool_{name}", "parameters": {}}} for name in ("a", "b", "c", "d")
            ]
            client.post(f"{url}/chat/completions", json={**PLAIN, "model": name, "tools": tools})
        found = samples(url)
    models = {model for model, _, _ in picked(found, "adapter_requests_total")}
    assert models == {"other", "none", 'x"} 1', "é"}
    assert picked(found, "adapter_folded_names_total")[("model",)] >= 2


def test_a_name_beyond_the_limit_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    folded: list[int] = []
    names = Names("model", 2, lambda: folded.append(1))
    assert [names.label(name, takes=True) for name in ("a", "b", "c", "a", "", "c")] == [
        "a",
        "b",
        "other",
        "a",
        "none",
        "other",
    ]
    assert (len(folded), caplog.text.count("further ones count as 'other'")) == (2, 1)


def test_combinations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "MOST_SERIES", 2)
    made = Metrics()
    assert [made._of_tool("chat", "m", name, takes=True)[2] for name in "abca"] == ["a", "b", "other", "a"]


def test_who_may_read_the_metrics() -> None:
    with Upstream(completion("x")) as upstream:
        with running(upstream.url, metrics=True, keys=frozenset({"k-one-two"})) as url:
            base = url.removesuffix("/v1")
            assert httpx.get(f"{base}/metrics", timeout=LIMIT).status_code == 401
            assert samples(url, headers={"authorization": "Bearer k-one-two"})
            assert httpx.get(f"{base}/metrics", headers={"host": "evil.example"}, timeout=LIMIT).status_code == 421
            assert httpx.post(f"{base}/metrics", headers={"x-api-key": "k-one-two"}, timeout=LIMIT).status_code == 405
        with running(upstream.url) as url:
            assert httpx.get(f"{url.removesuffix('/v1')}/metrics", timeout=LIMIT).status_code == 404


def test_the_table_of_metrics() -> None:
    """The page has each metric with its labels, and no other."""
    page = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(adapter_\w+)` \| (counter|gauge|histogram) \|([^|]*)\|", page, re.MULTILINE)
    listed = {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    made = Metrics()
    names: dict[str, tuple[str, ...]] = {
        "adapter_upstream_requests": ("upstream", "outcome"), "adapter_upstream_circuit": ("upstream", "state")}  # fmt: skip
    for value in vars(made).values():
        if hasattr(value, "_labelnames"):
            names[value._name] = value._labelnames
    found = {
        family.name + ("_total" if family.type == "counter" else ""): (family.type, names[family.name])
        for family in made.registry.collect()
        if family.name.startswith("adapter_")
    }
    assert listed == found


def test_words_for_wires() -> None:
    rows = {
        "/v1/chat/completions": "chat", "/chat/completions": "chat", "/v1/responses": "responses", "/v1/responses/resp_1/cancel": "responses",
        "/v1/messages": "messages", "/v1/messages/count_tokens": "count_tokens", "/v1/completions": "completions",
        "/v1/embeddings": "embeddings", "/v1/models/x/y": "models", "/api/chat": "ollama", "/v1/nowhere": "other", "/": "other",
        "/api/v1/services/aigc/text-generation/generation": "dashscope", "/v1/responsesque": "other",
    }  # fmt: skip
    assert {path: wire_word(path, ollama=True) for path in rows} == rows
    assert wire_word("/api/chat", ollama=False) == "other"
    assert set(rows.values()) == set(WORDS)


def json_lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    kept = [record for record in caplog.records if record.name.startswith("adapter") and without_text_line(record)]
    lines = [json.loads(JsonLines().format(record)) for record in kept if record.levelno >= logging.INFO]
    return [line for line in lines if line["message"] == "request"]


@pytest.mark.parametrize("wire", WIRES)
def test_a_line_of_json_for_each_request(wire: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="adapter")
    script = Script()
    with Upstream(script) as upstream, running(upstream.url, ollama=True, log_json=True) as url:
        script.reply = lambda request: said(request, call({"city": "Oslo", "days": "2"}))
        for stream in (False, True):
            ask(url, wire, stream=stream)
        script.reply = Answer({"error": {"message": "no such model"}}, 404)
        ask(url, wire, stream=False)
        script.reply = Stream((event(chunk({"role": "assistant", "content": "Hel"})), 0.05), cut=True)
        ask(url, wire, stream=True)
    whole, pieces, missing, cut = json_lines(caplog)
    for line in (whole, pieces):
        wanted = {
            "level": "info", "logger": "adapter.gateway.requests", "wire": wire, "method": "POST", "model": "m", "status": 200,
            "outcome": "answered", "requests": 1, "calls": ["weather"], "upstream": "default",
            "prompt_tokens": 10, "completion_tokens": 5,
        }  # fmt: skip
        assert {name: line.get(name) for name in wanted} == wanted
        assert line["problems"]["coerced"] == 1
        assert len(line["id"]) == 16
        assert line["seconds"] >= 0
    assert (whole["stream"], "first_token" in whole, pieces["stream"], pieces["first_token"] >= 0) == (False, False, True, True)
    assert (missing["status"], missing["outcome"]) == (404, "error")
    assert (cut["status"], cut["outcome"], "broke off" in cut["error"]) == (200, "broken", True)
    assert (
        sum(
            record.levelno == logging.INFO and without_text_line(record)
            for record in caplog.records
            if record.name.startswith("adapter")
        )
        == 4
    )


def test_requests_that_reach_no_upstream_have_a_line_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="adapter")
    with (
        Upstream(Raw(b"", linger=True)) as upstream,
        running(upstream.url, log_json=True, keys=frozenset({"k-gateway-2"})) as url,
    ):
        base, key = url.removesuffix("/v1"), {"x-api-key": "k-gateway-2"}
        httpx.post(f"{url}/chat/completions", json=TOOLS, timeout=LIMIT)
        httpx.post(f"{url}/chat/completions", json={**TOOLS, "tool_choice": "maybe"}, headers=key, timeout=LIMIT)
        httpx.get(f"{base}/v1/nowhere", headers=key, timeout=LIMIT)
        assert httpx.get(f"{base}/health", timeout=LIMIT).status_code == 200
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/chat/completions", json=TOOLS, headers=key, timeout=1.0)
        until = time.monotonic() + LIMIT
        while len(json_lines(caplog)) < 4 and time.monotonic() < until:
            time.sleep(0.02)
    lines = json_lines(caplog)
    assert [(line["status"], line["outcome"], line.get("code", "")) for line in lines] == [
        (401, "error", "invalid_api_key"), (400, "error", "invalid_request_error"), (404, "error", ""), (0, "left", "")]  # fmt: skip
    assert "k-gateway-2" not in caplog.text


def test_fallbacks_stand_in_the_line(caplog: pytest.LogCaptureFixture) -> None:
    from tests.gateway.test_upstreams import two

    caplog.set_level(logging.INFO, logger="adapter")
    with two(Answer({}, 503), completion("Fine."), log_json=True, metrics=True) as (url, _, _):
        for path, body in {"/chat/completions": TOOLS, "/completions": {"model": "m", "prompt": "x"}}.items():
            httpx.post(url + path, json=body, timeout=LIMIT)
        found = picked(samples(url), "adapter_upstream_requests_total")
    for line in json_lines(caplog):
        assert (line["upstream"], line["tried"]) == ("spare", ["main status_503"])
    assert found == {("answered", "spare"): 2, ("status_503", "main"): 2}


def test_a_passed_stream_that_breaks_off_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="adapter")
    cut = Stream((event({"choices": [{"index": 0, "text": "On"}]}), 0.05), cut=True)
    with Upstream(cut) as upstream, running(upstream.url, log_json=True) as url:
        httpx.post(f"{url}/completions", json={"model": "m", "prompt": "x", "stream": True}, timeout=LIMIT)
    [line] = json_lines(caplog)
    assert (line["status"], line["outcome"], line["code"]) == (200, "broken", "upstream_cut")


def test_no_line_is_made_below_the_level_of_the_log() -> None:
    from adapter.gateway.sinks import sinks_for

    config = config_for("http://127.0.0.1:9/v1", log_json=True)
    assert len(sinks_for(config).all) == 1
    assert sinks_for(dataclasses.replace(config, log_level="warning")).all == ()


def lines_in(file: Path, number: int) -> list[dict[str, Any]]:
    """The lines of a file of records, as soon as there are so many."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if len(lines) >= number:
            return [json.loads(line) for line in lines]
        time.sleep(0.02)
    raise AssertionError(f"{file} did not get {number} lines")


def test_records_of_requests(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    left = [call({"days": 2}), call(GOOD)]
    with Upstream(lambda request: said(request, left[len(upstream.received) - 1])) as upstream:
        with running(upstream.url, record=str(file)) as url:
            httpx.post(f"{url}/chat/completions", json={**TOOLS, "stream": True}, timeout=LIMIT)
            first, second = lines_in(file, 2)
        bodies = upstream.bodies
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [line["request"] for line in (first, second)] == bodies
    assert [line["outcome"] for line in (first, second)] == ["asked_again", "answered"]
    assert (first["exchange"], first["number"], second["number"]) == (second["exchange"], 1, 2)
    assert (first["wire"], first["upstream"], first["version"]) == ("chat", "default", 1)
    assert second["completions"] == [call(GOOD)]
    assert second["calls"] == [{"name": "weather", "arguments": json.dumps(GOOD), "valid": True}]
    assert {problem["kind"] for problem in first["problems"]} - {"chosen"} == {"invalid_arguments", "reask"}
    assert "Weather in Oslo?" in first["prompt"]
    assert second["raw"].startswith("data: ")
    assert first["usage"]["prompt_tokens"] == 10


def test_no_key_is_in_anything(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Keys of the gateway and of upstream, of the caller, in the body; quoted by the model and by errors."""
    caplog.set_level(logging.DEBUG, logger="adapter")
    file = tmp_path / "records.jsonl"
    body = {
        **TOOLS, "api_key": SECRETS[2], "mcp_servers": [{"name": "x", "authorization_token": SECRETS[3], "url": "u"}],
        "messages": [{"role": "user", "content": f"my key is {SECRETS[1]}, and yours {SECRETS[0]}"}],
    }  # fmt: skip
    script = Script()
    with (
        Upstream(script) as upstream,
        running(
            upstream.url, key=SECRETS[0], keys=frozenset({SECRETS[1]}), record=str(file), log_json=True, metrics=True
        ) as url,
    ):
        key = {"authorization": f"Bearer {SECRETS[1]}"}
        script.reply = lambda request: completion(f"{request.headers['authorization']} {SECRETS[1]}")
        httpx.post(f"{url}/chat/completions", json=body, headers=key, timeout=LIMIT)
        script.reply = Answer({"error": {"message": f"bad key {SECRETS[0]}"}}, 401)
        httpx.post(f"{url}/chat/completions", json=body, headers=key, timeout=LIMIT)
        lines = lines_in(file, 2)
        shown = httpx.get(f"{url.removesuffix('/v1')}/metrics", headers=key, timeout=LIMIT).text
    text = file.read_text(encoding="utf-8") + shown + "".join(map(json.dumps, json_lines(caplog)))
    assert [secret for secret in SECRETS if secret in text] == []
    assert lines[0]["completions"] == ["Bearer *** ***"]
    assert "my key" not in shown


def test_secrets_leave_the_names_of_members() -> None:
    found = json.loads(
        Secrets(["prompted", "none", ""]).without(
            {"prompted": "prompted none", "request": {"headers": {}, "tools": [{"headers": 1}]}}
        )
    )
    assert found == {"prompted": "*** none", "request": {"headers": "***", "tools": [{"headers": "***"}]}}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_a_full_disk_fails_no_request(caplog: pytest.LogCaptureFixture) -> None:
    with Upstream(completion("Fine.")) as upstream, running(upstream.url, record="/dev/full") as url:
        for _ in range(3):
            assert httpx.post(f"{url}/chat/completions", json=TOOLS, timeout=LIMIT).status_code == 200
    told = [record.getMessage() for record in caplog.records if "/dev/full" in record.getMessage()]
    assert len(told) == 1
    assert "No space left" in told[0]


def test_a_line_that_was_cut_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file, calls = tmp_path / "records.jsonl", []

    def write(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return os.write(descriptor, data[:100] if len(calls) == 1 else data)

    monkeypatch.setattr("adapter.gateway.recording.os", SimpleNamespace(**{**vars(os), "write": write}))
    with Upstream(completion("Fine.")) as upstream, running(upstream.url, record=str(file)) as url:
        for _ in range(2):
            httpx.post(f"{url}/chat/completions", json=TOOLS, timeout=LIMIT)
        [line] = lines_in(file, 1)
    assert line["completions"] == ["Fine."]
    assert len(calls) == 3
    assert caplog.text.count("No space left") == 1


def test_a_file_has_its_limit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text("{}\n", encoding="utf-8")  # it is appended to
    with Upstream(completion("Fine.")) as upstream, running(upstream.url, record=str(file), record_limit=4000) as url:
        for _ in range(6):
            httpx.post(f"{url}/chat/completions", json=TOOLS, timeout=LIMIT)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {}
    assert 2 <= len(lines) < 7
    assert file.stat().st_size <= 4000
    assert caplog.text.count("4,000 bytes (record_limit)") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes of this kind")
def test_a_slow_disk_loses_records_and_waits_for_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.gateway.recording._WAITING", 2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # nobody reads: the pipe fills, and the writer hangs
    try:
        with Upstream(completion("word " * 4000)) as upstream, running(upstream.url, record=str(pipe)) as url:
            for _ in range(12):
                assert httpx.post(f"{url}/chat/completions", json=TOOLS, timeout=LIMIT).status_code == 200
            assert caplog.text.count("the disk is slower than the requests") == 1
            while os.read(reading, 1 << 20):  # let the writer end
                time.sleep(0.01)
                if not select_readable(reading):
                    break
    finally:
        os.close(reading)


def select_readable(descriptor: int) -> bool:
    import select

    return bool(select.select([descriptor], [], [], 0.5)[0])


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="name a file that can be written"):
        Recorder(str(tmp_path), 99)


def test_a_listener_that_fails_costs_no_answer(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def failing(self: Metrics, seen: Seen) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Metrics, "see", failing)
    with Upstream(completion("Fine.")) as upstream, running(upstream.url, metrics=True) as url:
        assert httpx.post(f"{url}/chat/completions", json=TOOLS, timeout=LIMIT).status_code == 200
    assert "Metrics failed on a request" in caplog.text


def test_nothing_is_watched_while_nobody_asks(tmp_path: Path) -> None:
    from adapter.gateway.app import make_app
    from adapter.gateway.guard import Guard
    from adapter.gateway.seen import Seeing

    plain = make_app(config_for("http://127.0.0.1:9/v1", playground=False))
    seen = make_app(config_for("http://127.0.0.1:9/v1", playground=False, metrics=True))
    assert isinstance(plain._now.app, Guard)
    assert isinstance(seen._now.app, Seeing)
    assert plain._now.service._any._openers["default"]._settings.options.on_exchange is None


def test_metrics_stay_after_a_reload() -> None:
    import queue

    read: queue.Queue[Any] = queue.Queue()
    with Upstream(completion("Fine.")) as upstream:
        config = config_for(upstream.url, metrics=True)
        with gateway_with(
            config, reread=lambda: config_for(upstream.url, metrics=True, name="new"), reloaded=read.put
        ) as gateway:
            httpx.post(f"{gateway.url}/chat/completions", json=TOOLS, timeout=LIMIT)
            gateway.reload()
            read.get(timeout=LIMIT)
            httpx.post(f"{gateway.url}/chat/completions", json=TOOLS, timeout=LIMIT)
            found = samples(gateway.url)
    assert picked(found, "adapter_requests_total") == {("m", "200", "chat"): 2}
    assert picked(found, "adapter_upstream_requests_total") == {("answered", "new"): 1}


def test_keys_of_a_reload_are_in_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nor those before: an answer that runs may quote them."""
    import queue

    caplog.set_level(logging.INFO, logger="adapter")
    read: queue.Queue[Any] = queue.Queue()
    file, script = tmp_path / "records.jsonl", Script()
    with Upstream(script) as upstream:
        old, new = (
            config_for(upstream.url, key=key, keys=frozenset({own}), record=str(file), log_json=True)
            for key, own in (SECRETS[:2], SECRETS[2:4])
        )
        with gateway_with(old, reread=lambda: new, reloaded=read.put) as gateway:
            gateway.reload()
            read.get(timeout=LIMIT)
            for script.reply in (completion(" ".join(SECRETS[:4])), Answer({"error": {"message": " ".join(SECRETS[:4])}}, 400)):
                key = {"authorization": f"Bearer {SECRETS[3]}"}
                httpx.post(f"{gateway.url}/chat/completions", json=TOOLS, headers=key, timeout=LIMIT)
            lines = lines_in(file, 2)
    text = file.read_text(encoding="utf-8") + "".join(map(json.dumps, json_lines(caplog)))
    assert [secret for secret in SECRETS[:4] if secret in text] == []
    assert lines[0]["completions"] == ["*** *** *** ***"]
