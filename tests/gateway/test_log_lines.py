"""The log's line for each request says how the answer ended, on every wire (behaviour 8.1, 9.2)."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from tests.gateway.test_openai_wires import call
from tests.gateway.test_tools_ignored import WIRES
from tests.support.gateway import LIMIT, running
from tests.support.loopback import Answer, Stream, Upstream, streamed

CUT = Stream(streamed("I look. ", call({"city": "Oslo"})[:30]).pieces[:3], cut=True)


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "adapter" and record.levelno == logging.INFO]


def ask(url: str, wire: str, more: dict[str, Any]) -> httpx.Response:
    path, body = WIRES[wire]
    headers = {"X-DashScope-SSE": "enable"} if more.get("stream") else {}
    given = body if wire == "dashscope" else {**body, **more}
    return httpx.post(url.removesuffix("/v1") + path, json={"model": "m", **given}, headers=headers, timeout=LIMIT)


@pytest.mark.parametrize("wire", WIRES)
def test_lines(wire: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="adapter")
    with Upstream(CUT) as upstream, running(upstream.url, ollama=True) as url:
        ask(url, wire, {"stream": True})
    [broken] = lines_of(caplog)
    assert "; broken; " in broken
    assert "broke off" in broken
    caplog.clear()
    with (
        Upstream(Answer({"error": {"message": "no such model"}}, status=404)) as upstream,
        running(upstream.url, ollama=True) as url,
    ):
        ask(url, wire, {"stream": False})
    assert [line for line in lines_of(caplog) if "; 404; " not in line] == []
    caplog.clear()
    with running("http://127.0.0.1:9/v1", ollama=True) as url:
        assert ask(url, wire, {"stream": False}).status_code == 502
    [away] = lines_of(caplog)
    assert "502" in away
    assert "cannot be reached" in away
