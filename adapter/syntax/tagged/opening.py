"""The beginning of a block of tags: behind its marker, or with a call whose marker is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.contract import Syntax
from adapter.syntax.json.in_tags import JsonInTags
from adapter.syntax.tagged.grammar import LONGEST_TAG, either
from adapter.syntax.tagged.places import known_places
from adapter.syntax.tagged.reader import TaggedBlock
from adapter.text.partial import begun

if TYPE_CHECKING:
    from adapter.syntax.contract import BlockReader, SyntaxSettings
    from adapter.syntax.tagged.grammar import TagGrammar


class MarkedCalls(Syntax):
    """A call syntax whose calls have tags of their own, in blocks with markers; in a block may stand JSON instead.

    Args:
        settings: The dialect's settings.
        grammar: The tags of the dialect.
        on_line: A call without the marker of its block counts only if its tag stands alone on a line.
        lead: A literal that may stand in a block before the call's tag, perhaps with the name of the tool; or empty.
    """

    def __init__(self, settings: SyntaxSettings, grammar: TagGrammar, *, on_line: bool, lead: str = "") -> None:
        self._grammar = grammar
        self._on_line = on_line
        self._behind = "\r\n<" if grammar.open else "\r\n<{"
        self._place = known_places(settings.place)
        self._json = JsonInTags(settings)
        self._holds_json = False
        name = r"(?:[^\s<>]{1,200}(?=[ \t\r\n]))?[ \t\r\n]{0,64}"
        self._lead = re.compile(rf"{re.escape(lead)}{name}(?=<)" if lead else "(?!)")
        self._half_lead = re.compile(
            rf"(?:{begun([lead])}|{re.escape(lead)}[^\s<>]{{0,200}}[ \t\r\n]{{0,64}})\Z" if lead else "(?!)"
        )
        self._before = re.compile(rf"(?:[ \t\r\n]|{either(grammar.open)})*+")  # a marker may be doubled

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on behind an opening marker: a block begins where a call's tag follows, or JSON, which some models write."""
        grammar = self._grammar
        if opener not in grammar.open:
            self._holds_json = False
            return position, self._call_begins(opener + text[position : position + LONGEST_TAG])
        found = self._before.match(text, position)
        position = found.end() if found else position
        if position == len(text) or self._half_lead.match(text, position):
            return position, None
        lead = self._lead.match(text, position)
        position = lead.end() if lead else position
        self._holds_json = text[position] == "{"
        if self._holds_json or grammar.call_begins.match(text, position):
            return position, True
        return position, None if grammar.opening_half.fullmatch(text, position) else False

    def _call_begins(self, tag: str) -> bool | None:
        """Tell if a text begins with the whole tag of a call; None if more text is needed."""
        if self._grammar.opening_half.fullmatch(tag):
            return None
        found = self._grammar.head.match(tag)
        if found is None or not self._on_line:
            return found is not None
        if found["alone"]:
            return True
        return None if found.end() == len(tag) else tag[found.end()] in self._behind

    def block(self, opening: str) -> BlockReader:
        """Return a reader of one block."""
        return self._json.block(opening) if self._holds_json else TaggedBlock(opening, self._grammar, self._place)
