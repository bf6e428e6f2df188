"""The end of a block: events of its calls, and the remaining events of calls whose start was reported."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from adapter.completion.started_call import contradiction, further_events
from adapter.completion.state import Mode
from adapter.completion.validate import call_id, check, events, verdicts
from adapter.events import CallFinished, Markup, Problem
from adapter.syntax.reading import End, Nameless, RawCall, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.completion.started_call import StartedCall
    from adapter.completion.state import State
    from adapter.completion.validate import CheckedCall
    from adapter.events import Event


_LONGEST_ECHO = 4096  # code points of a block; text behind is compared with it at each delta


def take_started(state: State) -> list[StartedCall]:
    """Return the calls of the block whose start was reported; the caller reports their end."""
    started, state.started, state.stream = state.started, [], None
    return started


def end_block(state: State, end: End, out: list[Event]) -> None:
    """Report a block that its reader has ended; a block that only looked complete goes on."""
    block = state.open_block
    reading = block.read(end)
    if end is End.TEXT and reading.fault:
        block.go_on()
        return
    state.owed = bool(state.marks.close) and end in {End.TEXT, End.OPENER}
    finish_block(state, reading, end, out)


def finish_block(state: State, reading: Reading, end: End, out: list[Event]) -> None:
    """Report a block, and leave the mode BLOCK."""
    block = state.open_block
    # Before the text of the block is joined: the decoded values are let go of here.
    checked = verdicts(reading.calls, state.rules, state.options)
    raw, state.again = block.parts()
    state.block, state.mode = None, Mode.TEXT
    if reading.fault and end is End.CUT:
        started = take_started(state)
        index = started[-1].index if started else None
        out += [Markup(raw), Problem("cut", f"the completion ended inside a call ({reading.fault})", raw, index)]
    elif reading.fault:
        out.append(unreadable(state, reading.fault, raw))  # before the text, which may have to wait for a further attempt
        state.mentioned = True
        state.content.literal(raw, out)
        contradict(state, raw, out)
        return
    else:
        report_block(state, reading, checked, raw, len(block.opening), block.markup_faults(), out)
        return
    state.content.edge = "block"


def unreadable(state: State, fault: str, raw: str) -> Problem:
    """Return the problem of a block without a readable call (behaviour 1.15)."""
    tool = state.rules.tools.named_in(raw)
    of = f" of {tool!r}" if tool else ""
    return Problem("unreadable", f"a block holds no readable call{of}: {fault}", raw, tool=tool)


def contradict(state: State, raw: str, out: list[Event]) -> None:
    """Report that the text holds no call, though the start of one may have been reported."""
    started = take_started(state)
    out += [contradiction(call, raw) for call in started]
    state.count += len(started)


def report_told(
    state: State, told: StartedCall, call: RawCall, raw: str, payload: int, faults: Sequence[str], out: list[Event]
) -> None:
    """Report the end of a block of one call, all of whose arguments were reported."""
    rules = state.rules
    if rules.invalid_as_text:
        state.started = [told]
        report_block(state, Reading((call,)), verdicts((call,), rules, state.options), raw, payload, faults, out)
        return
    if faults:
        _report_faults(faults, raw, out)
    out.append(Markup(raw))
    checked = check(call, rules, state.options)
    if checked.arguments is call.arguments and not checked.problems:  # nearly all calls; the same text was reported
        out.append(CallFinished(told.index, told.id, told.name, call.arguments, checked.valid, raw, call.places))
    else:
        out += further_events(checked, told, raw, payload, call.places)
    state.count += 1
    _leave(state, raw, payload)


def report_block(
    state: State,
    reading: Reading,
    checked: Sequence[CheckedCall],
    raw: str,
    payload: int,
    faults: Sequence[str],
    out: list[Event],
) -> None:
    """Report the calls of a block between markers, and the faults of the markup.

    Args:
        state: State of the completion.
        reading: The calls of the block.
        checked: The same calls, checked.
        raw: The text of the block.
        payload: Position of the payload in `raw`.
        faults: Faults of the markup.
        out: Gets the events.
    """
    _report_faults(faults, raw, out)
    if reading.repaired:
        out.append(Problem("repaired", "the JSON of a call was repaired", raw))
    out += [Problem("repaired", sentence, raw) for sentence in reading.mended]
    report(state, reading, checked, raw, payload, out)
    _leave(state, raw, payload)


def _leave(state: State, raw: str, payload: int) -> None:
    """Go on behind a block, where its payload and its closing marker may be repeated."""
    state.content.edge = "block"
    close, echo = state.marks.close, ""
    if close and len(raw) <= _LONGEST_ECHO and raw.endswith(close):
        echo = raw[payload:].lstrip()
    # A payload that begins with a marker of its own is a further call.
    state.echo = "" if echo.startswith(state.marks.opens) else echo


def _report_faults(faults: Sequence[str], raw: str, out: list[Event]) -> None:
    if faults:
        out.append(Problem("markup", f"the tags of a call are not right: {faults[0]}", raw))


def report(state: State, reading: Reading, checked: Sequence[CheckedCall], raw: str, payload: int, out: list[Event]) -> None:
    """Report calls that were read from `raw`, with the payload at `payload`, and checked."""
    if state.rules.invalid_as_text and _stays_text(state, checked):
        state.content.literal(raw, out)
        out += [Problem(problem.kind, problem.message, raw) for call in checked if not call.valid for problem in call.problems]
        return
    out.append(Markup(raw))
    calls = [call for call in reading.calls if isinstance(call, RawCall)]
    if len(calls) < len(reading.calls):
        nameless = [call for call in reading.calls if isinstance(call, Nameless)]
        out += [Problem("unreadable", "an object without a name stands beside a call", call.raw) for call in nameless]
    started = take_started(state)
    for found, reported, call in zip_longest(checked, started, calls):
        if found is None and reading.unfinished:
            continue
        if reported is not None:
            settled = None if found is None else further_events(found, reported, raw, payload, call.places)
            out += [contradiction(reported, raw)] if settled is None else settled
        elif state.rules.parallel is False and state.count:
            message = f"a further call, of {found.name!r}, although parallel_tool_calls is false"
            out.append(Problem("extra_call", message, raw))
            continue
        else:
            out += events(found, state.count, call_id(call.id, state.ids, state.options), raw, call.places)
        state.count += 1
    if reading.unfinished:
        index = started[-1].index if len(started) > len(checked) else None
        out.append(Problem("cut", "the completion ended inside a further call", raw, index))
        state.count += len(started) > len(checked)


def _stays_text(state: State, checked: Sequence[CheckedCall]) -> bool:
    """Tell if a block of invalid calls may stay text: no call of a strict tool, nor a search, which is always answered."""
    tools, search = state.rules.tools.by_name, state.rules.search
    invalid = [call.name for call in checked if not call.valid]
    return bool(invalid) and not any(name == search or (name in tools and tools[name].strict) for name in invalid)
