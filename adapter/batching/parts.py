"""A run in parts: each chunk of rows becomes a file of its own, and a journal says which are whole.

A part is written under another name and renamed, and noted in the journal when it has its name. So a run that is killed at any
place goes on with the chunks that the journal lacks, and the output, joined of all parts in order, is the same as without.
"""

from __future__ import annotations

import json
import shutil
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from adapter.batching.frames import arrow_rows
from adapter.batching.lines import Chunk, Counts, LineReader, LineSettings, written
from adapter.evaluation.results import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Form = Literal["jsonl", "parquet"]
_GROUP = 20_000  # rows of a row group of Parquet, held in memory while the output is joined


class BadRun(Exception):
    """A run that cannot begin or go on; the message says the reason and the fix."""


class Made(NamedTuple):
    """A chunk that was read.

    Attributes:
        number: The number of the chunk.
        digest: Checksum of its lines.
        size: Bytes of the input.
        counts: What stands in its rows, as `Counts.as_json` gives it.
        data: The part's bytes.
    """

    number: int
    digest: str
    size: int
    counts: dict[str, Any]
    data: bytes


class PartMaker:
    """Reads chunks to parts, in whichever process.

    Args:
        settings: The settings of the lines.
        form: The form of the output.
    """

    def __init__(self, settings: LineSettings, form: Form) -> None:
        self._settings, self._form = settings, form
        self._reader = LineReader(settings)

    def __call__(self, chunk: Chunk) -> Made:
        """Read a chunk."""
        counts, rows = Counts(), list(self._reader.rows(chunk))
        for row in rows:
            counts.count(row)
        data = _parquet(rows, self._settings.keep) if self._form == "parquet" else b"".join(map(written, rows))
        return Made(chunk.number, digest_of(chunk), chunk.size, counts.as_json(), data)


def digest_of(chunk: Chunk) -> str:
    """Return the checksum of a chunk's lines."""
    found = blake2b(digest_size=16)
    for line in chunk.lines:
        found.update(line)
    return found.hexdigest()


