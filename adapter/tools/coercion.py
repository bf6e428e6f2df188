"""Arguments of the wrong type whose value fits the right one: `"5"` for 5, `"true"` for true, `"[1]"` for [1].

Only after validation failed, only without loss, and only when the result is valid as a whole; never a key dropped, added or
renamed. The text of everything that was right keeps the model's own spelling: a mended value is spliced in.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from adapter.syntax.json_text import loads, replace_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jsonschema.exceptions import ValidationError

    from adapter.tools.schemas import CompiledSchema

# A round mends every wrong value of one depth; text that holds JSON uncovers the next.
_MAX_ROUNDS = 8
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LITERALS = {"true": "true", "True": "true", "false": "false", "False": "false", "null": "null", "None": "null"}
_LITERAL_KIND = {"true": "boolean", "false": "boolean", "null": "null"}


def coerce(text: str, schema: CompiledSchema) -> tuple[str, list[str]] | None:
    """Mend the arguments of a call.

    Args:
        text: The arguments as JSON text, an object.
        schema: What they must satisfy, and do not.

    Returns:
        The mended text, and one sentence per change; None when the arguments cannot be mended so.
    """
    changes: list[str] = []
    for _ in range(_MAX_ROUNDS):
        value = loads(text)
        errors = schema.errors(value)
        if not errors:
            return text, changes
        mended = _round(text, errors)
        if mended is None:
            return None
        text, told = mended
        changes += told
    return None


def _round(text: str, errors: Sequence[ValidationError]) -> tuple[str, list[str]] | None:
    told: list[str] = []
    done: set[tuple[str | int, ...]] = set()
    for error in _type_errors(errors):
        path = tuple(error.absolute_path)
        if path in done or any(path[: len(other)] == other for other in done):
            continue
        new = convert(error.instance, _wanted(error.validator_value))
        if new is not None:
            done.add(path)
            text = replace_at(text, path, new)
            where = "arguments" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
            told.append(f"{where}: {json.dumps(error.instance, ensure_ascii=False)} became {new}")
    return (text, told) if told else None


def _type_errors(errors: Sequence[ValidationError]) -> Iterator[ValidationError]:
    """The type errors among them, inside `anyOf` and `oneOf` too."""
    for error in errors:
        if error.validator == "type" and error.absolute_path:
            yield error
        elif error.context:
            yield from _type_errors(error.context)


def _wanted(kinds: Any) -> tuple[str, ...]:
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def fits(value: Any, kinds: frozenset[str]) -> bool:
    """Whether a decoded string, number or word is of one of these JSON types."""
    if value is None or isinstance(value, bool | str):
        return {type(None): "null", bool: "boolean", str: "string"}[type(value)] in kinds
    return "number" in kinds or ("integer" in kinds and (not isinstance(value, float) or value.is_integer()))


def convert(value: Any, kinds: tuple[str, ...]) -> str | None:
    """JSON text of the value as one of these types, or None when that would lose something."""
    if isinstance(value, str):
        converted = _from_text(value.strip(), kinds)
        if converted is not None:
            return converted
    elif isinstance(value, float) and "integer" in kinds and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # Draft 4 alone tells 5.0 from 5
    if "array" in kinds and not isinstance(value, list | dict) and value is not None:
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
                json.loads(text)
            except (ValueError, RecursionError):
                return None
            return text
    return None
