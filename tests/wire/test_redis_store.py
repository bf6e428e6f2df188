"""The store in Redis without its server: addresses, passwords that nobody sees, and a server that is away (with one: tests/deploy)."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import OpenAI

import adapter
from adapter.store import RedisStore, Store, StoreAway, StoreFull
from adapter.store.redis_store import is_redis, shown
from tests.support.loopback import Upstream, completion

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("redis", reason="redis is not installed: the extra `redis` brings it")


@pytest.fixture
def closed() -> Iterator[str]:
    """The address of a port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"redis://me:secret@127.0.0.1:{taken.getsockname()[1]}/0"


@pytest.mark.parametrize("url", ["localhost:6379", "http://localhost:6379", "redis://", "redis:localhost", "", "kept.db"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a Redis server: redis://host:6379/0"):
        RedisStore(url)


def test_an_option_in_the_address_that_is_none() -> None:
    with pytest.raises(ValueError, match=r"^redis://h/0: the URL has an option that the client does not take: .*'foo'"):
        RedisStore("redis://me:secret@h/0?foo=1")


ADDRESSES = {
    "redis://localhost:6379/0": (True, "redis://localhost:6379/0"),
    "rediss://me:secret@host/1": (True, "rediss://host/1"),
    "redis://:secret@[::1]:7000": (True, "redis://[::1]:7000"),
    "redis://host/0?password=secret": (True, "redis://host/0"),
    "unix://me:secret@/run/redis.sock": (True, "unix:///run/redis.sock"),
    "kept.db": (False, "kept.db"),
    "memory": (False, "memory"),
    "redis": (False, "redis"),
    "redis.sqlite": (False, "redis.sqlite"),
}


def test_addresses_are_known_and_shown_without_passwords() -> None:
    assert {word: (is_redis(word), shown(word)) for word in ADDRESSES} == ADDRESSES


@pytest.mark.parametrize("bounds", [{"ttl": 0}, {"max_bytes": -1}, {"ttl": 1.5}])
def test_bounds_that_hold_nothing(bounds: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="use a whole number from 1 up"):
        RedisStore("redis://localhost", **bounds)


def test_a_server_that_is_away(closed: str) -> None:
    store = RedisStore(closed, max_bytes=100)
    assert isinstance(store, Store)
    for ask in (
        store.check,
        lambda: store.get("a"),
        lambda: store.get_many(["a", "b"]),
        lambda: store.put("a", b"x"),
        lambda: store.delete("a"),
    ):
        with pytest.raises(StoreAway, match=r"^redis://127\.0\.0\.1:\d+/0") as caught:
            ask()
        assert "secret" not in str(caught.value)
    assert store.get_many([]) == []
    with pytest.raises(StoreFull, match="raise max_bytes"):
        store.put("a", b"x" * 100)
    store.close()


def test_requests_of_a_client_whose_store_is_away(closed: str) -> None:
    told: list[Any] = []
    with Upstream(completion("Hello.")) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as plain:
        client = adapter.wrap(plain, store=RedisStore(closed), on_event=told.append)
        response = client.responses.create(model="m", input="Hi")
        assert (response.output_text, response.model_dump()["store"]) == ("Hello.", False)
        with pytest.raises(openai.InternalServerError, match="The store is away: redis://127") as caught:
            client.responses.create(model="m", input="Hi", previous_response_id="resp_1")
        assert (caught.value.status_code, caught.value.code) == (503, "store_unavailable")
        assert "x-should-retry" not in caught.value.response.headers
        assert len(upstream.bodies) == 1
    assert [problem.kind for problem in told] == ["unstored"]
