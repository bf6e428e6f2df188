"""Functions in threads of their own. Python cannot stop a thread, so a function past its limit is left behind.

The threads are daemons, unlike those of `concurrent.futures`: a function that hangs does not keep the process from ending.
"""

from __future__ import annotations

import contextvars
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from adapter.running.values import End

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.running.judging import Ready

_MOST_ITEMS = 1_000_000
_ENDLESS = f"the result is an iterator of more than {_MOST_ITEMS:,} items"


def call(ready: Ready) -> End:
    """Call the function of a call."""
    try:
        return End(listed(ready.tool.function(*ready.positional, **ready.named)))
    except BaseException as error:  # noqa: BLE001  # a function may raise anything; the caller of the run gets the error
        return End(error=error)


def listed(value: Any) -> Any:
    """Return the items of an iterator as a list: a generator's code runs within the limits of its tool, and once.

    Raises:
        ValueError: The iterator has more than a million items, or no end.
    """
    if not isinstance(value, Iterator):
        return value
    items = list(itertools.islice(value, _MOST_ITEMS + 1))
    if len(items) > _MOST_ITEMS:
        raise ValueError(_ENDLESS)
    return items


async def alisted(value: Any) -> Any:
    """Return the items of an iterator or of an asynchronous iterator as a list; see `listed`.

    Raises:
        ValueError: The iterator has more than a million items, or no end.
    """
    if not isinstance(value, AsyncIterator):
        return listed(value)
    items = []
    async for item in value:
        items.append(item)
        if len(items) > _MOST_ITEMS:
            raise ValueError(_ENDLESS)
    return items


def start(ready: Ready, done: Callable[[End], object]) -> None:
    """Call the function of a call in a thread, with the context variables of the caller.

    Args:
        ready: The call.
        done: Is given the end, in the thread.
    """
    context = contextvars.copy_context()
    name = f"tool {ready.tool.name} {ready.call.id}"
    threading.Thread(target=lambda: done(context.run(call, ready)), name=name, daemon=True).start()
