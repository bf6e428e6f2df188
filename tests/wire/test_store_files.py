"""The files of `SqliteStore`: who may read them, and files that lie, are of another shape, or have no room to grow."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from adapter import MemoryStore, SqliteStore
from adapter.errors import StoreFailed
from adapter.exchange.stored_responses import stored_exchange

if TYPE_CHECKING:
    from pathlib import Path


def _file(folder: Path) -> Path:
    store = SqliteStore(folder / "kept.db")
    store.put("a", b"1")
    store.put("b", b"2")
    store.close()
    return folder / "kept.db"


def _changed(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = SqliteStore(tmp_path / "kept.db")
        store.put("a", b"secret")
        rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert rights == dict.fromkeys(("kept.db", "kept.db-wal", "kept.db-shm"), 0o600)


def test_a_file_without_a_version_is_taken_over_and_later_rights_stay(tmp_path: Path) -> None:
    path = _changed(_file(tmp_path), "PRAGMA user_version = 0")
    path.chmod(0o644)
    store = SqliteStore(path)
    assert (store.get("a"), stat.S_IMODE(path.stat().st_mode)) == (b"1", 0o600)
    store.close()
    path.chmod(0o660)
    SqliteStore(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


REFUSED = {
    "newer": ("PRAGMA user_version = 7", "version 7"),
    "another table": ("PRAGMA user_version = 0; DROP TABLE sums; CREATE TABLE sums (x)", "sums"),
    "a trigger that puts values back": (
        "CREATE TRIGGER again AFTER DELETE ON kept BEGIN INSERT INTO kept VALUES (old.key || 'x', old.value, 1, 0); END",
        "again",
    ),
    "a missing trigger": ("DROP TRIGGER kept_out", "kept_out"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_another_shape_is_refused(name: str, tmp_path: Path) -> None:
    script, named = REFUSED[name]
    with pytest.raises(sqlite3.DatabaseError, match=named):
        SqliteStore(_changed(_file(tmp_path), script))


LIES = ("UPDATE sums SET items = 10000000", "UPDATE sums SET bytes = 1 << 60", "UPDATE sums SET items = -5, bytes = -5")


@pytest.mark.parametrize("lie", LIES)
def test_false_sums_end_no_loop_and_cost_no_value(lie: str, tmp_path: Path) -> None:
    store = SqliteStore(_changed(_file(tmp_path), lie))
    store.put("c", b"3")
    assert [store.get(key) for key in "abc"] == [b"1", b"2", b"3"]


def test_a_size_that_lies_ends_no_loop(tmp_path: Path) -> None:
    store = SqliteStore(_changed(_file(tmp_path), "UPDATE kept SET size = 1 << 60; UPDATE sums SET items = 1 << 60"))
    store.put("c", b"3")
    assert store.get("c") == b"3"


@pytest.mark.parametrize("value", ["SET value = 'text'", "SET value = 5", "SET value = 2.5"])
def test_a_value_of_another_type_is_a_clear_error(value: str, tmp_path: Path) -> None:
    store = SqliteStore(_changed(_file(tmp_path), "UPDATE kept " + value))
    with pytest.raises(sqlite3.DataError, match=r"value of 'a' is .*, not bytes"):
        store.get("a")


_FULL = """
import resource, sqlite3, sys
from adapter import SqliteStore
store = SqliteStore(sys.argv[1])
store.put("c", b"3")
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
print(store.get("a"), store.count)
try:
    store.put("d", b"4")
except sqlite3.OperationalError:
    print("full")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.put("e", b"5")
print(store.get("c"), store.get("d"), store.get("e"))
"""


def test_a_read_needs_no_room_on_the_disk(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(_file(tmp_path))], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines() == ["b'1' 3", "full", "b'3' None b'5'"], done.stderr


def _record(output: Any = (), previous: Any = None, items: Any = ()) -> Any:
    return {"response": {"output": list(output), "previous_response_id": previous}, "input": list(items)}


DAMAGED = {
    "not JSON": (b"\xff{", "no stored response"),
    "too deep": (b"[" * 100_000, "no stored response"),
    "a list": (b"[]", "no 'response'"),
    "no input": (b'{"response": {"output": []}}', "'input'"),
    "items that are none": (json.dumps(_record([1])).encode(), "'output'"),
    "an id that is none": (json.dumps(_record(previous=[1])).encode(), "'previous_response_id'"),
    "a circle": (json.dumps(_record(previous="resp_a")).encode(), "goes on from itself"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_record_is_a_clear_error(name: str) -> None:
    value, told = DAMAGED[name]
    store = MemoryStore()
    store.put("resp_a", value)
    exchange = stored_exchange(store, "GET", "/responses/resp_a/input_items", {})
    assert exchange is not None
    run: Any = next(exchange)
    with pytest.raises(StoreFailed, match=told):
        exchange.send(run.action())


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(4))
def test_no_damage_to_a_file_is_another_error_or_an_endless_loop(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    whole = _file(tmp_path).read_bytes()
    for number in range(60):
        data = bytearray(whole[: rng.choice((len(whole), rng.randrange(len(whole) + 1)))])
        for _ in range(rng.randrange(1, 30)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
        path = tmp_path / f"{number}.db"
        path.write_bytes(data)
        with suppress(sqlite3.Error):
            store = SqliteStore(path, max_items=3)
            for key in "abcdef":
                with suppress(sqlite3.Error):
                    assert isinstance(store.get(key), bytes | None)
                with suppress(sqlite3.Error):
                    store.put(key, b"x")
            store.close()
