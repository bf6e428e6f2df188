"""Row 9: every dialect, streamed with early calls, against hermes.

Two workloads, written by the dialect's own macros, in deltas of about four characters: a call with 32 KB of arguments (nearly
all of them in a single string, a source file), and 64 calls of about 200 characters. Calls are reported while the model writes
them, as in streamed answers ("incremental"). A figure is processor time per delta. A ratio divides by the time of hermes,
measured directly before the dialect in every round: a change of the machine's pace during the run cancels.

A full run adds vLLM's and SGLang's parsers of the same family (`peers/families.py`, `rows/dialects_peers.py`).

    python -m benchmarks --only dialects --quick                           all dialects, under a minute, without peers
    python -m benchmarks --only dialects --quick --dialect gemma-4 lfm2    two of them
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from adapter.dialects.registry import load as load_dialect
from adapter.dialects.templates import names
from benchmarks.peers.families import FAMILIES
from benchmarks.reading import stream_lane, verdict
from benchmarks.results import Bench, Goal, Row, Table, must_be_right
from benchmarks.rows.dialects_peers import beside
from benchmarks.timing import in_turn, ratio
from benchmarks.workloads import Load
from benchmarks.writing import adapter_reader, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.timing import Lane

HERMES = "hermes"
# Workload → limit of the ratio to hermes.
LOADS = {Load("one", 32_768): 1.6, Load("many", 64): 3.0}

# Label of the workload → dialect → nanoseconds per delta and round, of the dialect and of hermes directly before.
Taken = dict[str, dict[str, tuple[list[float], list[float]]]]


def _lane(name: str, load: Load) -> Lane:
    """Build a contestant; the answer to the workload is checked first."""
    new, what = adapter_reader(name, incremental=True), written(replace(load, form=name))
    must_be_right(f"{name}, {load.label}", verdict(new, what))
    return stream_lane(new, what)


def _chosen(only: Iterable[str]) -> dict[str, list[str]]:
    """Return the dialects to measure by their call syntax; without a choice all of them."""
    found = sorted(only or names(), key=lambda name: (load_dialect(name).syntax, name))
    return {syntax: list(group) for syntax, group in groupby(found, key=lambda name: load_dialect(name).syntax)}


def _measure(bench: Bench, dialects: Iterable[str], load: Load) -> dict[str, tuple[list[float], list[float]]]:
    """Measure dialects on one workload, each with hermes directly before."""
    lanes: dict[str, Lane] = {}
    hermes = _lane(HERMES, load)
    for name in dialects:
        lanes |= {f"{HERMES} before {name}": hermes, name: _lane(name, load)}
    taken = in_turn(lanes, bench.rounds, told=lambda line: bench.told(f"dialects, {load.label}: {line}"))
    return {name: (taken[name], taken[f"{HERMES} before {name}"]) for name in dialects}


def _goals(taken: Taken) -> list[Goal]:
    """Return two goals for every dialect but hermes."""
    return [
        Goal(f"dialects.{name}.{load.label}", f"{name}, {load.label}: hermes", limit, ratio(*taken[load.label][name]))
        for name in taken[next(iter(taken))]
        for load, limit in LOADS.items()
        if name != HERMES
    ]


def _cells(one: tuple[list[float], list[float]], limit: float) -> list[str]:
    """Return µs per delta, and the ratio to hermes, marked if above the limit."""
    times = ratio(*one)
    return [f"{statistics.median(one[0]) / 1e3:.2f}", f"{times:.2f}" + (" !" if times > limit else "")]


def _table(syntaxes: dict[str, list[str]], taken: Taken) -> Table:
    head = ["dialect", "syntax"]
    for load, limit in LOADS.items():
        head += [f"{load.label}: µs", f"× hermes (≤ {limit:g})"]
    rows = [
        [name, syntax, *(cell for load, limit in LOADS.items() for cell in _cells(taken[load.label][name], limit))]
        for syntax, group in syntaxes.items()
        for name in group
    ]
    return Table("µs per delta, and times hermes (! above the limit)", head, rows)


def run(bench: Bench) -> Row:
    """Measure the chosen dialects, or all."""
    syntaxes = _chosen(bench.dialects)
    taken: Taken = {load.label: {} for load in LOADS}
    for group in syntaxes.values():
        for load in LOADS:
            taken[load.label] |= _measure(bench, group, load)
    row = Row(9, "Every dialect, per delta of about four characters, incremental")
    row.goals = _goals(taken)
    row.tables = [_table(syntaxes, taken)]
    if not bench.quick and bench.peers.offered:
        row.tables += beside(bench, [family for family in FAMILIES if not bench.dialects or family.dialect in bench.dialects])
        row.versions = {name.partition(" ")[0]: version for name, version in bench.peers.offered.items() if "Hermes" in name}
    return row
