"""Calls without markers: candidates, and the decision at the end (behaviour 1.10)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adapter.completion.call_stream import CallStream
from adapter.completion.report import contradict, report, take_started
from adapter.completion.state import Mode, State
from adapter.completion.validate import verdicts
from adapter.events import Markup, Problem
from adapter.syntax.reading import End, RawCall, Reading, moved

if TYPE_CHECKING:
    from adapter.events import Event


def in_bare(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Read on inside text that may be a call without markers. Events come early only if upstream was made to call."""
    bare = state.open_bare
    bare.feed(text[position:])
    if bare.steps:
        state.stream = state.stream or CallStream(state, None)
        state.stream.take(bare.steps, out)
    if not state.rules.constrained and (name := bare.name()):
        bare.dead = bare.dead or not _offered(state, name)  # no gate lets an unknown name pass
    if bare.dead:
        del state.bare_forms[0]
        state.mode, state.may_be_bare = Mode.TEXT, bool(state.bare_forms)
        state.again = bare.text
        contradict(state, state.again, out)
    return len(text), False


def finish_bare(state: State, cut: bool, out: list[Event]) -> None:
    """Decide between a call without markers and text, at the end of the completion (behaviour 1.10)."""
    payload, complete = state.open_bare.finish()
    raw = state.open_bare.text
    state.mode, state.may_be_bare = Mode.TEXT, False
    own = state.bare_syntax.bare.own
    dead = state.open_bare.dead and not state.rules.constrained
    reading = None if dead else _reading(state, payload, complete=complete, own=own)
    if reading is not None:
        state.content.block(out)
        if not state.rules.constrained and not own:
            out.append(Problem("recovered", "a call was written without its tags", raw))
        if reading.repaired:
            out.append(Problem("repaired", "the text of a call was repaired", raw))
        out += [Problem("repaired", sentence, raw) for sentence in reading.mended]
        if state.open_bare.dead:
            out.append(Problem("repaired", "words behind the calls were left out", raw))
        start = state.open_bare.start
        checked = verdicts(reading.calls, state.rules, state.options)
        report(state, replace(reading, calls=moved(reading.calls, start)), checked, raw, start, out)
        return
    if (state.rules.constrained and cut) or (own and not complete and not dead and _begins_call(state)):
        state.content.block(out)
        started = take_started(state)
        index = started[-1].index if started else None
        out += [Markup(raw), Problem("cut", "the completion ended inside a call", raw, index)]
    else:
        state.again = raw
        contradict(state, raw, out)


def _reading(state: State, payload: str, *, complete: bool, own: bool) -> Reading | None:
    """Return the calls of a payload that passes the gates: nothing but calls, of tools offered.

    Of a list that breaks off the finished calls count, where the model is due to write JSON.

    In a dialect whose models write calls without markers the arguments may be invalid, as those of any call; in other dialects
    they must be valid.
    """
    if not (complete or own or state.rules.constrained):
        return None
    end = End.DONE if own else End.TEXT
    reading = state.bare_syntax.read(payload, end if complete else End.CUT)
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
    """Tell if an unfinished payload has named a tool that is offered."""
    name = state.bare_syntax.begun(state.open_bare.payload, over=True)
    return bool(name) and _offered(state, name)


def _offered(state: State, name: str) -> bool:
    return not state.rules.tools or name in state.rules.tools.by_name
