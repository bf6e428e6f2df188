"""The calls of a block that has been read: reported, or what was reported of them early is brought to its end."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from adapter.completion.json_calls import CallTracker
from adapter.completion.started_call import contradiction, further_events
from adapter.completion.validate import call_id, check, events, verdicts
from adapter.events import Markup, Problem
from adapter.syntax.reading import Nameless, RawCall, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.completion.started_call import EarlyCall
    from adapter.completion.state import State
    from adapter.completion.validate import CheckedCall
    from adapter.events import Event


def early_calls(state: State) -> list[EarlyCall]:
    """The calls that were reported early; they are dealt with now."""
    tracker, state.tracker = state.tracker, None
    return [] if tracker is None else tracker.calls


def take_whole(state: State, opening: str, text: str, position: int, out: list[Event]) -> int | None:
    """Read a block in one go, if all of it is here, nothing is wrong with it, and none of it is to be reported before its end.

    Args:
        state: What is remembered.
        opening: The marker that was met, and what stood between it and the payload.
        text: Holds the payload.
        position: Where it begins.
        out: Gets the events.

    Returns:
        Where the block ends; None where it has to be read with care.
    """
    if state.rules.incremental or state.rules.choice.mode == "none":
        return None
    found = state.syntax.whole(opening, text, position)
    if found is None:
        return None
    reading, end = found
    state.fenced = state.content.block(out) or state.fenced
    state.may_be_bare = state.may_think = state.owed = False
    begin = position - len(opening)
    together = begin >= 0 and text.startswith(opening, begin)  # so what was written is one copy, and not two for a moment
    raw = text[begin:end] if together else opening + text[position:end]
    report(state, reading, verdicts(reading.calls, state.rules, state.options), raw, len(opening), out)
    state.content.edge = "block"
    return end


def contradict(state: State, raw: str, out: list[Event]) -> None:
    """What was reported early turns out to be no call."""
    early = early_calls(state)
    out += [contradiction(call, raw) for call in early]
    state.count += len(early)


def report_told(
    state: State, told: EarlyCall, call: RawCall, raw: str, payload: int, faults: Sequence[str], out: list[Event]
) -> None:
    """Report the end of a block between tags, which holds one call, and all of its arguments were reported."""
    rules = state.rules
    if rules.invalid_as_text:
        state.tracker = CallTracker(rules, state.options, state.count)
        state.tracker.calls.append(told)
        report_block(state, Reading((call,)), verdicts((call,), rules, state.options), raw, payload, faults, out)
        return
    _report_faults(faults, raw, out)
    out.append(Markup(raw))
    out += further_events(check(call, rules.tools, rules.choice, state.options), told, raw, payload)
    state.count += 1
    state.content.edge = "block"


def report_block(
    state: State,
    reading: Reading,
    checked: Sequence[CheckedCall],
    raw: str,
    payload: int,
    faults: Sequence[str],
    out: list[Event],
) -> None:
    """Report the calls of a block between tags, which were checked, and what was wrong with the tags."""
    _report_faults(faults, raw, out)
    if reading.repaired:
        out.append(Problem("repaired", "the JSON of a call was repaired", raw))
    report(state, reading, checked, raw, payload, out)
    state.content.edge = "block"


def _report_faults(faults: Sequence[str], raw: str, out: list[Event]) -> None:
    if faults:
        out.append(Problem("markup", f"the tags of a call are not right: {faults[0]}", raw))


def report(state: State, reading: Reading, checked: Sequence[CheckedCall], raw: str, payload: int, out: list[Event]) -> None:
    """Report the calls of one block, which were checked. Its payload begins in `raw` at `payload`."""
    if state.rules.invalid_as_text and _let_go(state, checked):
        state.content.literal(raw, out)
        out += [Problem(problem.kind, problem.message, raw) for call in checked if not call.valid for problem in call.problems]
        return
    out.append(Markup(raw))
    calls = [call for call in reading.calls if isinstance(call, RawCall)]
    if len(calls) < len(reading.calls):
        nameless = [call for call in reading.calls if isinstance(call, Nameless)]
        out += [Problem("unreadable", "an object without a name stands beside a call", call.raw) for call in nameless]
    early = early_calls(state)
    for found, reported, call in zip_longest(checked, early, calls):
        if found is None and reading.unfinished:
            continue
        if reported is not None:
            out += [contradiction(reported, raw)] if found is None else further_events(found, reported, raw, payload)
        elif state.rules.parallel is False and state.count:
            message = f"a further call, of {found.name!r}, although parallel_tool_calls is false"
            out.append(Problem("extra_call", message, raw))
            continue
        else:
            out += events(found, state.count, call_id(call.id, state.ids, state.options), raw)
        state.count += 1
    if reading.unfinished:
        place = early[-1].index if len(early) > len(checked) else None
        out.append(Problem("cut", "the completion ended inside a further call", raw, place))
        state.count += len(early) > len(checked)


def _let_go(state: State, checked: Sequence[CheckedCall]) -> bool:
    """Whether the calls are invalid and may stay text; a strict tool's are an error in every case."""
    tools = state.rules.tools.by_name
    invalid = [call for call in checked if not call.valid]
    return bool(invalid) and not any(call.name in tools and tools[call.name].strict for call in invalid)
