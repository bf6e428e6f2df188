"""Answers in words held against the results that they are about (behaviour 5.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.grounding.conversation import ConversationText
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_VALUES = 64  # of a result
_TRIVIAL = frozenset({0, 1, ""})
_LONGEST = 100_000  # characters of a result that is looked at


def tells_nothing(answer: str, results: Iterable[str], said: ConversationText) -> bool:
    """Return True for an answer with no value of the results, though they have values that nobody said before.

    Args:
        answer: The answer.
        results: The results; values are looked for in objects and arrays in JSON.
        said: The conversation before the results, with the arguments of the calls.
    """
    new = [value for result in results for value in _values(result) if value not in _TRIVIAL and not said.holds_whole(value)]
    if not new:
        return False
    told = ConversationText([answer])
    return not any(told.holds(value) for value in new)


def _values(result: str) -> Iterator[Any]:
    """Yield the texts and numbers in a result."""
    if len(result) > _LONGEST or not result.lstrip().startswith(("{", "[")):
        return
    try:
        waiting: list[Any] = [loads(result)]
    except (ValueError, RecursionError):
        return
    most = _MOST_VALUES
    while waiting and most:
        value = waiting.pop()
        if isinstance(value, Mapping | list):
            waiting += [*(value.values() if isinstance(value, Mapping) else value)][:most]
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            most -= 1
            yield value
