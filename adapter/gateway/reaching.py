"""The upstream that gets a request next, after a fault before the first byte (behaviour 9.11). No I/O, no clock.

All upstreams of the model are tried in turn, at once; then, while there is a further try, those that may answer a moment later.
Of these an upstream that says when is asked last and not before, if the wait is short, and not at all otherwise.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.gateway.faults import Fault
    from adapter.gateway.upstreams import Member

_FIRST_WAIT = 0.25  # seconds before the first further try, doubled for each that follows


class Reach(NamedTuple):
    """The limits of tries.

    Attributes:
        retries: Further tries for one request of a caller's, all its requests to upstream together.
        wait: Seconds before a further try, at most.
    """

    retries: int = 0
    wait: float = 0.0


class Budget:
    """The further tries that a caller's request has left.

    Args:
        reach: The limits.
    """

    __slots__ = ("_reach", "left")

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self.left = reach.retries

    def fits(self, seconds: float) -> bool:
        """Return True for a wait that a further try can make."""
        return self.left > 0 and seconds <= self._reach.wait

    def take(self, least: float | None = None) -> float:
        """Take a further try. Returns the seconds to wait before: a random part of them keeps callers apart.

        Args:
            least: The seconds for which upstream asked; None for none.
        """
        step = self._reach.retries - self.left
        self.left -= 1
        if least is not None:
            return least + random.uniform(0, _FIRST_WAIT)  # noqa: S311  # no secret
        wait: float = min(self._reach.wait, _FIRST_WAIT * 2.0**step)
        return wait * random.uniform(0.5, 1.0)  # noqa: S311


class Reaching:
    """The way of one request to upstream.

    Args:
        order: The upstreams, in the order in which they are asked.
        budget: The further tries that are left; None for a request that is tried once at each upstream.

    Attributes:
        member: The upstream that is asked now.
    """

    def __init__(self, order: Sequence[Member], budget: Budget | None) -> None:
        self._order = list(order)
        self._budget = budget
        self._place = 0
        self._waited = 0.0
        self._due: dict[Member, float] = {}  # the waits together after which an upstream may be asked again
        self._again: list[Member] = []

    @property
    def member(self) -> Member:
        """The upstream that is asked now."""
        return self._order[self._place]

    @property
    def may_go_on(self) -> bool:
        """True while a fault may lead to a further request."""
        return self._place + 1 < len(self._order) or (self._budget is not None and self._budget.left > 0)

    def after(self, fault: Fault) -> float | None:
        """Choose the upstream that is asked next. Returns the seconds to wait before; None where nobody is left."""
        if fault.again and (fault.after is None or self._fits(fault.after)):
            self._again.append(self.member)
            self._due[self.member] = self._waited + (fault.after or 0.0)
        if self._place + 1 < len(self._order):
            self._place += 1
            return self._wait(max(0.0, self._due.get(self.member, 0.0) - self._waited))
        if not self._again or self._budget is None or not self._budget.left:
            return None
        self._order, self._again, self._place = sorted(self._again, key=lambda member: self._due[member]), [], 0
        asked_for = self._due[self.member] - self._waited
        return self._wait(self._budget.take(asked_for if asked_for > 0 else None))

    def _wait(self, seconds: float) -> float:
        self._waited += seconds
        return seconds

    def _fits(self, seconds: float) -> bool:
        """Return True for a wait that upstream asks for, and that is short enough."""
        return self._budget is not None and self._budget.fits(seconds)
