"""The servers' parsers beside row 9: each reads the text of a dialect of the same family, in turn with the adapter.

The adapter writes the text and sends it through the pipe to the peer's process. Both read the same deltas. A parser with a
wrong answer is named with the verdict, and is timed only if the calls are right. A parser still reading at the time limit of
`peers/remote.py` is timed once on windows of the text after longer and longer prefixes, marked `~`, and checked on a short text
of the same kind; a parser that fails there too has no figure, and the table says `late`.
"""

from __future__ import annotations

import statistics
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.peers.remote import PeerFailed
from benchmarks.reading import stream_lane, verdict
from benchmarks.results import Table, must_be_right
from benchmarks.timing import in_turn, ratio
from benchmarks.workloads import Load
from benchmarks.writing import adapter_reader, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.peers.families import Family
    from benchmarks.results import Bench
    from benchmarks.timing import Lane
    from benchmarks.workloads import Completion

LOADS = (Load("one", 32_768), Load("many", 64))
_SHORT = {"one": Load("one", 2048), "many": Load("many", 3)}
_ROUNDS, _BUDGET_S = 3, 5.0  # ratios of two and three digits: more rounds would not change a word
_OURS = "adapter"


def _names(family: Family) -> dict[str, str]:
    """Return the parsers of a family by server."""
    return {server: name for server, name in (("vLLM", family.vllm), ("SGLang", family.sglang)) if name}


def _text(family: Family, load: Load) -> Completion:
    return replace(written(replace(load, form=family.dialect)), tokens=family.tokens)


def _lane(bench: Bench, peer: str, family: Family, load: Load) -> tuple[Lane | None, str, str]:
    """Return a peer's contestant (None: cannot be timed), the figure's mark or the word in place of a figure, the verdict."""
    what = _text(family, load)
    said = bench.peers.verdict("stream", peer, what)
    if said.startswith(("right", "wrong text")):
        return bench.peers.lane("stream", peer, what), "", said
    if not said.startswith("late"):
        return None, "wrong", said
    short = _SHORT[load.kind]
    on_short = bench.peers.verdict("stream", peer, _text(family, short))
    said += f"; {short.label}: {on_short}"
    if not on_short.startswith(("right", "wrong text")):
        return None, "late", said
    try:
        figure = bench.peers.lane("stream", peer, what, sampled=True)()
    except PeerFailed as failure:
        return None, "late", f"{said}; windows: {failure}"
    return lambda: figure, "~", said


def _measure(bench: Bench, family: Family, load: Load, wrong: dict[str, str]) -> list[str]:
    """Return a family's cells on a workload: µs per delta of the adapter and of each server's parser."""
    what = _text(family, load)
    new = adapter_reader(family.dialect, incremental=True)
    must_be_right(f"{family.dialect}, {load.label}, beside peers", verdict(new, what))
    lanes: dict[str, Lane] = {_OURS: stream_lane(new, what)}
    marks: dict[str, str] = {}
    for server, name in _names(family).items():
        bench.told(f"dialects, {load.label}: {family.dialect}, verdict of {server}/{name}")
        found, marks[server], said = _lane(bench, f"{server}/{name}", family, load)
        if found:
            lanes[server] = found
        if not said.startswith("right"):
            wrong[f"{server}/{name}, {family.dialect}, {load.label}"] = said
    taken = in_turn(lanes, min(bench.rounds, _ROUNDS), _BUDGET_S)
    cells = [f"{statistics.median(taken[_OURS]) / 1e3:.2f}"]
    for server in ("vLLM", "SGLang"):
        if server in taken:
            times = ratio(taken[server], taken[_OURS])
            cells.append(f"{marks[server]}{statistics.median(taken[server]) / 1e3:.1f} ({times:.{times < 10:d}f} ×)")
        else:
            cells.append(marks.get(server, ""))
    return cells


def beside(bench: Bench, families: Iterable[Family]) -> list[Table]:
    """Measure the peers of families: a table of figures, and a table of wrong and late parsers."""
    wrong: dict[str, str] = {}
    rows = [
        [family.dialect, family.vllm, family.sglang, *(cell for load in LOADS for cell in _measure(bench, family, load, wrong))]
        for family in families
    ]
    head = ["dialect", "vLLM's parser", "SGLang's parser"]
    for load in LOADS:
        head += [f"{load.label}: adapter", "vLLM", "SGLang"]
    tables = [Table("Peers of the same family, µs per delta (times the adapter; ~ on windows of the text)", head, rows)]
    if wrong:
        title = "Peers that read a workload wrongly, or not in time"
        tables.append(Table(title, ["peer, dialect and load", "verdict"], list(wrong.items())))
    return tables
