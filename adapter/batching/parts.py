"""A run in parts: each chunk of rows becomes a file of its own, and a journal says which are whole.

A part is written under another name and renamed, and noted in the journal when it has its name. So a run that is killed at any
place goes on with the chunks that the journal lacks, and the output, joined of all parts in order, is the same as without.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from adapter.batching.lines import Chunk, Counts, LineReader, LineSettings, written
from adapter.batching.parquet import join_parquet, parquet
from adapter.evaluation.results import locked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Form = Literal["jsonl", "parquet"]
_OURS = re.compile(r"lock|journal|joined|settings\.json(\.new)?|\d{8,}\.(jsonl|parquet)(\.new)?")


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
        data = parquet(rows, self._settings.keep) if self._form == "parquet" else b"".join(map(written, rows))
        return Made(chunk.number, digest_of(chunk), chunk.size, counts.as_json(), data)


def digest_of(chunk: Chunk) -> str:
    """Return the checksum of a chunk's lines."""
    found = blake2b(digest_size=16)
    for line in chunk.lines:
        found.update(line)
    return found.hexdigest()


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
        BadRun: The output stands already, another run writes it, a run with other settings began, or the folder holds files of
            another kind.
        OSError: The folder cannot be written.
    """

    def __init__(self, out: Path, form: Form, settings: Mapping[str, Any], *, fresh: bool = False) -> None:
        self._out, self._form = out, form
        self.folder = out.with_name(f"{out.name}.parts")
        self._fresh = fresh
        self._check_out()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_folder()
        self._journal: BinaryIO | None = None
        self._lock: BinaryIO | None = (self.folder / "lock").open("wb")
        self.counts, self.done = Counts(), dict[int, str]()
        try:
            self._check_lock(self._lock)
            self._check_out()
            if fresh:
                out.unlink(missing_ok=True)
                self._clear()
            self._check(json.loads(json.dumps(settings)))
            self._journal = self._opened_journal()
        except BaseException:
            self.close()
            raise

    def _check_lock(self, lock: BinaryIO) -> None:
        """Take the lock; one that has gone from the folder is that of a run that has just ended."""
        if not locked(lock) or not os.fstat(lock.fileno()).st_nlink:
            raise BadRun(f"{self._out}: another run writes this output now; wait for its end, or give another --out")

    def _check_out(self) -> None:
        if self._out.exists() and not self._fresh:
            raise BadRun(f"{self._out}: the output stands already; give another --out, or --fresh to write it anew")

    def _check_folder(self) -> None:
        """Refuse a folder with anything that no run wrote: the folder goes away at the end."""
        for path in sorted(self.folder.iterdir()):
            if not (_OURS.fullmatch(path.name) and path.is_file()):
                raise BadRun(
                    f"{self.folder}: the parts go in this folder, which holds {path.name!r}, and no run wrote that; give "
                    "another --out, or move it"
                )

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.name != "lock":
                path.unlink()

    def _check(self, settings: dict[str, Any]) -> None:
        path = self.folder / "settings.json"
        if not path.exists():
            _write(path, json.dumps(settings, ensure_ascii=False).encode("utf-8", "replace"))
            return
        try:
            before = dict(json.loads(path.read_bytes()))
        except (ValueError, TypeError) as error:
            raise self._broken(path, error) from error
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
        try:
            for line in data[:whole].splitlines():
                self._note(json.loads(line))
        except (ValueError, TypeError, KeyError) as error:
            journal.close()
            raise self._broken(self.folder / "journal", error) from error
        return journal

    def _note(self, noted: dict[str, Any]) -> None:
        """Count a part of an earlier run, unless its file is gone or no longer whole, as after a machine lost its power."""
        path = self._path(noted["part"])
        if noted["part"] not in self.done and path.exists() and path.stat().st_size == noted["size"]:
            self.done[noted["part"]] = noted["digest"]
            self.counts.add(Counts.from_json(noted["counts"]))

    def _broken(self, path: Path, error: Exception) -> BadRun:
        told = f"{path}: not as a run wrote it ({type(error).__name__}: {error})"
        return BadRun(f"{told}; give --fresh to begin anew, or another --out")

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
        noted = {"part": made.number, "digest": made.digest, "size": len(made.data), "counts": made.counts}
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
            join_parquet(paths, target)
        else:
            with target.open("wb") as joined:
                for path in paths:
                    joined.write(path.read_bytes())
        target.replace(self._out)
        self._clear()
        (self.folder / "lock").unlink()
        with suppress(OSError):  # a run that begins now, and will find the output, has put its lock there
            self.folder.rmdir()
        self.close()

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
