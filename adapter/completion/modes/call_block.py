"""Opening markers and blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.call_stream import CallStream
from adapter.completion.modes.message import begin_passage
from adapter.completion.plain_call import begin_call
from adapter.completion.report import end_block, report_block
from adapter.completion.state import Mode, State
from adapter.completion.validate import verdicts
from adapter.events import Markup
from adapter.syntax.message import Passage
from adapter.syntax.reading import Reading

if TYPE_CHECKING:
    from adapter.events import Event


def in_opening(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Read on behind an opening marker, until a payload begins, or the marker turns out to be a mention."""
    after, payload = state.syntax.opening(state.opener, text, position)
    state.held.append(text[position:after])
    if payload is None:
        return after, True
    opening = "".join(state.held)
    state.held = []
    state.mode = Mode.TEXT
    if payload:
        return _begin(state, opening, text, after, out)
    if state.owed and state.opener == state.syntax.openings[0]:  # an opening marker in place of the closing one
        out.append(Markup(state.opener))
        state.owed = False
        opening = opening[len(state.opener) :]
    state.mentioned = state.mentioned or bool(state.opener)
    further, waits = _mentions(state, text, after)
    state.content.text(opening + text[after:further], out)
    return (further, False) if waits is None else (waits, True)


def _mentions(state: State, text: str, position: int) -> tuple[int, int | None]:
    """Read mentions of opening markers that follow directly behind a mention.

    Each is a mention to `in_text` too, which would look for them one by one. A marker that begins a block is left to `in_text`.

    Returns:
        The position behind the mentions; and the position at which the next marker waits for more text, or None.
    """
    marks = state.marks
    if text[position - 1 : position] == "`" or state.fenced or state.owed:
        return position, None
    while found := marks.pattern.match(text, position):
        marker, end = found.group(), found.end()
        if marker not in marks.openings or marker in marks.reasoning or marker in marks.begun or marker[-1] == "`":
            break
        after, payload = state.syntax.opening(marker, text, end)
        if payload is None:
            state.mode, state.opener, state.held = Mode.OPENING, marker, [text[position:after]]
            return position, after
        if payload or after > end:
            break
        position = end
    return position, None


def _begin(state: State, opening: str, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Begin a block or a passage. Returns the position reached, and True to wait there for more text."""
    found = state.syntax.block(opening)
    if isinstance(found, Passage):
        begin_passage(state, found, out)
        return position, False
    if state.rules.choice.mode == "none":  # the markers of passages are read all the same
        state.mentioned = True
        state.content.text(opening, out)
        return position, False
    state.fenced = state.content.block(out) or state.fenced
    state.may_be_bare = state.may_think = state.owed = False
    state.began = True
    state.mode, state.block = Mode.BLOCK, found
    if begin_call(state, found, text, position, out):
        return len(text), False
    state.stream = CallStream(state, found)
    state.untouched = state.stream.silent and state.syntax.has_plain_blocks
    lookout = found.waiting() if state.untouched else None
    return position, lookout is not None and lookout.split(text[position:]) is not None


def in_block(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Read on inside a block, until its end."""
    if state.untouched:
        state.untouched = False
        position_behind = _plain_block(state, text, position, out)
        if position_behind is not None:
            return position_behind, False
    block, stream = state.open_block, state.stream
    after, end = block.feed(text, position)
    if block.steps and stream is not None:
        stream.take(block.steps, out)
    if end is None:
        return after, after < len(text)
    end_block(state, end, out)
    return after, False


def _plain_block(state: State, text: str, position: int, out: list[Event]) -> int | None:
    """Report a block of one plain call that is there to its end, and of which nothing was to be reported before.

    Returns:
        The position behind the block; None for any other block.
    """
    opening = state.open_block.opening
    start = position - len(opening)
    if start < 0 or not text.startswith(opening, start):
        if position:  # a copy for each block of a text would cost more than the text is long
            return None
        text, start = opening + text, 0
    found = state.syntax.plain_block(text, start)
    if found is None:
        return None
    call, end = found
    checked = verdicts((call,), state.rules, state.options)
    state.block, state.mode = None, Mode.TEXT
    report_block(state, Reading((call,)), checked, text[start:end], len(opening), (), out)
    return end - start - len(opening) + position
