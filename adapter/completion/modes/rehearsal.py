"""A call inside the reasoning, held back until the reasoning ends (behaviour 1.9).

In some families a call ends the reasoning, if the reasoning has no end of its own. Only the closing tag, or the end of the
completion, tells such a call from a rehearsed one.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from adapter.completion.modes.text import leave_reasoning
from adapter.completion.state import Mode, State
from adapter.events import CallFinished, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.completion.request_rules import Rules
    from adapter.events import Event
    from adapter.options import Options


def in_rehearsal(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Hold back text from an opening marker on, up to the closing tag of the reasoning."""
    if state.opener:
        after, payload = state.syntax.opening(state.opener, text, position)
        state.held.append(text[position:after])
        if payload is None:
            return after, True
        state.opener, position = "", after
        if not payload:  # a mention
            state.mode = Mode.REASONING
            state.reasoning.text("".join(state.held), out)
            state.held = []
            return after, False
    closing = state.marks.reasoning[1]
    found = text.find(closing, position)
    if found >= 0:
        state.held.append(text[position:found])
        _resume(state, "".join(state.held))
        return found, False
    half = range(max(position, len(text) - len(closing) + 1), len(text))
    end = next((place for place in half if closing.startswith(text[place:])), len(text))
    state.held.append(text[position:end])
    return end, end < len(text)


def finish_rehearsal(state: State, cut: bool, read: Callable[[str, Rules, Options], list[Event]], out: list[Event]) -> None:
    """Decide at the end of the completion: a call that ended the reasoning, or reasoning.

    A completion that was cut might have closed its reasoning later.
    """
    raw, state.tail = "".join(state.held) + state.tail, ""
    rules = dataclasses.replace(state.rules, thinking=False, incremental=False, reply=None, invalid_as_text=False)
    options = dataclasses.replace(state.options, thinking_prefilled=False)
    names = [event.name for event in read(raw, rules, options) if isinstance(event, CallFinished)] if not cut else []
    if not any(name in state.rules.tools.by_name or not state.rules.tools for name in names):
        _resume(state, raw)
        return
    leave_reasoning(state, out)
    out.append(Problem("call_in_thinking", f"a call of {names[0]!r} ended reasoning that was never closed", raw))
    state.held, state.again = [], raw


def _resume(state: State, raw: str) -> None:
    """Read the held text as reasoning."""
    state.mode, state.may_end_unclosed = Mode.REASONING, False
    state.held, state.again = [], raw
