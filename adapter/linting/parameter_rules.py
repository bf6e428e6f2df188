"""P01 to P03 and P09 to P14: the parameters of tools and the form of their schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from adapter.linting.finding import Found, Rule
from adapter.linting.words import parts_of, word_set
from adapter.text.some_of import some_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.parameters import Parameter
    from adapter.linting.subject import LintedTool, Subject

_MOST_PARAMETERS, _DEEPEST = 8, 2
# Keywords that tell the type of a value without the word `type`.
_TYPED = (
    "type",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "not",
    "if",
    "properties",
    "items",
    "prefixItems",
    "pattern",
    "format",
)
_FREE = (
    "properties",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "enum",
    "const",
    "required",
)
_FILLED = ("items", "prefixItems", "contains", "enum", "const", "anyOf", "oneOf", "allOf", "$ref")
_DATE_PART = frozenset({"date", "datetime", "timestamp"})
_DATE_SAID = re.compile(
    r"\b(?:date|time)(?: and time)? (?:of|for|when|at|to|in|from|on)\b|\b(?:start|end|due|birth|departure|"
    r"arrival)[ -](?:date|time)\b",
    re.IGNORECASE,
)
_NO_DATE = word_set("zone out timezone format range frame period type field column update limit series unit")
_FORM_SAID = re.compile(
    r"\d|yyyy|\bmm\b|\bdd\b|hh:|iso|rfc|unix|epoch|format|e\.g|for example|such as|like '|example|today|tomorrow|"
    r"\bseconds\b|utc|month|\bday\b|'[^']+'|\"[^\"]+\"",
    re.IGNORECASE,
)
_GENERIC = word_set(
    "data value values input inputs param params arg args argument arguments obj object item items info content stuff var x y z"
)


def _names(parameters: list[Parameter]) -> str:
    return f"parameter{'' if len(parameters) == 1 else 's'} {some_of([repr(parameter.shown) for parameter in parameters])}"


def _together(tool: LintedTool, found: list[Parameter], message: str, hint: str) -> Iterator[Found]:
    """Yield one finding for all parameters of a tool with the same fault, at the first of them."""
    if found:
        verb = {"has": "has", "is": "is"} if len(found) == 1 else {"has": "have", "is": "are"}
        yield Found(f"{tool.named}: {_names(found)} {message.format(**verb)}", found[0].path, found[0].schema, hint, tool.name)


def _undescribed(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        found = [one for one in tool.own if not one.description.strip() and one.choices is None]
        yield from _together(tool, found, "{has} no description", "say what the value is, its unit, and an example")


def _untyped(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        found = [one for one in tool.parameters if not any(key in one.schema for key in _TYPED)]
        yield from _together(tool, found, "{has} no type", "write the type: with none, any value is valid and a model guesses")


def _unknown_required(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        wanted, named = tool.schema.get("required"), tool.schema.get("properties")
        known = named if isinstance(named, Mapping) else {}
        for position, name in enumerate(wanted if isinstance(wanted, list) else ()):
            if isinstance(name, str) and name not in known:
                message = f"{tool.named}: 'required' names {name!r}, and no property has this name"
                hint = f"the properties are {some_of(known)}" if known else "there are no properties"
                yield Found(message, (*tool.schema_path, "required", position), name, hint, tool.name)


def _required_default(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        found = [one for one in tool.own if one.required and "default" in one.schema]
        yield from _together(
            tool,
            found,
            "{is} required, and {has} a default that is never used",
            "leave the name out of 'required', or the default out",
        )


def _unfilled(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        for one in tool.parameters:
            kind = one.schema.get("type")
            kinds = set(map(str, kind)) - {"null"} if isinstance(kind, list) else {kind}
            if kinds == {"array"} and not any(key in one.schema for key in _FILLED):
                yield Found(
                    f"{tool.named}: parameter {one.shown!r} is an array without 'items'",
                    one.path,
                    one.schema,
                    "write the schema of an element in 'items'",
                    tool.name,
                )
            elif kinds == {"object"} and not any(key in one.schema for key in _FREE):
                yield Found(
                    f"{tool.named}: parameter {one.shown!r} is an object without 'properties'",
                    one.path,
                    one.schema,
                    "name its members in 'properties', or say \"additionalProperties\": true",
                    tool.name,
                )


def _large(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        own = tool.own
        deepest = max(tool.parameters, key=lambda one: one.depth, default=None)
        if len(own) > _MOST_PARAMETERS:
            message = f"{tool.named} has {len(own)} parameters"
            yield Found(
                message,
                (*tool.schema_path, "properties"),
                some_of([one.name for one in own]),
                "leave out those that the program knows, or make two tools",
                tool.name,
            )
        elif deepest is not None and deepest.depth > _DEEPEST:
            message = f"{tool.named}: parameter {deepest.shown!r} lies {deepest.depth} objects deep"
            yield Found(message, deepest.path, deepest.schema, "make inner members parameters of the tool", tool.name)


def _is_date(one: Parameter) -> bool:
    parts = set(parts_of(one.name))
    if one.types - {"null"} != {"string"} or parts & _NO_DATE:
        return False
    by_name = bool(parts & _DATE_PART) or parts_of(one.name)[-1:] == ["time"]
    return by_name or (len(one.description) < 80 and bool(_DATE_SAID.match(one.description.removeprefix("The ").strip())))


def _undated(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        found = [
            one
            for one in tool.parameters
            if _is_date(one) and one.choices is None
            and not any(key in one.schema for key in ("format", "pattern", "examples", "example", "default"))
            and not _FORM_SAID.search(one.description)
        ]  # fmt: skip
        yield from _together(
            tool,
            found,
            "{is} a date or time, and {has} no format",
            'add "format": "date" or "date-time", or write 2026-01-31 as an example',
        )


def _generic(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        found = [one for one in tool.own if len(one.name) == 1 or one.name.lower() in _GENERIC]
        yield from _together(tool, found, "{has} a name that says nothing", "name what the value is: 'city' and not 'input'")


def _all_optional(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        if tool.own and "required" not in tool.schema:
            message = f"{tool.named} has parameters and no 'required'"
            yield Found(
                message, tool.schema_path, tool.schema, 'list those that are needed, or write "required": []', tool.name
            )


RULES = (
    Rule("P01", "warning", "A parameter has no description", "every guide; arXiv 2602.18914", _undescribed),
    Rule("P02", "error", "A parameter has no type", "Google's guide: strong types", _untyped),
    Rule("P03", "warning", "'required' names no property", "agentgauge: no effect measured (0.0 points)", _unknown_required),
    Rule("P09", "warning", "A required parameter has a default", "the default is never used", _required_default),
    Rule("P10", "warning", "An array has no items, or an object no properties", "Google's guide: strong types", _unfilled),
    Rule(
        "P11",
        "warning",
        "A tool has over 8 parameters, or parameters over 2 deep",
        "Microsoft: tool-space interference",
        _large,
    ),
    Rule(
        "P12", "warning", "A date or time has no format", "OpenAI's and Anthropic's guides: formats in descriptions", _undated
    ),
    Rule(
        "P13", "info", "A parameter has a generic or one-letter name", "Anthropic: unambiguous names", _generic, default=False
    ),
    Rule("P14", "info", "A tool has parameters and no 'required'", "mcplint", _all_optional, default=False),
)
