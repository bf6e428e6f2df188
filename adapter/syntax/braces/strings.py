"""Strings of arguments in braces: between quote tokens, and between quotes as JSON or Python have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.braces.slips import block_ends, ends_quoted, ends_string, lost_end
from adapter.syntax.braces.state import Stop
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.syntax.braces.state import State

_QUOTED = {quote: re.compile(rf"(?:[^{quote}\\<]++|\\[\s\S])*+") for quote in "\"'"}
_TO_ESCAPE = re.compile(r"\\[\s\S]|\"")
# Brackets at the end of a text that may close all that is open, where only braces are open and elsewhere.
_CLOSED_BRACES = re.compile(r"\}[\s}]{0,63}\Z")
_CLOSED = re.compile(r"[}\])][\s}\])]{0,63}\Z")


def string(state: State, text: str, position: int) -> int:
    """Read a string between quote tokens."""
    literals = state.literals
    end = literals.words.match(text, position).end()  # type: ignore[union-attr]  # matches any text
    if end > position and text[end - 1] in "}]) \t\r\n" and not text.startswith((literals.quote, literals.open), end):
        closed = _CLOSED_BRACES if state.in_braces else _CLOSED
        run = closed.search(text, max(position, end - 64), end)
        end = end if run is None else run.start()
    if end > position:
        state.string(text[position:end])
    if end == len(text):
        return end
    if text.startswith(literals.quote, end):
        if literals.closed.match(text, end):
            state.end_string()
            return end + len(literals.quote)
        return _token(state, text, end)
    for mark in (literals.close, literals.open):
        if text.startswith(mark, end):
            return _marker(state, mark, end)
    return _brackets(state, text, end)


def _token(state: State, text: str, place: int) -> int:
    """Read a quote token: the end of the string, or a slip."""
    literals, quote = state.literals, state.literals.quote
    behind = place + len(quote)
    ends = ends_string(state, text, behind)
    if ends:
        state.end_string()
        return behind
    if not state.at_end and (ends is None or literals.half_mark(text, behind)):
        return place
    doubled = text.startswith(quote, behind) and ends_string(state, text, behind + len(quote))
    if doubled is None:
        return place
    if doubled:
        state.mend(f"a string has two closing {quote}")
        state.end_string()
        return behind + len(quote)
    if state.closer >= 0:
        state.stop = Stop.LOST_QUOTE
        return place
    if state.blank:
        state.mend(f"a string has two opening {quote}")
        state.blank = False
        return behind
    state.doubt(f"{quote} stands in the middle of a string")
    state.string(quote)
    return behind


def _marker(state: State, mark: str, place: int) -> int:
    """Read a marker inside a string, which is data."""
    if mark == state.literals.open:
        state.openers += 1
    else:
        state.openers = max(0, state.openers - 1)
        state.closer = state.base + place if state.closer < 0 else state.closer
    state.string(mark)
    return place + len(mark)


def _brackets(state: State, text: str, place: int) -> int:
    """Read closing brackets before a closing marker, or half a marker at the end of the text."""
    if text[place] not in "}])":
        if state.at_end:
            state.string(text[place:])
        return len(text) if state.at_end else place
    ends, after = lost_end(state, text, place)
    if ends is None:
        return place
    if after > place:
        state.string(text[place:after])
    if ends:
        state.mend(f"a string has no closing {state.literals.quote}")
        state.end_string()
    return after


def quoted(state: State, text: str, position: int) -> int:
    """Read a string between double or single quotes."""
    end = _QUOTED[state.quote].match(text, position).end()  # type: ignore[union-attr]  # matches any text
    if end > position:
        state.taken.append(text[position:end])
    if end == len(text) or text[end] == "\\":
        return end
    if text[end] == "<":
        return _mark_in_quotes(state, text, end)
    ends, behind = ends_quoted(state, text, end + 1)
    if ends is None:
        return end
    if not ends:
        state.taken.append(_inner(state))
        state.mend(f"a string in {state.quote} holds {state.quote} without a backslash")
        return end + 1
    if behind > end + 1:
        state.mend(f"{state.literals.quote} stands behind a string in other quotes")
    _end_quoted(state)
    return behind


def _inner(state: State) -> str:
    return '\\"' if state.quote == '"' else "'"


def _end_quoted(state: State, cut: int = 0) -> None:
    """End a string in quotes, less code points at its end that are none of the string."""
    literal = "".join(state.taken)
    literal = literal[: len(literal) - cut]
    if state.quote == "'":
        state.mend("a string stands in single quotes")
        literal = _TO_ESCAPE.sub(_escaped, literal)
    try:
        value = loads(f'"{literal}"')
    except ValueError:
        value = literal
    state.whole_string(value)


def _escaped(found: re.Match[str]) -> str:
    return {'"': '\\"', "\\'": "'"}.get(found.group(), found.group())


def _mark_in_quotes(state: State, text: str, place: int) -> int:
    """Read a `<` between quotes: a quote token, a closing marker, or data.

    A quote token is data in the middle of a string in JSON's quotes alone: so grammars write strings that hold the token.
    """
    literals = state.literals
    if text.startswith(literals.quote, place):
        behind = place + len(literals.quote)
        ends = ends_string(state, text, behind)
        if ends is None:
            return place
        if ends or state.quote != '"':
            state.doubt(f"{literals.quote} stands in a string between other quotes")
        state.taken.append(literals.quote.replace('"', '\\"'))
        if ends:
            _end_quoted(state)
        return behind
    if text.startswith(literals.close, place):
        return _closer_in_quotes(state, text, place)
    if literals.half_mark(text, place) and not state.at_end:
        return place
    if text.startswith(literals.open, place):
        state.openers += 1
    state.taken.append("<")
    return place + 1


def _closer_in_quotes(state: State, text: str, place: int) -> int:
    """Read a closing marker between quotes: the end of a block whose last string has no closing quote, or data."""
    close, tail = state.literals.close, "".join(piece[-64:] for piece in state.taken[-64:])[-64:]
    behind = place + len(close)
    found = None if state.openers or not state.offered else _CLOSED.search(tail)
    at = -1 if found is None else state.closed_by(found.group())
    if found is not None and at >= 0:
        ends = block_ends(state, text, behind)
        if ends is None:
            return place
        if ends:
            state.mend(f"a string has no closing {state.quote}")
            _end_quoted(state, len(found.group()) - at)
            while state.text.open:
                state.end()
            return place
    state.openers = max(0, state.openers - 1)
    state.closer = state.base + place if state.closer < 0 else state.closer
    state.taken.append(close)
    return behind
