"""The protocol of a store, and the checks that all stores share."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class StoreFull(Exception):
    """A value alone is larger than the whole store may be."""


class StoreAway(Exception):
    """The server of a store cannot be reached, or refuses."""


@runtime_checkable
class Store(Protocol):
    """A bounded map from keys to bytes, used by several threads at once; a call may wait for a disk or a network.

    A full store evicts the least recently used value; reading is a use.
    """

    def get(self, key: str) -> bytes | None:
        """Return the value; None for an unknown or evicted key."""

    def put(self, key: str, value: bytes) -> None:
        """Store a value; the least recently used values are evicted for it.

        Raises:
            StoreFull: The value alone is larger than the store may be.
        """

    def delete(self, key: str) -> bool:
        """Delete a value. Returns False for an unknown key."""


def check_bounds(max_items: int, max_bytes: int) -> None:
    """Refuse bounds that hold nothing.

    Raises:
        ValueError: A bound is not a whole number from 1 up.
    """
    bounds: dict[str, object] = {"max_items": max_items, "max_bytes": max_bytes}
    for name, value in bounds.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}={value!r}: use a whole number from 1 up")


def check_size(key: str, value: bytes, max_bytes: int) -> int:
    """Return the size of a key and a value in bytes.

    Raises:
        StoreFull: The size is more than the store may hold.
    """
    return check_fits(key, len(value), max_bytes)


def check_fits(key: str, size: int, max_bytes: int) -> int:
    """Return the size of a key and a value of `size` bytes, in bytes.

    Raises:
        StoreFull: The size is more than the store may hold.
    """
    size += len(key.encode())
    if size > max_bytes:
        raise StoreFull(f"{key} takes {size} bytes, and the store holds {max_bytes}: raise max_bytes")
    return size
