"""The call syntax of Qwen3-Coder, MiniMax and their like: a tag for the tool, and in it one for each argument.

<tool_call>
<function=get_weather>
<parameter=city>
Paris
</parameter>
</function>
</tool_call>

Values are raw text, which no dialect escapes. So a closing tag ends a value only where the grammar allows what follows it; in
any other place it is data. A dialect says in `form` how its tags are spelt:

    call, parameter   the words: `function` and `parameter`, or `invoke` and `parameter`
    prefix            what stands before a word in a tag; white space may follow it
    other_prefix      another spelling of it that models use
    blocks            words that may stand in the markers of a block, which then are tags with the prefix as well
    padding           `newline` if one newline belongs to the tag on each side of a value; otherwise every character is data
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import Syntax
from adapter.syntax.json.end_scanner import is_half
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.limits import Limits
from adapter.syntax.tagged.parameters_block import LONGEST_TAG, ParametersBlock
from adapter.syntax.tagged.parameters_tags import compile_tags, prefixes

if TYPE_CHECKING:
    from adapter.syntax.contract import BlockReader, SyntaxSettings

# What stands in a tag's quotes, or without any where more may follow in the tag.
_KEYS = re.compile(r"""(?!\s)[^"'<>\n=]{1,200}(?<!\s)""")
_FORM = ("call", "parameter", "prefix", "other_prefix", "blocks", "padding")


def _gapped(*parts: str) -> str:
    """A tag with white space between its parts, or none."""
    return " ".join(" ".join(parts).split())


class Parameters(Syntax):
    """Reads blocks of this syntax.

    Args:
        settings: What the dialect says.

    Raises:
        DialectError: Its `form` holds something unknown.
    """

    def __init__(self, settings: SyntaxSettings) -> None:
        unknown = sorted(set(settings.form) - set(_FORM))
        if unknown:
            raise DialectError(f"form.{unknown[0]} means nothing to the syntax 'parameters'; it knows {', '.join(_FORM)}")
        form = {"call": "function", "parameter": "parameter", "prefix": "", "blocks": "", "padding": "", **settings.form}
        self._place = settings.place
        self._json = JsonInTags(settings)
        self._holds_json = False
        self._tags = tags = compile_tags(settings, form)
        markers = "|".join(map(re.escape, tags.open))
        # Tags with a prefix say in an attribute whether a value is a string.
        self.limits = Limits(keys=_KEYS, typed=not form["prefix"], ends=tags.value_ends)
        self._before = re.compile(rf"(?:[ \t\r\n]|{markers})*+")  # a marker may be doubled
        # A model that leaves out the marker before a call begins with the call itself, which words without prefix do not show.
        calls = [f"<{prefix}{form['call']}" for prefix in prefixes(form)]
        alone = calls if form["prefix"] else [f"{calls[0]}="] if form["padding"] else []
        self.openings: tuple[str, ...] = (*tags.open, *alone)
        words = (form["parameter"], form["call"], *form["blocks"].split())
        closing = [_gapped("< /", prefix, word, ">") for prefix in prefixes(form) for word in words]
        # On a line of its own another value's tag ends one whose closing tag was forgotten.
        next_value = [f"\n{_gapped('<', form['parameter'], after)}" for after in ("=", "name =") if tags.padded]
        self.value_ends = tuple(dict.fromkeys((settings.close, *closing, *next_value)))

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """A block begins where a call's tag follows, or JSON, which these models write now and then."""
        tags = self._tags
        if opener not in tags.open:
            return position, self._call_begins(opener, text, position)
        found = self._before.match(text, position)
        position = found.end() if found else position
        if position == len(text):
            return position, None
        self._holds_json = text[position] == "{"
        if self._holds_json or tags.call_begins.match(text, position):
            return position, True
        half = is_half(text, position, tags.open) or tags.half.fullmatch(text, position)
        return position, None if half else False

    def _call_begins(self, opener: str, text: str, position: int) -> bool | None:
        """Whether a call without its marker begins here: a whole tag, alone on its line."""
        tag = opener + text[position : position + LONGEST_TAG]
        if self._tags.half.fullmatch(tag):
            return None
        found = self._tags.call.match(tag)
        if found is None:
            return False
        return None if found.end() == len(tag) else tag[found.end()] in "\r\n<"

    def block(self, opening: str) -> BlockReader:
        """A reader for one block."""
        return self._json.block(opening) if self._holds_json else ParametersBlock(opening, self._tags, self._place)
