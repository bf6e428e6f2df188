"""Calls: opening tags, blocks, calls without tags, and results that the model invents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.checking import verdicts
from adapter.completion.passages import begin_passage, finish_passage
from adapter.completion.plain import begin_call
from adapter.completion.reporting import contradict, early_calls, report, report_block, take_whole
from adapter.completion.state import Mode, State
from adapter.completion.stepping import StepTracker
from adapter.completion.tracking import CallTracker
from adapter.events import Markup, Problem
from adapter.syntax.base import Reading, Unheard
from adapter.syntax.calls import RawCall
from adapter.syntax.json_block import JsonBlock
from adapter.syntax.passage import Passage
from adapter.syntax.scanner import End

if TYPE_CHECKING:
    from adapter.completion.runs import Run
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
        _track(state, json=isinstance(found, JsonBlock))
    elif state.owed:  # an opening tag in place of the closing one
        out.append(Markup(state.opener))
        state.owed = False
        state.content.text(opening[len(state.opener) :], out)
    else:
        state.content.text(opening, out)
    return after, False


def _track(state: State, *, json: bool) -> None:
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
    _finish_block(state, reading, end, out)
    return after, False


def _finish_block(state: State, reading: Reading, end: End, out: list[Event]) -> None:
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


def in_invented(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Inside a tool result that the model writes itself."""
    closing = state.marks.result[1]
    found = text.find(closing, position)
    if found >= 0:
        end = found + len(closing)
        _finish_invented(state, text[position:end], out)
        return end, False
    for place in range(max(position, len(text) - len(closing) + 1), len(text)):
        if closing.startswith(text[place:]):
            state.held.append(text[position:place])
            return place, True
    state.held.append(text[position:])
    return len(text), False


def _finish_invented(state: State, last: str, out: list[Event]) -> None:
    raw = "".join(state.held) + last
    state.held = []
    state.mode = Mode.TEXT
    message = "the model wrote a tool result of its own after its call; it was left out"
    out += [Markup(raw), Problem("invented_result", message, raw)]


def in_bare(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Inside what may be a call without tags. `out` gets nothing until that is known, but where upstream was made to call."""
    if state.rules.constrained and state.tracker is None:
        _track(state, json=True)  # what holds an answer holds it to JSON
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


def finish_mode(state: State, cut: bool, out: list[Event]) -> bool:
    """End the present mode at the end of the completion. Returns whether text is to be read again."""
    tail, state.tail = state.tail, ""
    if state.mode is Mode.BLOCK:
        in_block(state, "", 0, out)  # what was kept unread is read now
        end = state.open_block.finish(tail, cut=cut)
        state.owed = False
        _finish_block(state, state.open_block.read(end), end, out)
    elif state.mode is Mode.OPENING:
        _cut_opening(state, tail, out)
    elif state.mode is Mode.INVENTED:
        _finish_invented(state, tail, out)
    elif state.mode is Mode.BARE:
        _finish_bare(state, cut, out)
    elif state.mode is Mode.PASSAGE:
        finish_passage(state, tail, out)
    elif state.mode is Mode.REASONING:
        _last(state.reasoning, state, tail, out)
        if not cut:  # white space before a cut may separate words
            state.reasoning.edge = "reasoning"
    elif tail:
        _last(state.content, state, tail, out)
    return bool(state.again)


def _last(run: Run, state: State, tail: str, out: list[Event]) -> None:
    """What was waiting to become a longer literal: a token that is whole without that, or breaks off behind it, or text."""
    if tail and tail.startswith(tuple(state.marks.tokens)):
        run.token(tail)
    else:
        run.text(tail, out)


def _cut_opening(state: State, tail: str, out: list[Event]) -> None:
    raw = "".join(state.held) + tail
    state.mode = Mode.TEXT
    if state.syntax.in_words:  # no call came after them, so the marker was a mention
        state.content.text(raw, out)
        return
    state.content.block(out)
    out.append(Markup(raw))
    if not state.owed:
        out.append(Problem("cut", "the completion ended after an opening tag", raw))


def _finish_bare(state: State, cut: bool, out: list[Event]) -> None:
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
