"""Every command on outputs that fail or lack signs, files that begin with a byte order mark, and a package of the same name."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapter.cli import _COMMANDS, run
from tests.support.loopback import Answer, Upstream, completion, streamed
from tests.support.probed import Scripted
from tests.support.response_templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Received, Reply

ROOT = Path(__file__).resolve().parents[2]
TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "Grüße …", "parameters": {"type": "object", "properties": {}}},
}
REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Grüße … 東京 ─"}], "tools": [TOOL]}
CALL = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>\nGrüße …'
WEATHER = '{"name": "get_current_weather", "arguments": {"location": "Singapore"}}'
TERSE = '{# +++\nname = "terse"\nextends = "hermes"\n+++ #}\n'
# Every command and action. `URL` is a server, `probed` another that can be probed; the other words are files.
COMMANDS = (
    "preview request",
    "preview request --json",
    "preview request --chat-template chatml",
    "preview request --chat-template {chat.jinja}",
    "preview --tools tools --user Hi",
    "preview request --dialect {terse.jinja}",
    "parse text --tools tools",
    "parse text --tools tools --json",
    "parse text --dialect auto",
    "parse text --dialect auto --json",
    "parse --jsonl rows --tools tools",
    "batch parse rows --tools tools",
    "templates list",
    "templates list --model Qwen3-8B",
    "templates show gemma-4",
    "templates path gemma-4",
    "templates check {terse.jinja}",
    "templates diff hermes gemma-4",
    "templates import config.json",
    "templates export hermes",
    "probe --base-url PROBED",
    "probe --base-url PROBED --json",
    "demo --base-url URL --model m",
    "demo --base-url URL --model m --all --questions questions",
    "demo --base-url URL --model m --tools tools --question Grüße",
    "chat --base-url URL --model m",
    "tokens request",
    "tokens request --json",
    "lint request tools",
    "lint tools --format json --all",
    "lint tools --format sarif",
    "lint tools --format html",
    "serve --upstream URL --check",
    "eval cases --base-url URL --model m --out results",
    "eval record records",
    "eval report results",
    "--help",
    "--version",
    "preview --help",
    "demo --help",
    "chat --help",
)


class Failing(io.RawIOBase):
    """An output that takes nothing."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.failed = 0

    def writable(self) -> bool:
        return True

    def write(self, _: Any) -> int:
        if self.number:
            self.failed += 1
            raise OSError(self.number, os.strerror(self.number))
        return 1


def answer(received: Received) -> Reply:
    if "tools" in (received.body or {}):
        return Answer({"error": {"message": "no tools: Grüße …"}}, 400)
    text = WEATHER if "get_current_weather" in json.dumps(received.body) else '{"name": "f", "arguments": {}}'
    return streamed(text) if (received.body or {}).get("stream") else completion(text)


@pytest.fixture(scope="module")
def argvs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[str]]]:
    """The arguments of every command; every file begins with a byte order mark."""
    folder = tmp_path_factory.mktemp("files")
    files = {"request": json.dumps(REQUEST), "tools": json.dumps([TOOL]), "text": CALL, "questions": "Weather in Köln?\n"}
    case = {"id": "Grüße", "messages": REQUEST["messages"], "tools": [TOOL], "expect": [{"name": "f"}]}
    record = {"exchange": "1", "outcome": "answered", "status": 200, "asked": REQUEST, "calls": []}
    files |= {"cases": json.dumps(case), "records": json.dumps(record), "results": "", "rows": json.dumps({"text": CALL})}
    files |= {"config.json": json.dumps({"response_template": TEMPLATES["JSON between tags"][0]})}
    files |= {"terse.jinja": TERSE, "chat.jinja": "{% for m in messages %}{{ m.content }}\n{% endfor %}"}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8-sig")
    with Upstream(answer) as upstream, Upstream(Scripted(owner="vllm")) as probed:
        places = {**{name: str(folder / name) for name in files}, "URL": upstream.url, "PROBED": probed.url}
        yield {line: [places.get(word.strip("{}"), word) for word in line.split()] for line in COMMANDS}


def called(argv: list[str], out: Any, err: Any) -> int:
    """The exit status; the commands' own help goes to the given output."""
    return run(argv, out, err, io.StringIO("Grüße …\n"))


def test_every_command_and_every_action_is_in_the_table() -> None:
    words = {tuple(line.split()[:2]) for line in COMMANDS}
    actions = {("templates", action) for action in ("list", "show", "path", "check", "diff", "import", "export")}
    actions |= {("eval", action) for action in ("record", "report")}
    assert {name for name, *_ in words} >= set(_COMMANDS)
    assert actions <= words


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EPIPE], ids=["a full disk", "a closed pipe"])
def test_an_output_that_fails(number: int, argvs: dict[str, list[str]]) -> None:
    words = "adapter: the output cannot be written: No space left on device\n"
    for line, argv in argvs.items():
        raw, err = Failing(number), io.StringIO()
        out = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8")
        status = called(argv, out, err)
        notes = [
            note
            for note in err.getvalue().splitlines(keepends=True)
            if not note.startswith(
                ("adapter demo: ", "adapter eval: ", "adapter chat: ", "adapter templates: ", "adapter parse: ")
            )
        ]
        assert raw.failed, line
        assert (status, "".join(notes)) == ((2, words) if number == errno.ENOSPC else (0, "")), line
        raw.number = 0  # the rest is written when the stream is closed
        with contextlib.suppress(ValueError):
            out.close()


