"""Whole segments of arguments in braces: a comma, a key and the beginning of a value, with one match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.braces.literals import BRACKET, CLOSE, KEY, QUOTE, SPACE, WORD

if TYPE_CHECKING:
    from adapter.syntax.braces.state import State

_LONGEST_SEGMENT = 200  # characters, of which an incomplete segment is read again with every delta


def segment(state: State, text: str, position: int, *, behind_value: bool) -> int:
    """Read a whole segment. Returns the position reached; the same one to wait for more, -1 if the text is unusual."""
    segments = state.literals.elements if state.text.in_list else state.literals.members
    found = (segments.after if behind_value else segments.first).match(text, position)
    if found is None:
        return -1
    group, end = found.lastindex, found.end()
    if group is None or group == KEY:
        return position if end == len(text) and end - position <= _LONGEST_SEGMENT and not state.at_end else -1
    if group == CLOSE:
        state.end()
        return end
    state.text.comma()
    if found[KEY] is not None:
        state.key(found[KEY])
    if group == QUOTE:
        state.begin_string()
    elif group == BRACKET:
        state.begin(found[BRACKET])
    else:
        state.word(found[WORD].strip(SPACE))
    return end
