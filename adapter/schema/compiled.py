"""JSON schemas of tool parameters: compiled once, kept across requests, and never fetched from anywhere.

Compiling checks the schema against its own metaschema and follows every `$ref`. A schema that cannot work is the caller's 400
before upstream is asked, not a surprise at the first call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jsonschema.exceptions import SchemaError, ValidationError

from adapter.errors import BadRequest
from adapter.recent import recent
from adapter.schema import validators
from adapter.schema.as_meant import as_meant
from adapter.schema.budget import budget_fault, drop_repeated, twice_a_level
from adapter.schema.known_place import KnownPlace
from adapter.schema.place import SchemaPlace
from adapter.schema.quick_check import certain
from adapter.schema.raw_place import RawPlace
from adapter.schema.reference_faults import circle_fault, without_dead_references
from adapter.schema.surely_valid import surely_valid
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

    from adapter.schema.quick_check import Check

_FOREIGN_TYPES = {
    "dict": "'object'", "map": "'object'", "struct": "'object'",
    "float": "'number'", "double": "'number'", "int": "'integer'", "long": "'integer'", "bool": "'boolean'",
    "str": "'string'", "text": "'string'", "list": "'array'", "tuple": "'array'", "set": "'array'", "none": "'null'",
    "any": "no 'type' at all, which allows any value",
}  # fmt: skip
_MAX_MESSAGES = 5
# Bytes of schemas that are kept compiled; ten thousand small ones.
_MOST_KEPT = 1 << 22
_NULL_DEFAULT = '"default": null'


class _Validator:
    """jsonschema's compiled form of a schema, made for the first arguments of which the quick check is not certain."""

    __slots__ = ("_made", "_schema")

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._made: Validator | None = None

    def __call__(self) -> Validator:
        """Return the form."""
        if self._made is None:
            self._made = validators.validator(self._schema)
        return self._made


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """A tool's parameters, ready to check arguments.

    Attributes:
        source: The schema as it is meant (behaviour 5.6); `{}` for a tool without parameters, and then any object is valid.
        told: A sentence for each harmless fault of the schema that was mended.
        place: The schema by places, for arguments that are still being written.
        certain: Quick check for plain schemas: True means valid; False means unknown. None for other schemas.
        validator: jsonschema's compiled form, when called.
        further: Errors of arguments that the schema accepts, for rules that no schema can hold.
    """

    source: Mapping[str, Any]
    place: KnownPlace
    certain: Check | None = None
    told: tuple[str, ...] = ()
    further: Callable[[Any], list[ValidationError]] | None = None
    validator: _Validator = field(kw_only=True)

    def errors(self, arguments: Any) -> list[ValidationError]:
        """Validate decoded arguments. Returns the errors in the order of the document; empty for valid arguments."""
        if not isinstance(arguments, dict):
            return [ValidationError(f"the arguments are {_kind(arguments)}, and must be a JSON object")]
        sure = self.certain is not None and self.certain(arguments)
        found = [] if sure else list(self.validator().iter_errors(arguments))
        return found if found or self.further is None else self.further(arguments)


def part_validator(schema: Any, root: Mapping[str, Any]) -> Validator:
    """Compile a validator for a part of a schema.

    Args:
        schema: The part.
        root: The document around the part, in which references are followed.
    """
    return validators.validator(root, schema)


def messages(errors: list[ValidationError]) -> list[str]:
    """Word errors as sentences that a model can act on: the path, the value found, the value needed."""
    told = [f"{_path(error)}: {_reason(error)}" for error in map(_innermost, errors[:_MAX_MESSAGES])]
    if len(errors) > _MAX_MESSAGES:
        told.append(f"and {len(errors) - _MAX_MESSAGES} more")
    return told


def _innermost(error: ValidationError) -> ValidationError:
    """The error of the branch of an `anyOf` or `oneOf` that came nearest, if a single branch plainly did."""
    while error.context:
        branches = {item.schema_path[0] for item in error.context}
        deeper = [item for item in error.context if len(item.absolute_path) > len(error.absolute_path)]
        if len(branches) > 1 and len(deeper) != 1:
            return error
        error = deeper[0] if deeper else error.context[0]
    return error


def _path(error: ValidationError) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return "arguments" + "".join(steps)


