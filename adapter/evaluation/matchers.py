"""Expected values: a JSON value, or a matcher such as `{"any_of": […]}`, compared with an actual value.

"Oslo"                     the value itself; numbers compare by value, 42 and 42.0 are equal
{"any_of": [42, "42"]}     any of some values or matchers
{"regex": "^Os"}           a string in which the pattern is found
{"equals": {"regex": 1}}   the value itself, for objects that look like a matcher
{"optional": true, …}      may be left out; with another matcher for the value, alone for any value
{"city": {"regex": "Os"}}  another object: member by member, with matchers inside
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.evaluation.regular import found_in

if TYPE_CHECKING:
    from adapter.evaluation.outcome import FaultKind

KEYS = frozenset({"any_of", "regex", "equals", "optional"})
# A number of JSON; neither `01234`, a postal code, nor `nan` and `1_000`, which Python reads.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST = 120  # characters of a value in a message


class Difference(NamedTuple):
    """A difference between an actual and an expected value.

    Attributes:
        kind: `"missing"`, `"extra"`, `"type"` or `"value"`.
        path: The place, as `days` or `items[0].price`.
        message: A sentence with both values.
    """

    kind: FaultKind
    path: str
    message: str


def is_matcher(expected: Any) -> bool:
    """True for an object whose keys are those of matchers."""
    return isinstance(expected, dict) and bool(expected) and expected.keys() <= KEYS


def has_matcher(expected: Any) -> bool:
    """True for a value that is a matcher or holds one."""
    inner = expected.values() if isinstance(expected, dict) else expected if isinstance(expected, list) else ()
    return is_matcher(expected) or any(map(has_matcher, inner))


def is_optional(expected: Any) -> bool:
    """True for a value that may be left out."""
    return is_matcher(expected) and expected.get("optional") is True


def differences(expected: Any, actual: Any, path: str, *, lenient: bool = False) -> list[Difference]:
    """Compare an actual value with an expected value.

    Args:
        expected: A JSON value or a matcher.
        actual: The value of a call.
        path: The place of the value, for messages.
        lenient: `"3"`, `3` and `3.0` are equal, and so are `"true"` and `true`.
    """
    if is_matcher(expected):
        return _matched(expected, actual, path, lenient=lenient)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return members(expected, actual, path, lenient=lenient)
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return [one for n, (a, b) in pairs for one in differences(a, b, f"{path}[{n}]", lenient=lenient)]
    return [] if same(expected, actual, lenient=lenient) else [_unlike([expected], actual, path)]


def members(expected: dict[str, Any], actual: dict[str, Any], path: str, *, lenient: bool = False) -> list[Difference]:
    """Compare the members of an object, or the arguments of a call, with the expected ones."""
    found: list[Difference] = []
    for name, wanted in expected.items():
        place = f"{path}.{name}" if path else name
        if name in actual:
            found += differences(wanted, actual[name], place, lenient=lenient)
        elif not is_optional(wanted):
            found.append(Difference("missing", place, f"{place} is left out; expected {shown(wanted)}"))
    for name in actual.keys() - expected.keys():
        place = f"{path}.{name}" if path else name
        found.append(Difference("extra", place, f"{place} is not expected, and is {shown(actual[name])}"))
    return found


def _matched(matcher: dict[str, Any], actual: Any, path: str, *, lenient: bool) -> list[Difference]:
    """Compare a value with a matcher."""
    if "equals" in matcher:
        literal = matcher["equals"]
        return [] if same(literal, actual, lenient=lenient) else [_unlike([literal], actual, path)]
    if "any_of" in matcher:
        tried = [differences(one, actual, path, lenient=lenient) for one in matcher["any_of"]]
        return [] if not all(tried) else [_unlike(matcher["any_of"], actual, path)]
    if "regex" not in matcher:
        return []
    text = _as_text(actual) if lenient else actual
    if not isinstance(text, str):
        return [Difference("type", path, f"{path} is {shown(actual)}; expected a string like {matcher['regex']!r}")]
    found = found_in(matcher["regex"], text)
    if found:
        return []
    said = f"{path} is {shown(actual)}; expected a string like {matcher['regex']!r}"
    unsearched = f", and its {len(text)} characters are too many to be searched for this pattern" if found is None else ""
    return [Difference("value", path, said + unsearched)]


def _unlike(accepted: list[Any], actual: Any, path: str) -> Difference:
    """Return the difference of a value that is none of the accepted values."""
    literal = [one["equals"] if is_matcher(one) and "equals" in one else one for one in accepted]
    kinds = {"string" if is_matcher(one) and "regex" in one else type_of(one) for one in literal}
    wanted = " or ".join(map(shown, accepted))
    kind: FaultKind = "value" if type_of(actual) in kinds else "type"
    return Difference(kind, path, f"{path} is {shown(actual)}; expected {wanted}")


def same(expected: Any, actual: Any, *, lenient: bool = False) -> bool:
    """True for equal JSON values: numbers by value, and true is not 1."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        shared = expected.keys() == actual.keys()
        return shared and all(same(expected[key], actual[key], lenient=lenient) for key in expected)
    if isinstance(expected, list) and isinstance(actual, list):
        pairs = zip(expected, actual, strict=False)
        return len(expected) == len(actual) and all(same(a, b, lenient=lenient) for a, b in pairs)
    if type_of(expected) == type_of(actual) and expected == actual:
        return True
    scalars = isinstance(expected, str | int | float) and isinstance(actual, str | int | float)
    return lenient and scalars and _plain(expected) == _plain(actual)


def type_of(value: Any) -> str:
    """Return the JSON type of a value."""
    for kind, name in (
        (bool, "boolean"),
        (int, "number"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    ):
        if isinstance(value, kind):
            return name
    return "null"


def _plain(value: str | float | bool) -> str | Decimal:
    """Return a scalar without its type: an exact number for text of a number, a word in lower case for a boolean."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        if value.strip().lower() in {"true", "false"}:
            return value.strip().lower()
        return Decimal(value.strip()) if _NUMBER.fullmatch(value.strip()) else value
    return Decimal(value) if isinstance(value, int) else Decimal(repr(value))


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def shown(value: Any) -> str:
    """Return a value for a message: JSON, cut after some characters."""
    import json

    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
