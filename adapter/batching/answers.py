"""A file of answers: rows as they come, and in the order of the requests once all have come."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

from adapter.batching.asking import is_answered, is_final
from adapter.batching.parts import BadRun
from adapter.evaluation.results import AppendedLines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NONE = -1
_FIRST = b'{"row": '  # of each line


class Answers:
    """The rows in a file, found by their number. Eight bytes of memory for each.

    Args:
        path: The file, which may be missing.

    Attributes:
        number: Rows that have a final answer.

    Raises:
        BadRun: A line is no row of a batch.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places = array("q")
        self._whole = self.number = 0
        self._size = path.stat().st_size if path.exists() else 0
        if self._size:
            for row, place, end in _rows_of(path):
                self._whole = end
                before = self._place(row["row"])
                self.number += is_final(row) - (before != _NONE)
                self._set(row["row"], place if is_final(row) else _NONE)

    def _place(self, row: int) -> int:
        return self._places[row] if row < len(self._places) else _NONE

    def _set(self, row: int, place: int) -> None:
        while len(self._places) <= row:
            self._places.append(_NONE)
        self._places[row] = place

    def has(self, number: int, fingerprint: str) -> bool:
        """Tell if a request has a final answer.

        Raises:
            BadRun: The answer is to another request, or was asked for with other settings.
        """
        place = self._place(number)
        if place == _NONE:
            return False
        with self._path.open("rb") as opened:
            opened.seek(place)
            row = json.loads(opened.readline())
        if row["request"] != fingerprint:
            raise BadRun(
                f"{self._path}: row {number} was asked with other settings, or is another request now; give another --out, or "
                "--fresh to begin anew"
            )
        return True

    def opened(self) -> AppendedLines:
        """Open the file to append rows, for this run alone; a part of a line at its end is cut off."""
        return AppendedLines(self._path, self._whole, self._size)


def put_in_order(path: Path, number: int) -> int:
    """Write the last row of each request to the file, in the order of the requests. Returns the rows without an answer.

    Args:
        path: The file.
        number: Requests.

    Raises:
        BadRun: The row of a request is missing, or there are more rows than requests.
    """
    places, answered = array("q", [_NONE]) * number, bytearray(number)
    for row, place, _ in _rows_of(path):
        if row["row"] >= number:
            raise BadRun(f"{path}: row {row['row']} has no request any more; give --fresh to begin anew")
        places[row["row"]], answered[row["row"]] = place, is_answered(row)
    missing = next((row for row, place in enumerate(places) if place == _NONE), None)
    if missing is not None:
        raise BadRun(f"{path}: row {missing} has no answer; the same command goes on from there")
    beside = path.with_name(f"{path.name}.new")
    with path.open("rb") as old, beside.open("wb") as new:
        for place in places:
            old.seek(place)
            new.write(old.readline())
    beside.replace(path)
    return number - sum(answered)


def _rows_of(path: Path) -> Iterable[tuple[dict[str, Any], int, int]]:
    """Yield the rows of a file with the places of their begin and end, but for a part of a line at the end."""
    place = 0
    with path.open("rb") as opened:
        for line in opened:
            if not line.endswith(b"\n") and _FIRST.startswith(line[: len(_FIRST)]):
                return
            try:
                row = json.loads(line)
                if not isinstance(row["row"], int) or "request" not in row:
                    raise TypeError("no row")  # noqa: TRY301
                is_final(row)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise BadRun(f"{path}: no file that `adapter batch run` wrote; give another --out") from error
            yield row, place, place + len(line)
            place += len(line)
