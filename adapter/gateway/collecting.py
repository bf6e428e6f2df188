"""The garbage collector of a process that serves: the modules are left out of it, and it looks seldom.

Requests leave next to no cycles behind. With Python's own thresholds the objects of some running requests are enough for a
look at all objects of the process, several times a second.
"""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# New objects until a look at them, and looks until one at older objects, and at the oldest.
_THRESHOLDS = (10_000, 20, 20)


def _owns() -> bool:
    """Return True where the gateway is the process, and not a thread of another program."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def seldom() -> Iterator[None]:
    """Have the collector look seldom while the block runs, in a process of the gateway's own."""
    if not _owns():
        yield
        return
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def leave_out() -> None:
    """Leave all objects of now out of the collector's looks, in a process of the gateway's own."""
    if _owns():
        gc.freeze()
