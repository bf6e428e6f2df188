"""A JSON value converted to another type, where nothing is lost (behaviour 5.2)."""

from __future__ import annotations

import json
import math
import operator
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from adapter.text.json_spans import loads
from adapter.text.json_writer import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


_LITERALS = {"true": "true", "True": "true", "false": "false", "False": "false", "null": "null", "None": "null"}


_LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": operator.lt,
    "maximum": operator.gt,
    "exclusiveMinimum": operator.le,
    "exclusiveMaximum": operator.ge,
}


_LITERAL_KIND = {"true": "boolean", "false": "boolean", "null": "null"}


def fits(value: Any, kinds: frozenset[str]) -> bool:
    """True if a decoded string, number or word has one of the JSON types."""
    if value is None or isinstance(value, bool | str):
        return {type(None): "null", bool: "boolean", str: "string"}[type(value)] in kinds
    return "number" in kinds or ("integer" in kinds and (not isinstance(value, float) or value.is_integer()))


def convert(value: Any, kinds: tuple[str, ...], written: str = "") -> str | None:
    """Convert a value to one of the types.

    Args:
        value: The decoded value.
        kinds: The types.
        written: The value as the model wrote it, which is what a string of a number or a truth value holds.

    Returns:
        JSON text; None if the conversion would lose information.
    """
    if isinstance(value, str):
        converted = _from_text(value.strip(), kinds)
        if converted is not None:
            return converted
    elif isinstance(value, float) and "integer" in kinds and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # Draft 4 alone tells 5.0 from 5
    if "string" in kinds and isinstance(value, bool | int | float | Decimal) and not {"array", "object"} & set(kinds):
        return quoted(written or json.dumps(value, default=str))
    # A Decimal or an infinity was a number in JSON, and json.dumps would not write a number again.
    if "array" in kinds and (isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))):
        return json.dumps([value], ensure_ascii=False)
    return None


def within_limits(value: Any, schema: Mapping[str, Any]) -> bool:
    """True if a number or word keeps the limits and the choice of values of a schema, its type aside."""
    choice = [*schema["enum"]] if isinstance(schema.get("enum"), list) else [schema["const"]] if "const" in schema else None
    if choice is not None and not any(isinstance(one, bool) is isinstance(value, bool) and one == value for one in choice):
        return False
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return not any(
        keyword in schema and _is_number(schema[keyword]) and beyond(value, schema[keyword])
        for keyword, beyond in _LIMITS.items()
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(number: str) -> bool:
    """True if a number is a whole one: an integer to JSON Schema, also as 5.0."""
    return number.lstrip("-").isdigit() or float(number).is_integer()


def _from_text(text: str, kinds: tuple[str, ...]) -> str | None:
    literal = _LITERALS.get(text)
    if literal is not None and _LITERAL_KIND[literal] in kinds:
        return literal
    if _NUMBER.fullmatch(text) and ("number" in kinds or ("integer" in kinds and _whole(text))):
        return text
    for kind, opening in (("object", "{"), ("array", "[")):
        if kind in kinds and text.startswith(opening):
            try:
                loads(text)
            except ValueError:
                return None
            return text
    return None
