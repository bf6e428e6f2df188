"""Calls without markers: what may be one, and what becomes of it at the end (behaviour 1.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.json_calls import CallTracker
from adapter.completion.modes.call_block import track_calls
from adapter.completion.report import contradict, early_calls, report
from adapter.completion.state import Mode, State
from adapter.completion.validate import verdicts
from adapter.events import Markup, Problem
from adapter.syntax.json.end_scanner import End
from adapter.syntax.reading import RawCall, Reading

if TYPE_CHECKING:
    from adapter.events import Event


def in_bare(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Inside what may be a call without tags. `out` gets nothing until that is known, but where upstream was made to call."""
    if state.rules.constrained and state.tracker is None:
        track_calls(state, json=True)  # what holds an answer holds it to JSON
    bare = state.open_bare
    payload = bare.feed(text[position:])
    if isinstance(state.tracker, CallTracker):
        state.tracker.feed(payload, out)
    if not state.rules.constrained and (name := bare.name()):
        bare.dead = bare.dead or not _offered(state, name)  # no gate lets that pass
    if bare.dead:
        state.mode, state.may_be_bare = Mode.TEXT, False
        state.again = bare.text
        contradict(state, state.again, out)
    return len(text), False


def finish_bare(state: State, cut: bool, out: list[Event]) -> None:
    """Decide between a call without markers and text, at the end of the completion (behaviour 1.10)."""
    payload, complete = state.open_bare.finish()
    raw = state.open_bare.text
    state.mode, state.may_be_bare = Mode.TEXT, False
    own = state.bare_syntax.bare.own
    reading = _bare_reading(state, payload, own=own) if complete else None
    if reading is not None:
        state.content.block(out)
        if not state.rules.constrained and not own:
            out.append(Problem("recovered", "a call was written without its tags", raw))
        if reading.repaired:
            out.append(Problem("repaired", "the text of a call was repaired", raw))
        report(state, reading, verdicts(reading.calls, state.rules, state.options), raw, state.open_bare.start, out)
        return
    if (state.rules.constrained and cut) or (own and not complete and _begins_call(state)):
        state.content.block(out)
        early = early_calls(state)
        place = early[-1].index if early else None
        out += [Markup(raw), Problem("cut", "the completion ended inside a call", raw, place)]
    else:
        state.again = raw
        contradict(state, raw, out)


def _bare_reading(state: State, payload: str, *, own: bool) -> Reading | None:
    """The calls of a bare payload, if it passes the gates: nothing but calls, of tools offered.

    Where the dialect's models write calls so, the arguments may be invalid, as those of any call; otherwise they must be valid.
    """
    reading = state.bare_syntax.read(payload, End.DONE if own else End.TEXT)
    named = [call for call in reading.calls if isinstance(call, RawCall)]
    if not named or len(named) < len(reading.calls):
        return None
    rules = state.rules
    if rules.constrained and rules.choice.forced:
        return reading
    if own:
        return reading if all(_offered(state, call.name) for call in named) else None
    return reading if all(found.valid for found in verdicts(named, rules, state.options)) else None


def _begins_call(state: State) -> bool:
    """Whether an unfinished bare payload has named a tool that is offered."""
    name = state.bare_syntax.begun(state.open_bare.payload)
    return bool(name) and _offered(state, name)


def _offered(state: State, name: str) -> bool:
    return not state.rules.tools or name in state.rules.tools.by_name
