r"""The parts of a response template: fields with a beginning, an end and a form of content, checked as they are read.

    {"start_anchor": "<|im_start|>assistant\n",
     "fields": {"tool_calls": {"open": "<tool_call>", "close": "</tool_call>", "content": "json", "repeats": true,
                               "transform": {"type": "function", "function": "{content}"}},
                "content": {"close": "<|im_end|>"}}}

The format is that of transformers (`docs/response-templates.md`). An unknown key is an error, as it is there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.dialects.response.strange import compiled, shown
from adapter.errors import DialectError

if TYPE_CHECKING:
    from collections.abc import Collection

VERSION = 1
CONTENTS = ("text", "int", "float", "bool", "json", "xml-inline", "kv-lines", "python-call-list")
_TOP = ("version", "defaults", "fields", "start_anchor", "start_anchor_pattern")
_EDGES = ("open", "open_pattern", "close", "close_pattern")
_FIELD = (*_EDGES, "content", "content_args", "repeats", "join", "optional", "transform", "transform_each")
_ARGUMENTS = {
    "text": ("strip",),
    "int": ("strip",),
    "float": ("strip",),
    "bool": ("strip",),
    "json": ("unquoted_keys", "string_delims", "allow_non_json", "strip"),
    "xml-inline": ("tag_pattern", "value_parser", "merge_duplicates"),
    "kv-lines": ("line_sep", "kv_sep", "strip", "value_parser"),
    "python-call-list": (),
}
_HALF = re.compile("[\ud800-\udfff]")
_LONGEST_NAME = 60  # in a message
_PLACEHOLDER = re.compile(r"\{(\w+(?:\.\w+)*)\}")
_FLAGS = ("strip", "unquoted_keys", "allow_non_json", "merge_duplicates")
_MOST_LITERALS, _LONGEST_LITERAL = 64, 200


@dataclass(frozen=True, slots=True)
class Edge:
    """The beginning or the end of a field.

    Attributes:
        pattern: Finds the edge.
        source: The pattern as it was written; of literals, their pattern.
        literals: The literals, if the edge was given as such.
        place: The key in the template, for messages.
    """

    pattern: re.Pattern[str]
    source: str
    literals: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the message. `opens` is None for the field that holds the text outside of all others."""

    name: str
    place: str
    opens: Edge | None
    closes: Edge | None
    content: str = "text"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    repeats: bool = False
    join: str | None = None
    optional: bool = True
    transform: Any = None
    each: bool = False


@dataclass(frozen=True, slots=True)
class ResponseTemplate:
    """A response template that was checked.

    Attributes:
        fields: The fields by name.
        anchor: The beginning of the assistant's turn in a prompt, which no completion holds.
        defaults: Values of the message that stand without a field.
    """

    fields: Mapping[str, Field]
    anchor: Edge | None
    defaults: Mapping[str, Any]


def read_template(data: Any, place: str = "response_template") -> ResponseTemplate:
    """Check a response template.

    Args:
        data: The decoded JSON.
        place: The beginning of messages: the file and the key.

    Raises:
        DialectError: The template breaks the format; the message names the key and its value.
    """
    _check_object(data, place, _TOP)
    if data.get("version", VERSION) != VERSION:
        raise DialectError(f"{place}.version = {shown(data['version'])}: version {VERSION} is read")
    given = data.get("fields")
    if not isinstance(given, Mapping) or not given:
        raise DialectError(f"{place}.fields = {shown(given)}: write an object with a key for each part of the message")
    fields = {str(name): _field(str(name), value, f"{place}.fields.{_short(name)}") for name, value in given.items()}
    rest = [_short(name) for name, each in fields.items() if each.opens is None]
    if len(rest) > 1:
        raise DialectError(
            f"{place}.fields: {' and '.join(rest)} have no 'open'; one field at most holds the text outside of others"
        )
    anchor = _edge(data, "start_anchor", "start_anchor_pattern", place)
    defaults = data.get("defaults", {})
    _check_object(defaults, f"{place}.defaults")
    return ResponseTemplate(fields, anchor, defaults)


