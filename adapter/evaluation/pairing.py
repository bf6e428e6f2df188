"""Pairs of expected and actual calls: a right pairing if there is any, else the pairing with the fewest faults."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def cheapest(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Return the pairs (row, column) with the smallest sum of costs; every row or every column is in a pair.

    The Hungarian method with potentials, cubic in the number of calls.

    Args:
        costs: A cost for each row and column.
    """
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        return sorted((row, column) for column, row in cheapest([*zip(*costs, strict=True)]))
    rows, columns = len(costs), len(costs[0])
    of_row, of_column = [0.0] * (rows + 1), [0.0] * (columns + 1)
    matched = [0] * (columns + 1)  # the row of each column, from 1; 0 for a free column
    for row in range(1, rows + 1):
        _place(row, costs, of_row, of_column, matched)
    return sorted((row - 1, column - 1) for column, row in enumerate(matched) if column and row)


def _place(row: int, costs: Sequence[Sequence[float]], of_row: list[float], of_column: list[float], matched: list[int]) -> None:
    """Give a row a column, along the cheapest path of exchanges."""
    columns = len(matched) - 1
    least, came_from = [math.inf] * (columns + 1), [0] * (columns + 1)
    seen = [False] * (columns + 1)
    column, matched[0] = 0, row
    while matched[column]:
        seen[column] = True
        current, step, following = matched[column], math.inf, 0
        for other in range(1, columns + 1):
            if seen[other]:
                continue
            cost = costs[current - 1][other - 1] - of_row[current] - of_column[other]
            if cost < least[other]:
                least[other], came_from[other] = cost, column
            if least[other] < step:
                step, following = least[other], other
        for other in range(columns + 1):
            if seen[other]:
                of_row[matched[other]] += step
                of_column[other] -= step
            else:
                least[other] -= step
        column = following
    while column:
        matched[column] = matched[came_from[column]]
        column = came_from[column]
