"""A file of records answers in place of the model: the same requests get the same answers (behaviour 9.13)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import adapter.testing
from tests.gateway.test_openai_wires import CHAT_TOOLS, GOOD, call
from tests.gateway.test_seen import PLAIN, TOOLS, lines_in, said
from tests.gateway.test_tools_ignored import WIRES
from tests.gateway.test_upstreams import ask
from tests.support.gateway import LIMIT, running
from tests.support.loopback import Stream, Upstream, chunk, event

if TYPE_CHECKING:
    from pathlib import Path


def conversation(url: str) -> list[str]:
    """The answers on every wire, whole and streamed, without ids and times."""
    found = []
    for wire in WIRES:
        for stream in (False, True):
            got = ask(url, wire, stream=stream)
            assert got.status_code == 200, got.text
            assert "Oslo" in got.text, (wire, stream)
            found.append(f"{wire} {got.text.count('Oslo')} {got.text.count('weather')}")
    return found


def test_a_conversation_is_given_again(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    left = [call({"days": 2}), call(GOOD)]
    with Upstream(lambda request: said(request, left[len(upstream.received) % 2 - 1])) as upstream:
        with running(upstream.url, record=str(file), ollama=True) as url:
            first = conversation(url)
        number = len(upstream.received)
    assert number == 4 * len(WIRES)  # each is asked again once
    lines_in(file, number)
    with adapter.testing.Replay(file) as replay, running(replay.url, ollama=True) as url:
        assert conversation(url) == first
        assert httpx.get(f"{url}/models", timeout=LIMIT).json()["data"] == [{"id": "m", "object": "model"}]
        assert replay.unknown == []


def test_what_is_not_in_the_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    with Upstream(lambda request: said(request, "Fine.")) as upstream, running(upstream.url, record=str(file)) as url:
        httpx.post(f"{url}/chat/completions", json=TOOLS, timeout=LIMIT)
        lines_in(file, 1)
    with adapter.testing.Replay(file) as replay, httpx.Client(timeout=LIMIT) as client:
        request = json.loads(file.read_text(encoding="utf-8"))["request"]
        assert client.post(f"{replay.url}/chat/completions", json=request).json()["choices"][0]["message"]["content"] == "Fine."
        for sent, words in (
            ({**request, "temperature": 0.5, "seed": 1}, "differs in seed, temperature"),
            (PLAIN, "differs in messages"),
        ):
            got = client.post(f"{replay.url}/chat/completions", json=sent)
            assert (got.status_code, got.json()["error"]["code"], words in got.text) == (404, "not_recorded", True), got.text
        assert "none is for /completions" in client.post(f"{replay.url}/completions", json={"prompt": "x"}).text
        assert client.post(f"{replay.url}/chat/completions", content=b"[").status_code == 400
        assert len(replay.unknown) == 3


def test_a_cut_answer_is_cut_again(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    cut = Stream((event(chunk({"role": "assistant", "content": "Hel"})), 0.05), cut=True)
    request: dict[str, Any] = {**PLAIN, "tools": CHAT_TOOLS, "stream": True}
    with Upstream(cut) as upstream, running(upstream.url, record=str(file)) as url:
        first = httpx.post(f"{url}/chat/completions", json=request, timeout=LIMIT).text
        lines_in(file, 1)
    with adapter.testing.Replay(file) as replay, running(replay.url) as url:
        second = httpx.post(f"{url}/chat/completions", json=request, timeout=LIMIT).text
    assert ("broke off" in first, "broke off" in second) == (True, True)


def test_a_file_of_something_else(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    for text in (
        "[]\n",
        "{}\n",
        "no JSON\n",
        '{"request": 1, "raw": "", "status": 200, "outcome": "answered", "endpoint": "/x"}\n',
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="line 1: no record of"):
            adapter.testing.Replay(file)
