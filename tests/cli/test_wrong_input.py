"""Wrong input of every kind to every command that takes a file: one clear line, and never a traceback; help fits a terminal."""

from __future__ import annotations

import itertools
import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_cli import REQUEST, call
from tests.support.response_templates import TEMPLATES
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from pathlib import Path

BYTES = bytes(range(256)) * 8
# Files of every kind: none is what a command asks for, but for `r.json`, `u16.json`, `bom.json` and `config.json`.
FILES: dict[str, bytes] = {
    "r.json": json.dumps(REQUEST).encode(),
    "u16.json": json.dumps(REQUEST).encode("utf-16"),
    "bom.json": json.dumps(REQUEST).encode("utf-8-sig"),
    "empty": b"",
    "empty.jinja": b"",
    "empty.gguf": b"",
    "bytes": BYTES,
    "bytes.json": BYTES,
    "bytes.jinja": BYTES,
    "bytes.gguf": BYTES,
    "utf16.jinja": "{% macro system() %}{% endmacro %}".encode("utf-16"),
    "cut16.json": b"\xff\xfe{",
    "list.json": b"[1, 2]",
    "null.json": b"null",
    "text.json": b'"x"',
    "page.json": b"<html></html>",
    "deep.json": b"[" * 50_000,
    "digits.json": b'{"messages": [], "n": ' + b"9" * 5000 + b"}",
    "cases.jsonl": json.dumps({"id": "a", "messages": REQUEST["messages"], "tools": [], "expect": []}).encode(),
    "nan.json": b'{"messages": [{"role": "user", "content": NaN}]}',
    "half.json": b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
    "nul.json": b'{"messages": [{"role": "user", "content": "a\\u0000b"}]}',
    "types.json": b'{"messages": 5, "tools": 5, "model": {}}',
    "inner.json": b'{"messages": [5], "tools": [5]}',
    "role.json": b'{"messages": [{"role": 5, "content": {}}]}',
    "config.json": json.dumps({"response_template": TEMPLATES["JSON between tags"][0]}).encode(),
    "fields.json": b'{"response_template": {"fields": {"tool_calls": 5}}}',
    "input.json": b'{"input": 5, "tools": {}}',
}
NAMES = [
    *FILES,
    "folder",
    "loop",
    "nope",
    "nope.json",
    "nope.jinja",
    "nope.gguf",
    "",
    "n" * 300,
    "r.json/x",
    "folder/",
    "/dev/null",
    "-",
]
FEW = ["digits.json", "bytes", "nope.jinja"]
COMMANDS = (
    "preview FILE",
    "preview FILE --native auto --json",
    "preview --tools FILE",
    "preview r.json --dialect FILE",
    "preview r.json --chat-template FILE",
    "preview r.json --examples FILE",
    "preview r.json --tool-choice FILE",
    "parse FILE",
    "parse r.json --tools FILE",
    "parse r.json --dialect FILE",
    "parse --jsonl FILE",
    "parse --jsonl cases.jsonl --text-column id --tools FILE --out results.jsonl --fresh",
    "parse --jsonl cases.jsonl --text-column id --out FILE",
    "batch parse FILE --out results.jsonl --fresh",
    "batch run FILE --out answers --base-url http://127.0.0.1:9/v1 --tries 1",
    "batch run r.json --out FILE --base-url http://127.0.0.1:9/v1 --tries 1",
    "lint FILE",
    "lint r.json --dialect FILE",
    "lint r.json --select FILE",
    "lint r.json --budget FILE",
    "tokens FILE",
    "tokens r.json --tokenizer FILE",
    "tokens r.json --base-url FILE",
    "templates list FILE",
    "templates show FILE",
    "templates path FILE",
    "templates check FILE",
    "templates diff hermes FILE",
    "templates import FILE",
    "templates import config.json --out FILE",
    "templates export FILE",
    "templates export hermes --out FILE",
    "demo --model FILE --no-download",
    "demo --base-url FILE",
    "demo --tools FILE --question Hi --base-url http://127.0.0.1:9/v1 --model-name m",
    "demo --questions FILE --all --base-url http://127.0.0.1:9/v1 --model-name m",
    "chat --tools FILE --base-url http://127.0.0.1:9/v1 --model m",
    "chat --mcp FILE --base-url http://127.0.0.1:9/v1 --model m",
    "chat --base-url FILE",
    "chat --model FILE --no-download",
    "probe --base-url FILE",
    "eval FILE --base-url http://127.0.0.1:9/v1 --model m",
    "eval cases.jsonl --base-url http://127.0.0.1:9/v1 --model m --arms FILE",
    "eval cases.jsonl --base-url http://127.0.0.1:9/v1 --model m --failed-from FILE",
    "eval cases.jsonl --ray FILE --replay r.json --model m",
    "eval cases.jsonl --replay FILE --model m --out results",
    "eval record FILE",
    "eval report FILE",
    "serve --check --upstream FILE",
    "serve --check --config FILE",
    "serve --check --upstream http://127.0.0.1:9/v1 --store FILE",
    "serve --check --upstream http://127.0.0.1:9/v1 --api-key-file FILE",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    return tmp_path


@pytest.mark.both_tiers
def test_wrong_input_is_one_clear_line(folder: Path) -> None:
    assert (folder / "r.json").exists()
    for line, name in itertools.product(COMMANDS, few_or_all(FEW, NAMES)):
        argv = [name if word == "FILE" else word for word in line.split()]
        status, _, err = call(*argv)  # an exception is a traceback on the command line
        assert status in {0, 1, 2}, (line, name)
        if status == 2:
            told = err.splitlines()
            assert told, (line, name)
            assert told[-1].startswith("adapter: "), (line, name, err)
            notes = [
                note
                for note in told[:-1]
                if not note.startswith(
                    ("adapter: ", "adapter demo: ", "adapter eval: ", "adapter chat: ", "adapter parse: ", "adapter batch: ")
                )
            ]
            assert (len(told) <= 3, notes) == (True, []), (line, name, err)
            assert len(told[-1]) < 1500, (line, name)


SAID = {
    "preview digits.json": "digits.json: not usable JSON: a number of more than 4,300 digits",
    "preview deep.json": "deep.json: not usable JSON: nested too deeply",
    "preview bytes": "bytes: not UTF-8 text (byte 128); save the file as UTF-8",
    "preview cut16.json": "cut16.json: not UTF-8 text",
    "preview folder": "folder: Is a directory; give the path of a file, or - for standard input",
    "preview nope": "nope: No such file or directory; give the path of a file",
    "preview empty": "empty: not JSON: the file is empty",
    "preview types.json": "types.json: tools: Invalid type",
    "tokens r.json --tokenizer empty.gguf": "empty.gguf",
    "templates check nope.jinja": "nope.jinja",
    "templates import nope.json": "no file 'nope.json'; nothing is fetched from a hub, so give the path of a file here",
    "templates import folder": "'folder' is no .json file; give folder/tokenizer_config.json",
    "templates import Qwen/Qwen3-8B": "'Qwen/Qwen3-8B' is no .json file; nothing is fetched from a hub: give the path of a file here",
    "templates import list.json": "list.json: a tokenizer's configuration is a JSON object, this is list",
    "templates import r.json": "r.json: no response_template in it, only ",
    "templates import config.json --out mine.json": "--out mine.json: give a name that ends in .jinja",
    "templates import config.json --out nowhere/mine.jinja": "there is no folder nowhere; make it first",
    "templates export hermes --out mine": "--out mine: give a name that ends in .json",
    "templates export apertus": "dialect 'apertus' cannot be said in a response template: the name of a call is a key of its JSON",
    "templates export nope": "no dialect 'nope'",
    "parse r.json --dialect folder": "no dialect 'folder'; that is a folder; its tokenizer_config.json may be given",
    "parse r.json --dialect acme/thing": "no dialect 'acme/thing'; nothing is fetched from a hub; ",
    "parse r.json --dialect bytes.json": "'bytes.json' cannot be read: 'utf-8' codec",
    "preview r.json --dialect r.json": "r.json: no response_template in it, only ",
    "demo --base-url ": "--base-url '': write http://host:port/v1",
    "demo --no-download --model ": "no model file ''",
}  # fmt: skip


def test_what_is_wrong_is_said(folder: Path) -> None:
    assert (folder / "r.json").exists()
    for line, words in SAID.items():
        status, _, err = call(*line.split(" "))
        assert (line, status, words in err) == (line, 2, True), err
    for name in ("u16.json", "bom.json"):  # PowerShell writes the one, Notepad the other
        assert call("preview", name, "--json")[:2] == call("preview", "r.json", "--json")[:2], name


def test_help_fits_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("80", "40"):
        monkeypatch.setitem(os.environ, "COLUMNS", columns)
        for command in ("preview", "parse", "tokens", "templates", "demo", "probe", "eval", "serve"):
            status, out, _ = call(command, "--help")
            assert status == 0
            assert columns == "40" or max(map(len, out.splitlines())) <= 80, command
