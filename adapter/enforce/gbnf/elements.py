"""Grammars of values written as nested elements, or as text between tags whose type only the schema tells.

The reader's own rules decide which spellings are allowed at a place: a spelling that the reader would take for another value is
left out as long as a safe spelling exists. For an object whose members may have any name, no grammar can make the closing tag
repeat the opening name: the object is written as JSON in its element, which the reader accepts too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapter.enforce.gbnf.integers import integer_range
from adapter.enforce.gbnf.raw_values import held_by_none
from adapter.enforce.gbnf.schema_rules import Grammar, elements
from adapter.enforce.gbnf.terminals import in_turn, literal
from adapter.enforce.gbnf.text_until import text_until
from adapter.schema.keywords import UNSAID, integer_bounds
from adapter.schema.narrow import narrowed
from adapter.schema.overlap import overlaps
from adapter.syntax.raw_values import only_string

if TYPE_CHECKING:
    import re

    from adapter.schema.raw_place import RawPlace
    from adapter.syntax.tagged.elements_notation import ElementsNotation

_ALL = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
# Texts of each type, with the value that the reader must see in them.
_SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "integer": {"0": 0, "1": 1, "-7": -7},
    "number": {"0": 0, "1": 1, "0.625": 0.625},
    "boolean": {"true": True, "false": False},
    "null": {"null": None},
}
# Numbers in the spelling in which they are written again: beside a string, a number in another spelling is a string.
_PLAIN = '("0" | [1-9] [0-9]{0,10}) ("." [0-9]{0,3} [1-9])?'
_SIGNED = '"-"? ([1-9] [0-9]{0,10} ("." [0-9]{0,3} [1-9])? | "0." [0-9]{0,3} [1-9]) | "0"'


class ElementMembers:
    """The members of an object as elements.

    Args:
        values: Writer of the members' values.
        place: The object's place, as the reader sees the schema.
        none: The expression for no members; None if a member is required.
    """

    line = comma = '""'

    def __init__(self, values: ElementValues, place: RawPlace, none: str | None = '""') -> None:
        self._values = values
        self._place = place
        self.none = none

    def around(self, members: str) -> str:
        """The object: its members, without brackets."""
        return members

    def member(self, name: str, schema: Any, root: Mapping[str, Any], place: str) -> str:
        """A member with its tags."""
        before, after = self._values.notation.argument(name)
        if not self._values.notation.keys.fullmatch(name):
            self._values.grammar.leave(place, "the name, which no tag can hold")
            return '""'
        return in_turn(literal(before), self._values.value(schema, root, place, self._place.member(name), after))

    def undeclared(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        """No arguments: a grammar cannot express members of any name."""
        del root
        if schema.get("additionalProperties", False) is not False:
            self._values.grammar.leave(place, "additionalProperties")
        return self.none or '""'


class ElementValues:
    """The values in the arguments of one tool.

    Args:
        grammar: The grammar.
        notation: The notation of the values.
    """

    def __init__(self, grammar: Grammar, notation: ElementsNotation) -> None:
        self.grammar = grammar
        self.notation = notation
        self._rules: dict[Any, str] = {}

    def value(self, schema: Any, root: Mapping[str, Any], where: str, place: RawPlace, close: str) -> str:
        """Write a rule for a value behind its opening tag, closing tag included.

        Args:
            schema: The value's schema.
            root: The document in which references are followed.
            where: The path of the value, for `unenforced`.
            place: The value's place, as the reader sees the schema.
            close: The closing tag.
        """
        key = (json.dumps(schema, sort_keys=True), tuple(map(id, place.schemas)), close)
        if key not in self._rules:
            self._rules[key] = name = self.grammar.rule("")  # before its body, which may refer to the rule
            self.grammar.rules[name] = " | ".join(_Value(self, root, where, place, close).ways(schema))
        return self._rules[key]


class _Value:
    """The spellings of a value. Arguments as in `ElementValues.value`."""

    def __init__(self, values: ElementValues, root: Mapping[str, Any], where: str, place: RawPlace, close: str) -> None:
        self._values, self._grammar, self._notation = values, values.grammar, values.notation
        self._root, self._where, self._place, self._close = root, where, place, close
        self._kinds = place.kinds()
        self._as_text = only_string(self._kinds) or "string" in (self._kinds or ())

    def ways(self, schema: Any) -> list[str]:
        """The alternatives for the value, each with the closing tag."""
        self._grammar.leave(self._where, *overlaps(schema, self._root))
        known = narrowed(schema, _ALL, self._root, lambda part: self._grammar.merged(part, self._root, self._where))
        leaves = list(_leaves(known))
        if self._as_text and any("enum" not in leaf and "string" in leaf["type"] for leaf in leaves):
            self._tell(schema, leaves)  # any other value without elements is text
            found = [self.text(), *(way for leaf in leaves for way in self._held(leaf, beside_text=True))]
        else:
            found = [way for leaf in leaves for way in (*self._held(leaf), *self._texts(leaf))]
        if not found:
            self._grammar.leave(self._where, "its type, which its text does not tell")
        return list(dict.fromkeys(found or [self.text()]))

    def _tell(self, schema: Any, leaves: list[Mapping[str, Any]]) -> None:
        """Note the keywords that free text does not satisfy by itself."""
        if only_string(self._kinds):
            strings = [leaf for leaf in leaves if "enum" not in leaf and "string" in leaf["type"]]
            self._grammar.leave(self._where, *dict.fromkeys(key for leaf in strings for key in held_by_none(leaf, self._root)))
            return
        self._grammar.leave(self._where, *dict.fromkeys(held_by_none(schema, self._root)))
        own = type(self._place)(self._root, (schema,)).kinds() if isinstance(schema, Mapping) else None
        if own is not None and not (self._kinds or own) <= own:
            self._grammar.leave(self._where, "its type, which its text does not tell")

    def text(self) -> str:
        """Any text."""
        stop = self._notation.stop
        return in_turn(text_until(self._grammar, stop, "", may_end=False), literal(self._close.removeprefix(stop)))

    def _closed(self, expression: str) -> str:
        return in_turn(expression, literal(self._close))

    def _reads(self, text: str, value: Any) -> bool:
        """True if the reader sees `value` in the text."""
        return self._notation.same(self._notation.reads(text, self._kinds), value)

    # Containers.

    def _held(self, leaf: Mapping[str, Any], *, beside_text: bool = False) -> list[str]:
        """The spellings of lists and objects."""
        if "enum" in leaf:
            listed = [self._notation.spelled(value, self._place) for value in leaf["enum"] if isinstance(value, list | dict)]
            texts = [text for text in listed if text is not None and (text.startswith(self._notation.stop) or not beside_text)]
            return [literal(text + self._close) for text in texts]
        ways: list[str] = []
        for kind, empty, write in (("array", [], self._array), ("object", {}, self._object)):
            if kind in leaf["type"]:
                self._grammar.leave(self._where, *(key for key in UNSAID if key in leaf))
                found = write({**leaf, "type": kind})
                if not found and not beside_text and self._reads(json.dumps(empty), empty):
                    found = [self._closed(f"({self._grammar.schema({**leaf, 'type': kind}, self._root, self._where)})")]
                ways += found
        return ways

    def _array(self, leaf: Mapping[str, Any]) -> list[str]:
        """A list as elements; empty if the reader would not see a list."""
        if self._notation.lists(self._place) is not True:
            return []
        before, after = self._notation.argument(self._notation.item)

        def element(schema: Any, where: str, position: int) -> str:
            if schema is True and not self._place.schemas:  # an unknown schema would allow lists in lists without end
                return in_turn(literal(before), _Value(self._values, self._root, where, self._place, after).text())
            return in_turn(literal(before), self._values.value(schema, self._root, where, self._place.item(position), after))

        inside = self._grammar.in_array(leaf, self._where, element)
        some = replace(inside, least=max(inside.least, 1))
        held = inside.most != 0 and (inside.parts or inside.more is not None)
        ways = [self._closed(elements(some, '""', '""'))] if held else []
        return ways if inside.least else ways + self._spelled([])

    def _spelled(self, value: Any) -> list[str]:
        """A known value; empty if the reader recognises none of its spellings."""
        text = self._notation.spelled(value, self._place)
        return [] if text is None else [literal(text + self._close)]

    def _object(self, leaf: Mapping[str, Any]) -> list[str]:
        """An object as elements; empty if the reader would not see an object, or a tag cannot name a member."""
        names, _ = _names(leaf)
        fits = all(self._notation.keys.fullmatch(name) and self._notation.lists(self._place, name) is False for name in names)
        if not names:  # JSON, if any member is allowed
            return self._spelled({}) if leaf.get("additionalProperties") is False else []
        if not fits:
            return []
        empty = self._notation.spelled({}, self._place)
        members = ElementMembers(self._values, self._place, None if empty is None else literal(empty))
        return [self._closed(f"({self._grammar.object_of(leaf, self._root, self._where, members)})")]

    # Values that are text.

    def _texts(self, leaf: Mapping[str, Any]) -> list[str]:
        """The spellings of scalars that the reader recognises."""
        if "enum" in leaf:
            self._grammar.leave(self._where, *(key for key in UNSAID if key in leaf))
            listed = [
                self._notation.spelled(value, self._place) for value in leaf["enum"] if not isinstance(value, list | dict)
            ]
            return [literal(text + self._close) for text in listed if text is not None]
        ways = []
        for kind in leaf["type"]:
            if kind == "string" and not self._as_text:  # a quoted string is a string everywhere
                ways.append(self._closed(f"({self._grammar.schema({**leaf, 'type': kind}, self._root, self._where)})"))
            elif kind in _SAMPLES and all(self._reads(text, value) for text, value in _SAMPLES[kind].items()):
                ways.append(self._closed(f"({self._scalar(kind, {**leaf, 'type': kind})})"))
                ways += [literal(self._close)] if kind == "null" and self._reads("", None) else []
        return ways

    def _scalar(self, kind: str, leaf: Mapping[str, Any]) -> str:
        """A number, a boolean or null."""
        said = self._grammar.schema(leaf, self._root, self._where)
        if not self._as_text or kind in {"boolean", "null"}:
            return said
        least, most = integer_bounds(leaf)
        if kind == "integer":
            return integer_range(least, most)
        return _PLAIN if least is not None and least >= 0 else _SIGNED


def _leaves(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas behind all alternatives: each has a list of types, or of values."""
    if isinstance(schema, Mapping) and "enum" not in schema and "anyOf" in schema:
        for branch in schema["anyOf"]:
            yield from _leaves(branch)
    elif schema is not None:
        yield schema


def known_names(arguments: Mapping[str, Any], keys: re.Pattern[str]) -> bool:
    """True if tags can name all required arguments of a tool, and at least one if any name is allowed.

    Args:
        arguments: The schema of the arguments.
        keys: Pattern of the names that a tag can hold.
    """

    def merged(part: Mapping[str, Any]) -> Mapping[str, Any]:
        return Grammar().merged(part, arguments, "")

    for leaf in _leaves(narrowed({"type": "object", **arguments}, frozenset({"object"}), arguments, merged)):
        names, required = _names(leaf)
        if not all(map(keys.fullmatch, required)) or (not names and leaf.get("additionalProperties", False) is not False):
            return False
    return True


def _names(leaf: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The names of an object's members: all, and the required names."""
    required = {name for name in leaf.get("required") or () if isinstance(name, str)}
    return required.union(leaf.get("properties") or ()), required
