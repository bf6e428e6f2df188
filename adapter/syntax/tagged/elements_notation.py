"""Values as elements within elements: how they are written, and what the reader takes each text and each tag for.

The reader and whoever writes ask the same functions, so what is written by them is read as what it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from adapter.syntax.notation import Notation
from adapter.syntax.raw_values import typed
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.schema.place import Place

_SPACE = " \t\r\n"
_HOLDING = frozenset({"array", "object"})


def may_hold(kinds: frozenset[str] | None) -> bool:
    """Whether elements may stand in a value of these types: not where a text may stand, and nothing that holds any."""
    return kinds is None or "string" not in kinds or bool(kinds & _HOLDING)


def begins_list(place: Place, kinds: frozenset[str] | None, name: str, item: str) -> bool:
    """Whether the first element in a value makes that a list. Where only a list may stand, it may have any name."""
    if kinds is not None and not kinds >= _HOLDING:
        return "array" in kinds
    return name == item and not place.names(name)


def json_of(text: str, kinds: frozenset[str] | None) -> str:
    """The JSON of a value that is text. One without any is the empty value of its type."""
    if kinds is not None and "string" not in kinds and not text.strip(_SPACE):
        for kind, empty in (("array", "[]"), ("object", "{}"), ("null", "null")):
            if kind in kinds:
                return empty
    return typed(text, kinds)


@cache
def keys_of(word: str) -> re.Pattern[str]:
    """Matches names that a tag can hold: they stand in it as they are, and none may look like a call's tag."""
    return re.compile(rf"(?!/|[ \t]*{re.escape(word)}[ \t])[^<>\r\n]{{1,200}}")


@dataclass(frozen=True)
class ElementsNotation(Notation):
    """`<to>Paris</to><days><item>3</item></days>`, a prefix before each tag; in a value there may be JSON in place of elements.

    Args:
        prefix: What stands before a tag.
        item: The name of a list's elements.
        word: That of a call's element.
    """

    prefix: str
    item: str
    word: str

    brackets = ("", "")
    barred = "<"

    @property
    def stop(self) -> str:
        """What a tag begins with; no value holds it."""
        return f"{self.prefix}<"

    @property
    def keys(self) -> re.Pattern[str]:
        """Matches the names that can be written."""
        return keys_of(self.word)

    def string(self, value: str) -> str:
        """A string of JSON that nothing in it looks like a tag."""
        return super().string(value).replace("<", "\\u003c")

    def argument(self, name: str) -> tuple[str, str]:
        """The tags of an element."""
        return f"{self.stop}{name}>", f"{self.stop}/{name}>"

    def arguments(self, given: Mapping[str, Any]) -> str:
        """The arguments of a call."""
        return "".join(self._element(name, value) for name, value in given.items())

    def _element(self, name: str, value: Any) -> str:
        before, after = self.argument(name)
        return before + self.inside(value) + after

    def inside(self, value: Any) -> str:
        """What stands between the tags of a value."""
        if isinstance(value, Mapping):
            return self.arguments(value)
        if isinstance(value, list | tuple):
            return "".join(self._element(self.item, each) for each in value)
        return value if isinstance(value, str) else self.text(value)

    def reads(self, text: str, kinds: frozenset[str] | None) -> Any:
        """The value of a text between tags, where these types may stand."""
        return loads(json_of(text, kinds))

    @staticmethod
    def same(one: Any, other: Any) -> bool:
        """Whether two JSON values are the same, their types included."""
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    def lists(self, place: Place, name: str | None = None) -> bool | None:
        """What the first element in a value makes of it: a list, or an object. None where it is no element.

        Args:
            place: The value's place.
            name: The element's name; a list's own without one.
        """
        kinds = place.kinds()
        if not may_hold(kinds):
            return None
        return begins_list(place, kinds, self.item if name is None else name, self.item)

    def spelled(self, value: Any, place: Place) -> str | None:
        """What is to stand between the tags of a value so that it is read as what it is; None where nothing is."""
        if self._says(value, place):
            return self.inside(value)
        text = self.text(value)
        return text if self.same(self.reads(text, place.kinds()), value) else None

    def _says(self, value: Any, place: Place) -> bool:
        """Whether a value is read as what it is where it is written as elements and text."""
        if isinstance(value, Mapping) and value:
            fits = all(self.keys.fullmatch(name) and self.lists(place, name) is False for name in value)
            return fits and all(self._says(each, place.member(name)) for name, each in value.items())
        if isinstance(value, list | tuple) and value:
            return self.lists(place) is True and all(self._says(each, place.item(at)) for at, each in enumerate(value))
        text = self.inside(value)
        return self.stop not in text and self.same(self.reads(text, place.kinds()), value)
