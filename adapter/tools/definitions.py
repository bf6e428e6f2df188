"""Tool definitions of a request, checked before anything reaches upstream.

A `ToolSet` keeps each definition twice: in the caller's own form, which the model reads byte for byte, and as the parts needed
to check a call.
 Agents send the same tools with every request, so recent sets are cached. A list is recognised by its content, down to the
types of its values, and never by its identity, because callers change lists in place. The cache holds copies that no caller can
reach.
"""

from __future__ import annotations

import functools
import marshal
import re
from collections.abc import Callable, Collection, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adapter.errors import BadRequest
from adapter.schema.compiled import CompiledSchema, compile_schema

# Limits of the cache: sets, and bytes of a set.
_MOST_SETS = 32
_MOST_BYTES = 1 << 20
# Marshal's last version in which equal values give equal bytes, independent of reference counts.
_MARSHAL = 2
# OpenAI allows 64 of [a-zA-Z0-9_-]; MCP servers and BFCL also use dots, colons and slashes.
_NAME = re.compile(r"[a-zA-Z0-9_.:/-]{1,128}")
# Keys of a flat definition that are not shown to the model.
_FLAT_ONLY = ("type", "async", "allowed_callers", "defer_loading", "output_schema")


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A function that the model may call.

    Attributes:
        name: The function's name.
        wire: The definition in Chat Completions form, as the caller wrote the definition.
        schema: The compiled parameters, which check arguments.
        strict: True if an answer with invalid arguments must be an error.
    """

    name: str
    wire: Mapping[str, Any]
    schema: CompiledSchema
    strict: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ToolSet:
    """The tools of a request, in the caller's order.

    A set never changes, so values derived from a set can be cached: the set holds copies of the caller's definitions.
    (Definitions with values other than plain JSON, like members of an enumeration, are held uncopied; callers must not change
    them.)
    """

    tools: tuple[ToolDefinition, ...] = ()
    by_name: Mapping[str, ToolDefinition] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.tools)

    def __iter__(self) -> Iterator[ToolDefinition]:
        return iter(self.tools)

    @property
    def names(self) -> KeysView[str]:
        """Names in the caller's order."""
        return self.by_name.keys()

    def only(self, names: Sequence[str] | None) -> ToolSet:
        """The tools with the given names, in the caller's order; all tools for None."""
        if names is None:
            return self
        wanted = frozenset(names)
        return _tool_set(tool for tool in self.tools if tool.name in wanted)

    def and_also(self, wire: Mapping[str, Any]) -> ToolSet:
        """A set with a further tool, given in Chat Completions form."""
        return self.and_all(read_tools([wire]))

    def and_all(self, others: ToolSet) -> ToolSet:
        """A set with further tools, whose names are new."""
        return _tool_set([*self.tools, *others.tools])

    def without(self, names: Collection[str]) -> ToolSet:
        """The tools of other names, in the caller's order; the set itself for no names."""
        return _tool_set(tool for tool in self.tools if tool.name not in names) if names else self


def _tool_set(tools: Iterator[ToolDefinition] | Sequence[ToolDefinition]) -> ToolSet:
    kept = tuple(tools)
    return ToolSet(kept, {tool.name: tool for tool in kept})


def read_tools(tools: Any, param: str = "tools") -> ToolSet:
    """Read the `tools` of a chat request.

    Args:
        tools: A list of `{"type": "function", "function": {"name", "description", "parameters", "strict"}}`, or None, or a
            `ToolSet`.
        param: The path of the list in the request, for messages.

    Raises:
        BadRequest: The list is malformed; `param` names the place.
    """
    return tools if isinstance(tools, ToolSet) else _known(tools, param, "wrapped")


def read_functions(functions: Any) -> ToolSet:
    """Read the legacy `functions` of a chat request: a list of objects like `function` in `tools`."""
    return _known(functions, "functions", "bare")


def read_flat_tools(tools: Any) -> ToolSet:
    """Read the `tools` of a Responses request: `{"type": "function", "name", "description", "parameters", "strict"}`.

    A definition without `strict` is strict in the Responses API. The model reads the wrapped form, with `strict` only if the
    caller wrote the key.
    """
    return _known(tools, "tools", "flat")


def _known(items: Any, param: str, form: str) -> ToolSet:
    try:
        content = marshal.dumps(items, _MARSHAL)
    except ValueError:  # values that marshal refuses may still be JSON
        return _read(items, param, form)
    return _kept(content, param, form) if len(content) <= _MOST_BYTES else _copied(content, param, form)


