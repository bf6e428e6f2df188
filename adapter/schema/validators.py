"""Validators of jsonschema that read schemas as models, servers and grammars do (behaviour 5.6).

Two keywords differ from those of jsonschema: `oneOf` accepts a value that fits several branches, as `anyOf` does, and patterns
are those of ECMA-262. No `format` is asserted, neither of values nor of schemas, whatever packages are installed.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY as SPECIFICATIONS

from adapter.schema.patterns import TooLong, matches, may_match
from adapter.schema.surely_valid import surely_valid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema.protocols import Validator

# Lets a validator look references up among the metaschemas of jsonschema_specifications only, and fetch nothing.
_LOCAL_ONLY: dict[str, Any] = {"registry": SPECIFICATIONS}
_NO_FORMATS = FormatChecker(formats=())


def check(schema: dict[str, Any]) -> None:
    """Hold a schema against the metaschema that it names, of draft 2020-12 by default.

    Raises:
        SchemaError: Not a valid schema.
    """
    if "$schema" in schema or not surely_valid(schema):
        _class(schema).check_schema(schema, format_checker=_NO_FORMATS)


def validator(root: Mapping[str, Any], part: Any = None) -> Validator:
    """Compile a validator.

    Args:
        root: The schema document, in which references are followed.
        part: The part of the document to validate by; None for all of it.
    """
    made: Validator = _lenient(_class(root))(root, **_LOCAL_ONLY)
    return made if part is None else made.evolve(schema=part)


def is_newest(schema: Mapping[str, Any]) -> bool:
    """Tell if a schema is one of draft 2020-12."""
    return _class(schema) is Draft202012Validator


def _class(schema: Mapping[str, Any]) -> Any:
    return validator_for(schema, default=Draft202012Validator)


@functools.lru_cache(maxsize=16)
def _lenient(cls: Any) -> Any:
    keywords = cls.VALIDATORS
    changed: dict[str, Any] = {"pattern": _pattern}
    if "uniqueItems" in keywords:
        changed["uniqueItems"] = _unique_items
    if "multipleOf" in keywords:
        changed["multipleOf"] = _multiple_of
    if "oneOf" in keywords:  # not in draft 3
        changed["oneOf"] = keywords["anyOf"]
    if "patternProperties" in keywords:
        changed |= {
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional(keywords["additionalProperties"]),
        }
    return validators.extend(cls, changed)  # type: ignore[no-untyped-call]


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    del validator, schema
    if not isinstance(instance, str):
        return
    try:
        if not matches(pattern, instance):
            yield ValidationError(f"{instance!r} does not match {pattern!r}")
    except TooLong as error:
        yield _unchecked(pattern, instance, error)


def _unchecked(pattern: str, text: str, error: TooLong) -> ValidationError:
    return ValidationError(
        f"a text of {len(text)} characters is too long to be held against {pattern!r}: at most {error.most} characters"
    )


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Compare items by hash: jsonschema compares each object with each other."""
    del schema
    if wanted and validator.is_type(instance, "array") and len(set(map(_hashable, instance))) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def _multiple_of(validator: Any, step: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Divide as jsonschema does; exactly where a float cannot hold the quotient."""
    del schema
    if not validator.is_type(instance, "number"):
        return
    try:
        if isinstance(step, float):
            quotient = instance / step
            whole = int(quotient) == quotient
        else:
            whole = instance % step == 0
    except (OverflowError, ArithmeticError, TypeError):  # infinite, or a Decimal and a float
        whole = math.isfinite(instance) and Fraction(instance) % Fraction(step) == 0
    if not whole:
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


def _hashable(value: Any) -> Any:
    """Return a value that equals another's if the two are one in JSON: 1 is 1.0, and true is not 1."""
    if isinstance(value, dict):
        return dict, frozenset((key, _hashable(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return list, tuple(map(_hashable, value))
    return (bool, value) if isinstance(value, bool) else value


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    del schema
    if not isinstance(instance, dict):
        return
    for pattern, inner in patterns.items():
        for name, value in instance.items():
            try:
                fits = matches(pattern, name)
            except TooLong as error:
                yield _unchecked(pattern, name, error)
                continue
            if fits:
                yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional(keyword: Any) -> Any:
    """Return `additionalProperties` for schemas with patterns of names, which jsonschema reads as Python's."""

    def additional(validator: Any, inner: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        patterns = schema.get("patternProperties")
        if not patterns or not isinstance(instance, dict):
            yield from keyword(validator, inner, instance, schema)
            return
        others = {name: value for name, value in instance.items() if not any(may_match(pattern, name) for pattern in patterns)}
        yield from keyword(
            validator, inner, others, {key: value for key, value in schema.items() if key != "patternProperties"}
        )

    return additional
