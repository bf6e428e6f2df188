"""Grammars of calls whose arguments are keys and raw values, inside the frame that `enforce.raw_frame` finds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from adapter.enforce.gbnf.members import any_members, other_values
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

# Characters that end a name in a tag, or the tag.
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
        frame: The text around keys and values.
        types: The JSON types of an argument by name, as the reader of raw values sees the schema.
    """

    line = comma = '""'

    def __init__(self, grammar: Grammar, frame: RawFrame, types: Callable[[str], frozenset[str] | None]) -> None:
        self._grammar = grammar
        self._frame = frame
        self._types = types
        self.none = literal(frame.none)

    def around(self, members: str) -> str:
        """The arguments, without brackets."""
        return members

    def member(self, name: str, schema: Any, root: Mapping[str, Any], place: str) -> str:
        """An argument with its tags."""
        if _NO_KEY.search(name):
            self._grammar.leave(place, "the name, which the tag of an argument cannot hold")
        return self._argument(literal(self._frame.key + name), self._types(name), schema, root, place)

    def undeclared(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        """No arguments, unless `additionalProperties` allows some: a tool that declares no argument mostly takes none."""
        values = other_values(schema, False)
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
        """The alternatives behind a key whose tag tells the type of the value: the schema narrowed to each type."""

        def only(kinds: frozenset[str]) -> Any:
            return narrowed(schema, kinds, root, lambda part: self._grammar.merged(part, root, place))

        self._grammar.leave(place, *overlaps(schema, root))
        text = only(_STRING) if as_text else None
        ways = [] if text is None else self._string(_STRING, text, root, place)
        parts = {before: only(kinds) for before, kinds in self._frame.kinds().items()}
        return ways + [self._json(before, part, root, place) for before, part in parts.items() if part is not None]

    def _json(self, before: str, schema: Any, root: Mapping[str, Any], place: str) -> str:
        """A value as JSON, with the text around the value."""
        return in_turn(literal(before), f"({self._grammar.schema(schema, root, place)})", literal(self._frame.end))

    def _string(self, kinds: frozenset[str] | None, schema: Any, root: Mapping[str, Any], place: str) -> list[str]:
        """A value as raw text, with the text around the value: a listed value, or any text."""
        frame, allowed = self._frame, _allowed(schema, root)
        words = self._words(allowed, kinds, place) if allowed else []
        if words:
            return [in_turn(literal(frame.value), f"({' | '.join(words)})")]
        self._grammar.leave(place, *dict.fromkeys(held_by_none(schema, root)))
        if isinstance(schema, Mapping) and schema.keys() & {"$ref", "allOf"}:
            self._grammar.merged(schema, root, place)  # parts that contradict each other are noted
        after = literal(frame.end.removeprefix(frame.closing))
        return [
            in_turn(literal(frame.value), text_until(self._grammar, frame.closing, after, may_end=False, never=frame.never))
        ]

    def _words(self, allowed: list[Any], kinds: frozenset[str] | None, place: str) -> list[str]:
        """The listed values that are read again as the same values."""
        ends, words = closing(self._frame.never), []
        for value in allowed:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if ends.search(text) or json.dumps(loads(typed(text, kinds))) != json.dumps(value):
                self._grammar.leave(place, f"the value {value!r}, which raw text cannot hold")
            else:
                words.append(literal(text + self._frame.end))
        return list(dict.fromkeys(words))


def _allowed(schema: Any, root: Mapping[str, Any]) -> list[Any] | None:
    """The values that a schema lists, references followed; None for a schema without a list."""
    for _ in range(_MOST_REFERENCES):
        if not isinstance(schema, Mapping) or schema.keys() - ANNOTATIONS != {"$ref"}:
            break
        schema = follow(root, str(schema["$ref"]), True)
    return listed(schema, root) if isinstance(schema, Mapping) else None


def held_by_none(schema: Any, root: Mapping[str, Any], seen: tuple[int, ...] = ()) -> Iterator[str]:
    """Yield the keywords that raw text cannot be held to."""
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
