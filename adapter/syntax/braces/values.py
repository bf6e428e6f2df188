"""Values of arguments in braces: their beginning, those without quotes, and the text behind a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.braces.literals import NOT_SPACE, PLAIN, SPACE
from adapter.syntax.braces.segments import segment
from adapter.syntax.braces.slips import ends_string, ends_value
from adapter.syntax.braces.state import Part, Stop

if TYPE_CHECKING:
    from adapter.syntax.braces.state import State

_WORD_STOP = re.compile(r"[,}\]<)]")
_PLAIN = re.compile(PLAIN)


def value(state: State, text: str, position: int) -> int:
    """Read the beginning of a value."""
    if state.text.in_list and (after := segment(state, text, position, behind_value=False)) >= 0:
        return after
    found = NOT_SPACE.search(text, position)
    if found is None:
        return len(text)
    place, character, literals = found.start(), found.group(), state.literals
    if character in "{[":
        state.begin(character)
    elif character in "\"'":
        state.part, state.quote = Part.QUOTED, character
        state.closer, state.openers = -1, 0
    elif character == "]" and state.text.in_list:
        state.end()
    elif character in ",}]" or character in state.closers:
        state.fail("a value was due")
    elif text.startswith(literals.quote, place):
        state.begin_string()
        return place + len(literals.quote)
    else:
        if literals.at_end.match(text, place):
            state.stop = Stop.END
        elif state.at_end or not literals.half_mark(text, place):
            state.part = Part.WORD
        return place
    return place + 1


def word(state: State, text: str, position: int) -> int:
    """Read a value without quotes: a number, a word of JSON, or a string without one or both of its tokens."""
    found = _WORD_STOP.search(text, position)
    stop = found.start() if found else len(text)
    if stop > position:
        state.taken.append(text[position:stop])
    if found is None:
        return stop
    if found.group() == "<":
        return _mark_in_word(state, text, stop)
    literal = "".join(state.taken).strip(SPACE)
    if _PLAIN.fullmatch(literal) and found.group() in ",}]" + state.closers:
        state.word(literal)
        return stop
    ends = ends_value(state, text, stop)
    if ends:
        _end_loose(state, literal)
    elif ends is not None:
        state.taken.append(found.group())
    return stop + (ends is False)


def _end_loose(state: State, literal: str) -> None:
    """End a string without its tokens."""
    if not _PLAIN.fullmatch(literal):
        state.mend(f"a string stands without {state.literals.quote} on both sides")
    state.word(literal)
    state.loose = len(state.text.open) if state.text.in_list else 0


def _mark_in_word(state: State, text: str, place: int) -> int:
    """Read a `<` in a value without quotes: an end of the block, a quote token, or data."""
    literals, quote = state.literals, state.literals.quote
    if literals.at_end.match(text, place):
        _end_loose(state, "".join(state.taken).strip(SPACE))
        return place
    if not text.startswith(quote, place):
        if literals.half_mark(text, place) and not state.at_end:
            return place
        state.taken.append("<")
        return place + 1
    behind = place + len(quote)
    ends = ends_string(state, text, behind)
    if ends:
        if state.loose:
            state.doubt(f"commas before a string without its opening {quote} may belong to the string")
        state.mend(f"a string has no opening {quote}")
        state.whole_string("".join(state.taken).lstrip(SPACE))
        return behind
    if ends is None:
        return place
    state.doubt(f"{quote} stands in the middle of a value")
    state.taken.append(quote)
    return behind


def after_value(state: State, text: str, position: int) -> int:
    """Read the text behind a value."""
    after = segment(state, text, position, behind_value=True)
    if after >= 0:
        return after
    found = NOT_SPACE.search(text, position)
    if found is None:
        return len(text)
    place, character = found.start(), found.group()
    if character == "<":
        if state.literals.at_end.match(text, place):
            state.stop = Stop.END
        if state.stop or (state.literals.half_mark(text, place) and not state.at_end):
            return place
    if character == ",":
        state.text.comma()
        state.part = Part.VALUE if state.text.in_list else Part.KEY
    elif character in state.closers:
        state.end()
    else:
        state.fail("a comma or a bracket was due")
    return place + 1
