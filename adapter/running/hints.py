"""JSON schema of a function's parameters, and the reader of their values, from type hints and docstring.

The parameters become a `TypedDict`, which pydantic (a dependency of openai) turns into a schema and reads arguments with: an
enumeration, a date or a `BaseModel` reaches the function as an object. A missing argument stays missing, so the function's own
default holds. A function whose parameters no schema can describe is an error when the tool is made.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
import typing
from dataclasses import dataclass
from typing import Annotated, Any

from adapter.running.docstrings import read_docstring

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_UNNAMED: Mapping[Any, str] = {
    inspect.Parameter.VAR_POSITIONAL: "'*{}' takes any number of values, which no call can give by name: use a list",
    inspect.Parameter.VAR_KEYWORD: "'**{}' takes any name, which no schema can describe: name the parameters",
    inspect.Parameter.POSITIONAL_ONLY: "'{}' cannot be given by name: drop the '/' behind it",
}
_BESIDE = "; or give a tool definition beside the function: (definition, function)"


@dataclass(frozen=True, slots=True)
class Signature:
    """A function as a model may call it.

    Attributes:
        description: Description of the function, out of the docstring.
        parameters: JSON schema of the parameters.
        read: Turns JSON text that the schema accepts into keyword arguments. Raises `ValueError` (pydantic's) for values of no
            fitting type.
        defaults: Defaults by parameter.
    """

    description: str
    parameters: dict[str, Any]
    read: Callable[[str], dict[str, Any]]
    defaults: Mapping[str, Any]


def read_signature(function: Callable[..., Any], name: str) -> Signature:
    """Read a function's parameters.

    Args:
        function: A function, a method, a `functools.partial`, or an object with `__call__`.
        name: Name of the tool, for messages.

    Raises:
        TypeError: A parameter has no type hint, a hint that no schema can describe, or cannot be given by name.
    """
    inner, bound = _inner(function)
    described = read_docstring(_docstring(function, inner))
    hints = _hints(inner, name)
    fields: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for parameter in parameters_of(function, name):
        if parameter.name in bound:
            continue
        _check(parameter, hints, name)
        hint = hints[parameter.name]
        if parameter.default is not inspect.Parameter.empty:
            defaults[parameter.name] = parameter.default
        fields[parameter.name] = _field(hint, described.parameters.get(parameter.name), parameter.default)
    read, schema = _adapter(fields, name)
    return Signature(described.summary, schema, read, defaults)


def parameters_of(function: Callable[..., Any], name: str) -> Iterable[inspect.Parameter]:
    """Return the parameters of a function.

    Raises:
        TypeError: A function of C that does not tell them, as `max`; a definition beside does not help.
    """
    try:
        return inspect.signature(function).parameters.values()
    except ValueError as error:
        told = f"tool {name!r}: Python knows no parameters of {function!r}"
        raise TypeError(f"{told}; write a function with named parameters and type hints that calls it.") from error


def _inner(function: Callable[..., Any]) -> tuple[Callable[..., Any], frozenset[str]]:
    """Return the function that has the type hints, and the names that a `functools.partial` has bound."""
    bound: frozenset[str] = frozenset()
    while isinstance(function, functools.partial):
        bound |= frozenset(function.keywords)
        function = function.func
    if not inspect.isroutine(function) and not isinstance(function, type):
        return type(function).__call__, bound
    return function, bound


def _docstring(function: Callable[..., Any], inner: Callable[..., Any]) -> str | None:
    own = inner.__doc__
    return own if inspect.isroutine(function) or isinstance(function, functools.partial) else (own or function.__doc__)


def _hints(function: Callable[..., Any], name: str) -> dict[str, Any]:
    try:
        return typing.get_type_hints(_without_return(function), include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise TypeError(
            f"tool {name!r}: a type hint cannot be read ({error}). Hints are names that the function's module has when it "
            f"runs, not only under TYPE_CHECKING{_BESIDE}."
        ) from error


def _without_return(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with the hints of the parameters alone: nobody reads that of the result, whose name may be lacking."""
    plain = getattr(function, "__func__", function)  # of a method
    if not isinstance(plain, types.FunctionType) or "return" not in plain.__annotations__:
        return function
    names = types.FunctionType((lambda: None).__code__, plain.__globals__)
    names.__dict__.update(plain.__dict__)  # `__wrapped__`, in whose module the hints are read
    names.__annotations__ = {name: hint for name, hint in plain.__annotations__.items() if name != "return"}
    if sys.version_info >= (3, 12):
        names.__type_params__ = plain.__type_params__
    return names


def _check(parameter: inspect.Parameter, hints: Mapping[str, Any], name: str) -> None:
    """Check that a model can give a parameter."""
    if type(parameter.default).__name__ == "FieldInfo":
        raise TypeError(
            f"tool {name!r}: the default of {parameter.name!r} is a pydantic Field, which the function would get as the value. "
            f"Write it into the hint: '{parameter.name}: Annotated[…, Field(…)]'."
        )
    unnamed = _UNNAMED.get(parameter.kind)
    if unnamed:
        raise TypeError(f"tool {name!r}: {unnamed.format(parameter.name)}{_BESIDE}.")
    if parameter.name == "self" and parameter.name not in hints:
        raise TypeError(f"tool {name!r}: a method is a tool only when bound: adapter.tool(object.{name})")
    if parameter.name not in hints:
        raise TypeError(
            f"tool {name!r}: the parameter {parameter.name!r} has no type hint. Write one, like "
            f"'{parameter.name}: str'{_BESIDE}."
        )


def _field(hint: Any, description: str | None, default: Any) -> Any:
    """Return the annotation of a field: the hint, its description, and whether the field may be missing."""
    from typing import NotRequired

    from pydantic import Field, TypeAdapter
    from pydantic.fields import FieldInfo

    metadata = getattr(hint, "__metadata__", ())
    if any(isinstance(item, FieldInfo) and item.description for item in metadata):
        description = None  # the hint's own
    else:
        description = next((item for item in metadata if isinstance(item, str)), description)
    extra: dict[str, Any] = {}
    if default is not inspect.Parameter.empty and default is not None:
        try:
            extra["default"] = TypeAdapter(hint).dump_python(default, mode="json", warnings="error")
        except Exception:  # noqa: BLE001  # a default that is no JSON cannot be shown; the function's own holds all the same
            extra = {}
    if description or extra:
        hint = Annotated[hint, Field(description=description, json_schema_extra=extra or None)]
    return hint if default is inspect.Parameter.empty else NotRequired[hint]


def _adapter(fields: dict[str, Any], name: str) -> tuple[Callable[[str], dict[str, Any]], dict[str, Any]]:
    """Return the reader and the JSON schema of the fields."""
    from pydantic import ConfigDict, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, with_config
    from pydantic.json_schema import GenerateJsonSchema
    from typing_extensions import TypedDict

    class WithoutTitles(GenerateJsonSchema):
        """A schema without the titles that pydantic makes of names: a model pays for their tokens."""

        def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # pydantic's signature
            return False

    try:
        made: Any = with_config(ConfigDict(extra="forbid"))(TypedDict("Arguments", fields))  # type: ignore[operator]  # made of data
        adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(made)
        schema = adapter.json_schema(schema_generator=WithoutTitles)
    except (PydanticSchemaGenerationError, PydanticUserError, TypeError, NameError) as error:
        reason = str(error).partition("\n")[0]
        raise TypeError(f"tool {name!r}: a type hint has no JSON schema ({reason}). Use a plainer hint{_BESIDE}.") from error
    for part in (schema, *schema.get("$defs", {}).values()):
        part.pop("title", None)
    schema.setdefault("properties", {})
    return adapter.validate_json, schema
