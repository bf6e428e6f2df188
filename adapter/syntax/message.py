"""Passages: messages and channels of text with markers of their own, in syntaxes made of messages."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class PassageKind(Enum):
    """The kind of text in a passage."""

    CONTENT = auto()
    REASONING = auto()
    INVENTED = auto()  # a message of somebody else, written by the model
    ELSEWHERE = auto()  # a message to neither the user nor a tool
    EMPTY = auto()  # a header without a message


class Passage(NamedTuple):
    """A passage of text.

    Attributes:
        kind: The kind of text.
        opening: The markup in front of the text.
        end: Looks for the end of the passage. Takes a text, a position, and True at the end of the completion. Returns the
            position up to which the text is certain, and the position behind the markup that ends the passage; None for the
            second if the passage goes on, or more text has to come.
        slips: Sentences on slips in the markup in front.
    """

    kind: PassageKind
    opening: str
    end: Callable[[str, int, bool], tuple[int, int | None]]
    slips: tuple[str, ...] = ()
