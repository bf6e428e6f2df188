"""Passages: texts whose own markup says if they are content, reasoning or a message of somebody else.

In a syntax with passages reasoning may come more than once, and content as well. No marker has a meaning inside a passage but
the one that ends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.completion.state import Mode, State
from adapter.events import Markup, Problem
from adapter.syntax.message import Passage, PassageKind

if TYPE_CHECKING:
    from adapter.events import Event


def begin_passage(state: State, passage: Passage, out: list[Event]) -> None:
    """Begin a passage."""
    state.content.block(out)
    state.may_be_bare = state.may_think = state.owed = False
    state.mode, state.passage = Mode.PASSAGE, passage
    if passage.kind in {PassageKind.CONTENT, PassageKind.REASONING}:
        out.append(Markup(passage.opening))
        out += [Problem("markup", slip, passage.opening) for slip in passage.slips]
    else:
        state.held = [passage.opening]


def in_passage(state: State, text: str, position: int, out: list[Event]) -> tuple[int, bool]:
    """Read on inside a passage, until its end."""
    passage = _open(state)
    certain, end = passage.end(text, position, False)
    _take(state, passage, text[position:certain], out)
    if end is None:
        return certain, certain < len(text)
    _end(state, passage, text[certain:end], out)
    return end, False


def finish_passage(state: State, tail: str, out: list[Event]) -> None:
    """End a passage with the completion."""
    passage = _open(state)
    certain, end = passage.end(tail, 0, True)
    _take(state, passage, tail[:certain], out)
    _end(state, passage, tail[certain:end], out)
    state.again = tail[certain if end is None else end :]


def _open(state: State) -> Passage:
    if state.passage is None:
        raise RuntimeError(f"no passage is open in mode {state.mode}")
    return state.passage


def _take(state: State, passage: Passage, text: str, out: list[Event]) -> None:
    if passage.kind is PassageKind.CONTENT:
        state.content.text(text, out)
    elif passage.kind is PassageKind.REASONING:
        state.reasoning.text(text, out)
    else:
        state.held.append(text)


def _end(state: State, passage: Passage, closing: str, out: list[Event]) -> None:
    """End a passage with this markup."""
    state.mode, state.passage = Mode.TEXT, None
    if passage.kind in {PassageKind.CONTENT, PassageKind.REASONING}:
        if closing:
            out.append(Markup(closing))
        return
    raw = "".join([*state.held, closing])
    state.held = []
    if passage.kind is PassageKind.INVENTED:
        problem = Problem("invented_result", "the model wrote a message that is not its own; it was left out", raw)
    elif passage.kind is PassageKind.EMPTY:
        problem = Problem("markup", "the header of a message, and no message behind; the header was left out", raw)
    else:
        problem = Problem("unreadable", "a message to neither the user nor a tool that was offered; it was left out", raw)
    out += [Markup(raw), problem]
