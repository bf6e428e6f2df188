"""`adapter probe`: the table, JSON, a file of settings, and one line for each mistake; on the real engine too."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from adapter.cli import run
from tests.support.loopback import Upstream
from tests.support.probed import Scripted

if TYPE_CHECKING:
    from pathlib import Path

    from adapter.demo.engine import Engine

SERVER = Scripted(owner="vllm", tools="parsed", json_schema="kept", forced="structured_outputs", prefill="kept", images="kept")
LINE = "adapter.wrap(client, dialect='qwen2.5', server='vllm', native='auto', enforce='auto')"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def call(*argv: str, out: io.StringIO | None = None) -> tuple[int, str, str]:
    out, err = out or io.StringIO(), io.StringIO()
    return run(["probe", *argv], out, err, io.StringIO()), out.getvalue(), err.getvalue()


def test_a_table_and_the_line_that_fits() -> None:
    with Upstream(SERVER) as upstream:
        status, out, err = call("--base-url", upstream.url)
    assert (status, err) == (0, "")
    assert f"    {LINE}\n" in out
    assert re.search(r"^JSON schema is enforced +yes +the answer '.*' is the only text allowed$", out, re.MULTILINE)
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line != line.rstrip()]


def test_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    with Upstream(SERVER) as upstream:
        assert "\x1b[32myes" in call("--base-url", upstream.url, out=Terminal())[1]
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[3" not in call("--base-url", upstream.url, out=Terminal())[1]


def test_json_and_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    file = tmp_path / "settings.json"
    with Upstream(SERVER) as upstream:
        status, out, _ = call("--base-url", upstream.url, "--json", "--save", str(file), "--api-key-env", "MY_KEY")
        assert {request.headers["authorization"] for request in upstream.received} == {"Bearer sk-very-secret"}
    assert status == 0
    assert json.loads(out) == json.loads(file.read_text())
    assert json.loads(out)["settings"] == {"dialect": "qwen2.5", "server": "vllm", "native": "auto", "enforce": "auto"}
    assert "sk-very-secret" not in out


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--base-url", "localhost:8000"], "write http://host:port/v1"),
        (["--base-url", "http://user:secret@"], "write http://host:port/v1"),
        (["--base-url", "http://h:99999/v1"], "write http://host:port/v1"),
        (["--base-url", "http://127.0.0.1:1/v1"], "is the server running"),
        (["--base-url", "http://u:secret@127.0.0.1:1/v1"], "http://127.0.0.1:1/v1: no answer"),
        (["--base-url", "http://127.0.0.1:1/v1", "--api-key-env", "NO_SUCH_VARIABLE"], "no such variable is set"),
        (["--base-url", "http://127.0.0.1:1/v1", "--timeout", "0"], "seconds above 0"),
        (
            ["--base-url", "http://127.0.0.1:1/v1", "--timeout", "1e400"],
            "--timeout inf: give seconds above 0, 1,000,000 at most",
        ),
    ],
)
def test_mistakes_are_one_line(argv: list[str], words: str) -> None:
    status, out, err = call(*argv)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert "secret" not in err


def test_a_forgotten_version() -> None:
    with Upstream(SERVER) as upstream:
        status, _, err = call("--base-url", upstream.url.removesuffix("/v1"))
    assert status == 2
    assert err.endswith(f"did you mean {upstream.url}?\n")


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
def test_the_real_engine(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_KEY", engine.api_key)
    status, out, _ = call("--base-url", engine.base_url, "--api-key-env", "ENGINE_KEY", "--json")
    found = json.loads(out)
    answers = {name: fact["answer"] for name, fact in found["facts"].items()}
    assert status == 0
    assert (found["server"], found["dialect"], found["context"]) == ("llama.cpp", "smollm2", 4096)
    assert answers == {
        "tools": "no",  # this model's template shows none: the same count of tokens, even with `required`
        "calls": "not told",
        "required": "no",
        "json_schema": "yes",
        "json_object": "not asked",
        "grammar": "yes",
        "structural_tags": "not asked",
        "prefill": "yes",
        "stop": "yes",
        "logprobs": "yes",
        "n": "no",
        "stream_options": "yes",
        "developer": "yes",
        "reasoning_content": "no",
        "images": "no",
    }
    assert found["settings"] == {
        "dialect": "smollm2",
        "server": "llama.cpp",
        "enforce": "auto",
        "profile": "small",
        "media": "drop",
    }
    assert found["requests"] <= 12
    assert found["tokens"] <= 200
