"""The store in a Redis server of its own."""

from __future__ import annotations

import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from adapter.store import RedisStore, StoreAway
from tests.deploy.programs import free_port, missing, redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(bool(missing("redis-server")), reason=missing("redis-server")),
]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    found = free_port()
    with redis(tmp_path, found):
        yield found


def asked(port: int, *command: str) -> str:
    """Return the answer to a command of Redis's own client."""
    words = ["redis-cli", "-p", str(port), *command]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def test_what_is_put_in_comes_out(port: int) -> None:
    store = RedisStore(f"redis://127.0.0.1:{port}/3", ttl=100, prefix="p:")
    store.put("a", b"\x00one")
    store.put("b", "zwei €".encode())
    assert store.get_many(["b", "c", "a"]) == ["zwei €".encode(), None, b"\x00one"]
    assert (store.get("a"), store.get("c")) == (b"\x00one", None)
    store.put("a", b"")
    assert store.get("a") == b""
    assert (store.delete("a"), store.delete("a"), store.get("a")) == (True, False, None)
    assert asked(port, "-n", "3", "KEYS", "*") == "p:b"
    store.close()
    assert store.get("b") == "zwei €".encode()
    store.close()


def test_reading_is_a_use(port: int) -> None:
    store = RedisStore(f"redis://127.0.0.1:{port}", ttl=100, prefix="")
    for key in ("a", "b", "c"):
        store.put(key, b"x")
        assert asked(port, "EXPIRE", key, "10") == "1"
    store.get("a")
    store.get_many(["b"])
    assert [int(asked(port, "TTL", key)) > 10 for key in ("a", "b", "c")] == [True, True, False]
    store.close()


def test_a_full_server_refuses_and_serves_on(port: int) -> None:
    store = RedisStore(f"redis://127.0.0.1:{port}")
    store.put("a", b"x")
    asked(port, "CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(StoreAway, match="maxmemory"):
        store.put("b", b"x" * 1000)
    asked(port, "CONFIG", "SET", "maxmemory", "0")
    assert store.get("a") == b"x"
    store.close()


def test_many_threads(port: int) -> None:
    store = RedisStore(f"redis://127.0.0.1:{port}")
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(50):
            key = f"{number}:{turn}"
            store.put(key, key.encode())
            if store.get(key) != key.encode():
                wrong.append(key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert wrong == []


def test_the_reason_is_told_each_time(port: int) -> None:
    store = RedisStore(f"redis://:wrong@127.0.0.1:{port}")
    asked(port, "CONFIG", "SET", "requirepass", "right")
    asks: list[Callable[[], object]] = [store.check, lambda: store.get("a"), lambda: store.get("a")]
    for ask in asks:
        with pytest.raises(StoreAway, match=r"^redis://127.0.0.1:\d+: (invalid username-password pair|WRONGPASS)"):
            ask()
    store.close()
    store = RedisStore(f"redis://:right@127.0.0.1:{port}")
    store.check()
    store.close()
