"""A file of results: one outcome on each line of JSON, appended as cases are done."""

from __future__ import annotations

import json
import math
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Self, get_args

from adapter.evaluation.cases import BadCases
from adapter.evaluation.outcome import CaseOutcome, Verdict
from adapter.plain_file import check_plain

if TYPE_CHECKING:
    from pathlib import Path


class Results(NamedTuple):
    """The outcomes in a file.

    Attributes:
        outcomes: The outcomes, in the order of the file; of several for a case and an arm the last.
        whole: Bytes up to the end of the last whole line; a run that was broken may have left a part of a line behind.
        torn: The file ends in a part of a line.
    """

    outcomes: list[CaseOutcome]
    whole: int
    torn: bool


def read_results(path: Path) -> Results:
    """Read a file of results.

    Raises:
        BadCases: The file cannot be read, or a line is no outcome.
    """
    try:
        data = check_plain(path).read_bytes()
    except OSError as error:
        raise BadCases(f"{path}: {error.strerror}; give a file of results that `adapter eval` wrote") from error
    whole = data.rfind(b"\n") + 1
    found: dict[tuple[str, str], CaseOutcome] = {}
    for number, line in enumerate(data[:whole].splitlines(), 1):
        if line.strip():
            outcome = _outcome(line, f"{path}, line {number}")
            found[outcome.case, outcome.arm] = outcome
    return Results([*found.values()], whole, whole < len(data))


def _outcome(line: bytes, place: str) -> CaseOutcome:
    try:
        return _checked(CaseOutcome.from_json(json.loads(line)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadCases(f"{place}: no line of results that `adapter eval` wrote: {type(error).__name__}: {error}") from error


def _checked(outcome: CaseOutcome) -> CaseOutcome:
    """Return an outcome; refuse one whose figures could not be counted."""
    for name in ("case", "arm", "category", "cluster"):
        if not isinstance(getattr(outcome, name), str):
            raise TypeError(f"{name} is {getattr(outcome, name)!r}, and no text")
    for name in ("verdict", "bare"):
        value = getattr(outcome, name)
        if value not in get_args(Verdict) and (name == "verdict" or value is not None):
            raise ValueError(f"{name} is {value!r}, and not one of {', '.join(get_args(Verdict))}")
    for name in ("seconds", "first", "prompt_tokens", "completion_tokens", "requests"):
        value = getattr(outcome, name)
        if not (isinstance(value, int | float) and math.isfinite(value)) and (
            value is not None or name in {"seconds", "requests"}
        ):
            raise ValueError(f"{name} is {value!r}, and no number")
    return outcome


class ResultsFile:
    """Appends outcomes to a file, each at once; a part of a line at its end is cut off.

    Args:
        path: The file.
        whole: Bytes to keep of the file.

    Raises:
        OSError: The file cannot be written.
    """

    def __init__(self, path: Path, whole: int) -> None:
        self._lock = threading.Lock()
        self._file: Any = path.open("ab")
        self._file.truncate(whole)

    def add(self, outcome: CaseOutcome) -> None:
        """Write an outcome, from any thread."""
        line = json.dumps(outcome.as_json(), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
