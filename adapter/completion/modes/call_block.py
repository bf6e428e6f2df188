"""Calls: opening tags, blocks, calls without tags, and results that the model invents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.fast_json_call import begin_call
from adapter.completion.json_calls import CallTracker
from adapter.completion.modes.message import begin_passage
from adapter.completion.report import contradict, early_calls, report_block, take_whole
from adapter.completion.state import Mode, State
from adapter.completion.step_calls import StepTracker
from adapter.completion.validate import verdicts
from adapter.events import Markup, Problem
from adapter.syntax.json.end_scanner import End
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.message import Passage
from adapter.syntax.reading import Reading, Unheard

if TYPE_CHECKING:
    from adapter.events import Event


def in_opening(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """After an opening tag: does a payload follow, or was it a mention?"""
    after, payload = state.syntax.opening(state.opener, text, position)
    state.held.append(text[position:after])
    if payload is None:
        return after, True
    opening = "".join(state.held)
    state.held = []
    state.mode = Mode.TEXT
    if payload:
        end = take_whole(state, opening, text, after, out)
        if end is not None:
            return end, False
        found = state.syntax.block(opening)
        if isinstance(found, Passage):
            begin_passage(state, found, out)
            return after, False
        if state.rules.choice.mode == "none":  # the markers of passages are read all the same
            state.content.text(opening, out)
            return after, False
        state.fenced = state.content.block(out) or state.fenced
        state.may_be_bare = state.may_think = state.owed = False
        state.mode, state.block = Mode.BLOCK, found
        if isinstance(found, JsonBlock) and begin_call(state, found, text, after, out):
            return len(text), False
        track_calls(state, json=isinstance(found, JsonBlock))
    elif state.owed:  # an opening tag in place of the closing one
        out.append(Markup(state.opener))
        state.owed = False
        state.content.text(opening[len(state.opener) :], out)
    else:
        state.content.text(opening, out)
    return after, False


def track_calls(state: State, *, json: bool) -> None:
    """Begin to report calls while they are written, if the request allows it."""
    if not state.rules.reports(state.rules.reply or ""):
        state.tracker = None
        if state.block is not None:
            state.block.steps = Unheard()
    elif json:
        state.tracker = CallTracker(state.rules, state.options, state.count)
    else:
        state.tracker = StepTracker(state.rules, state.options, state.count, state.ids)


def in_block(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Inside a block, until its end."""
    block = state.open_block
    behind = block.behind if isinstance(block, JsonBlock) else 0
    after, end = block.feed(text, position)
    if isinstance(state.tracker, StepTracker):
        state.tracker.take(block.steps, out)
    elif state.tracker is not None and isinstance(block, JsonBlock):
        state.tracker.feed(block.kept(behind) + text[position:after], out, block.doubtful)
    if end is None:
        return after, after < len(text)
    reading = block.read(end)
    if end is End.TEXT and reading.fault:
        block.go_on()
        return after, False
    state.owed = bool(state.marks.close) and end in {End.TEXT, End.OPENER}
    finish_block(state, reading, end, out)
    return after, False


def finish_block(state: State, reading: Reading, end: End, out: list[Event]) -> None:
    """Emit the events of the block that has ended, and leave the mode BLOCK."""
    block = state.open_block
    # Before the block is put together: a decoded value is not needed any more then.
    checked = verdicts(reading.calls, state.rules, state.options)
    raw, state.again = block.parts()
    state.block, state.mode = None, Mode.TEXT
    if reading.fault and end is End.CUT:
        early = early_calls(state)
        place = early[-1].index if early else None
        out += [Markup(raw), Problem("cut", f"the completion ended inside a call ({reading.fault})", raw, place)]
    elif reading.fault:
        state.content.literal(raw, out)
        out.append(Problem("unreadable", f"a block holds no readable call: {reading.fault}", raw))
        contradict(state, raw, out)
        return
    else:
        report_block(state, reading, checked, raw, len(block.opening), block.markup_faults(), out)
        return
    state.content.edge = "block"
