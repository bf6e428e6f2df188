"""`adapter parse --jsonl`: streams, progress, and one clear line for wrong input."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING

import pytest

from adapter.cli import run
from tests.batching.test_parts import joined, lines, whole
from tests.facts.tools import TOOLS

if TYPE_CHECKING:
    from pathlib import Path

ROWS = lines(30)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, data in {
        "tools.json": json.dumps(TOOLS).encode(),
        "bad-tools.json": b'[{"type": "function"}]',
        "in.jsonl": joined(ROWS),
        "in.jsonl.gz": gzip.compress(joined(ROWS)),
        "cut.gz": gzip.compress(joined(ROWS))[:-30],
        "no.gz": b"\x1f\x8bno gzip at all, but its first bytes",
        "empty": b"",
        "blank": b"\n\n",
        "text.txt": b"Some words.\nMore words.\n",
        "utf16": '{"text": "a"}\n'.encode("utf-16"),
        "other.jsonl": b'{"completion": "a", "id": 1}\n',
        "content.jsonl": b'{"text": "a", "content": 1}\n',
        "one.jsonl": b'{"text": "a"}\n',
        "stands.jsonl": b"mine",
    }.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    return tmp_path


def call(*words: str, stdin: bytes = b"") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = run(["parse", *words], out, err, io.TextIOWrapper(io.BytesIO(stdin)))
    return status, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("name", "stdin"),
    [
        pytest.param("in.jsonl", b"", id="a file"),
        pytest.param("in.jsonl.gz", b"", id="a packed file"),
        pytest.param("-", joined(ROWS), id="standard input"),
        pytest.param("-", gzip.compress(joined(ROWS)), id="packed standard input"),
    ],
)
@pytest.mark.usefixtures("files")
def test_lines_are_read_alike_wherever_they_come_from(name: str, stdin: bytes) -> None:
    status, out, err = call("--jsonl", name, "--tools", "tools.json", "--keep", "id", stdin=stdin)
    assert (status, out) == (1, whole(ROWS).decode()), "1: some rows are bad"
    assert err.startswith("adapter parse: 30 rows, 2")
    assert " bad; problems: " in err


@pytest.mark.parametrize("more", [pytest.param((), id="one process"), pytest.param(("--workers", "2"), id="two processes")])
def test_an_output_and_its_progress(files: Path, more: tuple[str, ...]) -> None:
    status, out, err = call("--jsonl", "in.jsonl", "--tools", "tools.json", "--keep", "id", "--out", "out.jsonl", *more)
    assert (status, out) == (1, "")
    assert (files / "out.jsonl").read_bytes() == whole(ROWS)
    assert not (files / "out.jsonl.parts").exists()
    first, last = err.splitlines()
    assert first.startswith("adapter parse: 100 %: 30 rows, ")
    assert last.endswith(", in out.jsonl")


def test_standard_input_has_no_end_that_is_known(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.cli.progress._FIRST", 1)
    status, _, err = call("--jsonl", "-", "--tools", "tools.json", "--keep", "id", "--out", "out.jsonl", stdin=joined(ROWS))
    assert status == 1
    assert (files / "out.jsonl").read_bytes() == whole(ROWS)
    assert "%" not in err
    assert err.startswith("adapter parse: 30 rows, ")


@pytest.mark.usefixtures("files")
def test_rows_that_can_all_be_read_are_status_0() -> None:
    assert call("--jsonl", "other.jsonl", "--text-column", "completion")[0] == 0
    assert json.loads(call("--jsonl", "-", stdin=b'"a"\n')[1])["content"] == "a"


WRONG = [
    pytest.param("", "give the FILE of a completion, or --jsonl FILE", id="no file"),
    pytest.param("text.txt --workers 2", "--workers goes with --jsonl FILE", id="a flag for many, with one"),
    pytest.param("text.txt --jsonl in.jsonl", "give one of them", id="both"),
    pytest.param("--jsonl nope", "--jsonl nope: No such file", id="no such file"),
    pytest.param("--jsonl folder", "--jsonl folder: Is a directory", id="a folder"),
    pytest.param("--jsonl empty", "empty: the file has no rows", id="an empty file"),
    pytest.param("--jsonl blank", "blank: the file has no rows", id="blank lines"),
    pytest.param("--jsonl text.txt", "the first lines are no JSON objects", id="a text"),
    pytest.param("--jsonl utf16", "the first lines are no JSON objects", id="UTF-16"),
    pytest.param("--jsonl no.gz", "no.gz: not a whole file of gzip", id="no gzip"),
    pytest.param("--jsonl cut.gz", "cut.gz: the packed file ends in the middle", id="gzip that is cut"),
    pytest.param("--jsonl other.jsonl", "no row has a member 'text'; give --text-column 'completion' or 'id'", id="the column"),
    pytest.param("--jsonl in.jsonl --tools-column tols", "no row has a member 'tols'; give --tools-column", id="tools"),
    pytest.param("--jsonl in.jsonl --keep name", "no row has a member 'name'; give --keep", id="a member to keep"),
    pytest.param("--jsonl content.jsonl --keep content", "the output has a column of this name", id="a member of the output"),
    pytest.param("--jsonl in.jsonl --keep id --keep id", "named twice", id="a member twice"),
    pytest.param("--jsonl in.jsonl --tools nope.json", "nope.json: No such file", id="no tools"),
    pytest.param("--jsonl in.jsonl --tools bad-tools.json", "bad-tools.json: tools[0]", id="bad tools"),
    pytest.param("--jsonl in.jsonl --tools tools.json --tools-column id", "give one", id="two kinds of tools"),
    pytest.param("--jsonl in.jsonl --dialect hermess", "no dialect 'hermess'", id="a dialect"),
    pytest.param("--jsonl one.jsonl --tools tools.json --dialect nope", "no dialect 'nope'", id="a dialect beside tools"),
    pytest.param("--jsonl in.jsonl --dialect auto", "--dialect auto tries one text", id="dialect auto"),
    pytest.param("--jsonl in.jsonl --json", "leave the flag out", id="--json"),
    pytest.param("--jsonl in.jsonl --workers 0 --out o.jsonl", "--workers 0: give a number from 1 up", id="no workers"),
    pytest.param("--jsonl in.jsonl --workers 2", "--workers needs --out FILE", id="workers without an output"),
    pytest.param("--jsonl in.jsonl --fresh", "--fresh needs --out FILE", id="fresh without an output"),
    pytest.param("--jsonl in.jsonl --format parquet", "--format parquet needs --out FILE", id="Parquet without an output"),
    pytest.param("--jsonl in.jsonl --out out.csv", "end the name with .jsonl or .parquet", id="a form"),
    pytest.param("--jsonl in.jsonl --out in.jsonl", "--out in.jsonl: this is the input", id="the input as output"),
    pytest.param("--jsonl in.jsonl --out stands.jsonl", "the output stands already", id="an output that stands"),
    pytest.param("--jsonl in.jsonl --out nope/o.jsonl", "--out nope/o.jsonl: no such folder", id="no such folder"),
    pytest.param("--jsonl in.jsonl --out folder --format jsonl", "--out folder: a folder stands here", id="a folder as output"),
]


@pytest.mark.parametrize(("words", "told"), WRONG)
@pytest.mark.usefixtures("files")
def test_wrong_input_is_one_line(words: str, told: str) -> None:
    status, out, err = call(*words.split())
    assert (status, out) == (2, "")
    assert err.startswith("adapter: ")
    assert err.count("\n") == 1
    assert told in err
