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
# The characters of both.
_NO_WORDS = re.compile(r"[\s`jsonJSONul]*+")


# Text around a tool's name in ids of other spellings: `functions_get_weather`, `call_get_weather_0`.
_BEFORE_NAME, _BEHIND_NAME = r"(?i:(?:functions?|calls?|tools?)[._:/-]{1,2}){0,3}", r"(?:[._:#-]{1,2}\d{1,9})?"


def _spells(written: str, tool: str) -> bool:
    """Tell if an id spells the name of a tool, between words and a number that ids have."""
    return tool in written and re.fullmatch(_BEFORE_NAME + re.escape(tool) + _BEHIND_NAME, written) is not None


class Head(NamedTuple):
    """A head.

    Attributes:
        name: The tool.
        id: The call's id; empty without one.
        end: Position of the JSON.
        empty: A marker stands in the place of the JSON.
        named: First and last position of the name.
        written: The name as the model wrote it, where an id of another spelling named the tool; else empty.
    """

    name: str
    id: str
    end: int
    empty: bool
    named: tuple[int, int] = (0, 0)
    written: str = ""


class Heads:
    """A search for heads.

    Args:
        form: The dialect's `form`.
        stops: Markers that cannot stand in a head.
        names: Names of the tools that are offered.

    Raises:
        DialectError: `form.head` is not a pattern, or has no group `name`.
    """

    def __init__(self, form: Mapping[str, str], stops: tuple[str, ...], names: frozenset[str] = frozenset()) -> None:
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
        self._ends_with_separator = not form.get("head")
        self._direct = re.compile(rf"\s*(?:{form['direct']}){_FENCE}(?=\{{)") if "direct" in form else None
        self._stops = stops
        self._names = names if self._has_id else frozenset()
        markers = "|".join(map(re.escape, sorted(stops, key=len, reverse=True)))
        self._stop = re.compile(markers)
        self._next = re.compile(rf'(?P<stop>{markers})|[{{\["]')

    def find(self, text: str, position: int) -> Head | Literal[False] | None:
        """Return the head at `position`; False without one, None until more text has come."""
        direct = None if self._direct is None else self._direct.match(text, position, position + _MOST)
        if direct is not None:
            return Head(direct["name"], "", direct.end(), False, direct.span("name"))
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
        if self._ends_with_separator and self._words_follow(text, after, found.start() if found else len(text)):
            return False
        if found is None:
            return None if len(text) < after + _MOST else False
        empty = found["stop"] is not None
        if not empty and is_half(text, found.start(), self._stops):
            return None
        head = (self._before_nothing if empty else self._before_json).fullmatch(text, position, found.start())
        if head is None or not head["name"].strip():
            return False
        name, first, call_id = head["name"].strip(), head.start("name"), (head["id"] or "") if self._has_id else ""
        first += head["name"].find(name)
        named = (first, first + len(name))
        fits = [] if not self._names or name in self._names else [tool for tool in self._names if _spells(name, tool)]
        if len(fits) == 1:
            return Head(fits[0], "", found.start(), empty, named, name)
        return Head(name, call_id, found.start(), empty, named)

    def _words_follow(self, text: str, after: int, stop: int) -> bool:
        """Tell if words stand behind the separator, where the JSON is due: a marker was mentioned in a sentence."""
        space = _NO_WORDS.match(text, after, after + _MOST)
        end = space.end() if space else after
        return end < min(stop, after + _MOST) and not is_half(text, end, self._stops)
