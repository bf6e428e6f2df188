"""A store in Redis, which gateways on several machines share."""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adapter.store.base import StoreAway, check_bounds, check_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SCHEMES = ("redis", "rediss", "unix")
_WEEK = 7 * 24 * 3600
# Seconds for which a server that was away is not asked again: no request waits for each of its values.
_REST = 1.0


class RedisStore:
    """Keeps values in a Redis server (6.2 or newer), or a server that speaks its protocol.

    Values that nobody used for `ttl` seconds are dropped. The memory of all is the server's to bound: `maxmemory`, with
    `maxmemory-policy allkeys-lru`, drops the least recently used ones.

    Args:
        url: The server: `redis://host:6379/0`, `rediss://` with TLS, `unix://path`; a password may stand in the URL.
        prefix: The beginning of all keys in the server.
        ttl: Seconds that a value is kept since its last use.
        max_bytes: The most bytes of a key and its value.
        timeout: Seconds that the server may take for a command, or for a connection.

    Raises:
        ImportError: The package `redis` is not installed.
        ValueError: The URL is no address of a Redis server, or a bound is not a whole number from 1 up.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "tool-call-adapter:",
        ttl: int = _WEEK,
        max_bytes: int = 64 * 1024 * 1024,
        timeout: float = 2.0,
    ) -> None:
        check_bounds(ttl, max_bytes)
        parts = urlsplit(url)
        if not is_redis(url) or not (parts.path if parts.scheme == "unix" else parts.hostname):
            raise ValueError(f"{shown(url)!r} is no address of a Redis server: redis://host:6379/0, rediss://…, unix://path")
        self._redis = importlib.import_module("redis")  # heavy, and an extra
        given = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        self._client: Any = self._redis.Redis.from_url(url, **given)
        self._shown = shown(url)
        self._prefix, self._ttl, self._max_bytes = prefix, ttl, max_bytes
        self._away_until = 0.0
        self._reason = ""
        try:
            self._client.connection_pool.make_connection()  # connects to nothing
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self._shown}: the URL has an option that the client does not take: {error}") from None

    def check(self) -> None:
        """Ask the server if it answers.

        Raises:
            StoreAway: The server cannot be reached, or refuses.
        """
        self._asked(self._client.ping)

    def get(self, key: str) -> bytes | None:
        """Return the value; None for an unknown or dropped key.

        Raises:
            StoreAway: The server cannot be reached, or refuses.
        """
        value: bytes | None = self._asked(lambda: self._client.getex(self._prefix + key, ex=self._ttl))
        return value

    def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the values of keys, in one turn; None for each unknown or dropped key.

        Raises:
            StoreAway: The server cannot be reached, or refuses.
        """

        def ask() -> list[bytes | None]:
            with self._client.pipeline(transaction=False) as turn:
                for key in keys:
                    turn.getex(self._prefix + key, ex=self._ttl)
                values: list[bytes | None] = turn.execute()
                return values

        return self._asked(ask) if keys else []

    def put(self, key: str, value: bytes) -> None:
        """Store a value.

        Raises:
            StoreFull: The value alone is larger than one value may be.
            StoreAway: The server cannot be reached, or refuses: it is full, or read only.
        """
        check_size(key, value, self._max_bytes)
        self._asked(lambda: self._client.set(self._prefix + key, value, ex=self._ttl))

    def delete(self, key: str) -> bool:
        """Delete a value. Returns False for an unknown key.

        Raises:
            StoreAway: The server cannot be reached, or refuses.
        """
        return bool(self._asked(lambda: self._client.delete(self._prefix + key)))

    def close(self) -> None:
        """Close the connections; the next use opens them again."""
        self._client.close()

    def _asked(self, command: Callable[[], Any]) -> Any:
        if time.monotonic() < self._away_until:
            raise StoreAway(self._reason)
        try:
            return command()
        except self._redis.RedisError as error:
            self._reason = f"{self._shown}: {error}"
            if isinstance(error, self._redis.ConnectionError | self._redis.TimeoutError):
                self._away_until = time.monotonic() + _REST
            raise StoreAway(self._reason) from error


def shown(url: str) -> str:
    """Return the address of a server without its password, for people."""
    if not is_redis(url):
        return url
    scheme, _, rest = url.partition("?")[0].partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"


def is_redis(word: str) -> bool:
    """Return True for the address of a Redis server."""
    return word.partition("://")[0] in SCHEMES and "://" in word
