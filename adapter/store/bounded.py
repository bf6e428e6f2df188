"""A bounded map in the memory of the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from adapter.store.base import check_bounds, check_fits

T = TypeVar("T")


class BoundedMap(Generic[T]):
    """Keeps values of at most so many bytes in all; those used least recently leave first. Several threads may use it at once.

    Args:
        max_items: The most values.
        max_bytes: The most bytes, of keys and values together.

    Raises:
        ValueError: A bound is not a whole number from 1 up.
    """

    def __init__(self, max_items: int, max_bytes: int) -> None:
        check_bounds(max_items, max_bytes)
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._values: OrderedDict[str, tuple[T, int]] = OrderedDict()  # the last was used last
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """The number of values."""
        return len(self._values)

    @property
    def size(self) -> int:
        """The size of keys and values in bytes."""
        return self._bytes

    def get(self, key: str) -> T | None:
        """Return the value; None for an unknown or evicted key."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: str, value: T, size: int) -> None:
        """Keep a value of `size` bytes; the least recently used values are evicted for it.

        Raises:
            StoreFull: The value alone is larger than the map may be.
        """
        size = check_fits(key, size, self._max_bytes)
        with self._lock:
            if key in self._values:
                self._drop(key)
            self._values[key] = (value, size)
            self._bytes += size
            while len(self._values) > self._max_items or self._bytes > self._max_bytes:
                self._drop(next(iter(self._values)))

    def delete(self, key: str) -> bool:
        """Delete a value. Returns False for an unknown key."""
        with self._lock:
            return self._drop(key)

    def _drop(self, key: str) -> bool:
        found = self._values.pop(key, None)
        if found is not None:
            self._bytes -= found[1]
        return found is not None
