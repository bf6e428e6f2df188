"""The call syntax of Llama 3, xLAM, Phi, Granite 3 and early Mistral models: JSON after a marker, or with none at all.

{"name": "get_weather", "parameters": {"city": "Paris"}}
<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}
[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Paris"}}]

After a marker a block ends with its brackets; the dialect's closing marker may follow. Servers drop the marker from the text as
often as not: a call without a marker is the whole answer and names a tool that is offered, or the answer is text (behaviour
1.10). Several calls stand in a list, or one behind the other with a semicolon, a comma or white space between them. The key of
a dialect's `form`:

    also    other markers that begin a block, separated by blanks; the JSON follows directly after a marker that is a word

With the keys of `adapter.syntax.json.named` besides, a name and JSON are read behind the marker too.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from adapter.errors import DialectError
from adapter.syntax.delimiters import Boundaries
from adapter.syntax.json.in_tags import BARE, JsonInTags
from adapter.syntax.json.named import NamedJson
from adapter.syntax.json.payload import SEPARATORS, Payload
from adapter.text.json_spans import skip_space

if TYPE_CHECKING:
    from adapter.syntax.contract import SyntaxSettings
    from adapter.syntax.json.in_tags_block import JsonBlock
    from adapter.syntax.json.named_block import NamedJsonBlock


class BareJson(JsonInTags):
    """Blocks of JSON after a marker, and JSON without a marker.

    Args:
        settings: Settings of the dialect.

    Raises:
        DialectError: `form` has an unknown key.
    """

    bare = dataclasses.replace(BARE, own=True)

    def __init__(self, settings: SyntaxSettings) -> None:
        form = {key: value for key, value in settings.form.items() if key != "also"}
        if form and "separator" not in form:
            raise DialectError(f"form.{min(form)} means nothing to the syntax 'bare_json'; it knows also")
        self._named = NamedJson(dataclasses.replace(settings, form=form)) if form else None
        self._by_name = False
        bounds = Boundaries(settings.open, settings.close, settings.tokens, due=False)
        super().__init__(settings, Payload(bounds, "", SEPARATORS, settings.known))
        markers = (settings.open, *settings.form.get("also", "").split())
        self.openings = tuple(marker for marker in markers if marker)

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Pass over text between a marker and the payload."""
        self._by_name = False
        if self._named is not None:
            position = skip_space(text, position)
            if position == len(text):
                return position, None
            if text[position].isalnum() or text[position] == "_":
                after, found = self._named.opening(opener, text, position)
                self._by_name = found is True
                if found is not False:
                    return after, found
        if opener[-1].isalnum() and position < len(text) and text[position] != "[":
            return position, False
        return super().opening(opener, text, position)

    def block(self, opening: str) -> JsonBlock | NamedJsonBlock:  # type: ignore[override]  # the base has one kind
        """Make a reader for one block."""
        return self._named.block(opening) if self._by_name and self._named is not None else super().block(opening)
