"""Growth of the processor time with the length of the input, measured so that a busy machine does not decide."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

TIMES = 8  # as long: linear work costs 8 times as much, quadratic 64 times
_LONGER = (1, 4)  # the long input, and the one that decides when the first did not fit
_MOST_TRIES = 6
_TOO_SHORT = 0.002  # seconds: shorter work is repeated, as a clock and a cache need it

Work = Callable[[], object]
Prepare = Callable[[int], Work]


def assert_linear(prepare: Prepare, short: int, *, exponent: float = 1.5, times: int = TIMES) -> None:
    """Assert that work over ``times * short`` costs at most ``times ** exponent`` times the work over ``short``.

    ``prepare(size)`` makes an input of that size and returns the work, which alone is measured: processor time of the process,
    without the garbage collector, whose visits cost what the rest of the test run has left in memory. Measuring ends with the first
    pair that fits, so neighbours on the machine can only make the test slower, not red. Each size counts with its least time first;
    that is quick, and wrong where the machine's pace changes: a short run meets a fast moment that no long run fits into. A pair that
    does not fit is therefore measured side by side, and then again with a long input of four times the length, at which quadratic
    work is found all the sooner.
    """
    work = prepare(short)
    told = []
    for longer in _LONGER:
        factor = times * longer
        long_work = prepare(factor * short)
        work()
        allowed = factor**exponent
        least, long_least = _least(work, long_work, allowed)
        if long_least > allowed * least:
            least, long_least = _side_by_side(work, long_work, factor, allowed)
        if long_least <= allowed * least:
            return
        ratio = long_least / least
        told.append(f"{factor * short} took {long_least:.4f} s, {ratio:.1f} times {least:.4f} s, {allowed:.1f} are allowed")
    raise AssertionError(f"of {short}: {'; '.join(told)}")


def _least(work: Work, long_work: Work, allowed: float) -> tuple[float, float]:
    """Seconds for the short and for the long work: the least of as many runs as it takes until they fit."""
    least, long_least = seconds(work), float("inf")
    repeats = 1 + int(_TOO_SHORT / max(least, 1e-6))
    for _ in range(_MOST_TRIES):
        least = min(least, seconds(work, repeats), seconds(work, repeats))
        long_least = min(long_least, seconds(long_work))
        if long_least <= allowed * least:
            break
    return least, long_least


def _side_by_side(work: Work, long_work: Work, factor: int, allowed: float) -> tuple[float, float]:
    """Seconds for the short and for the long work, run in turns of the same length: the pair with the least ratio.

    The short work is repeated until it takes as long as linear long work would, before and after it, and counts with its mean, so a
    change of pace is in both.
    """
    pairs = []
    before = seconds(work, factor)
    for _ in range(_MOST_TRIES):
        taken, after = seconds(long_work), seconds(work, factor)
        pairs.append(((before + after) / 2, taken))
        if taken <= allowed * pairs[-1][0]:
            break
        before = after
    return min(pairs, key=lambda pair: pair[1] / pair[0])


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """The processor time of one run of ``work``, in seconds: the mean of so many."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        begun = time.process_time()
        for _ in range(repeats):
            work()
        return (time.process_time() - begun) / repeats
    finally:
        if collecting:
            gc.enable()
