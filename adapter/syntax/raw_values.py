"""Raw values, written without JSON's quotes, typed by the schema of their parameter; one set of rules for all syntaxes.

A value is tried as null, integer, number, boolean, object or array, string, in order, as far as the schema allows the types. A
parameter without a schema is a string, and a string stays unchanged, whatever its text. A value that fits no type is JSON if
the text reads as JSON, and a string otherwise: no value is dropped, and validation has the last word. The rules follow vLLM's
shared function, with Python's `None` and literals besides, which the histories of some models hold.
"""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from typing import Any

from adapter.text.json_mend import mend
from adapter.text.json_spans import loads
from adapter.text.json_writer import quoted

_TRUE, _FALSE = {"true", "1"}, {"false", "0"}
# Beside strings only JSON's and Python's own spelling is null: `none` is a word.
_NULL, _NULL_BESIDE_TEXT = {"null", "none"}, {"null", "None"}
_WHOLE = re.compile(r"[+-]?[0-9]+")
# Readers of JSON disagree about integers with more digits, and conversion is slow.
_MOST_DIGITS = 400


def only_string(kinds: frozenset[str] | None) -> bool:
    """True if every value of the types is a string, which may then be emitted while the model writes."""
    return kinds is None or kinds <= {"string"}


def typed(text: str, kinds: frozenset[str] | None) -> str:
    """The JSON text of a raw value.

    Args:
        text: The value as the model wrote the text.
        kinds: The JSON types of the parameter; None if unknown.
    """
    if only_string(kinds):
        return quoted(text)
    for read in (_null, _integer, _number, _boolean, _structure):
        found = read(text, kinds or frozenset())
        if found is not None:
            return found
    if kinds is not None and "string" in kinds:
        return quoted(text)
    return _as_json(text.strip()) or quoted(text)


def _null(text: str, kinds: frozenset[str]) -> str | None:
    """Null, in upper or lower case; beside strings only as `null` or `None`."""
    bare = text.strip()
    said = bare in _NULL_BESIDE_TEXT if "string" in kinds else bare.lower() in _NULL
    return "null" if said and "null" in kinds else None


def _integer(text: str, kinds: frozenset[str]) -> str | None:
    """A whole number. If strings are allowed too, only JSON's spelling counts: `007` and ` 7` are strings then."""
    bare = text.strip()
    if not kinds & {"integer", "number"} or not _WHOLE.fullmatch(bare) or len(bare) > _MOST_DIGITS:
        return None
    plain = str(int(bare))
    return plain if plain == text or "string" not in kinds else None


def _number(text: str, kinds: frozenset[str]) -> str | None:
    """A number with a point or an exponent; beside strings only in JSON's own spelling, so that `1.10` stays a version."""
    bare = text.strip()
    if not kinds & {"integer", "number"} or not bare.isascii():
        return None
    try:
        value = float(bare)
    except ValueError:
        return None
    if "string" in kinds and repr(value) != text:
        return None
    if not math.isfinite(value) or "_" in bare or ("number" not in kinds and not value.is_integer()):
        return None
    whole = value.is_integer() and ("number" not in kinds)
    return str(int(value)) if whole else _as_json(bare) or repr(value)


def _boolean(text: str, kinds: frozenset[str]) -> str | None:
    """A truth value in upper or lower case; as a digit only if strings are not allowed."""
    bare = text.strip().lower()
    if "boolean" not in kinds or (bare.isdecimal() and "string" in kinds):
        return None
    if bare in _TRUE:
        return "true"
    return "false" if bare in _FALSE else None


def _structure(text: str, kinds: frozenset[str]) -> str | None:
    """An object or a list, as JSON in the model's own spelling, or converted from Python's notation."""
    wanted = tuple(kind for name, kind in (("object", dict), ("array", list)) if name in kinds)
    bare = text.strip()
    if not wanted or not bare.startswith(("{", "[")):
        return None
    found = _as_json(bare)
    if found is not None:
        return found if isinstance(loads(found), wanted) else None
    value = _as_python(bare)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, wanted) else None


def _as_json(text: str) -> str | None:
    """The text itself, for JSON without NaN and infinities; None for other text."""
    try:
        loads(text)
    except ValueError:
        return None
    return text


def _as_python(text: str) -> Any:
    """The value of a Python literal that JSON can represent; None for other text.

    Python's reader joins strings side by side and knows tuples, sets and complex numbers: such text is refused first.
    """
    read = mend(text)
    if read is None or not read.whole:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash that escapes nothing
            value = ast.literal_eval(text)
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value
