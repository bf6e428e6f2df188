"""A store in a file that several processes may share."""

from __future__ import annotations

import functools
import os
import sqlite3
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.plain_file import check_plain
from adapter.store.base import check_bounds, check_size

if TYPE_CHECKING:
    from collections.abc import Iterator

# `used` grows with every use; triggers keep the sums, and no write has to count.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS kept_used ON kept (used);
CREATE TABLE IF NOT EXISTS sums (items INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO sums SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM sums);
CREATE TRIGGER IF NOT EXISTS kept_in AFTER INSERT ON kept
  BEGIN UPDATE sums SET items = items + 1, bytes = bytes + new.size; END;
CREATE TRIGGER IF NOT EXISTS kept_out AFTER DELETE ON kept
  BEGIN UPDATE sums SET items = items - 1, bytes = bytes - old.size; END;
"""
_VERSION = 1  # of the file, in `PRAGMA user_version`; 0 is an empty file, or one of before there were versions
_SHAPE = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ('kept', 'sums') AND sql IS NOT NULL ORDER BY name"
_RECOUNT = "UPDATE sums SET items = (SELECT count(*) FROM kept), bytes = (SELECT coalesce(sum(size), 0) FROM kept)"
_READ = "SELECT value FROM kept WHERE key = ?"
_EVICT = "DELETE FROM kept WHERE used = (SELECT min(used) FROM kept WHERE key <> ?) AND key <> ?"
_GET = "UPDATE kept SET used = (SELECT max(used) + 1 FROM kept) WHERE key = ? RETURNING value"
_PUT = "INSERT INTO kept VALUES (?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM kept))"
# Seconds that a process waits for another that is writing.
_PATIENCE = 30.0


class SqliteStore:
    """Keeps values in an SQLite file that only its owner may read.

    Args:
        path: The file, made if missing; the folder must exist. Other users' rights are taken from a file made before files
            had a version, and from its `-wal` and `-shm`; rights given later stay.
        max_items: The most values.
        max_bytes: The most bytes, of keys and values together; the file is somewhat larger.

    Raises:
        ValueError: A bound is not a whole number from 1 up.
        sqlite3.Error: The file cannot be opened, is no SQLite file, or holds tables of another shape or a newer version.
    """

    def __init__(self, path: str | os.PathLike[str], max_items: int = 100_000, max_bytes: int = 1024**3) -> None:
        check_bounds(max_items, max_bytes)
        self._path = os.fspath(path)
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._recounted = False
        with self._locked():
            self._make(self._opened())

    @property
    def count(self) -> int:
        """The number of values."""
        return self._sums()[0]

    @property
    def size(self) -> int:
        """The size of keys and values in bytes."""
        return self._sums()[1]

    def get(self, key: str) -> bytes | None:
        """Return the value; None for an unknown or evicted key."""
        try:
            with self._writing() as connection:
                row = connection.execute(_GET, (key,)).fetchone()
        except sqlite3.OperationalError:  # a full disk, a file to read only, a writer that never ends: the use goes unnoted
            with self._locked():
                row = self._opened().execute(_READ, (key,)).fetchone()
        if row is None:
            return None
        if not isinstance(row[0], bytes):
            raise sqlite3.DataError(f"{self._path}: the value of {key!r} is {type(row[0]).__name__}, not bytes: delete the row")
        return row[0]

    def put(self, key: str, value: bytes) -> None:
        """Store a value; the least recently used values are evicted for it.

        Raises:
            StoreFull: The value alone is larger than the store may be.
            sqlite3.Error: The file cannot be written.
        """
        size = check_size(key, value, self._max_bytes)
        with self._writing() as connection:
            connection.execute("DELETE FROM kept WHERE key = ?", (key,))
            connection.execute(_PUT, (key, value, size))
            self._evict(connection, key)

    def delete(self, key: str) -> bool:
        """Delete a value. Returns False for an unknown key."""
        with self._writing() as connection:
            return connection.execute("DELETE FROM kept WHERE key = ?", (key,)).rowcount > 0

    def close(self) -> None:
        """Close the file; the next use opens the file again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _sums(self) -> tuple[int, int]:
        with self._locked():
            return self._counted(self._opened())

    def _counted(self, connection: sqlite3.Connection) -> tuple[int, int]:
        row = connection.execute("SELECT items, bytes FROM sums").fetchone()
        if row is None or not all(isinstance(value, int) for value in row):
            raise sqlite3.DataError(f"{self._path}: the table 'sums' holds {row!r}, not two whole numbers: make a new file")
        return row[0], row[1]

    def _evict(self, connection: sqlite3.Connection, kept: str) -> None:
        """Delete the least recently used values until the bounds hold; the value just stored stays.

        The sums are counted anew before the first eviction of a process, for the file may lie.
        """
        while self._over(connection):
            if not self._recounted:
                connection.execute(_RECOUNT)
                self._recounted = True
            elif not connection.execute(_EVICT, (kept, kept)).rowcount:
                self._recounted = False
                return

    def _over(self, connection: sqlite3.Connection) -> bool:
        items, size = self._counted(connection)
        return items > self._max_items or size > self._max_bytes

    def _make(self, connection: sqlite3.Connection) -> None:
        """Make the tables, if missing.

        Raises:
            sqlite3.DatabaseError: The file is of a newer version, or its tables are of another shape.
        """
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in {0, _VERSION}:
            raise sqlite3.DatabaseError(
                f"{self._path}: a file of version {version}, and this release reads version {_VERSION}: use another file"
            )
        if not version:
            self._restrict()
            with _transaction(connection):
                _fill(connection)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
        found = {(kind, name): sql for kind, name, sql in connection.execute(_SHAPE)}
        for key, sql in _shape().items() | found.items():
            if found.get(key) != sql or key not in _shape():
                raise sqlite3.DatabaseError(
                    f"{self._path}: the {key[0]} {key[1]!r} is not as this release makes it: the file is of another program or "
                    "was changed; use another file"
                )

    def _restrict(self) -> None:
        """Take the rights of other users, of whom none is known to have been given any."""
        for ending in ("", "-wal", "-shm"):
            with suppress(OSError):  # not there, or another user's, who sees to the rights
                Path(self._path + ending).chmod(0o600)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction; other writers wait."""
        with self._locked(), _transaction(self._opened()) as connection:
            yield connection

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock; errors of Python's about text in a damaged file become those of SQLite."""
        with self._lock:
            try:
                yield
            except UnicodeDecodeError as error:
                raise sqlite3.DatabaseError(f"{self._path}: damaged: {error}") from error

    def _opened(self) -> sqlite3.Connection:
        """Return the connection of the process: SQLite forbids the use of a connection after a fork."""
        if self._connection is None or self._process != os.getpid():
            _touch(self._path)
            connection = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            _use_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = NORMAL").close()
            self._connection, self._process = connection, os.getpid()
        return self._connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk ends some by itself
            connection.execute("ROLLBACK")
        raise


