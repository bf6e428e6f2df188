"""The complete calls of a payload of JSON that has no end, or brackets too many or too few."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from adapter.syntax.json.call_forms import calls_at
from adapter.text.json_spans import skip_space

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.json.call_forms import Values
    from adapter.syntax.reading import Nameless, RawCall

_WRAPPER = re.compile(r'\{[ \t\n\r]*"tool_calls"[ \t\n\r]*:[ \t\n\r]*\[')


class Finished(NamedTuple):
    """The calls that are complete in a payload without its end.

    Attributes:
        calls: The calls.
        unfinished: A further call had begun, or was due behind a comma.
        closers: Brackets too many stand behind the calls.
    """

    calls: list[RawCall | Nameless]
    unfinished: bool
    closers: bool


def read_finished(text: str, read: Callable[[str, int], Values] | None = None) -> Finished:
    """Return the complete calls of a payload that is cut off, or has brackets too many or too few behind its calls.

    Args:
        text: The payload.
        read: Reads the calls of one value at a position; None for the forms of this module.
    """
    read = read or calls_at
    calls: list[RawCall | Nameless] = []
    depth, closers, due, position = 0, False, False, skip_space(text, 0)
    while position < len(text):
        character = text[position]
        if character in "]}":
            closers, depth = closers or not depth, max(depth - 1, 0)
            position += 1
        elif character in ",;" and calls:
            due, position = True, position + 1
        elif character == "[" and not closers:
            depth, position = depth + 1, position + 1
        else:
            try:
                found, position = read(text, position)
            except ValueError:
                wrapper = None if calls else _WRAPPER.match(text, position)
                if wrapper is None:
                    return Finished(calls, True, closers)
                depth, position = depth + 2, wrapper.end()
            else:
                calls += found
                due = False
        position = skip_space(text, position)
    return Finished(calls, due, closers)
