"""Reference calls in Python's notation, `mv('a.txt', destination='temp')`, read without running them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PositionedCall:
    """A call with positional and named arguments.

    Attributes:
        name: The function.
        positional: Values by position.
        named: Values by name.
        text: The call as written.
    """

    name: str
    positional: tuple[Any, ...]
    named: dict[str, Any]
    text: str

    def __str__(self) -> str:
        return self.text

    def by_name(self, parameters: Any) -> dict[str, Any]:
        """Return all arguments by name; those by position have the names of the parameters in their order."""
        return {**dict(zip(parameters, self.positional, strict=False)), **self.named}


def read_call(text: str) -> PositionedCall:
    """Read one call with literal arguments.

    Args:
        text: The call.

    Raises:
        ValueError: The text is no call of a plain name with literals.
    """
    try:
        return _read(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"no call that can be read: {text[:120]!r}: {error}; write name(parameter=value)") from error


def _read(text: str) -> PositionedCall:
    node = ast.parse(text.strip(), mode="eval").body
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise SyntaxError("no call of a plain name")  # noqa: TRY004  # of the text, not of a type
    named = {str(one.arg): ast.literal_eval(one.value) for one in node.keywords if one.arg}
    if len(named) < len(node.keywords):
        raise SyntaxError("arguments are unpacked")
    return PositionedCall(node.func.id, tuple(map(ast.literal_eval, node.args)), named, text)
