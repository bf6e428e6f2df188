"""JSON schemas of tool parameters: compiled once, kept across requests, and never fetched from anywhere.

Compiling checks the schema against its own metaschema and follows every `$ref`. A schema that cannot work is the caller's 400
before upstream is asked, not a surprise at the first call.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY as SPECIFICATIONS

from adapter.errors import BadRequest
from adapter.schema.known_place import KnownPlace
from adapter.schema.place import SchemaPlace
from adapter.schema.quick_check import certain
from adapter.schema.raw_place import RawPlace
from adapter.schema.reference_faults import reference_fault

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
# Lets a validator look references up among the metaschemas of jsonschema_specifications only, and fetch nothing.
_LOCAL_ONLY: dict[str, Any] = {"registry": SPECIFICATIONS}


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """A tool's parameters, ready to check arguments.

    Attributes:
        source: The schema as the caller wrote it; `{}` for a tool without parameters, and then any object is valid.
        validator: jsonschema's compiled form.
        place: The schema by places, for arguments that are still being written.
        certain: Quick check for plain schemas: True means valid; False means unknown. None for other schemas.
    """

    source: Mapping[str, Any]
    validator: Validator
    place: KnownPlace
    certain: Check | None = None

    def errors(self, arguments: Any) -> list[ValidationError]:
        """Validate decoded arguments. Returns the errors in the order of the document; empty for valid arguments."""
        if not isinstance(arguments, dict):
            return [ValidationError(f"the arguments are {_kind(arguments)}, and must be a JSON object")]
        if self.certain is not None and self.certain(arguments):
            return []
        return list(self.validator.iter_errors(arguments))


def part_validator(schema: Any, root: Mapping[str, Any]) -> Validator:
    """Compile a validator for a part of a schema.

    Args:
        schema: The part.
        root: The document around the part, in which references are followed.
    """
    cls = validator_for(root, default=Draft202012Validator)
    return cls(root, **_LOCAL_ONLY).evolve(schema=schema)


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
        known = ", ".join(schema.get("properties", ())) if isinstance(schema, Mapping) else ""
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
        BadRequest: Not a schema for an object, not a valid schema, nested too deeply, or with a reference that leads nowhere
            or only to itself.
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
        return json.dumps(schema)
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


@functools.lru_cache(maxsize=1024)
def _compile(text: str) -> CompiledSchema:
    schema = json.loads(text)
    if schema.get("type", "object") != "object":
        raise _SchemaFault(_type_reason(schema["type"], top=True), ())
    cls = validator_for(schema, default=Draft202012Validator)
    try:
        cls.check_schema(schema)
    except SchemaError as error:
        raise _SchemaFault(_schema_reason(error), tuple(error.absolute_path)) from error
    fault = reference_fault(schema)
    if fault:
        raise _SchemaFault(fault, ())
    plain = {keyword: value for keyword, value in schema.items() if keyword != "$schema"}  # read by validator_for above
    check = certain(plain) if cls is Draft202012Validator else None
    doubtful = None if check is not None else RawPlace(schema, (schema,))  # a quick check: no doubts
    return CompiledSchema(schema, cls(schema, **_LOCAL_ONLY), KnownPlace(SchemaPlace.of(schema), doubtful), check)


def _schema_reason(error: SchemaError) -> str:
    if error.absolute_path and error.absolute_path[-1] == "type" and isinstance(error.instance, str):
        return _type_reason(error.instance)
    return f"{error.message}."


def _type_reason(kind: Any, *, top: bool = False) -> str:
    if top:
        return f"the parameters of a function are an object: write 'type': 'object' instead of {kind!r}."
    hint = _FOREIGN_TYPES.get(str(kind).lower())
    if hint is None and str(kind).lower() in {"object", "array", "string", "number", "integer", "boolean", "null"}:
        hint = repr(str(kind).lower())
    return f"{kind!r} is not a JSON schema type: write {hint or 'object, array, string, number, integer, boolean or null'}."
