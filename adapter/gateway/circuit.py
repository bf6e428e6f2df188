"""The circuit of an upstream: open after failures in a row, tried by one request after a rest (behaviour 9.11).

No clock is read here: each time is given, in seconds of any clock that never goes back.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

State: TypeAlias = Literal["closed", "open", "half_open"]


class Circuit:
    """The failures of an upstream in a row.

    Args:
        most: Failures in a row that open the circuit.
        rest: Seconds until an open circuit lets a request through.
    """

    __slots__ = ("_failures", "_most", "_probing", "_rest", "_until")

    def __init__(self, most: int, rest: float) -> None:
        self._most, self._rest = most, rest
        self._failures = 0
        self._until = 0.0
        self._probing = False

    def state(self, now: float) -> State:
        """Return the state: `half_open` from the end of the rest to the next answer."""
        if self._failures < self._most and now >= self._until:
            return "closed"
        return "open" if now < self._until or self._probing else "half_open"

    def admits(self, now: float) -> bool:
        """Return True for an upstream that is to be asked in its turn; the others are asked last."""
        return self.state(now) != "open"

    def begin(self, now: float) -> bool:
        """Take down that a request is sent. Returns True for the request that tries a half-open circuit."""
        probes = self.state(now) == "half_open"
        self._probing = self._probing or probes
        return probes

    def succeeded(self) -> None:
        """Take an answer down: the circuit is closed."""
        self._failures, self._until, self._probing = 0, 0.0, False

    def failed(self, now: float) -> bool:
        """Take a failure down. Returns True for the failure that opens the circuit, from closed or again."""
        opens = self._probing or self._failures == self._most - 1
        self._failures = min(self._failures + 1, self._most)
        self._probing = False
        if self._failures >= self._most:
            self._until = now + self._rest
        return opens

    def busy(self, until: float) -> None:
        """Take down that the upstream asked to be left alone until a time: no failure, and no request before."""
        self._until, self._probing = max(self._until, until), False

    def left(self) -> None:
        """Take down that the trying request was given up without an answer: the next request tries."""
        self._probing = False
