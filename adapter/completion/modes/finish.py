"""The end of a completion, in each mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.modes.call_block import in_block
from adapter.completion.modes.invented_result import finish_invented
from adapter.completion.modes.message import finish_passage
from adapter.completion.modes.untagged import finish_bare
from adapter.completion.report import finish_block
from adapter.completion.state import Mode, State
from adapter.events import Markup, Problem

if TYPE_CHECKING:
    from adapter.completion.text_run import TextRun
    from adapter.events import Event


def finish_mode(state: State, cut: bool, out: list[Event]) -> bool:
    """End the present mode at the end of the completion. Returns whether text is to be read again."""
    if state.mode is Mode.BLOCK and state.untouched and state.tail:
        return True  # a block that was begun as the completion ended, and is unread
    tail, state.tail = state.tail, ""
    if state.mode is Mode.BLOCK:
        in_block(state, "", 0, out)  # reads text that was kept unread
        end = state.open_block.finish(tail, cut=cut)
        state.owed = False
        finish_block(state, state.open_block.read(end), end, out)
    elif state.mode is Mode.OPENING:
        _cut_opening(state, tail, out)
    elif state.mode is Mode.INVENTED:
        finish_invented(state, tail, out)
    elif state.mode is Mode.BARE:
        finish_bare(state, cut, out)
    elif state.mode is Mode.PASSAGE:
        finish_passage(state, tail, out)
    elif state.mode is Mode.REASONING:
        _last(state.reasoning, state, tail, out)
        if not cut:  # white space before a cut may separate words
            state.reasoning.edge = "reasoning"
    elif tail:
        _last(state.content, state, tail, out)
    return bool(state.again)


def _last(run: TextRun, state: State, tail: str, out: list[Event]) -> None:
    """Report text that waited to become a longer literal: a complete token, perhaps with more behind, or text."""
    if tail and tail.startswith(tuple(state.marks.spare)):
        run.token(tail)
    else:
        run.text(tail, out)


def _cut_opening(state: State, tail: str, out: list[Event]) -> None:
    raw = "".join(state.held) + tail
    state.mode = Mode.TEXT
    begun = state.opener or state.marks.pattern.search(raw)  # a completion that begins behind a marker may begin with words
    if state.syntax.in_words or not begun:  # no call came behind the words, so the marker was a mention
        state.content.text(raw, out)
        return
    state.content.block(out)
    out.append(Markup(raw))
    if not (state.owed and state.opener == state.syntax.openings[0]):  # one in place of the closing tag
        out.append(Problem("cut", "the completion ended after an opening tag", raw))
