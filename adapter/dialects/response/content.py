"""Forms of content in response templates: the text of a field as a value.

Strict, as in transformers: content in another form is an error. Read here are sample calls only, to learn which calls a
template reads; completions are read by the dialect.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WORDS = {"true": True, "false": False, "null": None}
_QUOTED = r'"(?:\\.|[^"\\])*"'
_KEY = r"(?<=[{,])(?P<before>\s*)(?P<key>\w+)(?P<after>\s*):"


def value_of(text: str, content: str, arguments: Mapping[str, Any]) -> Any:
    """Read the text of a field.

    Args:
        text: The text between the field's beginning and end.
        content: The form, one of `template.CONTENTS`.
        arguments: The arguments of the form.

    Raises:
        ValueError: The text is not in the form.
    """
    return _FORMS[content](text, arguments)


def _text(text: str, arguments: Mapping[str, Any]) -> str:
    return text.strip() if arguments.get("strip", True) else text


def _json(text: str, arguments: Mapping[str, Any]) -> Any:
    quotes = [(re.escape(opens), re.escape(closes)) for opens, closes in arguments.get("string_delims", ())]
    own = [f"{opens}(?P<s{place}>.*?){closes}" for place, (opens, closes) in enumerate(quotes)]
    keys = [_KEY] if arguments.get("unquoted_keys") else []

    def plain(found: re.Match[str]) -> str:
        groups = found.groupdict()
        if groups.get("key") is not None:
            return f'{groups["before"]}"{groups["key"]}"{groups["after"]}:'
        strings = [value for name, value in groups.items() if name.startswith("s") and value is not None]
        return json.dumps(strings[0]) if strings else found[0]

    written = re.sub("|".join([*own, _QUOTED, *keys]), plain, text, flags=re.DOTALL) if own or keys else text
    try:
        return json.loads(written)
    except ValueError:
        if arguments.get("allow_non_json"):
            return text.strip()
        raise


def _inner(text: str, arguments: Mapping[str, Any]) -> Any:
    """Read a value with the form of `value_parser`; without one it is the text."""
    parser = arguments.get("value_parser")
    return text if parser is None else value_of(text, parser.get("name", "text"), parser.get("args", {}))


def _tags(text: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    several: set[str] = set()
    for tag in re.finditer(arguments["tag_pattern"], text, re.DOTALL):
        groups = tag.groupdict()
        key, value = groups["key"], _inner(groups.get("value") or "", arguments)
        if key not in found or not arguments.get("merge_duplicates"):
            found[key] = value
            continue
        found[key] = [*found[key], value] if key in several else [found[key], value]
        several.add(key)
    return found


def _lines(text: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    between = arguments.get("kv_sep", ":")
    pairs = (line.partition(between) for line in text.split(arguments.get("line_sep", "\n")) if between in line)
    return {_text(key, arguments): _inner(_text(value, arguments), arguments) for key, _, value in pairs}


def _python(text: str, _arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(str(error)) from error
    if not isinstance(body, ast.List) or not all(isinstance(each, ast.Call) and not each.args for each in body.elts):
        raise ValueError("no list of calls with keyword arguments")
    return [_call(each) for each in body.elts if isinstance(each, ast.Call)]


class _JsonWords(ast.NodeTransformer):
    """The words of JSON, which count as Python's."""

    def visit_Name(self, node: ast.Name) -> ast.expr:  # called by its name
        return ast.Constant(_WORDS[node.id]) if node.id in _WORDS else node


def _call(node: ast.Call) -> dict[str, Any]:
    return {
        "name": ast.unparse(node.func),
        "arguments": {str(each.arg): ast.literal_eval(_JsonWords().visit(each.value)) for each in node.keywords},
    }


_FORMS: dict[str, Callable[[str, Mapping[str, Any]], Any]] = {
    "text": _text,
    "int": lambda text, arguments: int(_text(text, arguments)),
    "float": lambda text, arguments: float(_text(text, arguments)),
    "bool": lambda text, arguments: _text(text, arguments).lower() in {"true", "1"},
    "json": _json,
    "xml-inline": _tags,
    "kv-lines": _lines,
    "python-call-list": _python,
}
