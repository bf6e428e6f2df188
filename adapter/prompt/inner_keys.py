"""The keys under which the adapter's own forms of a message travel, which no caller may set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.events import Problem
from adapter.prompt.native import NATIVE
from adapter.prompt.replay import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapter.prompt.history import Place

INNER = (NATIVE, WRITTEN)
_OBJECTS = (dict, Mapping)  # the commonest type first: the check against `Mapping` is slow


def without_inner(messages: Sequence[Any], place: Place, report: Callable[[Problem], object]) -> Sequence[Any]:
    """Return messages without inner keys; the sequence itself where there are none.

    Args:
        messages: As in a chat request, unchecked.
        place: The caller's name of a message, by its position.
        report: Called with a `Problem` for each key left out.
    """
    if not any(isinstance(message, _OBJECTS) and (NATIVE in message or WRITTEN in message) for message in messages):
        return messages
    plain = list(messages)
    for position, message in enumerate(plain):
        for key in INNER if isinstance(message, _OBJECTS) else ():
            if key in message:
                told = f"{place(position)}.{key}: left out, because the adapter itself uses the key"
                report(Problem("history", told, json.dumps(message[key], default=repr, ensure_ascii=False)))
                plain[position] = {name: value for name, value in plain[position].items() if name != key}
    return plain
