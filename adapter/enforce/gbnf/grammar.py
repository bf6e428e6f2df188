"""A grammar while it is put together: named rules, and notes of every keyword that GBNF cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from adapter.enforce.gbnf.json_values import with_all_they_use
from adapter.enforce.gbnf.terminals import literal
from adapter.schema.merge import merged
from adapter.syntax.notation import JSON, Notation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Made = TypeVar("Made")


class RuleSet:
    """The rules of one grammar.

    Args:
        notation: The notation of the values.

    Attributes:
        notation: As given.
        rules: Names and bodies.
        unenforced: Keywords that are left to validation, each with its place.
    """

    def __init__(self, notation: Notation = JSON) -> None:
        self.notation = notation
        self.rules: dict[str, str] = {}
        self.unenforced: list[str] = []
        self._shared: set[str] = set()
        self._made: dict[Any, Any] = {}

    def text(self) -> str:
        """The grammar, `root` first."""
        rules = {"root": self.rules["root"], **self.rules, **with_all_they_use(self._shared, self.notation)}
        return "".join(f"{name} ::= {body}\n" for name, body in rules.items())

    def rule(self, body: str) -> str:
        """Add a rule. Returns its name."""
        name = f"r{len(self.rules)}"
        self.rules[name] = body
        return name

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return the value made under a key; `make` is called when the key is first asked for."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def shared(self, name: str) -> str:
        """A rule for any value of a JSON type."""
        self._shared.add(name)
        return name

    def value(self, value: Any, after: str = "") -> str:
        """A terminal for one value, and for the text after the value."""
        return literal(self.notation.text(value) + after)

    def leave(self, place: str, *keywords: str) -> None:
        """Note keywords that are left to validation."""
        told = (f"{place}: {keyword}" for keyword in keywords)
        self.unenforced += [item for item in dict.fromkeys(told) if item not in self.unenforced]

    def merged(self, schema: Mapping[str, Any], root: Mapping[str, Any], place: str) -> dict[str, Any]:
        """A schema with its references and `allOf` as one; keywords that cannot be merged are noted."""
        found = merged(schema, root)
        self.leave(place, *found.left)
        return found.schema


class SchemaWriter(Protocol):
    """A rule set that also writes schemas, for the modules that write the members of objects.

    Attributes:
        notation: The notation of the values.
        rules: Names and bodies.
    """

    notation: Notation
    rules: dict[str, str]

    def shared(self, name: str) -> str:
        """A rule for any value of a JSON type."""

    def rule(self, body: str) -> str:
        """Add a rule. Returns its name."""

    def leave(self, place: str, *keywords: str) -> None:
        """Note keywords that are left to validation."""

    def schema(self, schema: Any, root: Mapping[str, Any], place: str = "arguments", members: Any = None) -> str:
        """An expression for the text of values of a schema."""

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return the value made under a key; `make` is called when the key is first asked for."""
