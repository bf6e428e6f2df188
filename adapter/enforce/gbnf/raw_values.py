"""Grammars of calls whose arguments are keys and raw values, found out from what the dialect's template writes.

A template is asked for calls without arguments, with one and with two, and with a value of each JSON type, which some dialects
tell apart in the tag. What stands around keys and values in them is the frame, whatever its tags are called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from adapter.enforce.gbnf.members import any_members
from adapter.enforce.gbnf.terminals import in_turn, literal
from adapter.enforce.gbnf.text_until import text_until
from adapter.schema.keywords import ANNOTATIONS, UNSAID
from adapter.schema.narrow import narrowed
from adapter.schema.overlap import listed, overlaps
from adapter.schema.references import follow
from adapter.syntax.notation import closing
from adapter.syntax.raw_values import typed
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.enforce.gbnf.schema_rules import Grammar
    from adapter.enforce.raw_frame import RawFrame

# In a tag they end the name, or the tag.
_NO_KEY = re.compile(r"""["'<>\n]|^\s|\s$|^$""")
_STRING = frozenset({"string"})
_MOST_REFERENCES = 16
_HELD = {
    *UNSAID, "minLength", "maxLength", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "items",
    "prefixItems", "minItems", "maxItems", "properties", "required", "additionalProperties",
}  # fmt: skip


class RawMembers:
    """The arguments of a call as keys and raw values.

    Args:
        grammar: The grammar.
        frame: What stands around them.
        types: The JSON types that an argument may have, by its name, as the reader of such values takes them.
    """

    line = comma = '""'

    def __init__(self, grammar: Grammar, frame: RawFrame, types: Callable[[str], frozenset[str] | None]) -> None:
        self._grammar = grammar
        self._frame = frame
        self._types = types
        self.none = literal(frame.none)

    def around(self, members: str) -> str:
        """The arguments: nothing stands around them."""
        return members

    def member(self, name: str, schema: Any, root: Mapping[str, Any], place: str) -> str:
        """One argument, with its tags."""
        if _NO_KEY.search(name):
            self._grammar.leave(place, "the name, which the tag of an argument cannot hold")
        return self._argument(literal(self._frame.key + name), self._types(name), schema, root, place)

    def undeclared(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        """No arguments, unless the schema says that there may be any: a tool that declares none mostly has none."""
        values = schema.get("additionalProperties", False)
        if values is False:
            return self.none
        key = in_turn(literal(self._frame.key), self._grammar.shared("name"))
        return any_members(self._grammar, self, self._argument(key, self._types(""), values, root, f"{place}.*"))

    def _argument(self, key: str, kinds: frozenset[str] | None, schema: Any, root: Mapping[str, Any], place: str) -> str:
        as_text = not kinds or "string" in kinds
        ways = self._by_tag(as_text, schema, root, place) if self._frame.tells else []
        if not ways and as_text:
            ways = self._string(_STRING if self._frame.tells else kinds, schema, root, place)
        if not ways:
            ways = [self._json(self._frame.others["integer"], schema, root, place)]
        return in_turn(key, f"({' | '.join(ways)})")

    def _by_tag(self, as_text: bool, schema: Any, root: Mapping[str, Any], place: str) -> list[str]:
        """What may stand behind a key where the tag tells of what type the value is: each with what the schema says of it."""

        def only(kinds: frozenset[str]) -> Any:
            return narrowed(schema, kinds, root, lambda part: self._grammar.merged(part, root, place))

        self._grammar.leave(place, *overlaps(schema, root))
        text = only(_STRING) if as_text else None
        ways = [] if text is None else self._string(_STRING, text, root, place)
        parts = {before: only(kinds) for before, kinds in self._frame.kinds().items()}
        return ways + [self._json(before, part, root, place) for before, part in parts.items() if part is not None]

    def _json(self, before: str, schema: Any, root: Mapping[str, Any], place: str) -> str:
        """A value as JSON, and what stands around it."""
        return in_turn(literal(before), f"({self._grammar.schema(schema, root, place)})", literal(self._frame.end))

    def _string(self, kinds: frozenset[str] | None, schema: Any, root: Mapping[str, Any], place: str) -> list[str]:
        """A value as raw text, and what stands around it: one that the schema lists, or any."""
        frame, allowed = self._frame, _allowed(schema, root)
        words = self._words(allowed, kinds, place) if allowed else []
        if words:
            return [in_turn(literal(frame.value), f"({' | '.join(words)})")]
        self._grammar.leave(place, *dict.fromkeys(held_by_none(schema, root)))
        after = literal(frame.end.removeprefix(frame.closing))
        return [
            in_turn(literal(frame.value), text_until(self._grammar, frame.closing, after, may_end=False, never=frame.never))
        ]

    def _words(self, allowed: list[Any], kinds: frozenset[str] | None, place: str) -> list[str]:
        """The values of an enumeration that can be written so that they are read again as what they are."""
        ends, words = closing(self._frame.never), []
        for value in allowed:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if ends.search(text) or json.dumps(loads(typed(text, kinds))) != json.dumps(value):
                self._grammar.leave(place, f"the value {value!r}, which raw text cannot hold")
            else:
                words.append(literal(text + self._frame.end))
        return list(dict.fromkeys(words))


def _allowed(schema: Any, root: Mapping[str, Any]) -> list[Any] | None:
    """The values that a schema lists; None where it lists none."""
    for _ in range(_MOST_REFERENCES):
        if not isinstance(schema, Mapping) or schema.keys() - ANNOTATIONS != {"$ref"}:
            break
        schema = follow(root, str(schema["$ref"]), True)
    return listed(schema, root) if isinstance(schema, Mapping) else None


def held_by_none(schema: Any, root: Mapping[str, Any], seen: tuple[int, ...] = ()) -> Iterator[str]:
    """The keywords that constrain a string, and other values that are raw text as it is."""
    if not isinstance(schema, Mapping) or id(schema) in seen or len(seen) > _MOST_REFERENCES:
        return
    if not seen:
        yield from overlaps(schema, root)
    seen = (*seen, id(schema))
    for key, value in schema.items():
        if key == "$ref":
            yield from held_by_none(follow(root, str(value), True), root, seen)
        elif key in {"anyOf", "oneOf", "allOf"} and isinstance(value, list):
            for branch in value:
                yield from held_by_none(branch, root, seen)
        elif key in _HELD and not (key == "minLength" and value == 0):
            yield key
