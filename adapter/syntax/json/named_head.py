"""Heads: the text before the JSON of a call that is written as a name and JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from adapter.errors import DialectError
from adapter.syntax.json.end_scanner import is_half

if TYPE_CHECKING:
    from collections.abc import Mapping

# Code points; a longer text is no name, so that every look at an incomplete head costs little.
_MOST = 400
# Text between a head and its JSON, and in the place of missing JSON.
_FENCE = r"\s*(?:`{1,3}(?:json|JSON)?)?\s*"
# A name is a single word, so a marker mentioned in a sentence begins no call.
_TWO_WORDS = re.compile(r"\s*\S+?\s+(?P<second>\S)")
_NOTHING = r"[\s`]*(?:json)?[\s`]*(?:null)?[\s`]*"


class Head(NamedTuple):
    """A head.

    Attributes:
        name: The tool.
        id: The call's id; empty without one.
        end: Position of the JSON.
        empty: A marker stands in the place of the JSON.
    """

    name: str
    id: str
    end: int
    empty: bool


class Heads:
    """A search for heads.

    Args:
        form: The dialect's `form`.
        stops: Markers that cannot stand in a head.

    Raises:
        DialectError: `form.head` is not a pattern, or has no group `name`.
    """

    def __init__(self, form: Mapping[str, str], stops: tuple[str, ...]) -> None:
        self._separator = form["separator"]
        head = form.get("head") or rf"(?P<name>.+?)\s*{re.escape(self._separator)}"
        try:
            self._before_json = re.compile(rf"\s*(?:{head}){_FENCE}")
            self._before_nothing = re.compile(rf"\s*(?:{head}){_NOTHING}")
        except re.error as error:
            raise DialectError(f"form.head = {head!r} is no pattern: {error}") from error
        if "name" not in self._before_json.groupindex:
            raise DialectError(f"form.head = {head!r} lacks the group (?P<name>…)")
        self._has_id = "id" in self._before_json.groupindex
        self._stops = stops
        markers = "|".join(map(re.escape, sorted(stops, key=len, reverse=True)))
        self._stop = re.compile(markers)
        self._next = re.compile(rf'(?P<stop>{markers})|[{{\["]')

    def find(self, text: str, position: int) -> Head | Literal[False] | None:
        """Return the head at `position`; False without one, None until more text has come."""
        limit = position + _MOST
        place = text.find(self._separator, position, limit)
        stop = self._stop.search(text, position, limit if place < 0 else place + 1)
        if stop is not None and (place < 0 or stop.start() < place):
            return False
        words = _TWO_WORDS.match(text, position, limit if place < 0 else place)
        if words and not is_half(text, words.start("second"), (self._separator,)):
            return False
        if place < 0:
            return None if len(text) < limit else False
        return self._after_separator(text, position, place + len(self._separator))

    def _after_separator(self, text: str, position: int, after: int) -> Head | Literal[False] | None:
        found = self._next.search(text, after, after + _MOST)
        if found is None:
            return None if len(text) < after + _MOST else False
        empty = found["stop"] is not None
        if not empty and is_half(text, found.start(), self._stops):
            return None
        head = (self._before_nothing if empty else self._before_json).fullmatch(text, position, found.start())
        if head is None or not head["name"].strip():
            return False
        return Head(head["name"].strip(), (head["id"] or "") if self._has_id else "", found.start(), empty)
