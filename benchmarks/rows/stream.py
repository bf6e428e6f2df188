"""Row 1: reading a completion as it streams, in pieces of about four characters.

Calls that leave when they are valid, and calls that leave while they are written ("incremental", as in streamed answers).
Against the floor (`floors.Scan`), against vLLM's Hermes parser, and, in the XML-like dialects, against vLLM's engine. Times are
of the part that holds the calls, after 2 KB of text. Every XML-like dialect is held against the time of vLLM's engine for the
same arguments in Qwen3-Coder's form.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.floors import Scan
from benchmarks.reading import stream_ns, verdict
from benchmarks.results import Bench, Curves, Goal, Row, Table, must_be_right
from benchmarks.timing import in_turn, ratio
from benchmarks.workloads import Completion, Load, completion
from benchmarks.writing import adapter_reader, written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.reading import NewReader
    from benchmarks.timing import Lane

FLOOR, OURS, AT_ONCE = "floor", "adapter", "adapter, incremental"
XML_LIKE = ["qwen3-coder", "glm-4.5", "minimax-m2", "seed-oss", "deepseek-v3.2"]
_SAMPLED_ABOVE = 16_384  # SGLang needs minutes for a stream larger than that

Taken = dict[str, list[float]]


def _here(contestants: Mapping[str, tuple[NewReader, Completion]]) -> dict[str, Lane]:
    """Contestants of this process; each is checked first."""
    lanes: dict[str, Lane] = {}
    for name, (new, what) in contestants.items():
        must_be_right(name, verdict(new, what))
        lanes[name] = lambda new=new, what=what: stream_ns(new, what)  # type: ignore[misc]
    return lanes


def _there(bench: Bench, names: list[str], load: Load, wrong: dict[str, str]) -> dict[str, Lane]:
    """Peers; one that reads a load wrongly is timed all the same and named in the table."""
    lanes: dict[str, Lane] = {}
    for name in names:
        if name not in bench.peers.offered:
            continue
        sampled = name.startswith("SGLang") and load.kind == "one" and load.size > _SAMPLED_ABOVE
        if not sampled and not (said := bench.peers.verdict("stream", name, load)).startswith("right"):
            wrong[f"{name}, {load.form}, {load.label}"] = said
        lanes[name] = bench.peers.lane("stream", name, load, sampled=sampled)
    return lanes


def _hermes(bench: Bench, load: Load, wrong: dict[str, str]) -> Taken:
    what = completion(load)
    lanes = _here({FLOOR: (Scan, what), OURS: (adapter_reader(), what)})
    if load.kind != "text":
        lanes |= _here({AT_ONCE: (adapter_reader(incremental=True), what)})
        lanes |= _there(bench, ["vLLM Hermes", "SGLang Hermes"], load, wrong)
    return in_turn(lanes, bench.rounds, told=lambda line: bench.told(f"{load.label}: {line}"))


def _xml(bench: Bench, size: int, wrong: dict[str, str]) -> Taken:
    coder = Load("one", size, "qwen3-coder")
    ours = {name: (adapter_reader(name), written(Load("one", size, name))) for name in XML_LIKE}
    ours["qwen3-coder"] = (adapter_reader("qwen3-coder"), completion(coder))
    lanes = _here(ours) | _there(bench, ["vLLM XML engine", "SGLang XML"], coder, wrong)
    return in_turn(lanes, bench.rounds, told=lambda line: bench.told(f"XML-like, {coder.label}: {line}"))


def _ways(taken: Taken) -> list[str]:
    """How the adapter lets calls leave: when they are valid, and while they are written."""
    return [name.removeprefix(OURS) for name in (OURS, AT_ONCE) if name in taken]


def _goals(taken: dict[str, Taken], xml: dict[str, Taken]) -> list[Goal]:
    goals = [
        Goal(f"stream.floor.{label}{way}", f"{label}{way}: the floor", 3, ratio(one[OURS + way], one[FLOOR]))
        for label, one in taken.items()
        for way in _ways(one)
    ]
    for label, limit in (("one call, 32 KB", 50), ("one call, 128 KB", 150)):
        one = taken.get(label, {})
        for way in _ways(one) if "vLLM Hermes" in one else ():
            faster = ratio(one["vLLM Hermes"], one[OURS + way])
            what = f"{label}{way}: faster than vLLM's Hermes parser"
            goals.append(Goal(f"stream.vllm.{label}{way}", what, limit, faster, at_least=True))
    for label, one in xml.items():
        if "vLLM XML engine" in one:
            for name in XML_LIKE:
                faster = ratio(one["vLLM XML engine"], one[name])
                what = f"{name}, {label}: faster than vLLM's XML engine"
                goals.append(Goal(f"stream.xml.{name}.{label}", what, 10, faster, at_least=True))
    return goals


def _table(title: str, taken: dict[str, Taken]) -> Table:
    names = list(dict.fromkeys(name for one in taken.values() for name in one))
    cells = [[f"{statistics.median(one[name]) / 1e3:.2f}" if name in one else "" for one in taken.values()] for name in names]
    return Table(title, ["µs per delta", *taken], [[name, *row] for name, row in zip(names, cells, strict=True)])


def run(bench: Bench) -> Row:
    """Measure it."""
    sizes = [8192, 32_768] if bench.quick else [2048, 8192, 32_768, 131_072]
    wrong: dict[str, str] = {}
    loads = [Load("text", sizes[-1]), *(Load("one", size) for size in sizes), Load("many", 64)]
    taken = {load.label: _hermes(bench, load, wrong) for load in loads}
    xml = {Load("one", size).label: _xml(bench, size, wrong) for size in sizes[-2:]}
    row = Row(1, "Streaming, per delta of about four characters", _goals(taken, xml))
    row.tables = [_table("Hermes", taken), _table("XML-like dialects", xml)]
    if wrong:
        row.tables.append(Table("Peers that read a workload wrongly", ["peer and load", "verdict"], list(wrong.items())))
    names = [FLOOR, OURS, AT_ONCE, "vLLM Hermes", "SGLang Hermes"]
    points = {
        name: [
            (float(size), statistics.median(one[name]) / 1e3)
            for size in sizes
            if name in (one := taken[Load("one", size).label])
        ]
        for name in names
    }
    title = "One call with so many characters of arguments, streamed"
    row.curves = [Curves("stream", title, "characters", "µs per delta", {name: at for name, at in points.items() if at})]
    row.versions = dict(bench.peers.offered)
    return row
