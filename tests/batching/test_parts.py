"""Files of JSON lines: one row out for one row in, over processes, and after a run that was killed at any place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.batching.lines import Chunk, Counts, LineReader, LineSettings, chunks, written
from adapter.batching.parts import BadRun, PartMaker, Parts
from adapter.batching.pool import JobFailed, WorkerLost, over_processes
from tests.facts.completions import CALL
from tests.facts.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = LineSettings(tools=TOOLS, keep=("id",))
HOSTILE = [
    b'{"text": null}', b'{"id": 3}', b'{"text": 5}', b"not json", b'"\xff\xfe"', b"[1,2]", b'{"text": "\\ud800"}',
    b"[" * 5000, json.dumps({"text": "<tool_call>" * 200}).encode(), json.dumps({"text": CALL[:-20]}).encode(),
    b'{"text": "a", "id": "\\ud800"}', b'{"text": "\\u0000\\u2028"}', b'"a string"', b"nan", b'{"text": 1e999}',
]  # fmt: skip


def lines(number: int) -> list[bytes]:
    """Rows, every third of them hostile."""
    good = [json.dumps({"id": place, "text": f"Row {place}.\n{CALL}"}).encode() for place in range(number)]
    return [HOSTILE[place // 3 % len(HOSTILE)] if place % 3 == 2 else line for place, line in enumerate(good)]


def joined(found: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in found)


def whole(found: list[bytes]) -> bytes:
    """The output, read in one go."""
    reader = LineReader(SETTINGS)
    return b"".join(written(row) for row in reader.rows(Chunk(0, 0, found, 0)))


def test_every_row_in_is_a_row_out() -> None:
    rows = [json.loads(line) for line in whole(lines(60)).splitlines()]
    assert [row["row"] for row in rows] == list(range(60))
    assert all("bad_row" not in {one["kind"] for one in row["problems"]} for row in rows if row["row"] % 3 != 2)
    assert {row["id"] for row in rows if row["row"] % 3 != 2} == {place for place in range(60) if place % 3 != 2}


CHUNKED = [
    pytest.param(b"", [], id="an empty file"),
    pytest.param(b"\n \n", [], id="blank lines only"),
    pytest.param(b"1\n2\n3", [[b"1\n", b"2\n"], [b"3"]], id="no end of the last line"),
    pytest.param(b"1\n\n2\r\n\n3\n", [[b"1\n", b"2\r\n"], [b"3\n"]], id="blank lines are no rows"),
    pytest.param(b"\xef\xbb\xbf1\n", [[b"1\n"]], id="a byte order mark"),
    pytest.param(b'"\xe2\x80\xa8"\n', [[b'"\xe2\x80\xa8"\n']], id="U+2028 ends no line"),
]


@pytest.mark.parametrize(("data", "expected"), CHUNKED)
def test_chunks(data: bytes, expected: list[list[bytes]]) -> None:
    found = list(chunks(data.splitlines(keepends=True) if b"\xe2" not in data else [data], rows=2))
    assert [chunk.lines for chunk in found] == expected
    assert [chunk.first for chunk in found] == [2 * number for number in range(len(expected))]


def test_long_rows_make_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.batching.lines._BYTES", 10)
    assert [len(chunk.lines) for chunk in chunks([b"12345678901\n", b"1\n", b"1\n", b"1\n"])] == [1, 3]


def run(out: Path, found: list[bytes], *, stop: int | None = None, rows: int = 7, **more: Any) -> Parts:
    """A run in parts; with `stop` after so many chunks."""
    made = PartMaker(SETTINGS, "jsonl")
    number = 0
    with closing(Parts(out, "jsonl", more.pop("settings", {"a": 1}), **more)) as parts:
        for chunk in chunks(joined(found).splitlines(keepends=True), rows):
            if stop is not None and number == stop:
                return parts
            number += 1
            if not parts.is_done(chunk):
                parts.add(made(chunk))
        parts.join(number)
    return parts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(stops=st.lists(st.integers(0, 8), max_size=3), torn=st.integers(0, 400), lost=st.sets(st.integers(0, 8), max_size=2))
def test_a_run_that_was_killed_goes_on_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, stops: list[int], torn: int, lost: set[int]
) -> None:
    """Killed after some chunks, with a torn journal, parts without a name, and parts that are gone."""
    out, found = tmp_path_factory.mktemp("run") / "out.jsonl", lines(60)
    for stop in stops:
        folder = run(out, found, stop=stop).folder
        journal = folder / "journal"
        journal.write_bytes(journal.read_bytes()[: -torn or None])
        (folder / "00000003.jsonl.new").write_bytes(b"half")
        for number in lost:
            (folder / f"{number:08}.jsonl").unlink(missing_ok=True)
    parts = run(out, found)
    assert out.read_bytes() == whole(found)
    assert parts.counts.rows == 60
    assert sorted(path.name for path in out.parent.iterdir()) == ["out.jsonl"], "nothing is left beside the output"


def test_the_counts_are_those_of_all_rows(tmp_path: Path) -> None:
    run(tmp_path / "a", lines(40), stop=3)
    counts, expected = run(tmp_path / "a", lines(40)).counts, Counts()
    for row in LineReader(SETTINGS).rows(Chunk(0, 0, lines(40), 0)):
        expected.count(row)
    assert counts == expected == Counts.from_json(json.loads(json.dumps(expected.as_json())))
    assert counts.bad > 0


def other_settings(out: Path) -> object:
    return run(out, lines(40), settings={"a": 2})


def other_lines(out: Path) -> object:
    return run(out, [b'"other"', *lines(40)[1:]])


def fewer_lines(out: Path) -> object:
    return run(out, lines(7))


def at_the_same_time(out: Path) -> object:
    held = Parts(out, "jsonl", {"a": 1})
    try:
        return Parts(out, "jsonl", {"a": 1})
    finally:
        held.close()


@pytest.mark.parametrize(
    ("again", "told"),
    [
        pytest.param(other_settings, r"a run with other settings began here \(a changed\)", id="other settings"),
        pytest.param(other_lines, "the input has changed since the run began, in the rows 0 to 6", id="another input"),
        pytest.param(fewer_lines, "it had more rows", id="a shorter input"),
        pytest.param(at_the_same_time, "another run writes this output now", id="two runs"),
    ],
)
def test_a_run_that_cannot_go_on(tmp_path: Path, again: Callable[[Path], object], told: str) -> None:
    out = tmp_path / "out.jsonl"
    run(out, lines(40), stop=3)
    with pytest.raises(BadRun, match=told):
        again(out)
    run(out, lines(14), fresh=True, settings={"a": 3})
    assert out.read_bytes() == whole(lines(14))


FOREIGN = [
    pytest.param("thesis.txt", id="a file"),
    pytest.param("sub", id="a folder"),
    pytest.param("00000001.csv", id="a file like a part"),
]


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("fresh", [pytest.param(False, id="begun"), pytest.param(True, id="begun anew")])
def test_a_folder_with_files_of_others_is_left_alone(tmp_path: Path, name: str, fresh: bool) -> None:
    """The folder of the parts goes away at the end, and nothing of others' with it."""
    other = tmp_path / "out.jsonl.parts" / name
    other.parent.mkdir()
    other.mkdir() if name == "sub" else other.write_text("mine")
    with pytest.raises(BadRun, match=f"holds '{name}', and no run wrote that"):
        run(tmp_path / "out.jsonl", lines(3), fresh=fresh)
    assert [path.name for path in other.parent.iterdir()] == [name]


