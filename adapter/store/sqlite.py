"""A store in a file that several processes may share."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

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
_GET = "UPDATE kept SET used = (SELECT max(used) + 1 FROM kept) WHERE key = ? RETURNING value"
_PUT = "INSERT INTO kept VALUES (?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM kept))"
# Seconds that a process waits for another that is writing.
_PATIENCE = 30.0


class SqliteStore:
    """Keeps values in an SQLite file.

    Args:
        path: The file, made if missing; the folder must exist.
        max_items: The most values.
        max_bytes: The most bytes, of keys and values together; the file is somewhat larger.

    Raises:
        ValueError: A bound is not a whole number from 1 up.
        sqlite3.Error: The file cannot be opened, or is no SQLite file.
    """

    def __init__(self, path: str | os.PathLike[str], max_items: int = 100_000, max_bytes: int = 1024**3) -> None:
        check_bounds(max_items, max_bytes)
        self._path = os.fspath(path)
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        with self._writing() as connection:
            for statement in _statements(_SCHEMA):
                connection.execute(statement)

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
        with self._writing() as connection:
            row = connection.execute(_GET, (key,)).fetchone()
        return None if row is None else bytes(row[0])

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
            while self._over(connection):
                connection.execute("DELETE FROM kept WHERE used = (SELECT min(used) FROM kept)")

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
        with self._writing() as connection:
            items, size = connection.execute("SELECT items, bytes FROM sums").fetchone()
        return items, size

    def _over(self, connection: sqlite3.Connection) -> bool:
        items, size = connection.execute("SELECT items, bytes FROM sums").fetchone()
        return bool(items > self._max_items or size > self._max_bytes)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Run a transaction; other writers wait."""
        with self._lock:
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _opened(self) -> sqlite3.Connection:
        """Return the connection of the process: SQLite forbids the use of a connection after a fork."""
        if self._connection is None or self._process != os.getpid():
            connection = sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            _use_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = NORMAL").close()
            self._connection, self._process = connection, os.getpid()
        return self._connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log: readers and a writer go on side by side.

    SQLite does not wait while another process switches the same file.
    """
    patient_until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
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
