"""The call syntax of Gemma 4 and FunctionGemma: a word, the tool, and arguments in braces, with a token of its own for quotes.

<|tool_call>call:get_weather{city:<|"|>Paris<|"|>,days:3}<tool_call|>

Keys stand without quotes. Strings stand between two quote tokens, and nothing in a string is escaped. Numbers, words, objects
and lists are those of JSON. A dialect gives the spelling in `form`:

    call    the word before the tool's name: `call:`
    quote   the token on both sides of a string
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.braces.block import CallBracesBlock
from adapter.syntax.braces.literals import literals
from adapter.syntax.braces.notation import BracesNotation
from adapter.syntax.contract import Syntax
from adapter.syntax.limits import Limits
from adapter.text.literal_tree import row
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings

_SPACE = re.compile(r"[ \t\r\n]*")
_FORM = {"call", "quote"}
# Keys that can stand without quotes.
_KEYS = re.compile(r"""(?!\s)[^:{}\[\]<>,"'`]{1,200}(?<!\s)""")


class CallBraces(Syntax):
    """Reads blocks of this syntax.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: `form` does not hold exactly the two keys above.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        if set(settings.form) != _FORM:
            raise DialectError(f"form = {dict(settings.form)!r}: the syntax 'call_braces' asks for {', '.join(sorted(_FORM))}")
        self._literals = literals(settings.open, settings.close, settings.tokens, settings.form["call"], settings.form["quote"])
        self._known, self._declared, self._names = settings.known, settings.place, settings.names
        self.openings: tuple[str, ...] = (settings.open,)
        self.notation = BracesNotation(settings.form["quote"])
        self.limits = Limits(keys=_KEYS, inner=True, ends=self._literals.string_ends)

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Find the word behind an opening marker, which may be doubled. Returns as `Syntax.opening` does."""
        word, doubled = self._literals.call, row((opener,)).match(text, position)
        start = doubled.end() if doubled else position
        found = _SPACE.match(text, start)
        position = found.end() if found else start
        if text.startswith(word, position):
            return start, True
        if position == len(text) or is_half(text, position, (word, opener)):
            return start, None
        return start, False

    def block(self, opening: str) -> CallBracesBlock:
        """Make a reader for one block."""
        return CallBracesBlock(opening, self._literals, self._known, self._declared, self._names)
