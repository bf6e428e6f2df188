"""Grammars of calls whose arguments are keys and raw values, found out from what the dialect's template writes.

A template is asked for calls without arguments, with one and with two, and with a value of each JSON type, which some dialects
tell apart in the tag. What stands around keys and values in them is the frame, whatever its tags are called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adapter.enforce.alternatives import listed, overlaps
from adapter.enforce.keywords import ANNOTATIONS, UNSAID
from adapter.enforce.members import any_members
from adapter.enforce.narrowed import narrowed
from adapter.enforce.terminals import in_turn, literal
from adapter.enforce.text_until import text_until
from adapter.syntax.json_text import loads
from adapter.syntax.notation import closing
from adapter.syntax.values import typed
from adapter.tools.references import follow

if TYPE_CHECKING:
    from adapter.enforce.gbnf import Grammar

# Stand for keys and values while a call is rendered; no text holds these code points.
_KEYS, _VALUES = ("\ufdd1", "\ufdd2"), ("\ufdd3", "\ufdd4")
# In a tag they end the name, or the tag.
_NO_KEY = re.compile(r"""["'<>\n]|^\s|\s$|^$""")
# Values that are no strings, and stand for all of their type.
_SAMPLES: Mapping[str, Any] = {"integer": 7046029254, "number": 0.625, "boolean": True, "null": None, "object": {}, "array": []}
_STRING = frozenset({"string"})
_MOST_REFERENCES = 16
_HELD = {
    *UNSAID, "minLength", "maxLength", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "items",
    "prefixItems", "minItems", "maxItems", "properties", "required", "additionalProperties",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RawFrame:
    """What the dialect writes around keys and values.

    Attributes:
        head: From the opening tag on, the name of the tool included.
        key: Before a key.
        value: Between a key and its value, where that is a string.
        end: After a value.
        tail: After the last one.
        none: Between head and tail where there are no arguments.
        others: What stands between a key and its value where that is no string, by JSON type.
        never: What a string does not hold, because its reader may take it for the end. A space in it stands for any white
            space, or none.
    """

    head: str
    key: str
    value: str
    end: str
    tail: str
    none: str
    others: Mapping[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()

    @property
    def closing(self) -> str:
        """What ends a value, as much of it as the reader goes by."""
        found = closing(self.never).search(self.end)
        return self.end[: found.end() if found else len(self.end)]

    @property
    def tells(self) -> bool:
        """Whether the tag tells what is a string."""
        return self.value not in self.others.values()

    def kinds(self) -> dict[str, frozenset[str]]:
        """The JSON types of values that are no strings, by what stands before them."""
        found: dict[str, frozenset[str]] = {}
        for kind, before in self.others.items():
            found[before] = found.get(before, frozenset()) | {kind}
        return found


def raw_frame(write: Callable[[Mapping[str, Any]], str], never: tuple[str, ...]) -> RawFrame | None:
    """The frame of a tool's calls; None where the dialect writes arguments in another way.

    Args:
        write: Writes a call with these arguments.
        never: What no string holds.
    """
    texts = [write(dict(zip(_KEYS[:count], _VALUES, strict=False))) for count in range(3)]
    found = _framed(*texts)
    if found is None:
        return None
    befores = {kind: _before(found, write({_KEYS[0]: value}), value) for kind, value in _SAMPLES.items()}
    known = befores["integer"]
    if known is None:
        return None
    # A template may leave out a value, or write one in a way that no reader takes for JSON: then it is no other than a number.
    others = {kind: known if before is None else before for kind, before in befores.items()}
    return replace(found, others=others, never=never)


def _before(frame: RawFrame, call: str, value: Any) -> str | None:
    """What stands between the key and the value in a call of one argument; None where that is not written as JSON."""
    begin, end = frame.head + frame.key + _KEYS[0], json.dumps(value) + frame.end + frame.tail
    fits = call.startswith(begin) and call.endswith(end) and len(call) >= len(begin + end)
    return call[len(begin) : len(call) - len(end)] if fits else None


def _framed(none: str, one: str, two: str) -> RawFrame | None:
    """The frame in calls without arguments, with one and with two."""
    places = [two.find(mark) for mark in (_KEYS[0], _VALUES[0], _KEYS[1], _VALUES[1])]
    if -1 in places or places != sorted(places) or not one.startswith(two[: places[1]]):
        return None
    before, value, after = two[: places[0]], two[places[0] + 1 : places[1]], two[places[3] + 1 :]
    between = two[places[1] + 1 : places[2]]  # the end of one value and what precedes the next key
    # Of the ways to cut it, the one with the longest end: a value may hold all but that.
    for size in range(len(between), 0, -1):
        end, key = between[:size], between[size:]
        if before.endswith(key) and after.startswith(end):
            head, tail = before[: len(before) - len(key)], after[size:]
            empty = len(none) >= len(head + tail) and none.startswith(head) and none.endswith(tail)
            if empty and two[places[2] + 1 : places[3]] == value:
                return RawFrame(head, key, value, end, tail, none[len(head) : len(none) - len(tail)])
    return None


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
