"""The call syntax of Llama 3, xLAM, Phi, Granite 3 and early Mistral models: JSON after a marker, or with none at all.

{"name": "get_weather", "parameters": {"city": "Paris"}}
<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}
[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Paris"}}]

After a marker a block ends with its brackets; the dialect's closing marker may follow. Without one, which servers drop from the
text as often as not, a call is the whole answer and names a tool that is offered, or it is text (behaviour 1.10). Several stand
in a list, or one after the other with a semicolon, a comma or white space between them. A dialect says in `form`:

    also    other markers that a block may begin with, with blanks between them; one that is a word has the JSON right after it
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.json.end_scanner import Boundaries
from adapter.syntax.json.in_tags import BARE, JsonInTags

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings
    from adapter.syntax.json.end_scanner import End
    from adapter.syntax.reading import Reading

_SEPARATORS_END = re.compile(r"[\s;,]+\Z")


class BareJson(JsonInTags):
    """Reads blocks of this syntax.

    Args:
        settings: What the dialect says.

    Raises:
        DialectError: Its `form` holds something unknown.
    """

    bare = dataclasses.replace(BARE, own=True)

    def __init__(self, settings: SyntaxSettings) -> None:
        unknown = sorted(set(settings.form) - {"also"})
        if unknown:
            raise DialectError(f"form.{unknown[0]} means nothing to the syntax 'bare_json'; it knows also")
        super().__init__(settings)
        self.bounds = Boundaries(settings.open, settings.close, settings.tokens, due=False)
        markers = (settings.open, *settings.form.get("also", "").split())
        self.openings = tuple(marker for marker in markers if marker)

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on after a marker."""
        if opener[-1].isalnum() and position < len(text) and text[position] != "[":
            return position, False
        return super().opening(opener, text, position)

    def read(self, payload: str, end: End) -> Reading:
        """The calls of a payload; a separator after the last one is nothing."""
        return super().read(_SEPARATORS_END.sub("", payload), end)

    def markup_faults(self, opening: str, closing: str) -> tuple[str, ...]:
        """None: the markers are no elements."""
        del opening, closing
        return ()
