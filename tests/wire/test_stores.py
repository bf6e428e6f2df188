"""The stores: what is put in comes out, and they never hold more than they may, whoever uses them."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from adapter import MemoryStore, SqliteStore
from adapter.store import Store, StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAKERS: dict[str, Callable[[Path, Any], MemoryStore | SqliteStore]] = {
    "memory": lambda _, bounds: MemoryStore(**bounds),
    "sqlite": lambda folder, bounds: SqliteStore(folder / "kept.db", **bounds),
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., MemoryStore | SqliteStore]:
    return lambda **bounds: MAKERS[request.param](tmp_path, bounds)


def test_an_empty_store_is_true(make: Callable[..., MemoryStore | SqliteStore]) -> None:
    """Or `store or None` would lose it."""
    store: object = make()
    assert store


def test_what_is_put_in_comes_out(make: Callable[..., MemoryStore | SqliteStore]) -> None:
    store = make()
    assert isinstance(store, Store)
    assert store.get("a") is None
    store.put("a", b"\x00one")
    store.put("b", "zwei €".encode())
    assert (store.get("a"), store.get("b"), store.count) == (b"\x00one", "zwei €".encode(), 2)
    store.put("a", b"")
    assert (store.get("a"), store.count) == (b"", 2)
    assert store.size == len("ab") + len("zwei €".encode())
    assert store.delete("a") is True
    assert store.delete("a") is False
    assert (store.get("a"), store.count) == (None, 1)


def test_a_full_store_lets_go_of_what_was_used_longest_ago(make: Callable[..., MemoryStore | SqliteStore]) -> None:
    store = make(max_items=3)
    for key in "abc":
        store.put(key, b"x")
    store.get("a")
    store.put("d", b"x")
    assert [key for key in "abcd" if store.get(key) is not None] == ["a", "c", "d"]


def test_bytes_are_bounded(make: Callable[..., MemoryStore | SqliteStore]) -> None:
    store = make(max_bytes=100)
    for key in "abcd":
        store.put(key, b"x" * 40)
    assert [key for key in "abcd" if store.get(key) is not None] == ["c", "d"]
    assert store.size == 82
    store.put("e", b"x" * 99)
    assert [key for key in "abcde" if store.get(key) is not None] == ["e"]


def test_what_is_larger_than_the_store_is_refused_and_nothing_is_lost(make: Callable[..., MemoryStore | SqliteStore]) -> None:
    store = make(max_bytes=100)
    store.put("a", b"x")
    with pytest.raises(StoreFull, match=r"b takes 101 bytes, and the store holds 100: raise max_bytes"):
        store.put("b", b"x" * 100)
    assert (store.get("a"), store.size) == (b"x", 2)


@pytest.mark.parametrize("bounds", [{"max_items": 0}, {"max_bytes": -1}, {"max_items": 1.5}, {"max_bytes": True}])
def test_bounds_that_hold_nothing(make: Callable[..., MemoryStore | SqliteStore], bounds: dict[str, Any]) -> None:
    (name,) = bounds
    with pytest.raises(ValueError, match=f"{name}=.*use a whole number from 1 up"):
        make(**bounds)


def test_bounds_hold_under_load(make: Callable[..., MemoryStore | SqliteStore]) -> None:
    """Eight threads put, get and delete; the bounds hold at every moment, and the sums are right at the end."""
    store = make(max_items=50, max_bytes=5_000)
    wrong: list[str] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(150):
            key = f"k{chance.randint(0, 99)}"
            match chance.randint(0, 3):
                case 0 | 1:
                    store.put(key, key.encode() * chance.randint(0, 60))
                case 2:
                    value = store.get(key)
                    if value is not None and value.replace(key.encode(), b""):
                        wrong.append(f"{key} holds {value!r}")
                case 3:
                    store.delete(key)
            if store.count > 50 or store.size > 5_000:
                wrong.append(f"{store.count} items, {store.size} bytes")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    values = {key: store.get(key) for key in (f"k{number}" for number in range(100))}
    held = {key: value for key, value in values.items() if value is not None}
    assert store.count == len(held)
    assert store.size == sum(len(key) + len(value) for key, value in held.items())


WRITER = """
import sys
from adapter import SqliteStore
store = SqliteStore(sys.argv[1])
for number in range(300):
    store.put(f"{sys.argv[2]}{number}", f"{sys.argv[2]} wrote {number}".encode())
    assert store.get(f"{sys.argv[2]}{number}") is not None
"""


def test_two_processes_on_one_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "ab"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    store = SqliteStore(path)
    assert store.count == 600
    for name in "ab":
        assert [store.get(f"{name}{number}") for number in range(300)] == [f"{name} wrote {n}".encode() for n in range(300)]


def test_a_new_file_that_many_open_at_once(tmp_path: Path) -> None:
    """SQLite does not wait for another that is switching the same file to its write-ahead log."""
    wrong: list[Exception] = []

    def work(path: Path, together: threading.Barrier) -> None:
        together.wait()
        try:
            SqliteStore(path).put("a", b"x")
        except sqlite3.Error as error:
            wrong.append(error)

    for number in range(40):
        together = threading.Barrier(6)
        threads = [threading.Thread(target=work, args=(tmp_path / f"{number}.db", together)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_file_is_there_again_after_the_process(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "kept.db")
    first.put("a", b"x")
    first.close()
    assert SqliteStore(tmp_path / "kept.db").get("a") == b"x"
    assert first.get("a") == b"x"  # a closed one opens again


@pytest.mark.skipif(
    not hasattr(os, "fork"), reason="a store after a fork is tried where systems fork: Linux and macOS do, Windows does not"
)
def test_a_store_that_was_used_before_a_fork(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "kept.db")
    store.put("a", b"x")
    code = (
        "import os, sys; from adapter import SqliteStore; store = SqliteStore(sys.argv[1]); store.put('p', b'parent')\n"
        "child = os.fork()\n"
        "if child == 0:\n    store.put('c', b'child'); store.close(); os._exit(0)\n"
        "status = os.waitpid(child, 0)[1]; store.put('q', b'parent'); sys.exit(status)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "kept.db")], timeout=60, check=False).returncode == 0
    assert [store.get(key) for key in "apcq"] == [b"x", b"parent", b"child", b"parent"]


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database, but long enough to look like a file of some kind\n" * 20)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        SqliteStore(tmp_path / "notes.txt")
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        SqliteStore(tmp_path / "nowhere" / "kept.db")
