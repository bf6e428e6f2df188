"""Argument values compared as the Berkeley Function Calling Leaderboard compares them.

Facts of its checker for Python (bfcl-eval 2026.3.23), each held by a test against the checker itself:

* A parameter has a list of accepted values; `""` in the list allows to leave the parameter out.
* Strings compare without case, without spaces and `,./-_*^`, and with either kind of quotes; also the strings in a list and in
  the members of an object, but no deeper.
* A value must have the declared type, or the type of the first accepted value. A whole number passes for a `float`.
* The elements of an array have the declared type of its items, or the type of the first element of an accepted list.
* The members of an object have lists of accepted values of their own.
* `[]` passes for a list with `""` among its accepted values.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_PYTHON: dict[str, type] = {
    "string": str,
    "any": str,
    "integer": int,
    "float": float,
    "number": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "object": dict,
}
_IGNORED = re.compile(r"[ ,./\-_*^]")
_LISTS = frozenset({"array", "tuple"})


class Declared(NamedTuple):
    """The declared type of a parameter.

    Attributes:
        kind: The Python type of values; None for an unknown word.
        item: The Python type of elements, for arrays.
        floating: Declared as a floating-point number.
    """

    kind: type | None
    item: type | None
    floating: bool


def declared_type(schema: Any) -> Declared:
    """Read the declared type of a parameter."""
    word = schema.get("type") if isinstance(schema, dict) else None
    kind = _PYTHON.get(word) if isinstance(word, str) else None
    items = schema.get("items") if word in _LISTS else None
    item = _PYTHON.get(items.get("type", "")) if isinstance(items, dict) else None
    return Declared(kind, item, word in {"float", "number"})


def accepts_type(value: Any, accepted: list[Any], declared: Declared) -> bool:
    """True if a value has the declared type, or that of the first accepted value."""
    if type(value) is declared.kind:
        item = declared.item
        return item is None or any(not isinstance(one, list) or _items_fit(value, one, item) for one in accepted)
    return type(value) is _type_of_first(accepted)


def _items_fit(value: Any, accepted: list[Any], item: type) -> bool:
    allowed = {item, _type_of_first(accepted)}
    return all(type(one) in allowed for one in value)


def _type_of_first(accepted: list[Any]) -> type | None:
    return next((type(one) for one in accepted if one != ""), None)


def accepts_value(value: Any, accepted: list[Any], declared: Declared) -> bool:
    """True if a value of a right type is among the accepted values."""
    first = _type_of_first(accepted)
    if first is not None and first is not declared.kind:  # a name of a variable, say: compared as it is
        return value in accepted
    if declared.kind is dict:
        return any(_object_fits(value, one) for one in accepted if one != "")
    if declared.kind is list and declared.item is dict:
        return any(_objects_fit(value, one) for one in accepted)
    if declared.kind is str:
        return _plain(value) in [_plain(one) for one in accepted if isinstance(one, str)]
    if declared.kind is list:
        return [_plain(one) for one in value] in [[_plain(item) for item in one] for one in accepted if _is_series(one)]
    return value in accepted


def _is_series(value: Any) -> bool:
    return isinstance(value, list | str)


def _object_fits(value: Any, accepted: Any) -> bool:
    """Compare an object with an object of lists of accepted values."""
    if not isinstance(value, dict) or not isinstance(accepted, dict):
        return False
    for name, one in value.items():
        if name not in accepted or _plain(one) not in [_plain(other) for other in accepted[name]]:
            return False
    return all(name in value or "" in allowed for name, allowed in accepted.items())


def _objects_fit(value: list[Any], accepted: Any) -> bool:
    if not _is_series(accepted) or len(value) != len(accepted):
        return False
    return all(_object_fits(one, other) for one, other in zip(value, accepted, strict=True))


def _plain(value: Any) -> Any:
    """Return a string as it is compared; other values as they are."""
    return _IGNORED.sub("", value).lower().replace("'", '"') if isinstance(value, str) else value


def as_declared(value: Any, schema: Any) -> Any:
    """Return a JSON value with whole numbers as floats where a float is declared, at any depth.

    JSON has a single type of numbers; the leaderboard's checker reads Python's, and takes `3` for `3.0` at the top level only.
    """
    if not isinstance(schema, dict):
        return value
    if isinstance(value, dict):
        inner = schema.get("properties")
        known = inner if isinstance(inner, dict) else {}
        return {key: as_declared(item, known.get(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [as_declared(item, schema.get("items")) for item in value]
    return _as_float(value) if schema.get("type") in {"float", "number"} and type(value) is int else value


def _as_float(value: float) -> float:
    """Return a number as a float; one beyond the range of floats as it is."""
    try:
        return float(value)
    except OverflowError:
        return value


def of_other_types(value: Any, declared: Declared) -> list[Any]:
    """Return a value in other types that say the same, for the lenient comparison."""
    found: list[Any] = []
    if isinstance(value, str):
        text = value.strip()
        for make in (int, float):
            try:
                found.append(make(text))
            except ValueError:
                continue
        if text.lower() in {"true", "false"}:
            found.append(text.lower() == "true")
    elif isinstance(value, bool):
        found.append(str(value))
    elif isinstance(value, int | float):
        found += [str(value), _as_float(value)]
        found += [int(value), str(int(value))] if value == value // 1 else []
    elif isinstance(value, list) and declared.item in {int, float, str}:
        found.append([_as_item(one, declared.item) for one in value])
    return found


def _as_item(value: Any, kind: type) -> Any:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            return kind(value)
        except (ValueError, OverflowError):
            return value
    return value
