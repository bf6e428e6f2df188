"""One call in the tags that Qwen3-Coder made common, as a whole answer in the dialect of another family (behaviour 1.10).

<function=get_weather>
<parameter=city>
Paris
</parameter>
</function>
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from adapter.syntax.contract import BareForm
from adapter.syntax.reading import End, Reading
from adapter.syntax.tagged.parameters import Parameters
from adapter.text.names import NAME_SIGNS

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings
    from adapter.syntax.reading import Flowing

_NAME = rf"[{NAME_SIGNS}]{{1,128}}"
_OPENER, _CLOSER = "<function=", "</function>"
_BEGUN = re.compile(rf"{_OPENER}(?P<name>{_NAME})>")


class LastCloser:
    """A search for the last closing tag of a text that is a payload up to its end.

    Attributes:
        offset: Code points consumed.
        payload_end: Offset behind the last closing tag.
    """

    def __init__(self) -> None:
        self.offset = self.payload_end = 0
        self._end = ""  # of the text so far: as long as the beginning of a tag

    @property
    def complete(self) -> bool:
        """A closing tag has come."""
        return self.payload_end > 0

    def feed(self, text: str, start: int = 0) -> tuple[int, End | None]:
        """Consume text from `start` on. Returns the position reached; no text ends the payload."""
        window = self._end + text[start:]
        found = window.rfind(_CLOSER)
        if found >= 0:
            self.payload_end = self.offset - len(self._end) + found + len(_CLOSER)
        self.offset += len(text) - start
        self._end = window[1 - len(_CLOSER) :]
        return len(text), None

    def flowing(self) -> Flowing | None:
        """None: every delta is looked at."""
        return None


class UntaggedParameters:
    """Calls in tags of this form, without markers around.

    Args:
        settings: Settings of the dialect.
    """

    bare = BareForm(
        first="<",
        head=re.compile(rf"(?P<payload>{_OPENER}{_NAME}>\s{{0,20}}<)"),
        half=re.compile(rf"<(?:f|fu|fun|func|funct|functi|functio|function(?:=(?:{_NAME}(?:>\s{{0,20}})?)?)?)?\Z"),
    )

    def __init__(self, settings: SyntaxSettings) -> None:
        self._settings = dataclasses.replace(settings, open="<tool_call>", close="</tool_call>", form={"padding": "newline"})

    def scanner(self) -> LastCloser:
        """Make a search for the end of one payload."""
        return LastCloser()

    def finder(self) -> None:
        """None: the calls are certain at the end only."""

    def read(self, payload: str, end: End) -> Reading:
        """The calls of a payload."""
        del end
        syntax = Parameters(self._settings)
        start, begins = syntax.opening(_OPENER, payload, len(_OPENER))
        block = syntax.block(payload[:start]) if begins else None
        if block is None:
            return Reading((), fault="no call in tags")
        after, met = block.feed(payload, start)
        met = met or block.finish(payload[after:], cut=False)
        reading = block.read(met)
        return Reading((), fault="text behind the calls") if block.parts()[1].strip() else reading

    def begun(self, payload: str, *, over: bool = False) -> str:
        """The name in the first tag."""
        del over
        found = _BEGUN.match(payload)
        return found["name"] if found else ""
