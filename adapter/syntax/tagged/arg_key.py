"""The call syntax of GLM: the tool's name, then keys and raw values by turns.

<tool_call>get_weather
<arg_key>city</arg_key>
<arg_value>Paris</arg_value>
</tool_call>

White space between tags means nothing; GLM 4.7 leaves it out. In a value every character is data, and no model escapes any.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.json.after_name import JsonAfterName
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.limits import Limits
from adapter.syntax.tagged.grammar import NOT_SPACE, After, Grammar, either, flow_of, halves, tag_pattern
from adapter.syntax.tagged.reader import TaggedBlock
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.contract import BlockReader, SyntaxSettings

KEY, KEY_END = "<arg_key>", "</arg_key>"
VALUE, VALUE_END = "<arg_value>", "</arg_value>"
# Code points of white space; more between two tags, and they are no neighbours.
_MOST_SPACE = 100
_SPACE = rf"[ \t\r\n]{{0,{_MOST_SPACE}}}"
_LINE = r"(?:[ \t]{0,20}\r?\n[ \t\r\n]{0,100})?"
_NAME = r"""[^\s<>{}\[\]"'`]{1,200}"""
_AFTER_NAME = rf"{_SPACE}(?:>{_SPACE})?"
_KEYS = re.compile(r"(?!\s)[^<>]{1,200}(?<!\s)")
# A key and the tag of its value, where the end of the value before is missing.
_NEXT_KEY = rf"{KEY}(?P<key>[^<>]{{1,200}}){KEY_END}{_SPACE}{VALUE}"
_HALF_KEY = rf"{KEY}[^<>]{{0,200}}(?:<[^>]{{0,9}}|{KEY_END}{_SPACE}(?:<[^>]{{0,9}})?)?"
# A closing tag of another name, where the end of the block is due.
_CLOSER = r"</(?!arg_)[A-Za-z_][\w.-]{0,40}\s?>"
_HALF_CLOSER = r"</?(?:[A-Za-z_][\w.-]{0,40}\s?)?"


def arg_key_grammar(settings: SyntaxSettings) -> Grammar:
    """Compile the tags of a dialect, which differ in the markers of the block only."""
    markers = ((settings.open,), (settings.close,), settings.tokens)
    ends = (settings.close, settings.open, *settings.tokens)
    tags = (KEY, KEY_END, VALUE, VALUE_END)
    next_block = After(re.compile(either(ends[1:])), re.compile(halves(ends[1:])), _MOST_SPACE)
    whole = rf"(?!(?:{either(ends)})\Z)"  # a token may begin another one; the shorter ends the block at once
    half_after = f"{whole}(?:{halves((KEY, *ends), _HALF_CLOSER)})"
    after_value = After(re.compile(either((KEY, *ends))), re.compile(half_after), _MOST_SPACE, re.compile(_CLOSER), next_block)
    half_value = halves((VALUE_END, settings.close, KEY), _HALF_KEY)
    # Between tags every other text is passed over up to the next "<"; a token without one counts behind a closing tag only.
    tokens = tuple(token for token in settings.tokens if token.startswith("<"))
    half = re.compile(f"{whole}(?:{halves((*tags, settings.close, settings.open, *tokens), _HALF_CLOSER)})")
    last = f"{re.escape(settings.close)}|{_CLOSER}"
    literals = dict(zip(("key", "key_end", "given", "value_end"), map(re.escape, tags), strict=True))
    return Grammar(
        *markers,
        head=re.compile(rf"[ \t\r\n]*(?P<tool>{_NAME})(?P<alone>)"),
        call_begins=re.compile(_NAME),
        tag=tag_pattern((*markers[:2], tokens), {**literals, "closer": _CLOSER}),
        half=half,
        opening_half=half,
        after_value=after_value,
        after_outer=next_block,
        outer_end=re.compile(re.escape(settings.close)),
        flow=flow_of(f"{VALUE_END}|{re.escape(settings.close)}|{_NEXT_KEY}", half_value, "<"),
        last=re.compile(last),
        value_end=re.compile(VALUE_END),
        value_waits=re.compile(rf"{half_value}|{VALUE_END}[ \t\r\n]{{0,{_MOST_SPACE - 1}}}(?:{half_after})?"),
        next_value=re.compile(_NEXT_KEY),
        declares=lambda tool, key: settings.types(tool, key) is not None,
        one_call=True,
        value_name="arg_value",
        stray=("text where a tag was due", "a tag that means nothing here"),
    )


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
        self._grammar = arg_key_grammar(settings)
        self._place = settings.place
        self._json = JsonInTags(settings)
        self._kind: Callable[[str], BlockReader] = self._keys_and_values
        self._ticks = False  # a fence was opened behind the marker that is looked at
        ends = (settings.close, settings.open, *settings.tokens)
        after, next_block, closes = either((KEY, *ends)), either(ends[1:]), re.escape(settings.close)
        self.limits = Limits(
            keys=_KEYS,
            typed=True,
            ends=re.compile(rf"{VALUE_END}\s*(?:(?:{after})|{_CLOSER}\s*(?:{next_block}))|{closes}\s*(?:{after})"),
        )
        self._after_name = (KEY, *ends)
        # Between the markers `and` is a word of a sentence about them: the name of a call without arguments touches them, or
        # stands on a line of its own.
        self._head = re.compile(rf"{_SPACE}{_NAME}{_SPACE}(?={KEY})|{_LINE}{_NAME}{_LINE}(?={either(ends)})")
        # What these models write now and then.
        self._json_head = re.compile(rf"{_SPACE}{_NAME}{_AFTER_NAME}(?=\{{{_SPACE}[\"}}])")
        self._begun = re.compile(rf"{_SPACE}{_NAME}{_SPACE}")
        self._half = re.compile(rf"{_SPACE}(?:{_NAME}{_AFTER_NAME}(?:\{{{_SPACE})?)?\Z")

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """A block begins where a name and a tag follow, or JSON."""
        while (first := NOT_SPACE.search(text, position)) and text.startswith(opener, first.start()):
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
        return TaggedBlock(opening, self._grammar, self._place)

    def _json_after_name(self, opening: str) -> BlockReader:
        name = opening.replace(self.openings[0], "").strip(" \t\r\n>")
        return JsonAfterName(opening, name, self._json.payload)

    def _all_json(self, opening: str) -> BlockReader:
        return self._json.block(opening)
