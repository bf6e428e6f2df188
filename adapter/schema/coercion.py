"""Coercion of values whose type is wrong and whose text fits the right type: `"5"` for 5, `"true"` for true, `"[1]"` for [1].

Only after validation failed, only without loss, and only if the result is valid as a whole; never a key dropped, added or
renamed. Text of valid values keeps the model's own spelling: a coerced value is spliced in (behaviour 5.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.schema.conversion import convert
from adapter.text.json_spans import loads, replaced, spans_at

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from jsonschema.exceptions import ValidationError

    from adapter.schema.compiled import CompiledSchema

# A round mends every wrong value of one depth; text that holds JSON uncovers the next.
_MAX_ROUNDS = 8


def coerce(text: str, schema: CompiledSchema) -> tuple[str, list[str]] | None:
    """Mend the arguments of a call.

    Args:
        text: The arguments as JSON text, an object.
        schema: The schema that the arguments violate.

    Returns:
        The mended text, and a sentence for each change; None if coercion cannot make the arguments valid.
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
    found = [(tuple(error.absolute_path), error) for error in _type_errors(errors)]
    places = spans_at(text, (path for path, _ in found))
    told: list[str] = []
    made: dict[tuple[str | int, ...], str] = {}
    for path, error in found:
        if path in made or _inside(path, made):
            continue
        begin, end = places[path]
        if isinstance(error.instance, str) and text[begin] != '"':
            continue  # the error is about the name of a member
        new = convert(error.instance, _wanted(error.validator_value), text[begin:end])
        if new is not None:
            made[path] = new
            where = "arguments" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
            told.append(f"{where}: {text[begin:end]} became {new}")
    if not told:
        return None
    return replaced(text, [(places[path], new) for path, new in made.items() if not _inside(path, made)]), told


def _inside(path: tuple[str | int, ...], paths: Container[tuple[str | int, ...]]) -> bool:
    """Tell if a value around the value at `path` is at one of `paths`."""
    return any(path[:size] in paths for size in range(len(path)))


def _type_errors(errors: Sequence[ValidationError]) -> Iterator[ValidationError]:
    """Yield the type errors, those inside `anyOf` and `oneOf` too."""
    for error in errors:
        if error.validator == "type" and error.absolute_path:
            yield error
        elif error.context:
            yield from _type_errors(error.context)


def _wanted(kinds: Any) -> tuple[str, ...]:
    return (kinds,) if isinstance(kinds, str) else tuple(kinds)
