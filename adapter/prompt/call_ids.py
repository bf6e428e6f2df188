"""Ids of past calls in the form that a dialect's models were trained on.

An id that carries the tool's name and a number is copied by the model into its next call; one of another form makes it write
ids of no form at all. So the calls of the history are named anew in each request, by counting, and nothing is remembered.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.prompt.history import Turn


def renamed(turns: Sequence[Turn], form: str, first: int = 0) -> list[Turn]:
    """The turns with calls named anew; their results go by the order of the calls.

    Args:
        turns: The history.
        form: An id, with `{name}` and `{index}`; with nothing the ids stay.
        first: The number of the first call.
    """
    if not form:
        return list(turns)
    numbers = count(first)
    return [
        replace(turn, calls=tuple(replace(call, id=form.format(name=call.name, index=next(numbers))) for call in turn.calls))
        for turn in turns
    ]
