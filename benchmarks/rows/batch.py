"""Row 12: many completions of 300 characters with one call, read to rows with places, over processes, in flat memory.

Processor time throughout. The scaling is that of idle cores: the time of one process over that of the busiest of two, of which
each has half of the rows, and of the process that gives them out. Memory is the peak of a process that reads a file.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import adapter
from benchmarks.reading import judged
from benchmarks.results import Bench, Goal, Row, Table, must_be_right
from benchmarks.timing import in_turn, lane
from benchmarks.workloads import TOOLS, Completion

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = (
    "I look this up for you now. The service has a forecast for the next days, so I ask there first, and tell you then "
    "whether you need a coat or an umbrella for the trip. "
)
_BATCH = 1_000
_PEERS = ["vLLM Hermes", "SGLang Hermes", "agent-tool-parser"]
LOOP, MANY, BATCH, POOL, RAY = "a loop of adapter.parse", "adapter.parse_many", "adapter.batch", "Pool(2)", "Ray, 2 CPUs"


def written(number: int) -> Completion:
    """A completion of 300 characters with one call, of its own for each number."""
    arguments = {"location": f"Oslo {number}", "days": number % 9, "note": "for a walk"}
    call = f"<tool_call>\n{json.dumps({'name': 'get_weather', 'arguments': arguments})}\n</tool_call>"
    head = (_WORDS * 2)[: 300 - len(call) - 1].rstrip()
    return Completion(f"{head}\n", call, head, (("get_weather", arguments),))


def reads(texts: list[str]) -> dict[str, Callable[[], object]]:
    """The ways to read texts in this process."""
    read = adapter.batch(TOOLS)
    return {
        LOOP: lambda: [adapter.parse(text, TOOLS) for text in texts],
        MANY: lambda: list(adapter.parse_many(texts, TOOLS)),
        BATCH: lambda: read(texts),
    }


def spent(work: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds of processor time of this process, of its children, and by the clock."""
    begin, mine, theirs = time.monotonic(), time.process_time(), _children()
    work()
    return time.process_time() - mine, _children() - theirs, time.monotonic() - begin


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def by_pool(texts: list[str]) -> None:
    """`multiprocessing.Pool` of two with `adapter.batch`."""
    batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        number = sum(map(len, pool.imap(adapter.batch(TOOLS), batches)))
        must_be_right(POOL, "right" if number == len(texts) else f"wrong: {number} rows")
        pool.close()
        pool.join()


def by_ray(texts: list[str]) -> float:
    """Ray Data on two CPUs. Returns seconds by the clock, without those of Ray's start."""
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        rows = ray.data.from_items([{"text": text} for text in texts]).materialize()
        begin = time.monotonic()
        number = rows.map_batches(adapter.batch(TOOLS), batch_format="pyarrow").materialize().count()
        must_be_right(RAY, "right" if number == len(texts) else f"wrong: {number} rows")
        return time.monotonic() - begin
    finally:
        ray.shutdown()


def command(folder: Path, workers: int) -> tuple[float, float, int]:
    """`adapter parse --jsonl` on the file of a folder. Returns seconds of processor time, by the clock, and peak KiB."""
    words = [
        "parse",
        "--jsonl",
        "in.jsonl",
        "--tools",
        "tools.json",
        "--out",
        f"{workers}.jsonl",
        "--fresh",
        "--workers",
        str(workers),
    ]
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "adapter", *words], cwd=folder, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    must_be_right("adapter parse", f"wrong: status {process.returncode}" if process.returncode else "right")
    (folder / f"{workers}.jsonl").unlink()
    return used.ru_utime + used.ru_stime, time.monotonic() - begin, used.ru_maxrss


def files(folder: Path, number: int) -> None:
    """A file of so many completions, and the tools."""
    (folder / "tools.json").write_text(json.dumps(TOOLS), encoding="utf-8")
    with (folder / "in.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps({"text": written(place).full}) + "\n" for place in range(number))


def _scaling(texts: list[str]) -> tuple[float, list[list[str]]]:
    """The scaling over two processes, and lines of a table."""
    from adapter.batching.lines import LineSettings, chunks
    from adapter.batching.parts import PartMaker
    from adapter.batching.pool import over_processes

    lines = [json.dumps({"text": text}).encode() + b"\n" for text in texts]
    args: Any = (LineSettings(tools=TOOLS), "jsonl")
    alone = spent(lambda: list(map(PartMaker(*args), chunks(lines))))
    two = spent(lambda: list(over_processes(PartMaker, args, chunks(lines), 2, print)))
    pool = spent(lambda: by_pool(texts))
    cells = [
        [name, *(f"{one:.2f}" for one in seconds)]
        for name, seconds in {"one process": alone, "two processes": two, POOL: pool}.items()
    ]
    return alone[0] / max(two[0], two[1] / 2), cells


def run(bench: Bench) -> Row:
    """Measure it."""
    texts = [written(number).full for number in range(_BATCH)]
    rows = adapter.batch(TOOLS)(texts)
    for number, found in enumerate(rows):
        calls = [(call["name"], call["arguments"]) for call in found["calls"]]
        must_be_right(BATCH, judged(found["content"], calls, written(number)))
    lanes = {name: lane(read) for name, read in reads(texts).items()}
    taken = in_turn(lanes, bench.rounds, told=lambda line: bench.told(f"batch: {line}"))
    cells = [[name, f"{statistics.median(times) / _BATCH / 1e3:.1f}"] for name, times in taken.items()]
    for name in (one for one in _PEERS if one in bench.peers.offered):
        must_be_right(name, bench.peers.verdict("whole", name, written(0)))
        peer = in_turn({name: bench.peers.lane("whole", name, written(0))}, bench.rounds)[name]
        cells.append([f"{name}: content and calls alone", f"{statistics.median(peer) / 1e3:.1f}"])
    row = Row(12, "Many completions")
    row.goals.append(
        Goal(
            "batch.rate",
            "rows of a core, a second",
            10_000,
            1e9 * _BATCH / statistics.median(taken[BATCH]),
            "rows/s",
            at_least=True,
        )
    )
    row.tables.append(Table("A completion of 300 characters with one call", ["read by", "µs"], cells))
    bench.told("batch: over processes")
    many = [written(number).full for number in range(20_000 if bench.quick else 200_000)]
    scaling, lines = _scaling(many)
    row.goals.append(Goal("batch.scaling", "two processes against one, of idle cores", 1.8, scaling, at_least=True))
    if importlib.util.find_spec("ray") is not None:
        bench.told("batch: Ray")
        lines.append([RAY, "", "", f"{by_ray(many):.2f}"])
        row.versions["ray"] = importlib.metadata.version("ray")
    head = ["", "processor seconds here", "in other processes", "by the clock"]
    row.tables.append(Table(f"{len(many):,} completions over processes", head, lines))
    row.goals.append(_memory(bench))
    row.versions |= {name: version for name, version in bench.peers.offered.items() if name in _PEERS}
    return row


def _memory(bench: Bench) -> Goal:
    """The growth of the peak of memory over ten times the rows."""
    most = 100_000 if bench.quick else 1_000_000
    peaks = []
    for number in (most // 10, most):
        bench.told(f"batch: a file of {number:,} rows")
        with tempfile.TemporaryDirectory() as place:
            files(Path(place), number)
            peaks.append(command(Path(place), 1)[2])
    return Goal("batch.memory", f"peak of memory, {most:,} rows against a tenth", 1.1, peaks[1] / peaks[0])