def _reason(error: ValidationError) -> str:
    if error.validator == "enum":
        return f"{_short(error.instance)} is not one of {_short(error.validator_value, 400)}"
    if error.validator == "type":
        kinds: Any = error.validator_value
        wanted = kinds if isinstance(kinds, str) else " or ".join(kinds)
        return f"{_short(error.instance)} is {_kind(error.instance)}, and must be of type {wanted}"
    if error.validator in {"anyOf", "oneOf"}:
        return f"{_short(error.instance)} fits none of the allowed forms {_short(error.validator_value, 400)}"
    if error.validator == "additionalProperties":
        schema: Any = error.schema
        known = some_of(schema.get("properties", ())) if isinstance(schema, Mapping) else ""
        return f"{error.message}; the parameters are {known or 'none'}"
    return error.message.replace(repr(error.instance), _short(error.instance))


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {
        bool: "a boolean",
        int: "an integer",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return kinds.get(type(value), type(value).__name__)


def _short(value: Any, limit: int = 120) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def compile_schema(schema: Any, param: str, name: str) -> CompiledSchema:
    """Compile a tool's `parameters`.

    Args:
        schema: A JSON schema that describes an object; None and `{}` allow any object.
        param: The path of the schema in the request, for messages.
        name: The function's name, for messages.

    Raises:
        BadRequest: Not a schema for an object, not a valid schema, nested too deeply, with a reference that leads only to
            itself, or standing for too many schemas.
    """
    if schema is None:
        schema = {}
    if not isinstance(schema, Mapping):
        raise BadRequest(
            f"Invalid schema for function {name!r}: {_short(schema)} is not a JSON schema object. "
            'Write {"type": "object", "properties": {…}}.',
            param=param,
            code="invalid_function_parameters",
        )
    try:
        return _compile(_as_text(schema))
    except _SchemaFault as fault:
        raise BadRequest(
            f"Invalid schema for function {name!r}: {fault}", param=param + fault.suffix, code="invalid_function_parameters"
        ) from fault
    except RecursionError:
        raise BadRequest(
            f"Invalid schema for function {name!r}: it is nested too deeply to be checked. Name its inner parts in '$defs' and "
            "refer to them.",
            param=param,
            code="invalid_function_parameters",
        ) from None  # a thousand lines of the same frames tell nobody anything


def _as_text(schema: Mapping[str, Any]) -> str:
    try:
        return json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _SchemaFault(f"it is not plain JSON ({error}).") from error


class _SchemaFault(Exception):
    """A fault of a schema; the caller of the cache adds the function's name.

    Args:
        reason: A sentence.
        steps: The path inside the schema; None for the whole schema.
    """

    def __init__(self, reason: str, steps: tuple[str | int, ...] | None = None) -> None:
        where = "" if steps is None else f"In context=({', '.join(map(repr, steps))}), "
        super().__init__(where + reason)
        self.suffix = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps or ())


@recent(_MOST_KEPT, len)
def _compile(text: str) -> CompiledSchema:
    told: tuple[str, ...] = ()
    schema: dict[str, Any] = json.loads(text)
    # Valid at a look, and meant as written.
    at_a_look = schema.get("type", "object") == "object" and _NULL_DEFAULT not in text and surely_valid(schema)
    if not at_a_look:
        schema, told = as_meant(schema)
    if schema.get("type", "object") != "object":
        raise _SchemaFault(_type_reason(schema["type"], top=True), ())
    try:
        if not at_a_look:
            validators.check(schema)
    except SchemaError as error:
        raise _SchemaFault(_schema_reason(error), tuple(error.absolute_path)) from error
    if 'ef": ' in text or '"$id": ' in text:
        told += _references_checked(schema)
    plain = {keyword: value for keyword, value in schema.items() if keyword != "$schema"}  # read by `validators` above
    check = certain(plain) if validators.is_newest(schema) else None
    doubtful = None if check is not None else RawPlace(schema, (schema,))  # a quick check: no doubts
    place = KnownPlace(SchemaPlace.of(schema), doubtful)
    validator = _Validator(schema)
    if check is None:
        validator()
    return CompiledSchema(schema, place, check, told, validator=validator)


def _references_checked(schema: dict[str, Any]) -> tuple[str, ...]:
    """Check the references of a schema, and mend the schema in place. Returns a sentence for each that was taken out."""
    told: tuple[str, ...] = ()
    try:
        told = tuple(without_dead_references(schema))
        drop_repeated(schema)
        fault = circle_fault(schema) or budget_fault(schema) or twice_a_level(schema)
    except ValueError as error:  # of urllib
        fault = f"an '$id' is no address ({error}): leave it out, or write an absolute URI."
    if fault:
        raise _SchemaFault(fault, ())
    return told


def _schema_reason(error: SchemaError) -> str:
    if error.absolute_path and error.absolute_path[-1] == "type" and isinstance(error.instance, str):
        return _type_reason(error.instance)
    return f"{error.message}."


def _type_reason(kind: Any, *, top: bool = False) -> str:
    if top:
        return f"{kind!r} is not the type of a function's parameters, which are an object: write 'type': 'object'."
    hint = _FOREIGN_TYPES.get(str(kind).lower())
    if hint is None and str(kind).lower() in {"object", "array", "string", "number", "integer", "boolean", "null"}:
        hint = repr(str(kind).lower())
    return f"{kind!r} is not a JSON schema type: write {hint or 'object, array, string, number, integer, boolean or null'}."