@pytest.mark.parametrize(
    "encoding", ["ascii", pytest.param("cp1252", marks=pytest.mark.proof), pytest.param("utf-8", marks=pytest.mark.proof)]
)
def test_an_encoding_that_lacks_signs(encoding: str, argvs: dict[str, list[str]]) -> None:
    for line, argv in argvs.items():
        raw, errors = io.BytesIO(), io.BytesIO()
        out, err = (io.TextIOWrapper(each, encoding=encoding, newline="\n") for each in (raw, errors))
        status = called(argv, out, err)
        out.flush()
        assert status in {0, 1}, (line, status)
        said = raw.getvalue().decode(encoding)
        assert said, line
        assert "\ufeff" not in said, line
        assert "\\ufeff" not in said, line


@pytest.mark.parametrize("out", [None, "closed"], ids=["an open stderr", "a full stderr"])
def test_a_stderr_that_fails_costs_no_result(out: str | None, argvs: dict[str, list[str]]) -> None:
    raw = Failing(errno.ENOSPC if out else 0)
    err = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)  # type: ignore[type-var]  # unbuffered, as stderr is
    found = io.StringIO()
    assert called([*argvs["preview request"], "--dialect", "auto"], found, err) == 0
    assert "── user" in found.getvalue()
    assert called(["preview", "nope"], found, err) == 2
    raw.number = 0


PROCESSES = [
    (["--version"], "full", 2),
    (["--help"], "full", 2),
    (["templates", "show", "hermes"], "full", 2),
    (["templates", "show", "hermes"], "closed", 0),
]


@contextlib.contextmanager
def failing(kind: str) -> Iterator[int]:
    """The number of a file that takes nothing: a full disk, or a pipe that nobody reads."""
    if kind == "full":
        number = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, number = os.pipe()
        os.close(reading)
    try:
        yield number
    finally:
        os.close(number)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system: a disk that is always full")
@pytest.mark.parametrize(("argv", "kind", "status"), PROCESSES, ids=[" ".join([*row[0], row[1]]) for row in PROCESSES])
def test_a_process_ends_without_a_traceback(argv: list[str], kind: str, status: int) -> None:
    with failing(kind) as stream:
        done = subprocess.run(
            [sys.executable, "-m", "adapter", *argv], stdout=stream, stderr=subprocess.PIPE, timeout=60, check=False
        )
        assert (done.returncode, b"Traceback" in done.stderr, b"Exception" in done.stderr) == (status, False, False), (
            done.stderr
        )


COLOURS = [
    pytest.param({"FORCE_COLOR": "1"}, False, True, id="forced in a pipe"),
    pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False, id="both"),
    pytest.param({"FORCE_COLOR": "0"}, True, False, id="forced off on a terminal"),
    pytest.param({"NO_COLOR": ""}, True, True, id="an empty NO_COLOR says nothing"),
    pytest.param({"NO_COLOR": "1"}, True, False, id="none on a terminal"),
    pytest.param({"TERM": "dumb"}, True, False, id="a dumb terminal"),
    pytest.param({}, True, True, id="a terminal"),
    pytest.param({}, False, False, id="a pipe"),
]


@pytest.mark.parametrize(("environment", "terminal", "coloured"), COLOURS)
def test_colours(
    environment: dict[str, str], *, terminal: bool, coloured: bool, argvs: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Out(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    out = Out()
    assert called(argvs["preview request"], out, io.StringIO()) == 0
    assert ("\x1b[" in out.getvalue()) is coloured


SHADOWS = [
    pytest.param("x = 1\n", id="a file of the user's"),
    pytest.param("raise ImportError('no module', name='adapter.core')\n", id="a broken package"),
]


@pytest.mark.parametrize("source", SHADOWS)
def test_another_module_called_adapter_is_told(source: str, tmp_path: Path) -> None:
    (tmp_path / "adapter.py").write_text(source, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))}
    command = [sys.executable, "-m", "tool_call_adapter", "--version"]
    shadowed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (shadowed.returncode, shadowed.stdout, shadowed.stderr.count("\n")) == (2, "", 1)
    assert "another module of the name 'adapter' is imported, from" in shadowed.stderr
    assert ("adapter.py" in shadowed.stderr) is source.startswith("x")
    (tmp_path / "adapter.py").unlink()
    ours = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ours.returncode, ours.stdout[:8]) == (0, "adapter ")
