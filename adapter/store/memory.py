"""A store in the memory of the process."""

from __future__ import annotations

from adapter.store.bounded import BoundedMap


class MemoryStore:
    """Keeps values until the process ends.

    Args:
        max_items: The most values.
        max_bytes: The most bytes, of keys and values together.

    Raises:
        ValueError: A bound is not a whole number from 1 up.
    """

    def __init__(self, max_items: int = 10_000, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._kept: BoundedMap[bytes] = BoundedMap(max_items, max_bytes)

    @property
    def count(self) -> int:
        """The number of values."""
        return self._kept.count

    @property
    def size(self) -> int:
        """The size of keys and values in bytes."""
        return self._kept.size

    def get(self, key: str) -> bytes | None:
        """Return the value; None for an unknown or evicted key."""
        return self._kept.get(key)

    def put(self, key: str, value: bytes) -> None:
        """Store a value; the least recently used values are evicted for it.

        Raises:
            StoreFull: The value alone is larger than the store may be.
        """
        self._kept.put(key, value, len(value))

    def delete(self, key: str) -> bool:
        """Delete a value. Returns False for an unknown key."""
        return self._kept.delete(key)
