"""The results on disk: `speed.json` with everything, `speed.md` for a reader, one SVG per plot.

Rows that were not run this time stay as they were, each with its own date and commit.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import commit, machine, versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Goal, Row

_WHY_NOT = Path(__file__).parent / "why_not.toml"


def reasons() -> dict[str, str]:
    """Why targets are missed, by the goal's id: one sentence each, written by hand."""
    found: dict[str, str] = tomllib.loads(_WHY_NOT.read_text(encoding="utf-8"))
    return found


def goal_cells(goal: Goal) -> list[str]:
    """A goal as a line of a table."""
    measured = (
        f"{goal.measured:.2f} {goal.unit}".rstrip() if goal.measured < 100 else f"{goal.measured:.0f} {goal.unit}".rstrip()
    )
    return [goal.what, goal.target, measured, "met" if goal.met else "not met"]


def _as_data(row: Row) -> dict[str, Any]:
    data = dataclasses.asdict(row)
    data["goals"] = [{**dataclasses.asdict(goal), "target": goal.target, "met": goal.met} for goal in row.goals]
    data["cells"] = [goal_cells(goal) for goal in row.goals]
    now = dt.datetime.now(tz=dt.UTC).date().isoformat()
    return {**data, "date": now, "commit": commit(), "machine": machine(), "versions": versions() | row.versions}


def _explain(known: dict[str, Any]) -> None:
    """Say of every missed target why, of all rows: the reasons are written after a run, not before it."""
    said = reasons()
    for row in known.values():
        for goal, cells in zip(row["goals"], row["cells"], strict=True):
            goal["why_not"] = "" if goal["met"] else said.get(goal["id"], "")
            cells[4:] = [goal["why_not"]]


def write(folder: Path, rows: dict[str, Row]) -> None:
    """Add these rows to the results in a folder; with none, only the page and its reasons are made again."""
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / "speed.json"
    known: dict[str, Any] = json.loads(store.read_text(encoding="utf-8")) if store.is_file() else {}
    known |= {name: _as_data(row) for name, row in rows.items()}
    _explain(known)
    known = dict(sorted(known.items(), key=lambda item: item[1]["number"]))
    store.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for curves in (curves for row in rows.values() for curves in row.curves):
        from benchmarks.plots import draw  # needs matplotlib, which rows without curves do without

        draw(curves, folder / f"{curves.name}.svg")
    (folder / "speed.md").write_text("\n".join(_page(known)), encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of Markdown."""
    line = "| " + " | ".join(head) + " |"
    return [line, "|" + " --- |" * len(head), *("| " + " | ".join(row) + " |" for row in rows)]


def _page(known: dict[str, Any]) -> list[str]:
    met = sum(goal["met"] for row in known.values() for goal in row["goals"])
    total = sum(len(row["goals"]) for row in known.values())
    lines = [
        "# Speed", "",
        f"{met} of {total} targets met. Ratios of processor time, medians over rounds in turn; made by `python -m benchmarks`.",
        "Figures in µs are of this machine and compare within a table only.", "",
    ]  # fmt: skip
    for row in known.values():
        lines += [f"## {row['number']}. {row['title']}", ""]
        lines += [*table(["what", "target", "measured", "", "why not"], row["cells"]), ""]
        for curves in row["curves"]:
            lines += [f"![{curves['title']}]({curves['name']}.svg)", ""]
        for one in row["tables"]:
            lines += [f"{one['title']}:", "", *table(one["head"], one["rows"]), ""]
        made = row["machine"]
        used = ", ".join(f"{name} {number}" for name, number in row["versions"].items())
        where = f"{made['processor']}, {made['cores']} cores, {made['system']}, {made['python']}"
        lines += [f"Measured {row['date']} at {row['commit']} on {where}; {used}.", ""]
    return lines