def _short(name: str) -> str:
    """Return the beginning of a name, for messages."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _check_object(value: Any, place: str, known: Collection[str] | None = None) -> None:
    if not isinstance(value, Mapping):
        raise DialectError(f"{place} = {shown(value)}: must be a JSON object")
    unknown = sorted(set(map(str, value)) - set(known)) if known is not None else []
    if unknown:
        raise DialectError(
            f"{place}.{_short(unknown[0])} = {shown(value[unknown[0]])}: an unknown key; known are {', '.join(known or ())}"
        )


def _field(name: str, data: Any, place: str) -> Field:
    _check_object(data, place, _FIELD)
    content = data.get("content", "text")
    if content not in CONTENTS:
        raise DialectError(f"{place}.content = {shown(content)}: no form of content; there are {', '.join(CONTENTS)}")
    for key in ("repeats", "optional", "transform_each"):
        if not isinstance(data.get(key, False), bool):
            raise DialectError(f"{place}.{key} = {shown(data[key])}: must be true or false")
    join, transform = data.get("join"), data.get("transform")
    if join is not None and not (isinstance(join, str) and data.get("repeats")):
        raise DialectError(f"{place}.join = {shown(join)}: a text, beside repeats = true")
    if data.get("transform_each") and transform is None:
        raise DialectError(f"{place}.transform_each = True: there is no transform")
    _check_transform(transform, f"{place}.transform")
    opens, closes = _edge(data, "open", "open_pattern", place), _edge(data, "close", "close_pattern", place)
    for edge in (opens, closes):
        if edge is not None and edge.pattern.groupindex and transform is None:
            raise DialectError(f"{edge.place} = {shown(edge.source)}: has a named group, and no transform uses it")
    return Field(
        name=name,
        place=place,
        opens=opens,
        closes=closes,
        content=content,
        arguments=_arguments(content, data.get("content_args", {}), f"{place}.content_args"),
        repeats=data.get("repeats", False),
        join=join,
        optional=data.get("optional", True),
        transform=transform,
        each=data.get("transform_each", False),
    )


def _edge(data: Mapping[str, Any], literal: str, pattern: str, place: str) -> Edge | None:
    """Read the beginning or the end of a field, given as literals or as a pattern; None without either."""
    if literal in data and pattern in data:
        raise DialectError(f"{place}: has {literal} and {pattern}; write one of them")
    if pattern in data:
        return Edge(compiled(data[pattern], f"{place}.{pattern}"), data[pattern], (), f"{place}.{pattern}")
    if literal not in data:
        return None
    value = data[literal]
    literals = (
        tuple(dict.fromkeys(value)) if isinstance(value, list) and all(isinstance(each, str) for each in value) else (value,)
    )
    if not literals or not all(isinstance(each, str) and each for each in literals):
        raise DialectError(f"{place}.{literal} = {shown(value)}: must be a text, or a list of texts, none of them empty")
    if len(literals) > _MOST_LITERALS or max(map(len, literals)) > _LONGEST_LITERAL:
        raise DialectError(
            f"{place}.{literal} = {shown(value)}: {_MOST_LITERALS} literals of {_LONGEST_LITERAL} characters are read at most"
        )
    if any(_HALF.search(each) for each in literals):
        raise DialectError(f"{place}.{literal} = {shown(value)}: half of a surrogate pair, which no text can hold")
    source = "|".join(re.escape(each) for each in sorted(literals, key=len, reverse=True))
    return Edge(re.compile(source), source, literals, f"{place}.{literal}")


def _arguments(content: str, given: Any, place: str) -> Mapping[str, Any]:
    """Check the arguments of a form of content."""
    _check_object(given, place)
    unknown = sorted(set(given) - set(_ARGUMENTS[content]))
    if unknown:
        known = ", ".join(_ARGUMENTS[content]) or "no key"
        raise DialectError(
            f"{place}.{unknown[0]} = {shown(given[unknown[0]])}: means nothing to content {content!r}; it knows {known}"
        )
    _check_values(given, place)
    inner = given.get("value_parser")
    if inner is not None:
        _check_object(inner, f"{place}.value_parser", ("name", "args"))
        if inner.get("name", "text") not in CONTENTS:
            raise DialectError(f"{place}.value_parser.name = {shown(inner.get('name'))}: no form of content")
        _arguments(inner.get("name", "text"), inner.get("args", {}), f"{place}.value_parser.args")
    if content == "xml-inline":
        tag = compiled(given.get("tag_pattern"), f"{place}.tag_pattern")
        if "key" not in tag.groupindex:
            raise DialectError(f"{place}.tag_pattern = {shown(tag.pattern)}: lacks the group (?P<key>…)")
    return dict(given)


def _check_values(given: Mapping[str, Any], place: str) -> None:
    """Check the types of the arguments of content."""
    for key, value in given.items():
        if key in _FLAGS and not isinstance(value, bool):
            raise DialectError(f"{place}.{key} = {shown(value)}: must be true or false")
        if key in {"line_sep", "kv_sep"} and not (isinstance(value, str) and value):
            raise DialectError(f"{place}.{key} = {shown(value)}: must be a text that is not empty")
    quotes = given.get("string_delims", [])
    if not isinstance(quotes, list) or not all(map(_is_pair, quotes)):
        raise DialectError(f"{place}.string_delims = {shown(quotes)}: must be a list of pairs, a beginning and an end each")


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) and each for each in value)


def _check_transform(value: Any, place: str) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_transform(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for inner in value:
            _check_transform(inner, place)
    elif isinstance(value, str) and _PLACEHOLDER.search(value) and not _PLACEHOLDER.fullmatch(value):
        raise DialectError(f"{place} = {shown(value)}: a placeholder is the whole text, and nothing stands beside it")


def filled(transform: Any, scope: Mapping[str, Any]) -> Any:
    """Fill the placeholders of a transform, such as `{content.name}`.

    Raises:
        ValueError: A placeholder names nothing in the scope.
    """
    if isinstance(transform, Mapping):
        return {key: filled(value, scope) for key, value in transform.items()}
    if isinstance(transform, list):
        return [filled(value, scope) for value in transform]
    found = _PLACEHOLDER.fullmatch(transform) if isinstance(transform, str) else None
    if found is None:
        return transform
    value: Any = scope
    for key in found[1].split("."):
        if not isinstance(value, Mapping) or key not in value:
            raise ValueError(f"{transform} names nothing")
        value = value[key]
    return value
