"""The call syntax of DeepSeek V3, Kimi, Mistral and their like: a name, a separator, then the arguments as JSON.

<section><call>get_weather<separator>{"city": "Paris"}<end><call>…<end></section>

A dialect has the section's markers as `open` and `close`, and in `form` the spelling of the rest:

    call        the marker before each call; left out if every call begins with `open`, without a section
    separator   the text between a name and its JSON
    end         the marker behind a call; left out if the JSON ends the call
    head        a pattern for the text between the call's marker and its JSON, separator included, with a group `name`; with a
                group `id` for models that write ids, which their calls keep. Without it all before the separator is the name
    direct      a pattern, with a group `name`, for the text before a JSON object without the separator, which servers drop
    other_open, other_close   another spelling of the section's markers that models use
    repair      `closed`: a call whose JSON lacks a closing brace or bracket is not repaired

Markers inside JSON strings are data. White space and a code fence may stand around the JSON; missing JSON, or `null`, stands
for empty arguments. Behind an `open` that begins a call, JSON with names inside is read as in `adapter.syntax.json.bare`: such
models were trained on lists before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.json.end_scanner import Boundaries, is_half
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.json.named_block import NamedJsonBlock
from adapter.syntax.json.named_head import Heads
from adapter.syntax.json.payload import SEPARATORS, Payload
from adapter.text.literal_tree import row

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings

_BEFORE = r"[ \t\r\n]{0,64}+(?:`{1,3}(?:json)?[ \t\r\n]{0,64}+)?"
_LISTED = re.compile(_BEFORE + r'(?P<payload>\[?\s{0,64}+\{\s{0,64}+"(?:name|arguments|parameters|type|function|id)")')
_HALF_LISTED = re.compile(_BEFORE + r'(?:\[\s{0,64}+|(?:\[\s{0,64}+)?\{\s{0,64}+(?:"[a-z]{0,10}+)?)\Z')
_SPACE = re.compile(r"[ \t\r\n]*")
# Words that models write between the marker of a section and its first call are shorter than this.
_MOST_NOISE = 200
_FORM = ("call", "separator", "end", "head", "other_open", "other_close", "repair", "direct")


class NamedJson(Syntax):
    """Blocks of named JSON.

    Args:
        settings: Settings of the dialect.

    Attributes:
        openings: Markers that begin a block.
        in_words: An opening marker was met, and words follow so far, where a call is due.

    Raises:
        DialectError: `form` has an unknown key, no separator, or a `head` that is not a pattern.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        form = settings.form
        unknown = sorted(set(form) - set(_FORM))
        if unknown:
            raise DialectError(f"form.{unknown[0]} means nothing to the syntax 'named_json'; it knows {', '.join(_FORM)}")
        if not form.get("separator"):
            raise DialectError("the syntax 'named_json' needs form.separator, which stands between a name and its JSON")
        self._sections = tuple(marker for marker in (settings.open, form.get("other_open")) if marker)
        self._closers = tuple(marker for marker in (settings.close, form.get("other_close")) if marker)
        self._call, self._end = form.get("call", ""), form.get("end", "")
        before = self._call or settings.open
        ends = (*self._closers, *(section for section in self._sections if section != before), *settings.tokens)
        self._stops = (*self._sections, *self._closers, *settings.tokens)
        firsts = (self._call, *self._closers)
        self._doubled = row(tuple(section for section in self._sections if not section.startswith(firsts)))
        self._noisy = False
        self.in_words = False
        self._bounds = Boundaries(before, self._end, ends)
        self._heads = Heads(form, (before, *((self._end,) if self._end else ()), *ends), settings.names)
        self._mends_open = form.get("repair") != "closed"
        self._known = settings.known
        self._begun = self._listed = False
        bounds = Boundaries(settings.open, settings.close, settings.tokens, due=False)
        self._payload = None if self._call else Payload(bounds, "", SEPARATORS, settings.known)
        # A model that leaves out the section begins with the call itself.
        self.openings: tuple[str, ...] = (*self._sections, self._call) if self._call else self._sections

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Pass over text behind an opening marker: a block begins before a call's marker; without a section, before a name."""
        self._noisy = self.in_words = False
        self._begun = opener == self._call or not self._call
        if self._begun:
            listed = None if self._payload is None else _LISTED.match(text, position)
            self._listed = listed is not None
            if listed is not None:
                return listed.start("payload"), True
            if self._payload is not None and _HALF_LISTED.match(text, position):
                return position, None
            head = self._heads.find(text, position)
            return position, head if head is None else head is not False
        doubled = self._doubled.match(text, position)
        found = _SPACE.match(text, doubled.end() if doubled else position)
        position = found.end() if found else position
        if position == len(text):
            return position, None
        if text.startswith((self._call, *self._closers), position):
            return position, True
        return self._noise(text, position)

    def _noise(self, text: str, position: int) -> tuple[int, bool | None]:
        """Read words where the first call is due: noise, if the call's marker follows, else content."""
        words = text[position : position + _MOST_NOISE]
        marker = min((word for word in (self._call, *self._stops) if word in words), key=words.index, default="")
        if not marker:
            self.in_words = len(words) < _MOST_NOISE and not is_half(text, position, (self._call, *self._stops))
            return position, None if len(words) < _MOST_NOISE else False
        self._noisy = marker == self._call
        return (position + words.index(marker), True) if self._noisy else (position, False)

    def block(self, opening: str) -> NamedJsonBlock | JsonBlock:
        """Make a reader for one block."""
        if self._listed and self._payload is not None:
            return JsonBlock(opening, self._payload)
        block = NamedJsonBlock(
            opening, self._bounds, self._heads, self._closers, self._known, begun=self._begun, mends_open=self._mends_open
        )
        if self._noisy:
            block.faults.append("words stand before the first call")
        return block
