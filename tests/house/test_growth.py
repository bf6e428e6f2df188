"""The measure of growth itself: it finds what is not linear, and a machine that changes its pace does not decide."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.growth import assert_linear

if TYPE_CHECKING:
    from collections.abc import Callable


_STEP = 1e-4  # seconds of work at the full pace between two looks at the pace
_SHORT = 1000  # units, of a microsecond each


class Machine:
    """Processor time that passes by the cost of a work, at the pace of the moment.

    Attributes:
        now: Seconds of processor time so far.
    """

    def __init__(self, pace: Callable[[float], float], power: float) -> None:
        self.now = 0.0
        self._pace = pace
        self._power = power

    def prepare(self, size: int) -> Callable[[], object]:
        """Work that costs a microsecond for each unit of size, raised to the power."""

        def work() -> None:
            left = _SHORT * (size / _SHORT) ** self._power * 1e-6
            while left > 0:
                self.now += min(left, _STEP) * self._pace(self.now)
                left -= _STEP

        return work


def steady(_: float) -> float:
    return 1.0


def in_bursts(now: float) -> float:
    """A machine that is 2.7 times as fast for 4 ms of every 15 ms: the short work fits into that, the long one does not."""
    return 1.0 if now % 0.015 < 0.004 else 2.7


@pytest.mark.parametrize("pace", [steady, in_bursts])
@pytest.mark.parametrize(("power", "passes"), [(0.5, True), (1, True), (1.2, True), (1.5, False), (2, False)], ids=str)
def test_growth_is_judged(pace: Callable[[float], float], power: float, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(pace, power)
    monkeypatch.setattr(time, "process_time", lambda: machine.now)
    if passes:
        assert_linear(machine.prepare, _SHORT, exponent=1.25)
    else:
        with pytest.raises(AssertionError, match=r"of 1000: 8000 took .* are allowed; 32000 took"):
            assert_linear(machine.prepare, _SHORT, exponent=1.25)
