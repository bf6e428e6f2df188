"""Judgments on slips: text that stands where a string token is missing, or one too many.

Every judgment looks at a bounded number of characters behind a position, and answers True, False, or None for "more text is
needed". At the end of a completion no more text comes, and None is not answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.braces.literals import MOST_SPACE, NOT_SPACE
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.syntax.braces.state import State

_LONGEST_MEMBER = 600  # code points of a comma, a key and the white space around both


def ends_value(state: State, text: str, position: int) -> bool | None:
    """Judge a comma or closing bracket behind text without quotes: markup, or part of the value.

    A comma ends a value of a list; in an object a key that may come next has to follow. A bracket ends the value if the bracket
    is due, and no string token stands right behind.
    """
    if text[position] == ",":
        return True if state.text.in_list else _member_follows(state, text, position)
    if text[position] not in state.closers:
        return False
    found = state.literals.to_token.match(text, position + 1)
    if found is None:
        return True
    if found.lastindex is None and found.end() == len(text) and not state.at_end:
        return None
    return found.lastindex is None


def ends_string(state: State, text: str, position: int) -> bool | None:
    """Judge from the text behind quotes or a string token if a string ends there."""
    found = NOT_SPACE.search(text, position, position + MOST_SPACE)
    if found is None:
        return None if len(text) - position < MOST_SPACE and not state.at_end else False
    place, literals = found.start(), state.literals
    if found.group() in ",}]" or found.group() in state.closers or literals.at_end.match(text, place):
        return True
    return None if literals.half_end(text, place) and not state.at_end else False


def ends_quoted(state: State, text: str, position: int) -> tuple[bool | None, int]:
    """Judge from the text behind a quote if a string in quotes ends there.

    Returns:
        The judgment, and the position behind a string token that stands behind the quote, or the position itself.
    """
    found = NOT_SPACE.search(text, position, position + MOST_SPACE)
    if found is None:
        return (None if len(text) - position < MOST_SPACE and not state.at_end else False), position
    place, literals = found.start(), state.literals
    if text.startswith(literals.quote, place):
        behind = place + len(literals.quote)
        return ends_string(state, text, behind), behind
    if literals.half_mark(text, place) and not state.at_end:
        return None, position
    if found.group() == "," and not state.text.in_list:
        return _member_follows(state, text, place), position
    return found.group() in ",}]" or found.group() in state.closers or bool(literals.at_end.match(text, place)), position


def _member_follows(state: State, text: str, position: int) -> bool | None:
    """Judge a comma in an object: True before a closing bracket, or before a key that may come next."""
    literals = state.literals
    found = literals.next_member.match(text, position)
    if found is not None:
        name = found["key"]
        return name is None or state.due(_bare(name.replace(literals.quote, "")))
    half = len(text) - position < _LONGEST_MEMBER and literals.half_member.match(text, position)
    return None if half and not state.at_end else False


def _bare(key: str) -> str:
    """Return a key without its quotes, and without the escapes of JSON."""
    if key.startswith('"') and "\\" in key:
        try:
            return str(loads(key))
        except ValueError:
            return key
    return key.strip("\"' \t\r\n")


def equals_key(state: State, text: str, position: int) -> bool | None:
    """Judge an equals sign behind a possible key: True where a value follows, in place of a colon."""
    if state.literals.value_begins.match(text, position):
        return True
    return None if state.literals.half_value.match(text, position) and not state.at_end else False


def lost_end(state: State, text: str, position: int) -> tuple[bool | None, int]:
    """Judge closing brackets inside a string, before the closing marker: the end of a string whose closing token is missing.

    The string ends if the brackets close all that is open, and behind the marker stands another block, a special token or the
    end of the completion. A string with an opening marker of its own holds the closing marker too.

    Returns:
        The judgment, and the position at which the string ends, or up to which the text is data.
    """
    literals = state.literals
    found = literals.closed_run.match(text, position)
    if found is None:
        return False, position + 1
    if found["close"] is None:  # the marker may still come
        return (False, len(text)) if state.at_end else (None, position)
    ends = state.closed_by(found["run"])
    if ends < 0 or state.openers or not state.offered:
        return False, found.end("run")
    behind = block_ends(state, text, found.end())
    return behind, (position + ends if behind else position if behind is None else found.end("run"))


def block_ends(state: State, text: str, position: int) -> bool | None:
    """Judge a closing marker from the text behind: True before another block, a special token or the end of the completion."""
    found = NOT_SPACE.search(text, position, position + MOST_SPACE)
    if found is None:
        return True if state.at_end or len(text) - position >= MOST_SPACE else None
    if state.literals.at_end.match(text, found.start()):
        return True
    return None if state.literals.half_end(text, found.start()) and not state.at_end else False
