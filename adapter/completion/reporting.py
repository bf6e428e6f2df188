"""What a block holds, checked and reported; and blocks that are there whole."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from adapter.completion.checking import call_id, contradiction, events, further_events, verdicts
from adapter.events import Markup, Problem
from adapter.syntax.calls import Nameless, RawCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.completion.checking import CheckedCall
    from adapter.completion.early import EarlyCall
    from adapter.completion.state import State
    from adapter.events import Event
    from adapter.syntax.base import Reading


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
