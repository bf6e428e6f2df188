"""Rules for the members of objects: of objects among the values, and of the arguments of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from adapter.enforce.gbnf.terminals import in_turn, literal

if TYPE_CHECKING:
    from adapter.enforce.gbnf.grammar import SchemaWriter


class Members(Protocol):
    """A writer of the members of an object. All results are expressions of the grammar.

    Attributes:
        line: White space before the first member, and after the last.
        comma: The separator of two members.
    """

    line: str
    comma: str

    @property
    def none(self) -> str | None:
        """The expression for no members; None if a member is required."""

    def around(self, members: str) -> str:
        """The object, with its brackets."""

    def member(self, name: str, schema: Any, root: Mapping[str, Any], place: str) -> str:
        """One member: its key, and a value of this schema."""

    def undeclared(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        """An object that declares no members, with its brackets."""


class ObjectMembers:
    """The members of an object among the values.

    Args:
        grammar: The grammar.
    """

    none = '""'

    def __init__(self, grammar: SchemaWriter) -> None:
        self._grammar = grammar
        self.line, self.comma = grammar.shared("line"), grammar.shared("comma")

    def around(self, members: str) -> str:
        """The object, with its brackets."""
        return in_turn('"{"', members, '"}"')

    def member(self, name: str, schema: Any, root: Mapping[str, Any], place: str) -> str:
        """One member: its key, and a value of this schema."""
        return f"{literal(self._grammar.notation.key(name))} ({self._grammar.schema(schema, root, place)})"

    def undeclared(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        """An object with any members, or with the members that `additionalProperties` describes."""
        values = other_values(schema, True)
        if values is False:
            return '"{}"'
        if not isinstance(values, Mapping) or not values:
            return self._grammar.shared("object")
        key = f"{self._grammar.shared('key')} {literal(self._grammar.notation.colon)}"
        pair = f"{key} ({self._grammar.schema(values, root, f'{place}.*')})"
        return self.around(any_members(self._grammar, self, pair))


class KeywordMembers(ObjectMembers):
    """The arguments of a call in a notation of its own, separated by commas without white space.

    Args:
        grammar: The grammar.
    """

    def __init__(self, grammar: SchemaWriter) -> None:
        super().__init__(grammar)
        self.line, self.comma = '""', literal(grammar.notation.comma)

    def around(self, members: str) -> str:
        """The arguments with their brackets."""
        opening, closing = self._grammar.notation.brackets
        return in_turn(literal(opening), members, literal(closing))

    def member(self, name: str, schema: Any, root: Mapping[str, Any], place: str) -> str:
        """An argument: its key, and a value of the schema."""
        before, after = self._grammar.notation.argument(name)
        return in_turn(literal(before), f"({self._grammar.schema(schema, root, place)})", literal(after))

    def undeclared(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> str:
        """No arguments, unless `additionalProperties` allows some: a tool that declares no argument mostly takes none."""
        values = other_values(schema, False)
        if values is False:
            return self.around(self.none)
        before, after = self._grammar.notation.argument("x")
        key = in_turn(self._grammar.shared("name"), literal(before.removeprefix("x")))
        pair = in_turn(key, f"({self._grammar.schema(values, root, f'{place}.*')})", literal(after))
        return self.around(any_members(self._grammar, self, pair))


def other_values(schema: Mapping[str, Any], unsaid: bool) -> Any:
    """Return the schema of members that an object does not declare.

    Patterns of names are left to validation: a member has a value that one of them allows.

    Args:
        schema: The object's schema.
        unsaid: The result for a schema that says nothing.
    """
    values, patterns = schema.get("additionalProperties", unsaid), schema.get("patternProperties")
    if not patterns:
        return values
    return {"anyOf": [*patterns.values()]} if values is False else True


def any_members(grammar: SchemaWriter, members: Members, pair: str) -> str:
    """Any number of members of the form `pair`, or none."""
    name = grammar.rule(pair)
    some = in_turn(members.line, name, f"({in_turn(members.comma, name)})*", members.line)
    return f"({some})?" if members.none == '""' else f"({some} | {members.none})"
