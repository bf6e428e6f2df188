"""Caches bounded by bytes: the values used least recently leave first.

A cache of a fixed number of values is too small for a request with thousands of tools, and too large for values of megabytes.
The cost of a value is estimated from the text it was made of: a byte of a tool's JSON is held as about thirty bytes of objects.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

P = ParamSpec("P")
T = TypeVar("T")
# Bytes of text of an entry, at least: a value made of an empty text has a size too.
_LEAST = 256


class Held(NamedTuple):
    """The present size of a cache.

    Attributes:
        values: Values held.
        cost: The sum of their costs, in bytes of text.
    """

    values: int
    cost: int


class Recent(Generic[P, T]):
    """A function whose recent results are kept.

    Args:
        make: The function, with hashable arguments.
        most: Bytes of text that all results together may cost; a result that alone costs more is not kept.
        cost: The bytes of text that the result for the same arguments costs.
    """

    def __init__(self, make: Callable[P, T], most: int, cost: Callable[..., int]) -> None:
        self.__doc__ = make.__doc__
        self.__name__ = make.__name__
        self.most = most
        self._make = make
        self._cost = cost
        self._found: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._total = 0
        self._lock = Lock()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result, made at most once as long as it is kept. An error is not kept."""
        key: Hashable = (args, *sorted(kwargs.items())) if kwargs else args
        with self._lock:
            entry = self._found.get(key)
            if entry is not None:
                self._found.move_to_end(key)
        if entry is not None:
            kept: T = entry[0]
            return kept
        return self._keep(key, self._make(*args, **kwargs), _LEAST + self._cost(*args, **kwargs))

    def _keep(self, key: Hashable, made: T, cost: int) -> T:
        if cost > self.most:
            return made
        with self._lock:
            kept: T
            kept, _ = self._found.setdefault(key, (made, cost))
            if kept is made:
                self._total += cost
            while self._total > self.most:
                _, (_, gone) = self._found.popitem(last=False)
                self._total -= gone
        return kept

    def held(self) -> Held:
        """Return the present size."""
        return Held(len(self._found), self._total)

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._found.clear()
            self._total = 0


def recent(most: int, cost: Callable[..., int]) -> Callable[[Callable[P, T]], Recent[P, T]]:
    """Keep the recent results of the decorated function, as `Recent`."""
    return lambda make: Recent(make, most, cost)
