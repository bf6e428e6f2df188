"""A JSON value converted to another type, where nothing is lost (behaviour 5.2)."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from adapter.text.json_spans import loads

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


_LITERALS = {"true": "true", "True": "true", "false": "false", "False": "false", "null": "null", "None": "null"}


_LITERAL_KIND = {"true": "boolean", "false": "boolean", "null": "null"}


def fits(value: Any, kinds: frozenset[str]) -> bool:
    """True if a decoded string, number or word has one of the JSON types."""
    if value is None or isinstance(value, bool | str):
        return {type(None): "null", bool: "boolean", str: "string"}[type(value)] in kinds
    return "number" in kinds or ("integer" in kinds and (not isinstance(value, float) or value.is_integer()))


def convert(value: Any, kinds: tuple[str, ...]) -> str | None:
    """Convert a value to one of the types. Returns JSON text; None if the conversion would lose information."""
    if isinstance(value, str):
        converted = _from_text(value.strip(), kinds)
        if converted is not None:
            return converted
    elif isinstance(value, float) and "integer" in kinds and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # Draft 4 alone tells 5.0 from 5
    # A Decimal or an infinity was a number in JSON, and json.dumps would not write a number again.
    if "array" in kinds and (isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))):
        return json.dumps([value], ensure_ascii=False)
    return None


def _from_text(text: str, kinds: tuple[str, ...]) -> str | None:
    literal = _LITERALS.get(text)
    if literal is not None and _LITERAL_KIND[literal] in kinds:
        return literal
    if _NUMBER.fullmatch(text) and ("number" in kinds or "integer" in kinds):
        return text
    for kind, opening in (("object", "{"), ("array", "[")):
        if kind in kinds and text.startswith(opening):
            try:
                loads(text)
            except ValueError:
                return None
            return text
    return None
