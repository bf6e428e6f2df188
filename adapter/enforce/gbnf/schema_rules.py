"""JSON schemas as GBNF, the grammars of llama.cpp: text that a grammar allows is JSON that the schema accepts.

A grammar may allow less than its schema (properties come in their order, white space is that of the usual layouts, no
undeclared member is added). For keywords that GBNF cannot express the grammar allows more: they are noted, and left to
validation.

    grammar = Grammar()
    grammar.rules["root"] = grammar.schema({"type": "integer", "minimum": 3}, root)
    grammar.text(), grammar.unenforced
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapter.enforce.gbnf.grammar import RuleSet
from adapter.enforce.gbnf.integers import integer_range
from adapter.enforce.gbnf.members import Members, ObjectMembers, any_members
from adapter.enforce.gbnf.other_keys import further_member
from adapter.enforce.gbnf.terminals import in_turn
from adapter.schema.keywords import ANNOTATIONS, UNSAID, integer_bounds, kinds_of
from adapter.schema.overlap import listed, overlaps
from adapter.schema.references import follow
from adapter.syntax.notation import JSON, Notation

# llama.cpp refuses larger repetitions.
_MOST_REPETITIONS = 1000
_DEEPEST = 40
_LARGEST = 10**100
_LIMITS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")


class Grammar(RuleSet):
    """A rule set that writes JSON schemas as rules.

    Args:
        notation: The notation of the values.
    """

    def __init__(self, notation: Notation = JSON) -> None:
        super().__init__(notation)
        self._rules: dict[tuple[int, str, Members | None], str] = {}

    def schema(self, schema: Any, root: Mapping[str, Any], place: str = "arguments", members: Members | None = None) -> str:
        """An expression for the text of values of a schema.

        Args:
            schema: The schema.
            root: The document in which references are followed.
            place: The path of the schema, for `unenforced`.
            members: The writer of an object's members, if the schema describes the arguments of a call, which are always an
                object; None for a value among the arguments.
        """
        if not isinstance(schema, Mapping):
            if schema is False:
                self.leave(place, "false")
            return self.shared("value") if members is None else self.object_of({}, root, place, members)
        if place.count(".") + place.count("[") > _DEEPEST:  # a Python object that contains itself
            self.leave(place, "everything, so deep inside")
            return self.schema(True, root, place, members)
        if "$ref" in schema or "allOf" in schema:
            return self._together(schema, root, place, members)
        self.leave(place, *(key for key in UNSAID if key in schema))
        if members is not None:
            self.leave(place, *(key for key in ("const", "enum") if key in schema))
        elif (values := self._listed(schema, root, place)) is not None:
            return choice([self.value(value) for value in values])
        key = next((key for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list)), None)
        if key is not None:
            self.leave(place, *overlaps({"oneOf": schema[key]} if key == "oneOf" else {}, root))
            rest = {name: value for name, value in schema.items() if name != key and name not in ANNOTATIONS}
            possible = [branch for branch in schema[key] if branch is not False] or [True]
            # Keywords beside the branches hold for every branch.
            branches = [{"allOf": [rest, branch]} if rest else branch for branch in possible]
            return self.rule(choice([self.schema(branch, root, place, members) for branch in branches]))
        if members is not None:
            return self.object_of(schema, root, place, members)
        return choice([self._of_kind(kind, schema, root, place) for kind in kinds_of(schema)])

    def _listed(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> list[Any] | None:
        """The values that a schema lists; None for a schema without a list."""
        values = listed(schema, root)
        if values == []:  # no listed value satisfies the other keywords
            self.leave(place, "enum" if "enum" in schema else "const")
            return [schema["const"]] if "const" in schema else schema["enum"] or None
        return values

    def _together(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str, members: Members | None) -> str:
        """Write a rule for a schema with a reference or `allOf`; the rule may refer to itself."""
        said = {key: value for key, value in schema.items() if key not in ANNOTATIONS}
        if said.keys() == {"allOf"} and len(said["allOf"]) == 1:
            return self.schema(said["allOf"][0], root, place, members)
        key = (id(root), json.dumps(said, sort_keys=True), members)
        if key not in self._rules:
            self._rules[key] = name = self.rule("")  # before its body, which may use it
            target = follow(root, str(schema["$ref"])) if said.keys() == {"$ref"} else None
            whole = self.merged(schema, root, place) if target is None else target
            self.rules[name] = self.schema(whole, root, place, members)
        return self._rules[key]

    def _of_kind(self, kind: str, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        if kind == "object":
            return self.object_of(schema, root, place, ObjectMembers(self))
        if kind == "array":
            return self._array(schema, root, place)
        if kind == "string":
            return self._string(schema, place)
        if kind in {"number", "integer"}:
            return self._number(kind, schema, place)
        return self.shared(kind)

    def _string(self, schema: Mapping[str, Any], place: str) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if most is not None and least > most:
            self.leave(place, "maxLength")
            most = None
        if not least and most is None:
            return self.shared("string")
        if self.notation.quote:  # such strings end at a token, so characters cannot be counted
            self.leave(place, *(["minLength"] if least else []), *(["maxLength"] if most is not None else []))
            return self.shared("string")
        if least > _MOST_REPETITIONS:
            self.leave(place, "minLength")
            return self.shared("string")
        if most is not None and most - least > _MOST_REPETITIONS**2:
            self.leave(place, "maxLength")
            most = None
        tag = min((len(each.replace(" ", "")) for each in self.notation.never), default=0)  # no closing tag fits in less
        char = self.shared("char" if not tag or (most is not None and most < tag) else "few")
        if most is None or most <= _MOST_REPETITIONS:
            return f'"\\"" {char}{{{least},{"" if most is None else most}}} "\\""'
        few = f"{char}{{{least}}} " if least else ""
        return f'"\\"" {few}{self.once(("at most", char, most - least), lambda: self._at_most(char, most - least))} "\\""'

    def _at_most(self, char: str, most: int) -> str:
        """A rule for at most so many characters, more than the engine repeats: by blocks, no slower than without a bound."""
        block = self.once(("block", char), lambda: self.rule(f"{char}{{{_MOST_REPETITIONS}}}"))
        whole, rest = divmod(most, _MOST_REPETITIONS)
        fewer = f"{block}{{0,{whole - 1}}} {char}{{0,{_MOST_REPETITIONS - 1}}}"
        return self.rule(f"{fewer} | {block}{{{whole}}} {char}{{0,{rest}}}" if whole else f"{char}{{0,{rest}}}")

    def _number(self, kind: str, schema: Mapping[str, Any], place: str) -> str:
        least, most = integer_bounds(schema)
        if any(bound is not None and abs(bound) >= _LARGEST for bound in (least, most)):
            self.leave(place, *(key for key in _LIMITS if key in schema))
            return self.shared(kind)
        if least is not None and most is not None and least > most:
            self.leave(place, "maximum")
            most = None
        if kind == "integer":
            if least is None and most is None:
                return self.shared("integer")
            return self.rule(integer_range(least, most))
        positive = least is not None and least >= 0
        said = {"minimum"} if positive and schema.get("minimum") == 0 else set()
        self.leave(place, *(key for key in _LIMITS if key in schema and key not in said))
        return self.shared("unsigned" if positive else "number")

    def _array(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        unsaid = schema.get("items", True) is True and not schema.get("prefixItems")
        if unsaid and not schema.get("minItems", 0) and schema.get("maxItems") is None:
            return self.shared("array")
        line, comma = self.shared("line"), self.shared("comma")
        inside = self.in_array(schema, place, lambda item, where, _: self.schema(item, root, where))
        return f'"[" {elements(inside, line, comma)} "]"'

    def in_array(self, schema: Mapping[str, Any], place: str, write: Callable[[Any, str, int], str]) -> ArrayElements:
        """Write the elements of an array.

        Args:
            schema: The array's schema.
            place: The path of the array.
            write: Makes an expression from an element's schema, the path of the element and its index.
        """
        first = schema.get("prefixItems") or []
        items = schema.get("items", True)
        if isinstance(items, list):  # before 2020-12
            first, items = items, schema.get("additionalItems", True)
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        if most is None and items is False:
            most = len(first)
        if most is not None and least > most:
            self.leave(place, "maxItems")
            most = None
        if least > _MOST_REPETITIONS or (most or 0) > _MOST_REPETITIONS:
            self.leave(place, "minItems" if least > _MOST_REPETITIONS else "maxItems")
            least, most = min(least, _MOST_REPETITIONS), None
        parts = [write(item, f"{place}[{number}]", number) for number, item in enumerate(first[:most])]
        more = None if items is False or most == len(parts) else self.rule(write(items, f"{place}[]", len(parts)))
        return ArrayElements(parts, more, least, most)

    def object_of(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str, members: Members) -> str:
        """Write an object for a schema without references and alternatives."""
        required = [name for name in schema.get("required") or () if isinstance(name, str)]
        declared = {name: value for name, value in (schema.get("properties") or {}).items() if value is not False}
        others = True if "patternProperties" in schema else schema.get("additionalProperties", True)
        properties = {**declared, **{name: others for name in required if name not in declared}}
        if not properties:
            return members.undeclared(schema, root, place)
        order = list(properties)
        if self.notation.sorts_keys:
            order.sort(key=str.lower)
        fresh, after = members.none, members.line  # the rest of the object before any member, and after a member
        if others := further_member(self, members, schema, properties, root, place):
            fresh = self.rule(any_members(self, members, others))
            after = self.rule(in_turn(f"({in_turn(members.comma, others)})*", members.line))
        for name in reversed(order):
            member = self.rule(members.member(name, properties[name], root, f"{place}.{name}"))
            first, another = in_turn(members.line, member, after), in_turn(members.comma, member)
            if name in required:
                fresh, after = self.rule(first), self.rule(in_turn(another, after))
            else:
                fresh, after = self.rule(" | ".join(filter(None, (first, fresh)))), self.rule(in_turn(f"({another})?", after))
        return members.around(fresh or "")


def choice(bodies: list[str]) -> str:
    """An alternation of the distinct expressions."""
    unique = list(dict.fromkeys(bodies))
    return unique[0] if len(unique) == 1 else f"({' | '.join(unique)})"


@dataclass(frozen=True, slots=True)
class ArrayElements:
    """The elements of an array, as expressions.

    Attributes:
        parts: The first elements, each with an expression of its own.
        more: Any further element; None if no further element is allowed.
        least: Elements at least.
        most: Elements at most; None for no limit.
    """

    parts: Sequence[str]
    more: str | None
    least: int
    most: int | None


def elements(inside: ArrayElements, line: str, comma: str) -> str:
    """Write a sequence of elements, any of which may be the last once there are `least`.

    Args:
        inside: The elements.
        line: White space before the first element, and after the last.
        comma: The separator of two elements.
    """
    parts, more, least, most = inside.parts, inside.more, inside.least, inside.most
    tail = line
    if more is not None:
        fewest, limit = max(least - len(parts), 0), None if most is None else most - len(parts)
        if not parts:
            fewest, limit = max(fewest - 1, 0), None if limit is None else limit - 1
        tail = in_turn(f"({in_turn(comma, more)}){{{fewest},{'' if limit is None else limit}}}", line)
        if not parts:
            tail = in_turn(line, more, tail) if least else f"({in_turn(line, more, tail)})?"
    for number in range(len(parts) - 1, -1, -1):
        body = in_turn(comma if number else line, f"({parts[number]})", tail)
        tail = body if number < least else f"({body} | {line})" if number else f"({body})?"
    return tail if parts or more is not None else '""'
