"""The call syntax of GLM: the tool's name, then keys and raw values by turns.

<tool_call>get_weather
<arg_key>city</arg_key>
<arg_value>Paris</arg_value>
</tool_call>

White space between tags means nothing; GLM 4.7 leaves it out. In a value every character is data, and no model escapes any, so
a closing tag ends a value only where the grammar allows what follows it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.json.after_name import JsonAfterName
from adapter.syntax.json.end_scanner import is_half
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.limits import Limits
from adapter.syntax.tagged.arg_key_block import CLOSER, KEY, VALUE_END, ArgKeyBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.contract import BlockReader, SyntaxSettings

_SPACE = r"[ \t\r\n]{0,100}"
_LINE = r"(?:[ \t]{0,20}\r?\n[ \t\r\n]{0,100})?"
_NAME = r"""[^\s<>{}\[\]"'`]{1,200}"""
_AFTER_NAME = rf"{_SPACE}(?:>{_SPACE})?"
_KEYS = re.compile(r"(?!\s)[^<>]{1,200}(?<!\s)")
_NOT_SPACE = re.compile(r"[^ \t\r\n]")


class ArgKey(Syntax):
    """Reads blocks of this syntax.

    Args:
        settings: What the dialect says.

    Raises:
        DialectError: Its `form` holds something.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        if settings.form:
            raise DialectError(f"form.{min(settings.form)} means nothing to the syntax 'arg_key', which has no form")
        self.openings: tuple[str, ...] = (settings.open,)
        self.value_ends = (VALUE_END, settings.close, KEY)
        self._settings = settings
        self._json = JsonInTags(settings)
        self._kind: Callable[[str], BlockReader] = self._keys_and_values
        self._ticks = False  # a fence was opened behind the marker that is looked at
        ends = (settings.close, settings.open, *settings.tokens)
        after, next_block = ("|".join(map(re.escape, literals)) for literals in ((KEY, *ends), ends[1:]))
        closes = re.escape(settings.close)
        self.limits = Limits(
            keys=_KEYS,
            typed=True,
            ends=re.compile(rf"{VALUE_END}\s*(?:(?:{after})|{CLOSER}\s*(?:{next_block}))|{closes}\s*(?:{after})"),
        )
        self._after_name = (KEY, *ends)
        # Between the markers `and` is a word of a sentence about them: the name of a call without arguments touches them, or
        # stands on a line of its own.
        self._head = re.compile(rf"{_SPACE}{_NAME}{_SPACE}(?={KEY})|{_LINE}{_NAME}{_LINE}(?={'|'.join(map(re.escape, ends))})")
        # What these models write now and then.
        self._json_head = re.compile(rf"{_SPACE}{_NAME}{_AFTER_NAME}(?=\{{{_SPACE}[\"}}])")
        self._begun = re.compile(rf"{_SPACE}{_NAME}{_SPACE}")
        self._half = re.compile(rf"{_SPACE}(?:{_NAME}{_AFTER_NAME}(?:\{{{_SPACE})?)?\Z")

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """A block begins where a name and a tag follow, or JSON."""
        while (first := _NOT_SPACE.search(text, position)) and text.startswith(opener, first.start()):
            position = first.start() + len(opener)  # a doubled one
        after, json = self._json.opening(opener, text, position)
        ticks, self._ticks = self._ticks or "`" in text[position:after], False
        if json:
            self._kind = self._all_json
            return after, True
        if ticks:  # a fence, in which there can only be JSON
            self._ticks = json is None
            return (after, None) if json is None else (position, False)
        if self._head.match(text, position):
            self._kind = self._keys_and_values
            return position, True
        if found := self._json_head.match(text, position):
            self._kind = self._json_after_name
            return found.end(), True
        name = self._begun.match(text, position)
        half = self._half.match(text, position) or (name and is_half(text, name.end(), self._after_name))
        if half:
            return position, None
        return (after, None) if first and json is None else (position, False)

    def block(self, opening: str) -> BlockReader:
        """A reader for one block."""
        return self._kind(opening)

    def _keys_and_values(self, opening: str) -> BlockReader:
        return ArgKeyBlock(opening, self._settings)

    def _json_after_name(self, opening: str) -> BlockReader:
        name = opening.replace(self.openings[0], "").strip(" \t\r\n>")
        return JsonAfterName(opening, name, self._json.payload)

    def _all_json(self, opening: str) -> BlockReader:
        return self._json.block(opening)
