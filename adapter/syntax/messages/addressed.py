"""The syntax of messages with an address, some of which hold a block of calls in tags: ATEM, of Muse.

 to=self<|message|>I need the weather.<|eom|><|start|>assistant to=get_weather<|message|><atem:function_calls>
<atem:invoke name="get_weather">
<atem:parameter name="city">Paris</atem:parameter>
</atem:invoke>
</atem:function_calls><|eom|>

The prompt ends with the role, so the header of the first message begins with the address. A message to the model itself is
reasoning, one to the user or to nobody content. The block of calls in a message to a tool is read as in the syntax
`parameters`, and without a header, which a server may drop, in running text. A dialect gives the words in `form`:

    role, recipient, message      the role of the model, the word before an address, and the marker behind a header; `open`
                                  begins a header
    reasoning, answer             addresses of reasoning and of answers
    ends                          markers that end a message
    block                         the word in the markers of a block of calls
    call, parameter               as in `parameters`
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.message import Passage, PassageKind
from adapter.syntax.tagged.parameters import Parameters
from adapter.syntax.tagged.reader import TaggedBlock
from adapter.text.partial import begun, is_half

if TYPE_CHECKING:
    from adapter.syntax.contract import BlockReader, SyntaxSettings

_FORM = {"role", "recipient", "message", "reasoning", "answer", "ends", "block", "call", "parameter"}
_SPACE = r"[ \t]{0,8}"
_ADDRESS = r"[\w.*:/-]{0,128}"
_LONGEST = 320  # code points of a header
_BLOCK_SPACE = re.compile(r"[ \t\r\n]{0,64}")


def _tags(settings: SyntaxSettings) -> SyntaxSettings:
    """Return the settings of the blocks of calls."""
    form = settings.form
    tags = {"call": form["call"], "parameter": form["parameter"]}
    return dataclasses.replace(settings, open=f"<{form['block']}>", close=f"</{form['block']}>", form=tags)


class Addressed(Parameters):
    """Reads the messages of this syntax.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: `form` does not hold exactly the keys above.
    """

    has_passages = True

    def __init__(self, settings: SyntaxSettings) -> None:
        form = settings.form
        if set(form) != _FORM:
            raise DialectError(f"form = {dict(form)!r}: the syntax 'addressed' asks for {', '.join(sorted(_FORM))}")
        super().__init__(_tags(settings))
        self._block = self.openings
        self.openings = (settings.open, *self.openings, form["recipient"])
        self._kinds = {form["reasoning"]: PassageKind.REASONING, form["answer"]: PassageKind.CONTENT, "": PassageKind.CONTENT}
        self._role = form["role"]
        to, start, marker = (re.escape(word) for word in (form["recipient"], settings.open, form["message"]))
        self._header = re.compile(
            rf"(?:{start}{_SPACE}(?P<role>\w{{0,40}}))?{_SPACE}(?:{to}(?P<to>{_ADDRESS}))?{_SPACE}{marker}"
        )
        half_to, half_start, half_marker = (begun([word]) for word in (form["recipient"], settings.open, form["message"]))
        half = rf"{_SPACE}(?:{half_to}|{to}{_ADDRESS}{_SPACE}(?:{half_marker})?|{half_marker})?"
        self._half_header = re.compile(rf"(?:{half_start}|{start}{_SPACE}\w{{0,40}}{half}|{half})\Z")
        self._ends = tuple(form["ends"].split())
        self._edges = re.compile("|".join(map(re.escape, (settings.open, *self._ends))))
        self._literals = (settings.open, *self._ends)

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Read a header to its end, and the marker of a block behind the header of a message to a tool."""
        if opener in self._block:
            return super().opening(opener, text, position)
        seen = opener + text[position : position + _LONGEST]
        header = self._header.match(seen)
        if header is None:
            return position, None if self._half_header.match(seen) else False
        after = position + header.end() - len(opener)
        if header["role"] not in {None, self._role} or (header["to"] or "") in self._kinds:
            return after, True
        space = _BLOCK_SPACE.match(text, after)
        place = space.end() if space else after
        if is_half(text, place, self._block):
            return position, None
        marker = next((marker for marker in self._block if text.startswith(marker, place)), None)
        if marker is None:
            return after, True
        end, begins = super().opening(marker, text, place + len(marker))
        return (position, None) if begins is None else (end if begins else after, True)

    def block(self, opening: str) -> BlockReader | Passage:  # type: ignore[override]  # a message without calls is a passage
        """Make a reader for one block of calls, or for one text."""
        header = self._header.match(opening)
        if header is None:
            return super().block(opening)
        if header["role"] not in {None, self._role}:
            return Passage(PassageKind.INVENTED, opening, self._passage_end)
        if header.end() < len(opening):
            return TaggedBlock(opening, dataclasses.replace(self._grammar, open=(opening,)), self._place)
        to = header["to"] or ""
        slips = () if to in self._kinds else (f"the message to {to!r} begins with no readable call; its text is content",)
        return Passage(self._kinds.get(to, PassageKind.CONTENT), opening, self._passage_end, slips)

    def _passage_end(self, text: str, position: int, at_end: bool) -> tuple[int, int | None]:
        """Find the end of a text: a marker that ends the message, or the header of the next message."""
        found = self._edges.search(text, position)
        if found is not None:
            return found.start(), found.start() if found.group() == self._literals[0] else found.end()
        if at_end:
            return len(text), None
        half = max(position, len(text) - max(map(len, self._literals)) + 1)
        return next((place for place in range(half, len(text)) if is_half(text, place, self._literals)), len(text)), None
