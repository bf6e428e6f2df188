"""A tool of a request, read: a function, or another kind of tool as the function that the model calls in its place."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from adapter.errors import BadRequest, option
from adapter.events import Problem
from adapter.schema.compiled import CompiledSchema, compile_schema
from adapter.tools.call_form import INPUT, CallForm, joined_name
from adapter.tools.other_apis import other_form
from adapter.tools.text_grammar import Unchecked, lark_check

_MOST = 128  # code points of a name
# Keys of a flat definition that are not shown to the model.
_FLAT_ONLY = ("type", "async", "allowed_callers", "defer_loading", "output_schema")
_SYNTAXES = ("lark", "regex")


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A function that the model may call.

    Attributes:
        name: The function's name, as the model knows the function.
        wire: The definition in Chat Completions form; of a function as the caller wrote the definition.
        schema: The compiled parameters, which check arguments.
        strict: True if an answer with invalid arguments must be an error.
        form: The form of the tool's calls for the caller; None for plain function calls.
        told: Choices made and faults mended in reading the definition.
        polls: The same call may be made again at once: the tool looks at a state that changes.
    """

    name: str
    wire: Mapping[str, Any]
    schema: CompiledSchema
    strict: bool = False
    form: CallForm | None = None
    told: tuple[Problem, ...] = ()
    polls: bool = False

    @property
    def purpose(self) -> str:
        """The name and the description."""
        described = self.wire["function"].get("description")
        return f"{self.name} {described}" if isinstance(described, str) else self.name


class Entry(NamedTuple):
    """A definition in the caller's list.

    Attributes:
        item: The definition.
        param: Its path in the request, for messages.
        namespace: The namespace around the definition.
    """

    item: Mapping[str, Any]
    param: str
    namespace: str | None = None


class Builtin(BadRequest):
    """A tool that only a vendor's own servers run."""


def entries(item: Mapping[str, Any], param: str) -> Iterator[Entry]:
    """Yield the definitions of an item: those of a namespace, or the item itself.

    Raises:
        BadRequest: A namespace is malformed.
    """
    if item.get("type") != "namespace":
        yield Entry(item, param)
        return
    name, tools = item.get("name"), item.get("tools")
    if not isinstance(name, str) or not name:
        raise wrong_type(f"{param}.name", name, "the name of the namespace, a string")
    if not isinstance(tools, list):
        raise wrong_type(f"{param}.tools", tools, "an array of tool definitions")
    for position, tool in enumerate(tools):
        if not isinstance(tool, Mapping):
            raise wrong_type(f"{param}.tools[{position}]", tool, "an object")
        yield Entry(tool, f"{param}.tools[{position}]", name)


def read_bare(entry: Entry) -> tuple[ToolDefinition, str]:
    """Read an item of the legacy `functions`. Returns the definition and its path, for messages."""
    return _function(entry.item, {"type": "function", "function": entry.item}, entry.param), entry.param


def read_wrapped(entry: Entry) -> tuple[ToolDefinition, str]:
    """Read an item of a chat request's `tools`. Returns the definition and its path, for messages."""
    item, param, _ = entry
    kind = _kind(item, param)
    if kind == "custom":
        return _custom(entry)
    if kind != "function":
        raise builtin(kind, param)
    function = item.get("function")
    if function is None and isinstance(item.get("name"), str):
        tool, where = read_flat(entry)
        return _mended(tool, item, "is written flat, as in the Responses API; read as a function"), where
    if function is None:
        raise _missing(f"{param}.function", " It holds 'name', 'description' and 'parameters'.")
    if not isinstance(function, Mapping):
        raise wrong_type(f"{param}.function", function, "an object")
    return _function(function, item, f"{param}.function"), f"{param}.function"


def read_flat(entry: Entry) -> tuple[ToolDefinition, str]:
    """Read an item of a Responses request's `tools`. Returns the definition and its path, for messages."""
    item, param, namespace = entry
    kind = _kind(item, param)
    if kind == "custom":
        return _custom(entry)
    if kind == "tool_search" and item.get("execution") == "client":
        return _search(entry)
    if kind != "function":
        raise builtin(kind, param)
    if item.get("name") is None and isinstance(item.get("function"), Mapping):
        tool, where = read_wrapped(entry)
        return _mended(tool, item, "is written as in Chat Completions, inside 'function'; read as a function"), where
    function = {key: value for key, value in item.items() if key not in _FLAT_ONLY and value is not None}
    if not namespace:
        return _function(function, {"type": "function", "function": function}, param), param
    plain = _function(function, {}, param)
    name = joined_name(plain.name, namespace)
    function = {**function, "name": name}
    tool = _function(function, {"type": "function", "function": function}, param)
    return replace(tool, form=CallForm("function", plain.name, namespace)), param


def _mended(tool: ToolDefinition, item: Mapping[str, Any], sentence: str) -> ToolDefinition:
    told = Problem("schema_mended", f"tool {tool.name!r} {sentence}", json.dumps(item, default=repr))
    return replace(tool, told=(*tool.told, told))


