"""A file of results: one outcome on each line of JSON, appended as cases are done."""

from __future__ import annotations

import json
import math
import os
import threading
from typing import TYPE_CHECKING, Any, NamedTuple, Self, get_args

from adapter.evaluation.cases import BadCases
from adapter.evaluation.outcome import CaseOutcome, Verdict
from adapter.plain_file import check_plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Results(NamedTuple):
    """The outcomes in a file.

    Attributes:
        outcomes: The outcomes, in the order of the file; of several for a case and an arm the last.
        whole: Bytes up to the end of the last whole line; a run that was broken may have left a part of a line behind.
        torn: The file ends in a part of a line.
        size: Bytes of the file.
    """

    outcomes: list[CaseOutcome]
    whole: int
    torn: bool
    size: int = 0


NONE = Results([], 0, torn=False)


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
    return Results([*found.values()], whole, whole < len(data), len(data))


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


class AppendedLines:
    """Appends values to a file of JSON lines, each at once; a part of a line at its end is cut off.

    Args:
        path: The file.
        whole: Bytes of whole lines that were read from the file.
        size: Bytes of the file when it was read.
        fresh: Drop what is in the file.

    Raises:
        BadCases: Another run writes to the file, or has written to it since it was read.
        OSError: The file cannot be written.
    """

    def __init__(self, path: Path, whole: int = 0, size: int = 0, *, fresh: bool = False) -> None:
        self._lock = threading.Lock()
        self._name = str(path)
        self._file: Any = path.open("ab", buffering=0)
        try:
            self._hold(path, whole, None if fresh else size)
        except BaseException:
            self._file.close()
            raise

    def _hold(self, path: Path, whole: int, size: int | None) -> None:
        """Take the file for this run alone, and cut it."""
        if not locked(self._file):
            raise BadCases(f"{path}: another run writes its results there now; wait for its end, or give another --out")
        if size is not None and os.fstat(self._file.fileno()).st_size != size:
            raise BadCases(f"{path}: another run has written to the file just now; begin again to go on from there")
        self._file.truncate(whole)

    def write(self, value: Mapping[str, Any]) -> None:
        """Write a value, from any thread."""
        line = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self._lock:
            left = memoryview(line)
            while left:
                left = left[self._written(left) :]

    def _written(self, data: memoryview) -> int:
        """Write bytes; the error of a full disk names the file. Returns the number of bytes written."""
        try:
            return int(self._file.write(data))
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._name) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class ResultsFile(AppendedLines):
    """Appends outcomes to a file of results.

    Args:
        path: The file.
        before: The outcomes that were read from the file; `NONE` to begin anew.
        fresh: Drop what is in the file.

    Raises:
        BadCases: Another run writes to the file, or has written to it since it was read.
        OSError: The file cannot be written.
    """

    def __init__(self, path: Path, before: Results = NONE, *, fresh: bool = False) -> None:
        super().__init__(path, before.whole, before.size, fresh=fresh)

    def add(self, outcome: CaseOutcome) -> None:
        """Write an outcome, from any thread."""
        self.write(outcome.as_json())


def locked(file: Any) -> bool:
    """Take a file for this process alone, until it is closed. Returns False for a file that another has taken.

    Where the system has no such locks, each file counts as free.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
