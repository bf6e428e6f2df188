"""The call syntax of Qwen and Hermes: a JSON object between an opening and a closing tag.

<tool_call>
{"name": "get_weather", "arguments": {"city": "Paris"}}
</tool_call>
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.contract import BareForm, Syntax, SyntaxSettings
from adapter.syntax.delimiters import boundaries
from adapter.syntax.json.call_forms import read_plain_call
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.json.payload import Payload
from adapter.text.json_spans import skip_space
from adapter.text.partial import is_half

if TYPE_CHECKING:
    from adapter.syntax.json.call_finder import CallFinder
    from adapter.syntax.json.end_scanner import BlockScanner
    from adapter.syntax.reading import End, RawCall, Reading

_SKIP = r"[ \t\r\n`]"
_WORDS = ("json", "JSON", "xml")
_ARRAY_OF_OBJECTS = re.compile(r"\[[ \t\r\n]{0,64}(?:(?P<yes>[\[{\]])|(?P<end>\Z))?")
_FENCE = r"`{3}(?:json|xml|tool_call)?[ \t]*\n\s{0,20}"
BARE_KEYS = "name|arguments|parameters|type|function|tool_calls|id|tool_name|tool_call_id"
BARE = BareForm(
    first="{[`",
    head=re.compile(rf'(?:{_FENCE})?(?P<payload>[\[\s]{{0,20}}\{{\s{{0,20}}"(?:{BARE_KEYS})")'),
    half=re.compile(
        r"(?:`{1,3}|`{3}[a-z_]{1,9}[ \t]{0,9}|`{3}(?:json|xml|tool_call)?[ \t]*\n\s{0,20})?"
        r'(?:[\[\s]{0,20}(?:\{\s{0,20}(?:"[^"\\]{0,20})?)?)?\Z'
    ),
)
_WORD = r'"\w{1,20}"\s*:\s*"[^"\\]{0,80}"\s*,\s*'
_BEGUN = re.compile(rf'[\[\s]{{0,20}}\{{\s*(?:{_WORD}){{0,3}}"(?:tool_)?name"\s*:\s*"(?P<name>[^"\\]+)"')
_NAMED = re.compile(_BEGUN.pattern + r'\s*(?:\}|,\s*"(?!(?:tool_)?name")[^"]+")')


@functools.lru_cache(maxsize=64)
def _skipping(words: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of white space, backticks and these words, over and over."""
    listed = "|".join(map(re.escape, filter(None, words)))
    return re.compile(rf"(?:{_SKIP}++|(?![\[{{])(?:{listed}))*+")


def _array_begins(text: str, position: int) -> bool | None:
    """Tell an array of objects at this position from words in brackets; None until more text has come."""
    array = _ARRAY_OF_OBJECTS.match(text, position)
    if array is None or array["end"] is not None:
        return None
    return array["yes"] is not None


class JsonInTags(Syntax):
    """Blocks of JSON between two tags.

    Args:
        settings: Settings of the dialect.

    Attributes:
        payload: Reads the JSON of a block.
    """

    bare = BARE

    def __init__(self, settings: SyntaxSettings, payload: Payload | None = None) -> None:
        bounds = boundaries(settings.open, settings.close, settings.tokens)
        self.payload = payload or Payload(bounds, settings.open + settings.close, known=settings.known)
        self.has_plain_blocks = self.payload.plain
        self.openings: tuple[str, ...] = (settings.open,)
        self._close = settings.close
        self._prefix = (*_WORDS, settings.open)
        self._skip = _skipping(self._prefix)

    @staticmethod
    def check(settings: SyntaxSettings) -> None:
        """Refuse markers that could be JSON: between brackets and braces no reader could tell them apart.

        Raises:
            DialectError: A marker does not begin with `<`.
        """
        for key, marker in (("open", settings.open), ("close", settings.close)):
            if not marker.startswith("<"):
                raise DialectError(
                    f"{key} = {marker!r}: the markers of the syntax 'json_in_tags' begin with '<'; "
                    "'bare_json' reads JSON after any other"
                )

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Pass over text between an opening tag and the payload (behaviour 1.1)."""
        del opener  # the syntax has only one
        skipped = self._skip.match(text, position)
        position = skipped.end() if skipped else position
        if position == len(text):
            return position, None
        if text[position] == "{":
            return position, True
        if text[position] == "[":
            return position, _array_begins(text, position)
        return position, None if is_half(text, position, self._prefix) else False

    def plain_block(self, text: str, start: int) -> tuple[RawCall, int] | None:
        """Read a block of one plain JSON call, with nothing but white space around the JSON."""
        payload = skip_space(text, start + len(self.openings[0]))
        stop = text.find(self._close, payload)
        call = read_plain_call(text, payload, stop) if stop > payload else None
        if call is None or self.payload.markup_faults(text[start:payload], self._close):
            return None
        return call, stop + len(self._close)

    def block(self, opening: str) -> JsonBlock:
        """Make a reader for one block."""
        return JsonBlock(opening, self.payload)

    def scanner(self) -> BlockScanner:
        """Make a search for the end of one payload without tags."""
        return self.payload.scanner()

    def finder(self) -> CallFinder:
        """Make a search for the calls of one payload without tags."""
        return self.payload.finder()

    def read(self, payload: str, end: End) -> Reading:
        """The calls of a payload without tags."""
        return self.payload.read(payload, end)

    def begun(self, payload: str, *, over: bool = False) -> str:
        """The name of the first call of an unfinished payload, if only words stand in front of the name, and no name behind."""
        found = (_BEGUN if over else _NAMED).match(payload)
        return found["name"] if found else ""
