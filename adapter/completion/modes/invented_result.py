"""Tool results that the model writes itself behind a call (behaviour 1.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.state import Mode, State
from adapter.events import Markup, Problem

if TYPE_CHECKING:
    from adapter.events import Event


def in_invented(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Read on inside a tool result that the model writes itself."""
    closing = state.marks.result[1]
    found = text.find(closing, position)
    if found >= 0:
        end = found + len(closing)
        finish_invented(state, text[position:end], out)
        return end, False
    for place in range(max(position, len(text) - len(closing) + 1), len(text)):
        if closing.startswith(text[place:]):
            state.held.append(text[position:place])
            return place, True
    state.held.append(text[position:])
    return len(text), False


def finish_invented(state: State, last: str, out: list[Event]) -> None:
    """Report the invented result, which `last` ends, and leave the mode INVENTED."""
    raw = "".join(state.held) + last
    state.held = []
    state.mode = Mode.TEXT
    message = "the model wrote a tool result of its own after its call; it was left out"
    out += [Markup(raw), Problem("invented_result", message, raw)]
