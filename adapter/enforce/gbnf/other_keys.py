"""Rules for members that an object's schema does not declare: their keys are any strings but the declared names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.enforce.gbnf.json_values import NO_CHAR
from adapter.enforce.gbnf.members import ObjectMembers
from adapter.enforce.gbnf.terminals import in_turn, literal, none_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from adapter.enforce.gbnf.grammar import SchemaWriter
    from adapter.enforce.gbnf.members import Members

_UNIT = re.compile(r"\\u[0-9a-f]{4}|\\.|.", re.DOTALL)


def further_member(
    grammar: SchemaWriter,
    members: Members,
    schema: Mapping[str, Any],
    names: Collection[str],
    root: Mapping[str, Any],
    place: str,
) -> str:
    """Write a rule for an undeclared member; empty if `additionalProperties` is no schema: then no member should be added.

    Args:
        grammar: The grammar.
        members: The writer of the declared members.
        schema: The object's schema.
        names: Names of the declared members.
        root: The document in which references are followed.
        place: The path of the object.
    """
    values, notation = schema.get("additionalProperties"), grammar.notation
    if not isinstance(values, Mapping) or not values or "patternProperties" in schema:
        return ""
    if type(members) is not ObjectMembers or notation.never or notation.quote or notation.named_keys or notation.sorts_keys:
        grammar.leave(place, "additionalProperties")
        return ""
    key = in_turn(other_key(grammar, names), literal(notation.colon))
    return grammar.rule(f"{key} ({grammar.schema(values, root, f'{place}.*')})")


def other_key(grammar: SchemaWriter, names: Collection[str]) -> str:
    """Write an expression for a quoted key that differs from all names.

    A rule for each beginning of a name. As long as a key agrees with a name, the key holds no other escapes than the name,
    because a character can be spelt in two ways.

    Args:
        grammar: The grammar that receives the rules.
        names: The names to avoid.
    """
    spelt = [tuple(_UNIT.findall(json.dumps(name, ensure_ascii=False)[1:-1])) for name in names]
    beginnings = {units[:size]: "" for units in spelt for size in range(len(units) + 1)}
    rules = {units: grammar.rule("") for units in beginnings}
    rest = grammar.rule(in_turn(f"{grammar.shared('char')}*", literal('"')))
    for units, name in rules.items():
        further = [each for each in rules if each[:-1] == units and each]
        ways = [in_turn(literal(each[-1]), rules[each]) for each in further]
        ways.append(f"{none_of(''.join(each[-1] for each in further if len(each[-1]) == 1), NO_CHAR)} {rest}")
        if units not in spelt:
            ways.append(literal('"'))
        grammar.rules[name] = " | ".join(ways)
    return in_turn(literal('"'), rules[()])
