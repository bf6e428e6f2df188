"""The meaning of a tag inside a raw value: markup or data.

No dialect escapes the text of a value, so the text alone does not show whether `</parameter>` is a tag or the model's word. The
markup behind the tag decides, and where that is doubtful, the schema. A look decides, and nothing else does; the reader keeps a
tag back until the answer is certain. Each reader of blocks names its look:

    flat_value.FlatLook       calls with flat values; misspelt tags, and calls that are quoted in a value
    keyed_value.KeyedLook     keys and values by turns
    nested_value.ElementLook  elements within elements

A value ends
    * at its own closing tag, if markup follows that may stand behind a value;
    * at a closing tag of the call or the block, if markup follows that may stand behind a call: the value's own is missing;
    * at the opening tag of another value that the schema declares, where the dialect's models forget closing tags.
All other tags in a value are data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapter.syntax.tagged.arguments import Arguments
    from adapter.syntax.tagged.grammar import TagGrammar


class Verdict(Enum):
    """The meaning of a tag in a value."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    ENDS = auto()  # the closing tag of the value
    ENDS_MISSPELT = auto()  # the same, misspelt
    ENDS_UNTAGGED = auto()  # the value ends before this tag, and has no closing tag
    BEGINS = auto()  # an element inside the value
    DATA = auto()
    WAIT = auto()  # known only with more text


Meaning = tuple[Verdict, int]


class Look(ABC):
    """A text that is being read, from a tag inside a value on.

    Args:
        grammar: The tags of the dialect.
        arguments: The arguments of the call so far.
        text: The text.
        at_end: The completion ends with the text.
    """

    __slots__ = ("_arguments", "_at_end", "_grammar", "_text")

    def __init__(self, grammar: TagGrammar, arguments: Arguments, text: str, *, at_end: bool) -> None:
        self._grammar = grammar
        self._arguments = arguments
        self._text = text
        self._at_end = at_end

    @abstractmethod
    def meaning(self, position: int) -> Meaning:
        """Decide about a tag inside the innermost value.

        Args:
            position: Position of the tag, or of a text that begins like one.

        Returns:
            The verdict, and the position up to which the text is dealt with then.
        """
