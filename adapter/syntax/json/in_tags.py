"""The call syntax of Qwen and Hermes: a JSON object between an opening and a closing tag.

<tool_call>
{"name": "get_weather", "arguments": {"city": "Paris"}}
</tool_call>
"""

from __future__ import annotations

import functools
import re

from adapter.errors import DialectError
from adapter.syntax.contract import BareForm, Syntax, SyntaxSettings
from adapter.syntax.delimiters import boundaries
from adapter.syntax.json.call_forms import read_calls, read_plain_call
from adapter.syntax.json.end_scanner import BlockScanner, End, is_half
from adapter.syntax.json.in_tags_block import JsonBlock
from adapter.syntax.reading import Nameless, RawCall, Reading
from adapter.syntax.skeleton import read_skeleton
from adapter.text.json_repair import repair
from adapter.text.json_spans import FENCE_END

_SKIP = re.compile(r"[ \t\r\n`]+")
_WORDS = ("json", "JSON", "xml")
_ARRAY_OF_OBJECTS = re.compile(r"\[[ \t\r\n]{0,64}(?:(?P<yes>[\[{\]])|(?P<end>\Z))?")
_FENCE = r"`{3}(?:json|xml|tool_call)?[ \t]*\n\s{0,20}"
_KEY = "name|arguments|parameters|type|function|tool_calls|id|tool_name|tool_call_id"
BARE = BareForm(
    first="{[`",
    head=re.compile(rf'(?:{_FENCE})?(?P<payload>[\[\s]{{0,20}}\{{\s{{0,20}}"(?:{_KEY})")'),
    half=re.compile(
        r"(?:`{1,3}|`{3}[a-z_]{1,9}[ \t]{0,9}|`{3}(?:json|xml|tool_call)?[ \t]*\n\s{0,20})?"
        r'(?:[\[\s]{0,20}(?:\{\s{0,20}(?:"[^"\\]{0,20})?)?)?\Z'
    ),
)
_WORD = r'"\w{1,20}"\s*:\s*"[^"\\]{0,80}"\s*,\s*'
_BEGUN = re.compile(rf'[\[\s]{{0,20}}\{{\s*(?:{_WORD}){{0,3}}"(?:tool_)?name"\s*:\s*"(?P<name>[^"\\]+)"')


def _array_begins(text: str, position: int) -> bool | None:
    """Whether an array of objects begins here, rather than words in brackets; None when more text is needed."""
    array = _ARRAY_OF_OBJECTS.match(text, position)
    if array is None or array["end"] is not None:
        return None
    return array["yes"] is not None


