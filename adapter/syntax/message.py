"""Passages: texts with a marker of their own before them, in syntaxes that have such."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class PassageKind(Enum):
    """What a text is that has a beginning and an end of its own."""

    CONTENT = auto()
    REASONING = auto()
    INVENTED = auto()  # someone else's, written by the model
    ELSEWHERE = auto()  # to someone who is neither the user nor a tool


class Passage(NamedTuple):
    """A text that a marker begins, where a syntax has such.

    Attributes:
        kind: What it is.
        opening: The markup before it.
        end: Looks for its end, in a text from a position on, at the completion's end or not. Returns how far the text is
            certain, and where what ends it ends, or None when it goes on, or more text is needed.
    """

    kind: PassageKind
    opening: str
    end: Callable[[str, int, bool], tuple[int, int | None]]
