"""Files of JSON lines, read in chunks of rows; the chunks of the same text are always the same."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from adapter.batching.rows import COMMON, RowReader, bad_row
from adapter.text.wire_json import read_json
from adapter.tools.definitions import read_tools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ROWS = 2_000
_BYTES = 8 << 20
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class Chunk(NamedTuple):
    """Some rows of a file.

    Attributes:
        number: The number of the chunk, from 0.
        first: The number of its first row, from 0.
        lines: The rows; lines without text are no rows.
        size: Bytes of the file that were read for the chunk.
    """

    number: int
    first: int
    lines: list[bytes]
    size: int


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How lines are read, as plain values that any process can have.

    Attributes:
        tools: The tools of all rows.
        options: Values of `BatchKeywords`.
        text_column: The member with the completion.
        tools_column: The member with the tools of the row; None for `tools`.
        finish_reason: The word of upstream.
        finish_reason_column: The member with the word of the row; None for `finish_reason`.
        keep: Members that stand in the row of the output too.
    """

    tools: list[Any] = field(default_factory=list)
    options: Mapping[str, Any] = field(default_factory=dict)
    text_column: str = "text"
    tools_column: str | None = None
    finish_reason: str | None = "stop"
    finish_reason_column: str | None = None
    keep: tuple[str, ...] = ()


def plain_stream(opened: BinaryIO) -> BinaryIO:
    """Return the stream of a file's text, unpacked where the file is packed with gzip."""
    buffered = opened if isinstance(opened, io.BufferedReader) else io.BufferedReader(opened)  # type: ignore[type-var]
    if buffered.peek(2)[:2] != _GZIP:
        return buffered
    return gzip.GzipFile(fileobj=buffered)  # type: ignore[return-value]


def chunks(stream: Iterable[bytes], rows: int = ROWS, place: Callable[[], int] | None = None) -> Iterator[Chunk]:
    """Yield the rows of a stream of lines, some at a time.

    Args:
        stream: Lines with their ends.
        rows: Rows of a chunk; fewer where these are long.
        place: Returns how many bytes of the file were read, which are fewer than those of the lines where it is packed.
    """
    number = first = size = read = 0
    found: list[bytes] = []
    for line in stream:
        size += len(line)
        if not found and not first:
            line = line.removeprefix(_BOM)  # noqa: PLW2901
        if line.strip():
            found.append(line)
        if len(found) == rows or size > _BYTES:
            before, read = read, read + size if place is None else place()
            yield Chunk(number, first, found, read - before)
            number, first, size = number + 1, first + len(found), 0
            found = []
    if found:
        yield Chunk(number, first, found, size if place is None else place() - read)


def first_names(lines: Iterable[bytes]) -> list[str] | None:
    """Return the members of the objects in some lines: none if a line is a string; None if no line is one of the two."""
    names: dict[str, None] = {}
    usable = False
    for line in lines:
        try:
            found = read_json(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, str):
            return []
        if isinstance(found, dict):
            usable = True
            names |= dict.fromkeys(found)
    return list(names) if usable else None


class LineReader:
    """A reader of lines: one row out for one row in.

    Args:
        settings: The settings.

    Raises:
        AdapterError: The tools or the options are none.
    """

    def __init__(self, settings: LineSettings) -> None:
        self._settings = settings
        self._read = RowReader(read_tools(settings.tools), settings.options).row

    def rows(self, chunk: Chunk) -> Iterator[dict[str, Any]]:
        """Yield the rows of a chunk, each with its number as `row`."""
        for number, line in enumerate(chunk.lines, chunk.first):
            yield {"row": number, **self._row(line)}

    def _row(self, line: bytes) -> dict[str, Any]:
        settings = self._settings
        try:
            found = read_json(line)
        except (ValueError, RecursionError) as error:
            told = f"the line is no JSON: {error}"
            return {**dict.fromkeys(settings.keep), **bad_row(told, line.decode("utf-8", "replace").strip(), None)}
        if isinstance(found, str):
            found = {settings.text_column: found}
        if not isinstance(found, dict):
            told = f"the line is no JSON object with the member {settings.text_column!r}, and no string"
            return {**dict.fromkeys(settings.keep), **bad_row(told, line.decode("utf-8", "replace").strip(), None)}
        return {**{name: found.get(name) for name in settings.keep}, **self._read(*self._given(found))}

    def _given(self, found: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Return the completion, the word of upstream and the tools of a row."""
        settings = self._settings
        reason: Any = settings.finish_reason
        if settings.finish_reason_column is not None:
            reason = found.get(settings.finish_reason_column)
        tools = COMMON if settings.tools_column is None else found.get(settings.tools_column)
        return found.get(settings.text_column), reason, tools


def written(row: Mapping[str, Any]) -> bytes:
    """Return a row as a line of JSON; in ASCII where a member that is kept holds half of a surrogate pair."""
    try:
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(row).encode() + b"\n"


@dataclass
class Counts:
    """What stands in rows.

    Attributes:
        rows: Rows.
        calls: Rows with calls.
        bad: Rows that cannot be read, or not as they stand.
        problems: Rows by the kinds of their problems.
    """

    rows: int = 0
    calls: int = 0
    bad: int = 0
    problems: Counter[str] = field(default_factory=Counter)

    def count(self, row: Mapping[str, Any]) -> None:
        """Count a row."""
        self.rows += 1
        self.calls += bool(row["calls"])
        if row["problems"]:
            kinds = {problem["kind"] for problem in row["problems"]}
            self.bad += "bad_row" in kinds
            self.problems.update(kinds)

    def add(self, other: Counts) -> None:
        """Add the counts of other rows."""
        self.rows += other.rows
        self.calls += other.calls
        self.bad += other.bad
        self.problems += other.problems

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON types."""
        return {"rows": self.rows, "calls": self.calls, "bad": self.bad, "problems": dict(sorted(self.problems.items()))}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Counts:
        """Return the counts of `as_json`."""
        return cls(found["rows"], found["calls"], found["bad"], Counter(found["problems"]))
