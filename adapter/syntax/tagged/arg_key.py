"""The call syntax of GLM: the tool's name, then keys and raw values by turns.

<tool_call>get_weather
<arg_key>city</arg_key>
<arg_value>Paris</arg_value>
</tool_call>

White space between tags means nothing; GLM 4.7 writes none. In a value every character is data, unescaped. The key of a
dialect's `form`:

    separator    a literal that may stand behind the name
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.json.after_name import JsonAfterName
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.limits import Limits
from adapter.syntax.tagged.grammar import NOT_SPACE, After, Markers, TagGrammar, either, flow_of, halves, tag_pattern
from adapter.syntax.tagged.keyed_block import KeyedBlock
from adapter.syntax.tagged.keyed_tags import (
    HALF_LOST_KEY,
    HALF_ODD_CLOSER,
    KEY,
    KEY_END,
    LOST_KEY,
    ODD_CLOSER,
    SPACE,
    VALUE,
    VALUE_END,
)
from adapter.syntax.tagged.places import known_places
from adapter.text.literal_tree import row
from adapter.text.partial import begun, is_half

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.syntax.contract import BlockReader, SyntaxSettings
    from adapter.syntax.reading import Flowing

_MOST_SPACE = 100  # code points between two tags; with more they are no neighbours
_LINE = r"(?:[ \t]{0,20}\r?\n[ \t\r\n]{0,100})?"
_NAME = r"""[^\s<>{}\[\]"'`]{1,200}"""
_AFTER_NAME = rf"{SPACE}(?:>{SPACE})?"
_KEYS = re.compile(r"(?!\s)[^<>]{1,200}(?<!\s)")
# A key and the tag of its value, where the end of the value before is missing.
_NEXT_KEY = rf"{KEY}(?P<key>[^<>]{{1,200}}){KEY_END}{SPACE}{VALUE}"
_HALF_KEY = rf"{KEY}[^<>]{{0,200}}(?:<[^>]{{0,9}}|{KEY_END}{SPACE}(?:<[^>]{{0,9}})?)?"
# A closing tag of another name, where the end of the block is due.
_CLOSER = r"</(?!arg_)[A-Za-z_][\w.-]{0,40}\s?>"
_HALF_CLOSER = r"</?(?:[A-Za-z_][\w.-]{0,40}\s?)?"


def arg_key_grammar(settings: SyntaxSettings) -> TagGrammar:
    """Compile the tags of a dialect, which differ in the markers of the block only."""
    separator = settings.form.get("separator", "")
    compiled = _compiled(settings.open, settings.close, settings.tokens, separator)
    return replace(compiled, declares=lambda tool, key: settings.types(tool, key) is not None)


@lru_cache(maxsize=32)
def _compiled(opener: str, close: str, tokens: tuple[str, ...], separator: str) -> TagGrammar:
    """Compile the tags between these markers."""
    markers = Markers((opener,), (close,), tokens)
    ends = (close, opener, *tokens)
    tags = (KEY, KEY_END, VALUE, VALUE_END)
    next_block = After(re.compile(either(ends[1:])), re.compile(halves(ends[1:])), _MOST_SPACE)
    whole = rf"(?!(?:{either(ends)})\Z)"  # a token may begin another one; the shorter ends the block at once
    half_after = f"{whole}(?:{halves((KEY, *ends), _HALF_CLOSER)})"
    half_value = halves((VALUE_END, close, KEY, VALUE, opener), _HALF_KEY)
    # Between tags every other text is passed over up to the next "<"; a token without one counts behind a closing tag only.
    tokens = tuple(token for token in tokens if token.startswith("<"))
    half = re.compile(f"{whole}(?:{halves((*tags, close, opener, *tokens), _HALF_CLOSER)})")
    literals = dict(zip(("key", "key_end", "given", "value_end"), map(re.escape, tags), strict=True))
    return TagGrammar(
        *markers,
        head=re.compile(rf"[ \t\r\n]*(?P<tool>{_NAME})(?P<alone>)(?:{SPACE}{re.escape(separator)})?"),
        call_begins=re.compile(_NAME),
        tag=tag_pattern(markers._replace(tokens=tokens), {**literals, "closer": _CLOSER}),
        half=half,
        opening_half=half,
        after_value=After(
            re.compile(either((KEY, *ends))), re.compile(half_after), _MOST_SPACE, re.compile(_CLOSER), next_block
        ),
        after_outer=next_block,
        outer_end=re.compile(re.escape(close)),
        flow=_flow(opener, close, half_value),
        last=re.compile(f"{re.escape(close)}|{_CLOSER}"),
        value_end=re.compile(VALUE_END),
        value_waits=re.compile(rf"{VALUE_END}[ \t\r\n]{{0,{_MOST_SPACE - 1}}}+(?:{half_after})?|{half_value}"),
        next_value=re.compile(_NEXT_KEY),
        one_call=True,
        value_name="arg_value",
        stray=("text where a tag was due", "a tag that means nothing here"),
    )


def _flow(opener: str, close: str, half: str) -> Flowing:
    """Return the pattern of text that passes in a value: a closing tag of any name passes, but before a key or the end."""
    misspelt = rf"{ODD_CLOSER}{SPACE}(?:{either((KEY, close))})"
    half_misspelt = rf"{HALF_ODD_CLOSER}(?:>{SPACE}(?:{begun((KEY, close))})?)?"
    ends = f"{either((VALUE_END, close, VALUE, opener))}|{_NEXT_KEY}|{misspelt}"
    return flow_of(ends, half, "<", doubtful=half_misspelt)


class ArgKey(Syntax):
    """The call syntax of a dialect.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: Its `form` has an unknown key.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        unknown = sorted(set(settings.form) - {"separator"})
        if unknown:
            raise DialectError(f"form.{unknown[0]} means nothing to the syntax 'arg_key'; it knows separator")
        separators = tuple(settings.form.values())
        self.openings: tuple[str, ...] = (settings.open,)
        self.value_ends = (VALUE_END, settings.close, KEY, VALUE)
        self._grammar = arg_key_grammar(settings)
        self._place = known_places(settings.place)
        self._json = JsonInTags(settings)
        self._kind: Callable[[str], BlockReader] = self._keys_and_values
        self._ticks = False  # a fence was opened behind the present marker
        ends = (settings.close, settings.open, *settings.tokens)
        after, next_block, closes = either((KEY, *ends)), either(ends[1:]), re.escape(settings.close)
        self.limits = Limits(
            keys=_KEYS,
            typed=True,
            ends=re.compile(
                rf"{VALUE}|{VALUE_END}\s*(?:(?:{after})|{VALUE_END}|\Z|{_CLOSER}\s*(?:{next_block}))|{closes}\s*(?:{after})"
            ),
        )
        self._after_name = (*separators, KEY, KEY_END, VALUE_END, *ends)
        # Between the markers `and` is a word of a sentence about them: the name of a call without arguments touches the
        # markers, or stands on a line of its own.
        name = rf"{SPACE}{_NAME}{SPACE}"
        # A key's opening tag may be missing, or another tag stand in its place; a closing tag may stand behind the name.
        first = rf"(?:(?<=[ \t\r\n])|(?:{either((settings.open, VALUE))}){SPACE})"
        tags = either((*separators, KEY, KEY_END, VALUE_END))
        self._head = re.compile(rf"{name}(?={tags}|{first}{LOST_KEY})|{_LINE}{_NAME}{_LINE}(?={either(ends)})")
        # A name and JSON, which these models write now and then.
        self._json_head = re.compile(rf"{SPACE}{_NAME}{_AFTER_NAME}(?=\{{{SPACE}[\"}}])")
        self._begun = re.compile(rf"{SPACE}{_NAME}{SPACE}")
        begun_key = rf"{SPACE}(?:{first}(?:{HALF_LOST_KEY})?|{begun((VALUE,))})"
        self._half = re.compile(rf"{SPACE}(?:{_NAME}(?:{_AFTER_NAME}(?:\{{{SPACE})?|{begun_key}))?\Z")

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on behind an opening marker: a block begins where a name and a tag follow, or JSON."""
        doubled = row((opener,)).match(text, position)
        position = doubled.end() if doubled else position
        first = NOT_SPACE.search(text, position)
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
        """Return a reader of one block."""
        return self._kind(opening)

    def _keys_and_values(self, opening: str) -> BlockReader:
        return KeyedBlock(opening, self._grammar, self._place)

    def _json_after_name(self, opening: str) -> BlockReader:
        name = opening.replace(self.openings[0], "").strip(" \t\r\n>")
        return JsonAfterName(opening, name, self._json.payload)

    def _all_json(self, opening: str) -> BlockReader:
        return self._json.block(opening)
