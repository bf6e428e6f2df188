"""A reader of the arguments of one call in braces.

Most text is read a segment at a time: a comma, a key and the beginning of a value match one pattern (`literals.Segments`). An
incomplete segment is left unread until more text comes. Unusual text is read from one character with a meaning to the next, by
the functions of `keys`, `values` and `strings`.

A quote token ends a string if a comma, a bracket or the end of the block follows. A token anywhere else is a slip of the model:
mended where one reading is possible (`slips`), otherwise a fault of the call. A closing marker inside a string is data, unless
the string turns out to have lost its quote token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.syntax.braces.keys import key
from adapter.syntax.braces.state import Part, State
from adapter.syntax.braces.strings import quoted, string
from adapter.syntax.braces.values import after_value, value, word

if TYPE_CHECKING:
    from adapter.schema.known_place import KnownPlace
    from adapter.schema.place import Place
    from adapter.syntax.braces.literals import Literals

_STEPS = {
    Part.KEY: key,
    Part.VALUE: value,
    Part.WORD: word,
    Part.STRING: string,
    Part.QUOTED: quoted,
    Part.AFTER: after_value,
}


class BracesArguments(State):
    """Reads the arguments of one call, from the first character behind their brace on.

    Args:
        literals: The markers of the dialect.
        place: The place of the arguments in the tool's schema, for early release of values.
        declared: The same place, for the names of the parameters.
        bracket: The opening bracket of the arguments, as the model wrote the bracket.
    """

    def __init__(self, literals: Literals, place: KnownPlace, declared: Place, bracket: str = "{") -> None:
        super().__init__(literals, place, declared, bracket)

    def feed(self, text: str, position: int) -> int:
        """Consume text from `position` on. Returns the position reached."""
        start = position
        self.base = self.offset - start
        while position < len(text) and self.stop is None:
            part = self.part
            after = _STEPS[part](self, text, position)
            if after == position and part is self.part:
                break
            position = after
        self.offset += position - start
        return position

    @property
    def in_string(self) -> bool:
        """A string between quote tokens is open."""
        return self.part is Part.STRING

    @property
    def in_quotes(self) -> bool:
        """A string of any kind is open."""
        return self.part is Part.STRING or self.part is Part.QUOTED

    def flowed(self, text: str) -> str:
        """Consume text of the open string that has left already. Returns the text as JSON."""
        self.offset += len(text)
        self.blank = False
        return self.text.string(text)

    def close(self) -> bool:
        """Close the last brace, if nothing else is missing. Returns True if the arguments are complete now."""
        if self.part is Part.AFTER and len(self.text.open) == 1:
            self.end()
            return True
        return False