def _touch(path: str) -> None:
    """Make the file for its owner alone; SQLite gives `-wal` and `-shm` the same rights."""
    if path in {"", ":memory:"}:
        return
    try:
        check_plain(path)
    except (FileNotFoundError, ValueError):  # made below, or a path that SQLite refuses
        pass
    except OSError as error:
        raise sqlite3.OperationalError(f"unable to open database file: {error}") from error
    with suppress(OSError):  # there already, or SQLite says better that there cannot be one
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _fill(connection: sqlite3.Connection) -> None:
    for statement in _statements(_SCHEMA):
        connection.execute(statement)


@functools.cache
def _shape() -> dict[tuple[str, str], str]:
    """The definitions of tables, indices and triggers by type and name, as SQLite keeps them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        _fill(connection)
        return {(kind, name): sql for kind, name, sql in connection.execute(_SHAPE)}


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log: readers and a writer go on side by side.

    SQLite does not wait while another process switches the same file.
    """
    patient_until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if "locked" not in str(error) or time.monotonic() > patient_until:
                connection.close()
                raise
            time.sleep(0.01)
        else:
            return


def _statements(script: str) -> Iterator[str]:
    """Return the statements of a script: `executescript` would end the open transaction."""
    begun = ""
    for line in script.strip().splitlines():
        begun += line + "\n"
        if sqlite3.complete_statement(begun):
            yield begun
            begun = ""
