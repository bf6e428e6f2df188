"""The call syntax of GLM: the tool's name, then keys and raw values by turns.

<tool_call>get_weather
<arg_key>city</arg_key>
<arg_value>Paris</arg_value>
</tool_call>

White space between tags means nothing; GLM 4.7 writes none. In a value every character is data, unescaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from adapter.errors import DialectError
from adapter.syntax.block import Where
from adapter.syntax.contract import Syntax
from adapter.syntax.json.after_name import JsonAfterName
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.limits import Limits
from adapter.syntax.reading import End
from adapter.syntax.tagged.grammar import NOT_SPACE, After, Markers, TagGrammar, either, flow_of, halves, tag_pattern
from adapter.syntax.tagged.places import known_places
from adapter.syntax.tagged.reader import TaggedBlock
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.schema.place import Place
    from adapter.syntax.contract import BlockReader, SyntaxSettings
    from adapter.syntax.tagged.reader import Handler

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


def arg_key_grammar(settings: SyntaxSettings) -> TagGrammar:
    """Compile the tags of a dialect, which differ in the markers of the block only."""
    markers = Markers((settings.open,), (settings.close,), settings.tokens)
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
    return TagGrammar(
        *markers,
        head=re.compile(rf"[ \t\r\n]*(?P<tool>{_NAME})(?P<alone>)"),
        call_begins=re.compile(_NAME),
        tag=tag_pattern(markers._replace(tokens=tokens), {**literals, "closer": _CLOSER}),
        half=half,
        opening_half=half,
        after_value=after_value,
        after_outer=next_block,
        outer_end=re.compile(re.escape(settings.close)),
        flow=flow_of(f"{VALUE_END}|{re.escape(settings.close)}|{_NEXT_KEY}", half_value, "<"),
        last=re.compile(last),
        value_end=re.compile(VALUE_END),
        value_waits=re.compile(rf"{VALUE_END}[ \t\r\n]{{0,{_MOST_SPACE - 1}}}+(?:{half_after})?|{half_value}"),
        next_value=re.compile(_NEXT_KEY),
        declares=lambda tool, key: settings.types(tool, key) is not None,
        one_call=True,
        value_name="arg_value",
        stray=("text where a tag was due", "a tag that means nothing here"),
    )


class KeyedBlock(TaggedBlock):
    """A reader of one block, which holds one call: CALL ──<arg_key>──► KEY ──</arg_key>──► CALL ──<arg_value>──► VALUE."""

    def __init__(self, opening: str, grammar: TagGrammar, place: Callable[[str], Place]) -> None:
        super().__init__(opening, grammar, place)
        self._key: str | None = None  # a key that waits for its value
        self._pieces: list[str] = []  # of the key that is being read

    def _step(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text in the present state."""
        return self._in_key(text, position) if self._where is Where.KEY else super()._step(text, position)

    def _close_call(self, position: int, *, tagged: bool = True) -> None:
        """Complete the call at the end of the block."""
        if self._key is not None or self._where is Where.KEY:
            self._fault, self._where = "a key without a value", Where.CALL
        super()._close_call(position, tagged=tagged)

    def _on_closer(self, tag: re.Match[str], text: str) -> tuple[int, End | None] | None:
        """End the block by a closing tag of another name."""
        del text
        self._close_call(tag.start())
        return tag.end(), self._ended(End.WRONG_TAG, tag.start(), tag.end())

    def _on_key(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Begin a key."""
        del text
        if self._key is not None:
            self._fault = "a key without a value"
        self._arguments.key_tag(tag.group())
        self._key, self._where = None, Where.KEY
        return tag.end(), None

    def _in_key(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text of a key, up to the tag that ends the key or the block."""
        end = text.find("<", position)
        if end != position:
            end = len(text) if end < 0 else end
            self._pieces.append(text[position:end])
            return end, None
        if self._grammar.half.fullmatch(text, position):
            return position, None
        tag = self._grammar.tag.match(text, position)
        if tag is None or tag.lastgroup in {"key", "value_end", "closer"}:
            after = position + 1 if tag is None else tag.end()
            self._pieces.append(text[position:after])
            return after, None
        if tag.lastgroup not in {"key_end", "given"}:
            return self.ROLES[str(tag.lastgroup)](self, tag, text) or (position, None)
        self._key, self._pieces, self._where = "".join(self._pieces).strip(), [], Where.CALL
        if tag.lastgroup == "given":  # the key's closing tag is missing
            self._arguments.untidy = True
            return position, None
        self._arguments.key_tag(tag.group())
        return tag.end(), None

    def _on_key_end(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Pass over a second closing tag of a key."""
        del text
        self._arguments.key_tag(tag.group())
        self._arguments.untidy = True
        return tag.end(), None

    def _on_given(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Begin the value of the key before."""
        if self._key is None:
            return self._on_value_end(tag, text)
        key, self._key = self._key, None
        self._open_value(key)
        return tag.end(), None

    def _on_value_end(self, tag: re.Match[str], text: str) -> tuple[int, End | None]:
        """Pass over a tag of a value where no value is due."""
        del text
        self._arguments.key_tag(tag.group())
        self._arguments.untidy = True
        self._odd(f"{tag.group()} where another tag was due")
        return tag.end(), None

    ROLES: ClassVar[dict[str, Handler]] = {
        **TaggedBlock.ROLES,
        "closer": _on_closer,
        "key": _on_key,
        "key_end": _on_key_end,
        "given": _on_given,
        "value_end": _on_value_end,
    }


class ArgKey(Syntax):
    """The call syntax of a dialect.

    Args:
        settings: The dialect's settings.

    Raises:
        DialectError: Its `form` is not empty.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        if settings.form:
            raise DialectError(f"form.{min(settings.form)} means nothing to the syntax 'arg_key', which has no form")
        self.openings: tuple[str, ...] = (settings.open,)
        self.value_ends = (VALUE_END, settings.close, KEY)
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
            ends=re.compile(rf"{VALUE_END}\s*(?:(?:{after})|{_CLOSER}\s*(?:{next_block}))|{closes}\s*(?:{after})"),
        )
        self._after_name = (KEY, *ends)
        # Between the markers `and` is a word of a sentence about them: the name of a call without arguments touches the
        # markers, or stands on a line of its own.
        self._head = re.compile(rf"{_SPACE}{_NAME}{_SPACE}(?={KEY})|{_LINE}{_NAME}{_LINE}(?={either(ends)})")
        # A name and JSON, which these models write now and then.
        self._json_head = re.compile(rf"{_SPACE}{_NAME}{_AFTER_NAME}(?=\{{{_SPACE}[\"}}])")
        self._begun = re.compile(rf"{_SPACE}{_NAME}{_SPACE}")
        self._half = re.compile(rf"{_SPACE}(?:{_NAME}{_AFTER_NAME}(?:\{{{_SPACE})?)?\Z")

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on behind an opening marker: a block begins where a name and a tag follow, or JSON."""
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
        """Return a reader of one block."""
        return self._kind(opening)

    def _keys_and_values(self, opening: str) -> BlockReader:
        return KeyedBlock(opening, self._grammar, self._place)

    def _json_after_name(self, opening: str) -> BlockReader:
        name = opening.replace(self.openings[0], "").strip(" \t\r\n>")
        return JsonAfterName(opening, name, self._json.payload)

    def _all_json(self, opening: str) -> BlockReader:
        return self._json.block(opening)
