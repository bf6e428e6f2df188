"""JSON schemas as GBNF, the grammars of llama.cpp: text that such a grammar allows is JSON that the schema accepts.

A grammar may allow less than its schema (properties come in their order, white space is that of the usual layouts, nothing
undeclared is added), and where GBNF cannot say what the schema says it allows more: that is noted, and left to validation.

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
            root: The document in which its references are followed.
            place: Where it stands, for `unenforced`.
            members: How the members of an object are written; None for those of any object among the values. With it the
                schema is that of a call's arguments, which are an object in every case.
        """
        if not isinstance(schema, Mapping):
            if schema is False:
                self.leave(place, "false")
            return self.shared("value") if members is None else self.object_of({}, root, place, members)
        if place.count(".") + place.count("[") > _DEEPEST:  # a schema that contains itself other than by reference
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
            # What stands beside the branches holds for each of them.
            branches = [{"allOf": [rest, branch]} if rest else branch for branch in possible]
            return self.rule(choice([self.schema(branch, root, place, members) for branch in branches]))
        if members is not None:
            return self.object_of(schema, root, place, members)
        return choice([self._of_kind(kind, schema, root, place) for kind in kinds_of(schema)])

    def _listed(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> list[Any] | None:
        """The values that a schema lists; None where it lists none."""
        values = listed(schema, root)
        if values == []:  # none fits all else that the schema says
            self.leave(place, "enum" if "enum" in schema else "const")
            return [schema["const"]] if "const" in schema else schema["enum"] or None
        return values

    def _together(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str, members: Members | None) -> str:
        """A schema with a reference or `allOf`: a rule, which may lead back to itself."""
        said = {key: value for key, value in schema.items() if key not in ANNOTATIONS}
        if said.keys() == {"allOf"} and len(said["allOf"]) == 1:
            return self.schema(said["allOf"][0], root, place, members)
        key = (id(root), json.dumps(said, sort_keys=True), members)
        if key not in self._rules:
            self._rules[key] = name = self.rule("")  # first, because what it stands for may hold it
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
        if self.notation.quote:  # what ends there is not told by its characters
            self.leave(place, *(["minLength"] if least else []), *(["maxLength"] if most is not None else []))
            return self.shared("string")
        if least > _MOST_REPETITIONS:
            self.leave(place, "minLength")
            return self.shared("string")
        if most is not None and most > _MOST_REPETITIONS:
            self.leave(place, "maxLength")
            most = None
        tag = min((len(each.replace(" ", "")) for each in self.notation.never), default=0)  # shorter strings hold none
        char = self.shared("char" if not tag or (most is not None and most < tag) else "few")
        return f'"\\"" {char}{{{least},{"" if most is None else most}}} "\\""'

    def _number(self, kind: str, schema: Mapping[str, Any], place: str) -> str:
        least, most = integer_bounds(schema)
        if least is not None and most is not None and least > most:
            self.leave(place, "maximum")
            most = None
        if kind == "integer":
            if least is None and most is None:
                return self.shared("integer")
            return self.rule(integer_range(least, most))
        limits = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
        positive = least is not None and least >= 0
        said = {"minimum"} if positive and schema.get("minimum") == 0 else set()
        self.leave(place, *(key for key in limits if key in schema and key not in said))
        return self.shared("unsigned" if positive else "number")

    def _array(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        unsaid = schema.get("items", True) is True and not schema.get("prefixItems")
        if unsaid and not schema.get("minItems", 0) and schema.get("maxItems") is None:
            return self.shared("array")
        line, comma = self.shared("line"), self.shared("comma")
        inside = self.in_array(schema, place, lambda item, where, _: self.schema(item, root, where))
        return f'"[" {elements(inside, line, comma)} "]"'

    def in_array(self, schema: Mapping[str, Any], place: str, write: Callable[[Any, str, int], str]) -> Elements:
        """What stands in an array.

        Args:
            schema: Its schema.
            place: Where it stands.
            write: Makes an expression of an element's schema, given where the element stands and how many do before it.
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
        return Elements(parts, more, least, most)

    def object_of(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str, members: Members) -> str:
        """An object of a schema that has neither references nor alternatives."""
        required = [name for name in schema.get("required") or () if isinstance(name, str)]
        declared = {name: value for name, value in (schema.get("properties") or {}).items() if value is not False}
        others = True if "patternProperties" in schema else schema.get("additionalProperties", True)
        properties = {**declared, **{name: others for name in required if name not in declared}}
        if not properties:
            return members.undeclared(schema, root, place)
        order = list(properties)
        if self.notation.sorts_keys:
            order.sort(key=str.lower)
        fresh, after = members.none, members.line  # what may follow where nothing stands yet, and after a member
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
    """An expression for one of these."""
    unique = list(dict.fromkeys(bodies))
    return unique[0] if len(unique) == 1 else f"({' | '.join(unique)})"


@dataclass(frozen=True, slots=True)
class Elements:
    """What stands in an array, as expressions.

    Attributes:
        parts: The first elements, one by one.
        more: Any further one; None where there is none.
        least: How many there are at least.
        most: At most; None where there is no limit.
    """

    parts: Sequence[str]
    more: str | None
    least: int
    most: int | None


def elements(inside: Elements, line: str, comma: str) -> str:
    """Elements one after the other: each may be the last once there are enough.

    Args:
        inside: The elements.
        line: Before the first, and after the last.
        comma: Between two.
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