def _custom(entry: Entry) -> tuple[ToolDefinition, str]:
    """Read a custom tool, in either form, as a function of one string."""
    item, param, namespace = entry
    if isinstance(item.get("custom"), Mapping):
        item, param = item["custom"], f"{param}.custom"
    check_words(item, param)
    name: str = item["name"]
    syntax, grammar = _grammar(item.get("format"), f"{param}.format")
    text: dict[str, Any] = {"type": "string", "description": "The whole input of the tool, as plain text."}
    about = item.get("description") or ""
    if syntax == "regex":
        text["pattern"] = f"^(?:{grammar})$"
    if syntax is not None:
        language = "Lark grammar" if syntax == "lark" else "regular expression"
        about = f"{about}\n\nThe input must match this {language}:\n{grammar}".strip()
    parameters = {"type": "object", "properties": {INPUT: text}, "required": [INPUT], "additionalProperties": False}
    function = {"name": joined_name(name, namespace), "description": about, "parameters": parameters}
    tool = _function(function, {"type": "function", "function": function}, param)
    tool = replace(tool, form=CallForm("custom", name, namespace))
    return (_with_grammar(tool, grammar) if syntax == "lark" else tool), param


def _with_grammar(tool: ToolDefinition, grammar: str) -> ToolDefinition:
    """Have the input checked against a grammar of Lark's, or tell the reason for the omission."""
    try:
        return replace(tool, schema=replace(tool.schema, further=lark_check(grammar)))
    except Unchecked as reason:
        message = f"the grammar of custom tool {tool.name!r} is told to the model and not checked: {reason}"
        return replace(tool, told=(Problem("unchecked", message, grammar),))


def _grammar(form: Any, param: str) -> tuple[str | None, str]:
    """Return the syntax and the text of the grammar in the `format` of a custom tool; None for free text."""
    if form is None:
        return None, ""
    if not isinstance(form, Mapping):
        raise wrong_type(param, form, "an object")
    if form.get("type") == "text":
        return None, ""
    if form.get("type") != "grammar":
        raise _wrong_value(f"{param}.type", form.get("type"), "Use 'text' or 'grammar'.")
    if isinstance(form.get("grammar"), Mapping):
        form, param = form["grammar"], f"{param}.grammar"
    syntax, definition = form.get("syntax"), form.get("definition")
    if syntax not in _SYNTAXES:
        raise _wrong_value(f"{param}.syntax", syntax, "Use 'lark' or 'regex'.")
    if not isinstance(definition, str):
        raise wrong_type(f"{param}.definition", definition, "a string")
    return syntax, definition


def _search(entry: Entry) -> tuple[ToolDefinition, str]:
    """Read a search for tools that the caller makes, as a function of the same parameters."""
    item, param, _ = entry
    shown = {key: item[key] for key in ("description", "parameters") if item.get(key) is not None}
    function = {"name": "tool_search", **shown}
    tool = _function(function, {"type": "function", "function": function}, param)
    return replace(tool, form=CallForm("tool_search", "tool_search")), param


def _function(function: Mapping[str, Any], wire: Mapping[str, Any], param: str) -> ToolDefinition:
    check_words(function, param)
    strict = function.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise wrong_type(f"{param}.strict", strict, "true or false")
    name: str = function["name"]
    schema = compile_schema(function.get("parameters"), f"{param}.parameters", name)
    return ToolDefinition(name, wire, schema, bool(strict))


def check_words(function: Mapping[str, Any], param: str) -> None:
    """Check the name and the description of a function or a custom tool."""
    name = function.get("name")
    if name is None:
        raise _missing(f"{param}.name")
    if not isinstance(name, str):
        raise wrong_type(f"{param}.name", name, "a string")
    if not is_name(name):
        raise BadRequest(
            f"Invalid '{param}.name': {_short(name)}. Use 1 to {_MOST} letters and digits of any script, "
            "'_', '.', ':', '/' and '-'.",
            param=f"{param}.name",
            code="invalid_value",
        )
    description = function.get("description")
    if description is not None and not isinstance(description, str):
        raise wrong_type(f"{param}.description", description, "a string")


def is_name(name: str) -> bool:
    """Tell if a text may be a tool's name: letters, marks and digits of any script, and `_ - . : /`; 1 to 128 of them."""
    if not 0 < len(name) <= _MOST:
        return False
    # (OpenAI allows 64 of [a-zA-Z0-9_-]; MCP servers and BFCL also use dots, colons and slashes.)
    return all(sign in "_-.:/" or unicodedata.category(sign)[0] in "LMN" for sign in name)


def _kind(item: Mapping[str, Any], param: str) -> Any:
    form = other_form(item)
    if form is not None:
        raise BadRequest(form.message(param), param=param, code="invalid_value")
    kind = item.get("type")
    if kind is None:
        raise _missing(f"{param}.type", ' Write "type": "function".')
    return kind


def builtin(kind: Any, param: str) -> BadRequest:
    """Return the error for a tool that is neither a function nor of custom text."""
    other = option("on_builtin", "leave_out")
    hint = f"This model calls functions and custom tools only: use 'function' or 'custom', or the option {other}."
    message = f"Invalid value: {_short(kind)} for '{param}.type'. {hint}"
    return (Builtin if isinstance(kind, str) else BadRequest)(message, param=f"{param}.type", code="invalid_value")


def _missing(param: str, hint: str = "") -> BadRequest:
    return BadRequest(f"Missing required parameter: '{param}'.{hint}", param=param, code="missing_required_parameter")


def _wrong_value(param: str, value: Any, hint: str) -> BadRequest:
    return BadRequest(f"Invalid value: {_short(value)} for '{param}'. {hint}", param=param, code="invalid_value")


def wrong_type(param: str, value: Any, wanted: str) -> BadRequest:
    """Return the error for a value of the wrong type."""
    return BadRequest(
        f"Invalid type for '{param}': expected {wanted}, but got {type(value).__name__} {_short(value)}.",
        param=param,
        code="invalid_type",
    )


def _short(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