class JsonInTags(Syntax):
    """Reads blocks of this syntax.

    Args:
        settings: What the dialect says.

    Attributes:
        bounds: The tags.
        plain: How a plain call is written between them; see there.
        tries: Whether blocks that are whole are read in one go: until one cannot be.
    """

    bare = BARE

    def __init__(self, settings: SyntaxSettings) -> None:
        self.bounds = boundaries(settings.open, settings.close, settings.tokens)
        self.plain = self.bounds.plain
        self.openings: tuple[str, ...] = (settings.open,)
        self.tries = True  # blocks are read in one go; not after one that could not be
        self._tags = settings.open + settings.close
        self._prefix = (*_WORDS, settings.open)

    def scanner(self) -> BlockScanner:
        """A scanner for one block, to be fed from the first character of its payload."""
        return BlockScanner(self.bounds)

    @staticmethod
    def check(settings: SyntaxSettings) -> None:
        """Refuse markers that could be JSON: between brackets and braces they would not be told from it.

        Raises:
            DialectError: A marker does not begin with `<`.
        """
        for key, marker in (("open", settings.open), ("close", settings.close)):
            if not marker.startswith("<"):
                raise DialectError(
                    f"{key} = {marker!r}: the markers of the syntax 'json_in_tags' begin with '<'; "
                    "'bare_json' reads JSON after any other"
                )

    def whole(self, opening: str, text: str, position: int) -> tuple[Reading, int] | None:
        """Read a block that is one JSON value, which says itself where it ends, and the closing tag.

        So a whole completion is read by the JSON reader, and not by the scanner first. A completion that holds anything else
        is not tried again: trying costs as much as the text that is here.
        """
        end = text.find(self.bounds.close, position) if self.bounds.close and self.tries else -1
        if end < 0 or self.markup_faults(opening, self.bounds.close):
            return None
        reading = self.read_strictly(text, position, end)
        self.tries = reading is not None
        return None if reading is None else (reading, end + len(self.bounds.close))

    def block(self, opening: str) -> JsonBlock:
        """A reader for one block."""
        return JsonBlock(opening, self)

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on after an opening tag, over what may stand before the payload (behaviour 1.1)."""
        del opener  # there is one
        while position < len(text):
            skipped = _SKIP.match(text, position)
            if skipped:
                position = skipped.end()
            elif text[position] == "{":
                return position, True
            elif text[position] == "[":
                return position, _array_begins(text, position)
            else:
                word = next((word for word in self._prefix if text.startswith(word, position)), None)
                if word is None:
                    return position, None if is_half(text, position, self._prefix) else False
                position += len(word)
        return position, None

    def read_strictly(self, text: str, start: int, end: int) -> Reading | None:
        """The calls of a payload inside a text, if it is one valid JSON value and nothing else; None for any other."""
        call = read_plain_call(text, start, end)
        if call is not None:
            return Reading((call,))
        try:
            calls = read_calls(text, start, end, one=True)
        except ValueError:
            return None
        return Reading(tuple(calls)) if any(isinstance(call, RawCall) for call in calls) else None

    def read_inside(self, text: str, start: int, stop: int, end: End) -> Reading:
        """The calls of a payload inside a text: valid JSON without a copy of it, and any other as `read` does."""
        while stop > start and text[stop - 1] in FENCE_END:
            stop -= 1
        try:
            calls = read_calls(text, start, stop)
        except ValueError:
            return self.read(text[start:stop], end)
        return self._named(tuple(calls))

    def read(self, payload: str, end: End) -> Reading:
        """The calls of a payload.

        Args:
            payload: The text between the tags.
            end: What ended the block. Only a block that was closed is repaired.
        """
        text = payload.rstrip(FENCE_END)
        try:
            calls = tuple(read_calls(text))
        except ValueError as error:
            if end in {End.CUT, End.TEXT}:
                return Reading((), fault=f"not JSON: {error}")
            mended = repair(text)
            if mended is None:
                return Reading((), fault=f"not JSON, and no single structural repair makes it so: {error}")
            calls, repaired = tuple(read_calls(mended)), True
        else:
            repaired = False
        return self._named(calls, repaired=repaired)

    @staticmethod
    def _named(calls: tuple[RawCall | Nameless, ...], *, repaired: bool = False) -> Reading:
        """Calls, if one of them has a name."""
        if not any(isinstance(call, RawCall) for call in calls):
            return Reading((), repaired, "no object with a name and arguments")
        return Reading(calls, repaired)

    def begun(self, payload: str) -> str:
        """The name of the first call of an unfinished payload, where nothing but words stands before it."""
        found = _BEGUN.match(payload)
        return found["name"] if found else ""

    def markup_faults(self, opening: str, closing: str) -> tuple[str, ...]:
        """What is wrong with a block's tags, as lxml reads them; empty for one element of the right name."""
        return _faults(opening, closing, self._tags)


@functools.lru_cache(maxsize=64)
def _faults(opening: str, closing: str, right: str) -> tuple[str, ...]:
    found = read_skeleton(opening + closing)
    if found == read_skeleton(right):  # markers that are no markup have the same faults
        return ()
    return found.faults or (f"elements {', '.join(found.tags)} where one was due",)