def _parquet(rows: list[dict[str, Any]], keep: Iterable[str]) -> bytes:
    """Return rows as a file of Parquet; members that are kept become text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = arrow_rows(rows)
    for name in reversed(tuple(keep)):
        table = table.add_column(0, name, pa.array([_as_text(row[name]) for row in rows], pa.string()))
    table = table.add_column(0, "row", pa.array([row["row"] for row in rows], pa.int64()))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _as_text(value: Any) -> str | None:
    text = value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
    return None if text is None else text.encode("utf-8", "replace").decode()


class Parts:
    """The parts of one output: `OUT.parts` beside the output, which goes away when the output stands.

    Args:
        out: The output.
        form: Its form.
        settings: Everything that the rows depend on, as JSON types; a run goes on with the same only.

    Attributes:
        counts: What stands in the parts that are whole.
        done: Checksums of the chunks whose parts are whole, by number.

    Raises:
        BadRun: The output stands already, another run writes it, or a run with other settings began.
        OSError: The folder cannot be written.
    """

    def __init__(self, out: Path, form: Form, settings: Mapping[str, Any], *, fresh: bool = False) -> None:
        self._out, self._form = out, form
        self.folder = out.with_name(f"{out.name}.parts")
        if out.exists() and not fresh:
            raise BadRun(f"{out}: the output stands already; give another --out, or --fresh to write it anew")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._journal: BinaryIO | None = None
        self._lock: BinaryIO | None = (self.folder / "lock").open("wb")
        if not locked(self._lock):
            self.close()
            raise BadRun(f"{out}: another run writes this output now; wait for its end, or give another --out")
        self.counts, self.done = Counts(), dict[int, str]()
        try:
            if fresh:
                out.unlink(missing_ok=True)
                self._clear()
            self._check(json.loads(json.dumps(settings)))
            self._journal = self._opened_journal()
        except BaseException:
            self.close()
            raise

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.name != "lock":
                path.unlink()

    def _check(self, settings: dict[str, Any]) -> None:
        path = self.folder / "settings.json"
        if not path.exists():
            _write(path, json.dumps(settings, ensure_ascii=False).encode("utf-8", "replace"))
            return
        before = json.loads(path.read_bytes())
        now = json.loads(json.dumps(settings, ensure_ascii=False).encode("utf-8", "replace"))
        changed = [name for name in now if before.get(name) != now[name]]
        if changed:
            raise BadRun(
                f"{self._out}: a run with other settings began here ({', '.join(changed)} changed); give the same, another "
                "--out, or --fresh to begin anew"
            )

    def _opened_journal(self) -> BinaryIO:
        """Read the journal. Returns the file, to write to its end."""
        journal = (self.folder / "journal").open("a+b")
        journal.seek(0)
        data = journal.read()
        whole = data.rfind(b"\n") + 1
        journal.truncate(whole)  # a part of a line at the end of a run that was killed
        for line in data[:whole].splitlines():
            noted = json.loads(line)
            if noted["part"] not in self.done and self._path(noted["part"]).exists():
                self.done[noted["part"]] = noted["digest"]
                self.counts.add(Counts.from_json(noted["counts"]))
        return journal

    def is_done(self, chunk: Chunk) -> bool:
        """Tell if the part of a chunk is whole.

        Raises:
            BadRun: The part was made of other lines.
        """
        before = self.done.get(chunk.number)
        if before is not None and before != digest_of(chunk):
            last = chunk.first + len(chunk.lines) - 1
            raise BadRun(
                f"{self._out}: the input has changed since the run began, in the rows {chunk.first} to {last}; give another "
                "--out, or --fresh to begin anew"
            )
        return before is not None

    def add(self, made: Made) -> None:
        """Write a part, and note the part."""
        _write(self._path(made.number), made.data)
        noted = {"part": made.number, "digest": made.digest, "counts": made.counts}
        if self._journal is None:
            raise ValueError("the parts are closed")
        self._journal.write(json.dumps(noted).encode() + b"\n")
        self._journal.flush()
        self.done[made.number] = made.digest
        self.counts.add(Counts.from_json(made.counts))

    def join(self, number: int) -> None:
        """Write the output of the first `number` parts, and remove the parts.

        Raises:
            BadRun: A part is missing, or there are more: the input was longer when the run began.
        """
        if set(self.done) != set(range(number)):
            raise BadRun(
                f"{self._out}: the input has changed since the run began: it had more rows; give --fresh to begin anew"
            )
        target = self.folder / "joined"
        paths = [self._path(one) for one in range(number)]
        if self._form == "parquet":
            _join_parquet(paths, target)
        else:
            with target.open("wb") as joined:
                for path in paths:
                    joined.write(path.read_bytes())
        target.replace(self._out)
        self.close()
        shutil.rmtree(self.folder)

    def close(self) -> None:
        """Close the journal; the parts stay for a later run."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08}.{self._form}"


def _write(path: Path, data: bytes) -> None:
    """Write a file that is whole as soon as it has its name."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(data)
    beside.replace(path)


def _join_parquet(paths: Iterable[Path], target: Path) -> None:
    """Join files of Parquet to one, some rows at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for tables in _groups(paths):
            table = pa.concat_tables(tables)
            writer = writer or pq.ParquetWriter(target, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=_GROUP)
    finally:
        if writer is not None:
            writer.close()


def _groups(paths: Iterable[Path]) -> Iterator[list[Any]]:
    """Yield tables that make a row group together."""
    import pyarrow.parquet as pq

    found: list[Any] = []
    rows = 0
    for path in paths:
        found.append(pq.read_table(path))
        rows += found[-1].num_rows
        if rows >= _GROUP:
            yield found
            found, rows = [], 0
    if found:
        yield found
