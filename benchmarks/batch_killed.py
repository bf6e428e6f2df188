"""A run of `adapter parse --jsonl` that is killed and resumed, against one that is not: `python -m benchmarks.batch_killed`.

A million rows, of which one in a hundred is hostile, in two processes. The command is killed (`kill -9`) after a third of the
parts, and called again; the output must be byte for byte that of one process that nobody kills. Peaks of memory are those of
the command.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.rows.batch import written
from benchmarks.workloads import TOOLS

_TOP = Path(__file__).parents[1]
_OF_A_PART = 2_000
_CALL = '{"name": "get_weather", "arguments": {"location": '
_TEXTS = ("<tool_call>" * 300, f"<tool_call>\n{_CALL}", f"<tool_call>{_CALL}" * 50, _CALL + '"\\ud83d"}}', "\x00" * 300)
# Rows that cannot be read, and texts that are hard to.
HOSTILE = [
    b'{"text": null}', b'{"id": 3}', b'{"text": 5}', b"no JSON", b'"\xff\xfe"', b"[1, 2]", b'{"text": "\\ud800 half"}',
    b"[" * 4_000, *(json.dumps({"text": text}).encode() for text in _TEXTS),
]  # fmt: skip


def write_rows(path: Path, number: int) -> None:
    """Write the rows, the same for every run."""
    chance = random.Random(29)
    with path.open("wb") as out:
        for place in range(number):
            hostile = chance.random() < 0.01
            row = chance.choice(HOSTILE) if hostile else json.dumps({"id": place, "text": written(place).full}).encode()
            out.write(row + b"\n")


def command(folder: Path, out: str, workers: int) -> subprocess.Popen[bytes]:
    """Start the command."""
    words = ["parse", "--jsonl", "in.jsonl", "--tools", "tools.json", "--keep", "id", "--out", out, "--workers", str(workers)]
    paths = {**os.environ, "PYTHONPATH": str(_TOP)}
    return subprocess.Popen([sys.executable, "-m", "adapter", *words], cwd=folder, stderr=subprocess.DEVNULL, env=paths)


def ended(process: subprocess.Popen[bytes]) -> str:
    """Wait for the end of the command. Returns its figures; raises where it failed."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 1:  # 1: some rows are bad
        raise SystemExit(f"adapter parse ended with {process.returncode}")
    return f"{used.ru_utime + used.ru_stime:.1f} s of processor time, {used.ru_maxrss / 1024:.0f} MiB at most"


def kill_after(process: subprocess.Popen[bytes], journal: Path, parts: int) -> int:
    """Kill the command once so many parts are whole. Returns how many are."""
    while not journal.exists() or journal.read_bytes().count(b"\n") < parts:
        if process.poll() is not None:
            raise SystemExit("the command ended before it could be killed; give more rows")
        time.sleep(0.05)
    process.kill()
    process.wait()
    return journal.read_bytes().count(b"\n")


def main() -> None:
    """Run all, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch_killed", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows (1,000,000)")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "tools.json").write_text(json.dumps(TOOLS), encoding="utf-8")
        write_rows(folder / "in.jsonl", rows)
        process = command(folder, "killed.jsonl", 2)
        whole = kill_after(process, folder / "killed.jsonl.parts" / "journal", rows // _OF_A_PART // 3)
        print(f"killed with {whole * _OF_A_PART:,} of {rows:,} rows done", flush=True)
        print(f"resumed, two processes: {ended(command(folder, 'killed.jsonl', 2))}", flush=True)
        print(f"unbroken, one process: {ended(command(folder, 'unbroken.jsonl', 1))}", flush=True)
        if not filecmp.cmp(folder / "killed.jsonl", folder / "unbroken.jsonl", shallow=False):
            raise SystemExit("the outputs differ")
        with (folder / "unbroken.jsonl").open("rb") as lines:
            number = sum(1 for _ in lines)
        if number != rows:
            raise SystemExit(f"{number:,} rows out for {rows:,} in")
        print("byte for byte the same, one row out for one row in")


if __name__ == "__main__":
    main()
