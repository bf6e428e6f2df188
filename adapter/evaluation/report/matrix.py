"""The confusion matrix as rows of a table; of many tools the most confused ones, the others together."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.evaluation.report.words import tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.figures.values import Cell

_MOST = 24  # tools with a row and a column of their own
_SHADES = 5


@dataclass(frozen=True)
class Matrix:
    """Names of the columns, and rows of a name and cells of a count and a class; a note of tools put together."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, str], ...]], ...]
    note: str


def matrix(cells: Sequence[Cell]) -> Matrix:
    """Return the matrix; "no call" is its last row and column."""
    confused: Counter[str] = Counter()
    for cell in cells:
        for name in {cell.expected, cell.called} - {""}:
            confused[name] += cell.count * (1000 if cell.expected != cell.called else 1)
    kept = sorted(name for name, _ in confused.most_common(_MOST))
    others = f"{len(confused) - len(kept)} other tools" if len(confused) > len(kept) else ""
    counts: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        expected, called = (name if name in kept or not name else others for name in (cell.expected, cell.called))
        counts[expected, called] += cell.count
    names = (*kept, *([others] if others else []), "")
    rows = tuple((tool(row), tuple(_cell(counts, row, column, others) for column in names)) for row in names)
    note = f"{others} have one row and one column; their confusions with each other are in the JSON report." if others else ""
    return Matrix(tuple(tool(name) for name in names), rows, note)


def _cell(counts: Counter[tuple[str, str]], row: str, column: str, others: str) -> tuple[int, str]:
    count = counts[row, column]
    if not count:
        return 0, "hit" if row == column else ""
    of_row = sum(number for (expected, _), number in counts.items() if expected == row)
    kind = "mixed" if others and row == column == others else "hit" if row == column else "miss"
    return count, f"{kind} s{math.ceil(_SHADES * count / of_row)}"
