"""The commands, called as a shell calls them: what they print, where, and how they end."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapter.cli import run
from tests.facts.completions import CALL, f
from tests.facts.conversations import CONVERSATIONS
from tests.facts.tools import TIME, TOOLS, WEATHER

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

REQUEST = {
    "model": "m",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Weather in Paris?"}],
    "tools": [WEATHER, TIME],
}


def call(*argv: str, stdin: str = "") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run(list(argv), out, err, io.StringIO(stdin)), out.getvalue(), err.getvalue()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    history = {**REQUEST, "messages": CONVERSATIONS["4.2 media left out"].messages}
    for name, value in (("request.json", REQUEST), ("tools.json", TOOLS), ("history.json", history)):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
    (tmp_path / "completion.txt").write_text(f"Let me see.\n{CALL}", encoding="utf-8")
    return tmp_path


SHOWN = [
    pytest.param(("preview", "request.json"), id="preview"),
    pytest.param(("preview", "request.json", "--json"), id="preview as JSON"),
    pytest.param(("preview", "request.json", "--tool-choice", "required", "--parallel"), id="preview required parallel"),
    pytest.param(("preview", "request.json", "--tool-choice", "get_time", "--no-parallel"), id="preview named"),
    pytest.param(("preview", "request.json", "--tool-choice", "none"), id="preview none"),
    pytest.param(
        ("preview", "request.json", "--tool-choice", "get_time", "--enforce", "json_schema", "--json"), id="preview enforced"
    ),
    pytest.param(("preview", "--tools", "tools.json", "--user", "Hi"), id="preview of tools"),
    pytest.param(
        ("preview", "--tools", "tools.json", "--system", "S", "--dialect", "qwen2.5"), id="preview of another dialect"
    ),
    pytest.param(("preview", "history.json", "--media", "drop"), id="preview without media"),
    pytest.param(
        ("preview", "history.json", "--result-role", "tool", "--merge-system", "--merge-turns"),
        id="preview for a particular server",
    ),
    pytest.param(("preview", "request.json", "--chat-template", "chatml"), id="preview of a raw completion"),
    pytest.param(
        ("preview", "request.json", "--chat-template", "auto", "--dialect", "auto", "--json"), id="preview of a raw request"
    ),
    pytest.param(("templates", "check", "hermes"), id="templates check"),
    pytest.param(("parse", "completion.txt", "--tools", "tools.json"), id="parse"),
    pytest.param(("templates", "list"), id="templates list"),
    pytest.param(("templates", "show", "qwen2.5"), id="templates show"),
]


@pytest.mark.parametrize("argv", SHOWN)
def test_shown(argv: tuple[str, ...], files: Path, snapshot: SnapshotAssertion) -> None:
    status, out, err = call(*argv)
    assert status == 0
    assert ("characters" in err) is (argv[0] == "preview"), "the notes of a preview"
    assert "\x1b" not in out
    assert out == snapshot


def test_preview_reads_standard_input() -> None:
    assert call("preview", "-", stdin=json.dumps(REQUEST))[1].startswith("── system \nBe brief.\n\n# Tools\n")


def test_preview_of_a_responses_request() -> None:
    asked: dict[str, Any] = {"role": "user", "content": "Weather?"}
    flat = [{"type": "function", **tool["function"]} for tool in TOOLS]
    body = {"instructions": "Be brief.", "input": [asked], "tools": flat}
    chat = {"messages": [{"role": "system", "content": "Be brief."}, asked], "tools": TOOLS}
    for argv in ((), ("--tool-choice", "get_time")):
        assert call("preview", "-", *argv, stdin=json.dumps(body)) == call("preview", "-", *argv, stdin=json.dumps(chat))


def test_parse_as_json_and_its_verdict(files: Path) -> None:
    status, out, _ = call("parse", "completion.txt", "--tools", "tools.json", "--json")
    shown = json.loads(out)
    assert status == 0
    assert shown["message"]["tool_calls"][0]["function"] == {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    assert (shown["finish_reason"], shown["problems"]) == ("tool_calls", [])


PROBLEMS = [
    pytest.param("<tool_call>{'name': 'get_time'}</tool_call>", (), "problem: repaired", id="repaired"),
    pytest.param(f('{"a": NaN}'), (), "problem: unreadable", id="unreadable"),
    pytest.param('<tool_call>{"name": "get', ("--finish-reason", "length"), "problem: cut", id="cut"),
    pytest.param('<tool_call>{"name": "nope"}</tool_call>', (), "problem: unknown_tool", id="unknown tool"),
    pytest.param('{"name": "get_time"}', (), "problem: recovered", id="recovered"),
    pytest.param('<tool_call>{"name": "get_weather", "arguments": {"city": "x", "days": "3"}}</tool_call>', (), "coerced", id="coerced"),
    pytest.param(
        '<tool_call>{"name": "get_weather", "arguments": {"city": "x", "days": "3"}}</tool_call>',
        ("--no-coerce",),
        "problem: invalid_arguments",
        id="not coerced",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "more", "words"), PROBLEMS)
def test_parse_exits_1_when_there_are_problems(text: str, more: tuple[str, ...], words: str, files: Path) -> None:
    status, out, err = call("parse", "-", "--tools", "tools.json", *more, stdin=text)
    assert (status, err) == (1, "")
    assert words in out


def test_parse_flags(files: Path) -> None:
    status, out, _ = call("parse", "-", "--tools", "tools.json", "--no-recover", stdin='{"name": "get_time"}')
    assert status == 1
    assert "problem: near_call" in out
    assert "── reasoning \nHm.\n" in call("parse", "-", "--thinking-prefilled", stdin="Hm.</think>Yes.")[1]


QWEN = "Sure.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nOslo\n</parameter>\n</function>\n</tool_call>"
TRIED = [
    pytest.param(QWEN, 0, "qwen3-coder", "get_weather (valid); no problems; 5 characters of content", id="a dialect of tags"),
    pytest.param(CALL, 0, "hermes", "get_weather (valid)", id="the default dialect"),
    pytest.param("[TOOL_CALLS]get_time[ARGS]{}", 0, "mistral-v13", "get_time (valid)", id="a dialect of tokens"),
    pytest.param("[get_time()]", 0, "gemma-3", "get_time (valid)", id="a dialect without tags"),
    pytest.param(QWEN.replace("=get_weather", "=nope"), 1, "qwen3-coder", "nope (invalid); unknown_tool", id="an unknown tool"),
    pytest.param("Hello.", 1, "", "no dialect reads a call in this text", id="words"),
    pytest.param("", 1, "", "no dialect reads a call in this text", id="nothing"),
]


@pytest.mark.parametrize(("text", "status", "name", "words"), TRIED)
def test_parse_tries_all_dialects(text: str, status: int, name: str, words: str, files: Path) -> None:
    found, out, err = call("parse", "-", "--tools", "tools.json", "--dialect", "auto", stdin=text)
    assert (found, err) == (status, "")
    assert any(words in line and name in [*line.partition(": ")[0].split(", "), ""] for line in out.splitlines())
    assert "\x1b" not in out
    shown = json.loads(call("parse", "-", "--tools", "tools.json", "--dialect", "auto", "--json", stdin=text)[1])
    assert [name in row["dialects"] for row in shown if name in row["dialects"]] == ([True] if name else [])


def test_dialects_are_tried_in_a_table_on_a_terminal(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    (files / "qwen.txt").write_text(QWEN, encoding="utf-8")
    out = Terminal()
    assert run(["parse", "qwen.txt", "--tools", "tools.json", "--dialect", "auto"], out, io.StringIO(), io.StringIO()) == 0
    head, *rows = out.getvalue().splitlines()
    assert [word in head for word in ("calls", "besides", "dialects")] == [True] * 3
    assert all("get_weather (valid)" in row for row in rows)
    assert "qwen3.5" in out.getvalue()


def test_a_template_of_ones_own(files: Path) -> None:
    template = files / "mine.jinja"
    template.write_text(call("templates", "show", "hermes")[1].replace("tool_call>", "ring>"), encoding="utf-8")
    (files / "rings.txt").write_text(CALL.replace("tool_call>", "ring>"), encoding="utf-8")
    for flag in ("--template", "--dialect"):
        assert "<ring>" in call("preview", "request.json", flag, str(template))[1]
        assert "tool call 0" in call("parse", "rings.txt", flag, str(template))[1]


def test_templates_path(files: Path) -> None:
    folder = call("templates", "path")[1].strip()
    path = Path(call("templates", "path", "hermes")[1].strip())
    assert str(path.parent) == folder
    assert path.read_text(encoding="utf-8") == call("templates", "show", "hermes")[1]
    path = Path(call("templates", "path", "chat/chatml")[1].strip())
    assert str(path.parent.parent) == folder
    assert path.read_text(encoding="utf-8") == call("templates", "show", "chat/chatml")[1]


def bad(name: str, argv: tuple[str, ...], *words: str, content: dict[str, str] | None = None) -> Any:
    return pytest.param(argv, content or {}, words, id=name)


BAD = [
    bad("no such file", ("preview", "nope.json"), "nope.json: No such file or directory", "- for standard input"),
    bad("a folder", ("preview", "."), "directory"),
    bad("not JSON", ("preview", "x"), "x:2:3: not JSON", content={"x": '{\n  nope}'}),
    bad("not UTF-8", ("preview", "latin"), "not UTF-8"),
    bad("not an object", ("preview", "x"), "a request is a JSON object", content={"x": "[]"}),
    bad("no request", ("preview",), "request FILE (or -), or --tools FILE"),
    bad("a request and tools", ("preview", "request.json", "--tools", "tools.json"), "one of the two"),
    bad("a request and a user", ("preview", "request.json", "--user", "x"), "--user goes with --tools"),
    bad("a bad tool", ("preview", "--tools", "x"), "x: tools[1].function.name: ", content={"x": json.dumps([TIME, {"type": "function", "function": {}}])}),
    bad("tools is an object", ("preview", "--tools", "x"), "x: write a JSON list", content={"x": "{}"}),
    bad("a choice that is not offered", ("preview", "request.json", "--tool-choice", "nope"), "tool_choice.function.name", "'nope'"),
    bad("a choice that is not JSON", ("preview", "request.json", "--tool-choice", "{"), "--tool-choice: not JSON"),
    bad("an unknown dialect", ("preview", "request.json", "--dialect", "esperanto"), "no dialect 'esperanto'", "hermes"),
    bad("a dialect file that is not there", ("preview", "request.json", "--dialect", "x.jinja"), "x.jinja"),
    bad("a wrong role", ("preview", "x"), "messages[1].role",
        content={"x": json.dumps({"messages": [{"role": "tool", "tool_call_id": "a", "content": ""}, {"role": "robot"}]})}),
    bad("completion is not there", ("parse", "nope.txt"), "nope.txt: No such file"),
    bad("parse with an object of tools", ("parse", "completion.txt", "--tools", "x"), "a JSON list of tool definitions", content={"x": '{"a": 1}'}),
    bad("parse with a bad tool", ("parse", "completion.txt", "--tools", "x"), "x: tools[0].type", content={"x": "[{}]"}),
    bad("all dialects and no text", ("parse", "nope.txt", "--dialect", "auto"), "nope.txt: No such file"),
    bad("all dialects and a bad tool", ("parse", "completion.txt", "--dialect", "auto", "--tools", "x"), "x: tools[0].type",
        content={"x": "[{}]"}),
    bad("all dialects and no list", ("parse", "completion.txt", "--dialect", "auto", "--tools", "x"), "a JSON list", content={"x": "{}"}),
    bad("all dialects and tools that are no JSON", ("parse", "completion.txt", "--dialect", "auto", "--tools", "x"), "x:1:1: not JSON",
        content={"x": "nope"}),
    bad("no such template", ("templates", "show", "esperanto"), "no dialect 'esperanto'"),
    bad("no such chat template", ("templates", "path", "chat/esperanto"), "no chat template 'esperanto'", "chatml"),
    bad("demo with a server that is not there", ("demo", "--base-url", "http://127.0.0.1:9/v1"), "http://127.0.0.1:9/v1: no answer"),
    bad("demo with a model's name and no server", ("demo", "--model-name", "m"), "--base-url"),
    bad("demo with half an address", ("demo", "--base-url", "localhost:8000"), "write http://host:port/v1"),
    bad("demo with a file that is no model", ("demo", "--model", "tools.json"), "tools.json: no GGUF file"),
    bad("demo with two models", ("demo", "--base-url", "http://127.0.0.1:9/v1", "--model", "a", "--model-name", "b"), "give one"),
    bad("demo with a misspelt server", ("demo", "--server", "llamacpp"), "did you mean llama.cpp?"),
    bad("demo with tools and no question", ("demo", "--tools", "tools.json"), "--question TEXT"),
    bad("demo with two questions", ("demo", "--question", "a", "--question", "b"), "several questions go with --all"),
    bad("demo with no questions", ("demo", "--all", "--questions", "x"), "no questions", content={"x": "\n"}),
    bad("demo with a constraint for all", ("demo", "--all", "--enforce", "prompt"), "--enforce goes without --all"),
    bad("demo without its model", ("demo", "--model", "nope.gguf"), "nope.gguf"),
]  # fmt: skip


@pytest.mark.parametrize(("argv", "content", "words"), BAD)
def test_bad_input_is_one_line_and_exit_2(
    argv: tuple[str, ...], content: dict[str, str], words: tuple[str, ...], files: Path
) -> None:
    (files / "latin").write_bytes(b'{"a": "\xe9"}')
    for name, text in content.items():
        (files / name).write_text(text, encoding="utf-8")
    status, out, err = call(*argv)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("adapter: ")
    for word in words:
        assert word in err


def test_the_process_itself() -> None:
    def process(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "adapter", *argv], capture_output=True, text=True, check=False)

    version = process("--version")
    assert (version.returncode, version.stdout[:8]) == (0, "adapter ")
    assert process("-h").stdout.startswith("usage: adapter")
    usage = process("nonsense")
    assert usage.returncode == 2
    assert "invalid choice" in usage.stderr
    assert "Traceback" not in usage.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_colour(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    assert run(["preview", "request.json"], out, io.StringIO(), io.StringIO()) == 0
    assert "\x1b[35m<tool_call>\x1b[0m" in out.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    run(["preview", "request.json"], plain, io.StringIO(), io.StringIO())
    assert "\x1b" not in plain.getvalue()
