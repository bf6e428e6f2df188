"""Row 8: memory: what is allocated at most while a completion of 10 MB is read, and what 10 000 idle parsers hold.

Each is measured in a process of its own, which has read a small completion before, by Python's own count of allocations (a
process's size does not shrink after the workload is made, and would hide it). The completion itself was there before.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.results import Bench, Goal, Row, Table

_TOP = Path(__file__).parents[2]
# At least one of every call syntax.
DIALECTS = (
    "hermes", "mistral-v3", "xlam-2", "mistral-v11", "deepseek-v3.1", "kimi-k2", "kimi-k3", "qwen3-coder", "deepseek-v3.2",
    "glm-4.5", "gpt-oss", "gemma-4", "minimax-m3", "llama-4",
)  # fmt: skip
_BEFORE = """
import tracemalloc
import adapter
from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.events import CallFinished
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from benchmarks.rows.memory import DIALECTS
from benchmarks.workloads import TOOLS, Load
from benchmarks.writing import written

def peak_of(work):
    tracemalloc.start()
    kept = work()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak, kept

def streamed(size, dialect, incremental=False, step=16):
    text = written(Load("one", size, dialect)).full
    rules, options = Rules(read_tools(TOOLS), incremental=incremental), make_options({"dialect": dialect})
    def work():
        parser, valid = CompletionParser.for_rules(rules, options), []
        for at in range(0, len(text), step):
            valid += [event.valid for event in parser.feed(text[at : at + step]) if isinstance(event, CallFinished)]
        return valid + [event.valid for event in parser.close() if isinstance(event, CallFinished)]
    peak, valid = peak_of(work)
    assert valid == [True]
    return peak, len(text) / 1e6

def whole(size, dialect):
    text = written(Load("one", size, dialect)).full
    peak, parsed = peak_of(lambda: adapter.parse(text, TOOLS, dialect=dialect))
    assert [call.valid for call in parsed.tool_calls] == [True]
    return peak, len(text) / 1e6

def idle(number):
    def work():
        parsers = [adapter.CompletionParser(TOOLS) for _ in range(number)]
        for parser in parsers:
            parser.feed("Let me see. ")
        return parsers
    peak, parsers = peak_of(work)
    return peak, len(parsers)

for dialect in DIALECTS:  # modules and patterns that are loaded once are no part of it
    streamed(2000, dialect, True), streamed(2000, dialect), whole(2000, dialect)
idle(1)
print(*{})
"""


def grown(what: str) -> tuple[float, float]:
    """Megabytes that were allocated at most, and how much it was given: megabytes, or parsers."""
    script = _BEFORE.replace("{}", what)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=_TOP)
    growth, given = done.stdout.split()
    return float(growth), float(given)


def run(bench: Bench) -> Row:
    """Measure it."""
    size = 1_000_000 if bench.quick else 10_000_000
    row, cells = Row(8, "Memory"), []
    for dialect in DIALECTS:
        for way, what in (
            ("streamed", f"streamed({size}, {dialect!r})"),
            ("incremental", f"streamed({size}, {dialect!r}, True)"),
            ("whole", f"whole({size}, {dialect!r})"),
        ):
            bench.told(f"memory: {dialect}, {way}")
            growth, given = grown(what)
            goal = Goal(f"memory.{way}.{dialect}", f"a call of 10 MB, {dialect}, {way}: its size", 4, growth / given)
            row.goals.append(goal)
            cells.append([f"{dialect}, {way}", f"{given:.1f}", f"{growth:.1f}"])
    growth, _ = grown("idle(10_000)")
    row.goals.append(Goal("memory.idle", "10 000 idle parsers", 20, growth, unit="MB"))
    row.tables = [Table("Allocated at most", ["while it reads", "MB of text", "MB beside it"], cells)]
    return row
