"""Opening markers and blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.call_stream import CallStream
from adapter.completion.modes.message import begin_passage
from adapter.completion.report import end_block
from adapter.completion.state import Mode, State
from adapter.events import Markup
from adapter.syntax.message import Passage

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
        return _begin(state, opening, text, after, out), False
    if state.owed:  # an opening marker in place of the closing one
        out.append(Markup(state.opener))
        state.owed = False
        opening = opening[len(state.opener) :]
    state.content.text(opening, out)
    return after, False


def _begin(state: State, opening: str, text: str, position: int, out: list[Event]) -> int:
    """Begin a block or a passage. Returns the position reached."""
    found = state.syntax.block(opening)
    if isinstance(found, Passage):
        begin_passage(state, found, out)
        return position
    if state.rules.choice.mode == "none":  # the markers of passages are read all the same
        state.content.text(opening, out)
        return position
    state.fenced = state.content.block(out) or state.fenced
    state.may_be_bare = state.may_think = state.owed = False
    state.mode, state.block = Mode.BLOCK, found
    state.stream = CallStream(state, found)
    return position


def in_block(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Read on inside a block, until its end."""
    block, stream = state.open_block, state.stream
    after, end = block.feed(text, position)
    if block.steps and stream is not None:
        stream.take(block.steps, out)
    if end is None:
        return after, after < len(text)
    end_block(state, end, out)
    return after, False
