"""Tool definitions in the form of other APIs: recognised, named, and written as functions.

    Anthropic's Messages API   {"name", "description", "input_schema"}
    MCP                        {"name", "description", "inputSchema"}
    Amazon Bedrock             {"toolSpec": {"name", "description", "inputSchema": {"json"}}}
    Google's Gemini API        {"functionDeclarations": [{"name", "description", "parameters"}]}
    bare                       {"name", "description", "parameters"}
    a tool in a tool           {"type": "function", "function": {"type": "function", "function": {…}}}

Requests are answered with an error that names the form and the fix; the command line reads files of these forms, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_TOLD = 'Write {"type": "function", "function": {"name": …, "description": …, "parameters": …}}'


class OtherForm(NamedTuple):
    """A definition in another form than OpenAI's.

    Attributes:
        api: The name of the form, for messages.
        sign: The key by which the form was recognised.
        fix: The way to write the definition.
        functions: The functions in it, as they stand inside `function`.
    """

    api: str
    sign: str
    fix: str
    functions: tuple[Mapping[str, Any], ...]

    def message(self, param: str) -> str:
        """The sentence of an error.

        Args:
            param: The path of the definition in the request.
        """
        return f"'{param}' is {self.api}, by its '{self.sign}'. {self.fix}."


def other_form(item: Any) -> OtherForm | None:
    """Recognise a definition in another form than OpenAI's; None for any other item."""
    if not isinstance(item, Mapping):
        return None
    for sign, api in (("input_schema", "a tool of Anthropic's Messages API"), ("inputSchema", "a tool of MCP")):
        if sign in item and "parameters" not in item:
            return OtherForm(api, sign, f"{_TOLD}, with the value of '{sign}' as 'parameters'", (_renamed(item, sign),))
    return _nested(item) or _bare(item)


def _nested(item: Mapping[str, Any]) -> OtherForm | None:
    """Recognise definitions that stand inside another object."""
    spec = item.get("toolSpec")
    if isinstance(spec, Mapping):
        schema = spec.get("inputSchema")
        plain = schema.get("json", schema) if isinstance(schema, Mapping) else schema
        function = _renamed({**spec, "inputSchema": plain}, "inputSchema")
        fix = f"{_TOLD}, with the value of 'toolSpec.inputSchema.json' as 'parameters'"
        return OtherForm("a tool of Amazon Bedrock's Converse API", "toolSpec", fix, (function,))
    for sign in ("functionDeclarations", "function_declarations"):
        declared = item.get(sign)
        if isinstance(declared, list) and all(isinstance(one, Mapping) for one in declared):
            return OtherForm(
                "a tool of Google's Gemini API", sign, f"{_TOLD}, one for each of '{sign}'", tuple(map(_plain, declared))
            )
    outer = item.get("function")
    if not isinstance(outer, Mapping):
        return None
    inner = outer.get("function")
    if isinstance(inner, Mapping) and "name" not in outer:
        fix = 'Leave out the outer one: {"type": "function", "function": {"name": …}}'
        return OtherForm("a tool inside a tool", "function.function", fix, (inner,))
    found = other_form({**outer, "type": "function"})
    return None if found is None else found._replace(sign=f"function.{found.sign}")


def _bare(item: Mapping[str, Any]) -> OtherForm | None:
    if "type" in item or not isinstance(item.get("name"), str) or "function" in item:
        return None
    return OtherForm("a function without its tool", "name", f"{_TOLD} around it", (_plain(item),))


def _renamed(item: Mapping[str, Any], schema: str) -> dict[str, Any]:
    """Return a function with the schema under OpenAI's name."""
    return _plain({**item, "parameters": item[schema]})


def _plain(function: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a function that OpenAI's form has."""
    named = ("name", "description", "parameters", "strict")
    return {key: function[key] for key in named if function.get(key) is not None}


def as_function_tools(items: list[Any]) -> tuple[list[Any], list[str]]:
    """Write the definitions of other forms in a list as OpenAI's. Returns the list, and the names of the other forms."""
    found: list[Any] = []
    forms: list[str] = []
    for item in items:
        form = other_form(item)
        if form is None:
            found.append(item)
        else:
            forms.append(form.api)
            found += [{"type": "function", "function": dict(function)} for function in form.functions]
    return found, list(dict.fromkeys(forms))


def list_of_tools(value: Any) -> list[Any] | None:
    """Find the list of tools in a value: a list, a tool, a request, or the answer of an MCP server; None without one."""
    if isinstance(value, list):
        return value
    if not isinstance(value, Mapping):
        return None
    result = value.get("result")
    inside: Mapping[str, Any] = result if isinstance(result, Mapping) else value
    for key in ("tools", "functions"):
        tools = inside.get(key)
        if isinstance(tools, list):
            return tools
    return [value] if other_form(value) is not None or value.get("type") == "function" else None