def _copied(content: bytes, param: str, form: str) -> ToolSet:
    return _read(marshal.loads(content), param, form)  # noqa: S302  # our own bytes


_kept = functools.lru_cache(maxsize=_MOST_SETS)(_copied)


def _read(items: Any, param: str, form: str) -> ToolSet:
    if items is None:
        return ToolSet()
    if not isinstance(items, Sequence) or isinstance(items, str | bytes):
        raise _wrong_type(param, items, "an array of tool definitions")
    tools: list[ToolDefinition] = []
    seen: dict[str, str] = {}
    for position, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise _wrong_type(f"{param}[{position}]", item, "an object")
        tool, where = _FORMS[form](item, f"{param}[{position}]")
        if tool.name in seen:
            raise BadRequest(
                f"Duplicate function name {tool.name!r}: {seen[tool.name]} has it too. Give each tool a name of its own.",
                param=f"{where}.name",
            )
        seen[tool.name] = where
        tools.append(tool)
    return _tool_set(tools)


def _read_bare(item: Mapping[str, Any], param: str) -> tuple[ToolDefinition, str]:
    return _read_function(item, {"type": "function", "function": item}, param), param


def _read_flat(item: Mapping[str, Any], param: str) -> tuple[ToolDefinition, str]:
    _check_kind(item, param)
    function = {key: value for key, value in item.items() if key not in _FLAT_ONLY and value is not None}
    tool = _read_function(function, {"type": "function", "function": function}, param)
    return (tool if "strict" in function else replace(tool, strict=True)), param


def _read_wrapped(item: Mapping[str, Any], param: str) -> tuple[ToolDefinition, str]:
    _check_kind(item, param)
    function = item.get("function")
    if function is None:
        raise BadRequest(
            f"Missing required parameter: '{param}.function'. It holds 'name', 'description' and 'parameters'.",
            param=f"{param}.function",
            code="missing_required_parameter",
        )
    if not isinstance(function, Mapping):
        raise _wrong_type(f"{param}.function", function, "an object")
    return _read_function(function, item, f"{param}.function"), f"{param}.function"


_FORMS: dict[str, Callable[[Mapping[str, Any], str], tuple[ToolDefinition, str]]] = {
    "wrapped": _read_wrapped,
    "bare": _read_bare,
    "flat": _read_flat,
}


def _read_function(function: Mapping[str, Any], wire: Mapping[str, Any], param: str) -> ToolDefinition:
    name = function.get("name")
    if name is None:
        raise BadRequest(
            f"Missing required parameter: '{param}.name'.", param=f"{param}.name", code="missing_required_parameter"
        )
    if not isinstance(name, str):
        raise _wrong_type(f"{param}.name", name, "a string")
    if not _NAME.fullmatch(name):
        raise BadRequest(
            f"Invalid '{param}.name': {name!r}. Use 1 to 128 characters of a-z, A-Z, 0-9, '_', '.', ':', '/' and '-'.",
            param=f"{param}.name",
            code="invalid_value",
        )
    description = function.get("description")
    if description is not None and not isinstance(description, str):
        raise _wrong_type(f"{param}.description", description, "a string")
    strict = function.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise _wrong_type(f"{param}.strict", strict, "true or false")
    schema = compile_schema(function.get("parameters"), f"{param}.parameters", name)
    return ToolDefinition(name, wire, schema, bool(strict))


def _check_kind(item: Mapping[str, Any], param: str) -> None:
    kind = item.get("type")
    if kind == "function":
        return
    if kind is None:
        raise BadRequest(
            f'Missing required parameter: \'{param}.type\'. Write "type": "function".',
            param=f"{param}.type",
            code="missing_required_parameter",
        )
    hint = (
        "A custom tool takes free text and has no schema; describe it as a function with one string parameter."
        if kind == "custom"
        else "This model only calls functions: use 'function'."
    )
    raise BadRequest(f"Invalid value: {kind!r} for '{param}.type'. {hint}", param=f"{param}.type", code="invalid_value")


def _wrong_type(param: str, value: Any, wanted: str) -> BadRequest:
    return BadRequest(
        f"Invalid type for '{param}': expected {wanted}, but got {type(value).__name__} {_short(value)}.",
        param=param,
        code="invalid_type",
    )


def _short(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
