"""Values as elements within elements: writing them, and the rules by which the reader types texts and tags.

Reader and writer ask the same functions, so a value that is written comes back as the same value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adapter.syntax.notation import Notation
from adapter.syntax.raw_values import typed
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.schema.place import Place

_SPACE = " \t\r\n"
_HOLDING = frozenset({"array", "object"})


def may_hold(kinds: frozenset[str] | None) -> bool:
    """Tell if elements may stand in a value of these types: not where a text may stand but no list and no object."""
    return kinds is None or "string" not in kinds or bool(kinds & _HOLDING)


def begins_list(place: Place, kinds: frozenset[str] | None, name: str, item: str) -> bool:
    """Tell if the first element in a value makes the value a list; by any name, where only a list may stand."""
    if kinds is not None and not kinds >= _HOLDING:
        return "array" in kinds
    return name == item and not place.names(name)


def json_of(text: str, kinds: frozenset[str] | None) -> str:
    """Return the JSON of a value that is text; without text, the empty value of its type."""
    if kinds is not None and "string" not in kinds and not text.strip(_SPACE):
        for kind, empty in (("array", "[]"), ("object", "{}"), ("null", "null")):
            if kind in kinds:
                return empty
    return typed(text, kinds)


@lru_cache(maxsize=64)
def keys_of(word: str) -> re.Pattern[str]:
    """Return a pattern of the names that a tag can hold: unescaped, and none that looks like a call's tag."""
    return re.compile(rf"(?!/|[ \t]*{re.escape(word)}[ \t])[^<>\r\n]{{1,200}}")


@dataclass(frozen=True)
class ElementsNotation(Notation):
    """`<to>Paris</to><days><item>3</item></days>`, a prefix before each tag; a value may hold JSON in place of elements.

    Args:
        prefix: Literal before each tag.
        item: Name of a list's elements.
        word: Name of a call's element.
    """

    prefix: str
    item: str
    word: str

    brackets = ("", "")
    barred = "<"

    @property
    def stop(self) -> str:
        """The beginning of each tag, which no value holds."""
        return f"{self.prefix}<"

    @property
    def keys(self) -> re.Pattern[str]:
        """Pattern of the names that can be written."""
        return keys_of(self.word)

    def string(self, value: str) -> str:
        """Return a JSON string in which no text looks like a tag."""
        return super().string(value).replace("<", "\\u003c")

    def argument(self, name: str) -> tuple[str, str]:
        """Return the tags of an element."""
        return f"{self.stop}{name}>", f"{self.stop}/{name}>"

    def arguments(self, given: Mapping[str, Any]) -> str:
        """Return the arguments of a call."""
        return "".join(self._element(name, value) for name, value in given.items())

    def _element(self, name: str, value: Any) -> str:
        before, after = self.argument(name)
        return before + self.inside(value) + after

    def inside(self, value: Any) -> str:
        """Return the text between the tags of a value."""
        if isinstance(value, Mapping):
            return self.arguments(value)
        if isinstance(value, list | tuple):
            return "".join(self._element(self.item, each) for each in value)
        return value if isinstance(value, str) else self.text(value)

    def reads(self, text: str, kinds: frozenset[str] | None) -> Any:
        """Return the value of a text between tags, where these types may stand."""
        return loads(json_of(text, kinds))

    @staticmethod
    def same(one: Any, other: Any) -> bool:
        """Tell if two JSON values are the same, types included."""
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    def lists(self, place: Place, name: str | None = None) -> bool | None:
        """Tell if the first element in a value makes the value a list, rather than an object; None where no element may stand.

        Args:
            place: Place of the value.
            name: Name of the element; None: the name of a list's elements.
        """
        kinds = place.kinds()
        if not may_hold(kinds):
            return None
        return begins_list(place, kinds, self.item if name is None else name, self.item)

    def spelled(self, value: Any, place: Place) -> str | None:
        """Return the text between tags that is read as this value; None without such a text."""
        if self._says(value, place):
            return self.inside(value)
        text = self.text(value)
        return text if self.same(self.reads(text, place.kinds()), value) else None

    def _says(self, value: Any, place: Place) -> bool:
        """Tell if a value written as elements and text is read as the same value."""
        if isinstance(value, Mapping) and value:
            fits = all(self.keys.fullmatch(name) and self.lists(place, name) is False for name in value)
            return fits and all(self._says(each, place.member(name)) for name, each in value.items())
        if isinstance(value, list | tuple) and value:
            return self.lists(place) is True and all(self._says(each, place.item(at)) for at, each in enumerate(value))
        text = self.inside(value)
        return self.stop not in text and self.same(self.reads(text, place.kinds()), value)
