"""Calls as a dialect writes them, cut at names, keys and values: the literals of a response template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from adapter.dialects.dialect import Dialect

# Words that stand in no template.
FIRST, SECOND = "zq_first_tool", "zq_second_tool"
KEY, OTHER_KEY, VALUE, OTHER_VALUE, NUMBER = "zq_key", "zq_other", "zq value", "zq text", 90210
_ANY_NAME = "\x00"  # a name that is not the captured one
NAME = r"""[^\s<>\[\]{}()|｜"=:]+"""
_STARTS = "<["


class Unsaid(Exception):
    """A dialect that no response template can say. The message is the reason."""


class Said(NamedTuple):
    """The field of the calls.

    Attributes:
        field: The field.
        tail: Pattern of text that stands behind the last call, and is no content; empty without any.
    """

    field: dict[str, Any]
    tail: str = ""


class Frame(NamedTuple):
    """The text around calls.

    Attributes:
        section: The text before the first call alone.
        lead: The text before the name of each call.
        close: The text behind each call.
        tail: The text behind the last call alone.
    """

    section: str
    lead: str
    close: str
    tail: str


def written(dialect: Dialect, *calls: tuple[str, Any]) -> str:
    """Render a turn of these calls and no text."""
    return dialect.assistant("", [dialect.tool_call(name, arguments) for name, arguments in calls])


def frame(before: str, between: str, behind: str) -> Frame:
    """Split the texts around two calls.

    Args:
        before: The text before the first name.
        between: The text between the end of the first call's payload and the second name.
        behind: The text behind the second call's payload.
    """
    before, between, behind = (_nameless(text) for text in (before, between, behind.strip()))
    shared = common_end(before, between)
    # The shortest lead with which each call, the last too, has the same end.
    places = [*(place for place in range(len(shared) - 1, 0, -1) if shared[place] in _STARTS), 0]
    for lead in (shared[place:] for place in places):
        close = between[: len(between) - len(lead)].strip()
        if behind.startswith(close):
            return Frame(before[: len(before) - len(lead)].strip(), lead.strip(), close, behind[len(close) :].strip())
    raise Unsaid("the end of a call differs from the end of the last one")


def common_end(one: str, other: str) -> str:
    """Return the text that both end with, from the beginning of a token on."""
    length = 0
    while length < min(len(one), len(other)) and one[-length - 1] == other[-length - 1]:
        length += 1
    found = one[len(one) - length :]
    if length in (len(one), len(other)):
        return found
    return found[next((place for place, char in enumerate(found) if char in _STARTS), 0) :]


def pattern_of(text: str) -> str:
    """Return a pattern of a text: white space of any length or none, numbers of any digits, names that are no captures."""
    pieces = re.split(r"(\s+|\d+|\x00)", text)
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: str) -> str:
    if not piece:
        return ""
    if piece.isspace():
        return r"\s*"
    return r"\d+" if piece.isdigit() else rf"{NAME}?" if piece == _ANY_NAME else escaped(piece)


def escaped(text: str) -> str:
    """Escape a text for a pattern, no more than every engine needs."""
    return re.sub(r"[\\.^$*+?{}\[\]|()]", lambda found: "\\" + found[0], text)


def _nameless(text: str) -> str:
    return text.replace(FIRST, _ANY_NAME).replace(SECOND, _ANY_NAME)


def opening(around: Frame, turn: str) -> str:
    """Return the pattern of the text before a name; the beginning of the turn, which prompts end with, may be missing."""
    section, lead = (f"(?:{pattern_of(around.section)}\\s*)?" if around.section else ""), around.lead
    if turn and lead.startswith(turn) and lead != turn:
        return rf"\s*{section}(?:{pattern_of(turn)})?\s*{pattern_of(lead[len(turn) :].strip())}"
    return rf"\s*{section}{pattern_of(lead)}"


def closing(around: Frame, tokens: tuple[str, ...]) -> dict[str, str]:
    """Return the key of the end of a call; without text behind calls the next call ends one, or a token.

    The text behind the last call alone is no part of the pattern: in a stream, an executor settles on the end of a call before
    it has seen that text.
    """
    if around.close:
        return {"close_pattern": rf"\s*{pattern_of(around.close)}\s*"}
    return {"close_pattern": rf"\s*(?:{'|'.join([f'(?={pattern_of(around.lead)})', *map(escaped, tokens)])})"}


def ended_by(tokens: tuple[str, ...], *patterns: str) -> dict[str, str]:
    """Return the key of an end that is one of these; empty without any, for a field up to the end of the answer.

    No `$` stands among them: in a stream, it would be found in place of a token that has begun.
    """
    ends = [*patterns, *map(escaped, tokens)]
    return {"close_pattern": rf"\s*(?:{'|'.join(ends)})\s*"} if ends else {}
