"""The syntax of messages that begin with a recipient on a line of its own: Functionary 3.2.

>>>all
I look it up.>>>get_weather
{"city": "Paris"}

The prompt ends with the mark before a recipient, so a completion may begin with the recipient itself. A message to all is
content, a message to a tool a call, and its text the arguments. The mark is a mention in front of any other text: Python's
prompt is written so too. A dialect gives the words in `form`:

    everyone      the recipient of content
    ends          markers that end a message
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.delimiters import Boundaries
from adapter.syntax.json.named_block import NamedJsonBlock
from adapter.syntax.json.named_head import Heads
from adapter.syntax.message import Passage, PassageKind
from adapter.text.names import NAME_SIGNS
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from adapter.syntax.contract import BlockReader, SyntaxSettings

_FORM = {"everyone", "ends"}
_HEADER = re.compile(rf"(?P<to>[{NAME_SIGNS}]{{1,128}})[ \t]{{0,8}}\r?\n")
_HALF_HEADER = re.compile(rf"[{NAME_SIGNS}]{{0,128}}(?:[ \t]{{1,8}}\r?|\r)?\Z")
_SPACE = re.compile(r"[ \t\r\n]{0,64}+(?:`{1,3}(?:json)?[ \t\r\n]{0,64}+)?")


class Recipients(Syntax):
    """Reads the messages of this syntax.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: `form` does not hold exactly the keys above.
    """

    has_passages = True
    begins_inside = True

    def __init__(self, settings: SyntaxSettings) -> None:
        if set(settings.form) != _FORM:
            raise DialectError(f"form = {dict(settings.form)!r}: the syntax 'recipients' asks for {', '.join(sorted(_FORM))}")
        self.openings: tuple[str, ...] = (settings.open,)
        self._everyone = settings.form["everyone"]
        self._ends = tuple(settings.form["ends"].split())
        self._edges = re.compile("|".join(map(re.escape, (settings.open, *self._ends))))
        self._literals = (settings.open, *self._ends)
        self._bounds = Boundaries(settings.open, settings.close, settings.tokens)
        head = rf"(?P<name>(?!{re.escape(self._everyone)}\s)[{NAME_SIGNS}]{{1,128}})[ \t]{{0,8}}\r?\n"
        self._heads = Heads({"separator": "\n", "head": head}, (settings.open, *settings.tokens))
        self._names = settings.names
        self._known = settings.known
        self._call_begins = False

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Read a recipient; one that is no tool of the caller's counts before JSON, directly at the end of its line."""
        del opener
        self._call_begins = False
        header = _HEADER.match(text, position)
        if header is None:
            return position, None if _HALF_HEADER.match(text, position) else False
        if header["to"] == self._everyone:
            return header.end(), True
        known = header["to"] in self._names
        if not known and text[header.end("to")] in " \t":  # a word of an answer that goes on with JSON: `Oslo \n{"a": 1}`
            return position, False
        space = _SPACE.match(text, header.end())
        payload = space.end() if space else header.end()
        if payload == len(text):
            return position, None
        self._call_begins = text[payload] == "{" or known
        return position, self._call_begins

    def block(self, opening: str) -> BlockReader | Passage:
        """Make a reader for one message: a call, or content."""
        if not self._call_begins:
            return Passage(PassageKind.CONTENT, opening, self._passage_end)
        return NamedJsonBlock(opening, self._bounds, self._heads, (), self._known, begun=True, mends_open=True)

    def _passage_end(self, text: str, position: int, at_end: bool) -> tuple[int, int | None]:
        """Find the end of content: a marker that ends the message, or the next recipient."""
        while found := self._edges.search(text, position):
            if found.group() != self.openings[0]:
                return found.start(), found.end()
            begins = self.opening(found.group(), text, found.end())[1]
            if begins is None and not at_end:
                return found.start(), None
            if begins:
                return found.start(), found.start()
            position = found.start() + 1  # content that ends in the mark's own character stands before the mark
        if at_end:
            return len(text), None
        half = max(position, len(text) - max(map(len, self._literals)) + 1)
        return next((place for place in range(half, len(text)) if is_half(text, place, self._literals)), len(text)), None