@pytest.mark.parametrize("name", ["settings.json", "journal"])
@pytest.mark.parametrize(
    "data", [b'{"tr\n', b"[1]\n", b'{"part": 1}\n', b"\xff\n"], ids=["cut", "a list", "too little", "no text"]
)
def test_files_of_a_run_that_are_broken(tmp_path: Path, name: str, data: bytes) -> None:
    out = tmp_path / "out.jsonl"
    (run(out, lines(40), stop=3).folder / name).write_bytes(data)
    if name == "settings.json" and data == b'{"part": 1}\n':
        told = "a run with other settings began here"
    else:
        told = f"{name}: not as a run wrote it .*; give --fresh"
    with pytest.raises(BadRun, match=told):
        run(out, lines(40))
    run(out, lines(40), fresh=True)
    assert out.read_bytes() == whole(lines(40))


def test_a_part_that_is_no_longer_whole_is_read_again(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    (run(out, lines(40), stop=3).folder / "00000001.jsonl").write_bytes(b"")
    assert run(out, lines(40)).counts.rows == 40
    assert out.read_bytes() == whole(lines(40))


def test_an_output_that_stands_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("mine")
    with pytest.raises(BadRun, match="the output stands already"):
        run(out, lines(3))
    assert out.read_text() == "mine"


def doubler(broken: str) -> Callable[[int], int]:
    """A job that kills its process once, at 5; or each time."""

    def do(number: int) -> int:
        if number == 5 and (not Path(broken).exists() or broken == os.devnull):
            if broken != os.devnull:
                Path(broken).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 99:
            raise ValueError("a fault")
        return 2 * number

    return do


def test_a_process_that_is_killed_is_replaced(tmp_path: Path) -> None:
    told: list[str] = []
    found = list(over_processes(doubler, (str(tmp_path / "broken"),), iter(range(12)), 2, told.append))
    assert sorted(found) == [2 * number for number in range(12)]
    assert told == ["a process died (exit status -9); its rows are read again"]


@pytest.mark.parametrize(
    ("jobs", "error", "told"),
    [
        pytest.param([1, 5], WorkerLost, "died 3 times", id="a job that kills each time"),
        pytest.param([1, 99], JobFailed, "ValueError: a fault", id="a job that raises"),
    ],
)
def test_a_job_that_cannot_be_done(jobs: list[int], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        list(over_processes(doubler, (os.devnull,), iter(jobs), 2, lambda _: None))


def test_no_jobs_need_no_process() -> None:
    assert list(over_processes(doubler, ("",), iter(()), 2, lambda _: None)) == []


COMMAND = [sys.executable, "-m", "adapter", "parse", "--keep", "id"]


def files(folder: Path, number: int) -> list[str]:
    (folder / "tools.json").write_text(json.dumps(TOOLS))
    (folder / "in.jsonl").write_bytes(joined(lines(number)))
    return [*COMMAND, "--jsonl", str(folder / "in.jsonl"), "--tools", str(folder / "tools.json")]


def children_of(number: int) -> Iterator[int]:
    for task in islice(os.scandir("/proc"), 100_000):
        if task.name.isdigit():
            try:
                fields = Path(f"/proc/{task.name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == number:
                yield int(task.name)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="finds the processes of a run in /proc")
@pytest.mark.parametrize("workers", [pytest.param(1, id="one process"), pytest.param(2, id="two processes")])
@pytest.mark.proof
def test_a_command_that_is_killed_goes_on_byte_for_byte(tmp_path: Path, workers: int) -> None:
    """`kill -9` of the command once, and of a process of its own where there are two; no process is left behind."""
    command = [*files(tmp_path, 30_000), "--workers", str(workers), "--out", str(tmp_path / "out.jsonl")]
    journal = tmp_path / "out.jsonl.parts" / "journal"
    running = subprocess.Popen(command, stderr=subprocess.PIPE)
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 3):
        assert running.poll() is None, "the run ended before it could be killed"
        time.sleep(0.01)
    children = list(children_of(running.pid))
    running.kill()
    running.communicate()
    done = journal.read_bytes().count(b"\n")
    assert 3 <= done < 15
    resumed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert resumed.returncode == 1, resumed.stderr  # hostile rows
    assert f"goes on behind {done * 2000:,} rows" in resumed.stderr
    assert (tmp_path / "out.jsonl").read_bytes() == whole(lines(30_000))
    while any(Path(f"/proc/{child}").exists() for child in children):
        time.sleep(0.01)  # they end with their job, as the pipe to the command is closed
