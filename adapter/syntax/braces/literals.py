"""The literals of a dialect whose calls stand in braces, and what they mean where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapter.syntax.json.end_scanner import is_half

SPACE = " \t\r\n"
NOT_SPACE = re.compile(rf"[^{SPACE}]")
# More white space than this after a quote token, and what follows is no neighbour.
_MOST_SPACE = 400


@dataclass(frozen=True, slots=True)
class Literals:
    """The literals of a dialect.

    Attributes:
        open: The marker before a block.
        close: The marker after it.
        tokens: Literals that end a block left open.
        call: What stands before a tool's name.
        quote: The token on both sides of a string.
    """

    open: str
    close: str
    tokens: tuple[str, ...]
    call: str
    quote: str

    @property
    def ends(self) -> tuple[str, ...]:
        """What may end a block."""
        return (self.close, self.open, *self.tokens)

    @property
    def string_ends(self) -> re.Pattern[str]:
        """What cannot be told from a string's end.

        That is a quote token with something after it that may follow a value; and a closing marker with a quote token
        somewhere after it, as there is where the string's own quote token was left out.
        """
        quote, after = re.escape(self.quote), "|".join(map(re.escape, self.ends))
        return re.compile(rf"{quote}[{SPACE}]*(?:[,}}\]]|\Z|{after})|{re.escape(self.close)}.*{quote}", re.DOTALL)

    def half_in_string(self, text: str, position: int) -> int:
        """Where the text of a string ends inside what may become a quote token or a closing marker, or its end."""
        literals = (self.quote, self.close)
        start = max(position, len(text) - max(map(len, literals)) + 1)
        return next((place for place in range(start, len(text)) if is_half(text, place, literals)), len(text))

    def end_string(self, text: str, position: int) -> bool | None:
        """Whether what follows a quote token shows that it ended a string, or None when more text is needed."""
        found = NOT_SPACE.search(text, position, position + _MOST_SPACE)
        if found is None:
            return None if len(text) - position < _MOST_SPACE else False
        place, ends = found.start(), self.ends
        if found.group() in ",}]" or text.startswith(ends, place):
            return True
        return None if is_half(text, place, ends) else False
