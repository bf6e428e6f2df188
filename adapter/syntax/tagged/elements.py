"""The call syntax of MiniMax-M3: an element for the tool, in it one for each argument, in these one for each value.

<tool_call>
<invoke name="book"><to>Paris</to><days><item>3</item><item>4</item></days></invoke>
</tool_call>

Before every tag stands a prefix that no text holds. What is between the tags of a value is raw text, which nothing escapes, or
elements again; which of them, and of what type, the schema says of each place. A dialect says in `form` how its tags are spelt:

    prefix   what stands before each
    call     the word of a call's tag, which has the tool as its `name`
    item     that of a list's elements
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.json.end_scanner import is_half
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.limits import Limits
from adapter.syntax.tagged.elements_block import ElementsBlock
from adapter.syntax.tagged.elements_notation import ElementsNotation
from adapter.syntax.tagged.elements_tags import LONGEST_TAG, compile_tags

if TYPE_CHECKING:
    from adapter.syntax.contract import BlockReader, SyntaxSettings

_FORM = {"prefix", "call", "item"}


class Elements(Syntax):
    """Reads blocks of this syntax.

    Args:
        settings: What the dialect says.

    Raises:
        DialectError: Its `form` is not what is described above, or its markers do not begin with the prefix.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        form = settings.form
        if set(form) != _FORM:
            raise DialectError(f"form = {dict(form)!r}: the syntax 'elements' asks for {', '.join(sorted(_FORM))}")
        if not form["prefix"] or not all(marker.startswith(form["prefix"]) for marker in (settings.open, settings.close)):
            raise DialectError(f"form.prefix = {form['prefix']!r}: 'open' and 'close' must begin with it")
        self._place = settings.place
        # A closing tag ends a value with its prefix or without, for models forget it.
        ends = re.compile(rf"{re.escape(form['prefix'])}|</")
        self.notation = ElementsNotation(form["prefix"], form["item"], form["call"])
        self.limits = Limits(keys=self.notation.keys, inner=True, typed=True, deep=True, ends=ends)
        self._json = JsonInTags(settings)
        self._holds_json = self._bare = False
        self._tags = tags = compile_tags(settings, form)
        # Where the prefix is a token of the model's, a server may have left it out, everywhere.
        self._bare_tags = compile_tags(settings, form, prefixed=False)
        markers = "|".join(map(re.escape, tags.open))
        self._before = re.compile(rf"(?:[ \t\r\n]|{markers})*+")  # a marker may be doubled
        self.openings: tuple[str, ...] = (*tags.open, f"{form['prefix']}<{form['call']}")

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """A block begins where a call's tag follows, or JSON, which models write now and then."""
        tags = self._tags
        if opener not in tags.open:
            return position, self._call_begins(opener, text, position)
        found = self._before.match(text, position)
        position = found.end() if found else position
        if position == len(text):
            return position, None
        self._holds_json = text[position] == "{"
        self._bare = not opener.startswith(tags.prefix) and not text.startswith(tags.prefix, position)
        if self._holds_json or tags.call_begins.match(text, position):
            return position, True
        return position, None if is_half(text, position, tags.open) or tags.half.fullmatch(text, position) else False

    def _call_begins(self, opener: str, text: str, position: int) -> bool | None:
        """Whether a call without the marker of its block begins here: a whole tag."""
        tag = opener + text[position : position + LONGEST_TAG]
        if self._tags.call.match(tag):
            self._holds_json = self._bare = False
            return True
        return None if self._tags.half.fullmatch(tag) else False

    def block(self, opening: str) -> BlockReader:
        """A reader for one block."""
        if self._holds_json:
            return self._json.block(opening)
        return ElementsBlock(opening, self._bare_tags if self._bare else self._tags, self._place)
