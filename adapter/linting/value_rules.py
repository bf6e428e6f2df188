"""P04 to P08: words of a description against the enum, the type and the default."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapter.linting.finding import Found, Rule
from adapter.linting.reading import shown
from adapter.linting.words import quoted_list, word_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.parameters import Parameter
    from adapter.linting.subject import LintedTool, Subject

_BOOLEAN = re.compile(r"\s*(?:(?:a |optional |\w+ )?(?:boolean(?! (?:\w+ )?(?:expression|quer|filter|condition|"
    r"operator|logic|formula|string|algebra|search))|flag (?:to|that|for|indicating))\b|whether (?:to|or not|the|this|it)\b|"
                      r"if (?:set to )?true\b|true (?:if|to|when)\b|set (?:this )?to true\b|indicates? (?:if|"
                          r"whether)\b)", re.IGNORECASE)  # fmt: skip
_WORDS_BESIDE = re.compile(r"\b(?:yes|no|values?|options?|one of|either)\b|['\"`]", re.IGNORECASE)
_DEFAULT = re.compile(
    r"\b(?:the )?defaults?(?: value)?(?: is| are| to|:| =|=)\s*(?:set to )?(?P<value>'[^'\n]{1,40}'|\"[^\"\n]{1,40}\"|"
    r"`[^`\n]{1,40}`|"
    r"-?\d[\d.]*|true\b|false\b|[A-Za-z][\w-]*)",
    re.IGNORECASE,
)
_NO_VALUE = word_set(
    "the a an to all any none null current no empty user not set same it use if when being which your this what today now"
)


def _parameters(subject: Subject) -> Iterator[tuple[LintedTool, Parameter]]:
    return ((tool, one) for tool in subject.functions for one in tool.parameters)


def _elements(one: Parameter) -> bool:
    """Tell if a description is about the elements of an array, whose enum stands in `items`."""
    return "array" in one.types or "object" in one.types


def _values_in_prose(subject: Subject) -> Iterator[Found]:
    for tool, one in _parameters(subject):
        if one.choices is not None or one.types - {"null"} != {"string"} or "pattern" in one.schema or "format" in one.schema:
            continue
        if listed := quoted_list(one.description):
            values, begin, end = listed
            written = ", ".join(f'"{value}"' for value in values)
            message = (
                f"{tool.named}: the description of {one.shown!r} lists the values that are allowed, and the schema has no enum"
            )
            yield Found(message, one.at("description"), one.description[begin:end], f'add "enum": [{written}]', tool.name)


def _value_not_in_enum(subject: Subject) -> Iterator[Found]:
    for tool, one in _parameters(subject):
        if one.choices is None or _elements(one):
            continue
        known = {str(value) for value in one.choices}
        said = quoted_list(one.description)
        named = [value for value in said[0] if value not in known and value.lower() not in {"null", "none"}] if said else []
        default = _DEFAULT.search(one.description)
        value = default["value"].strip("'\"`") if default and default["value"][0] in "'\"`" else ""
        if value and value not in known:
            named.append(value)
        if named:
            message = f"{tool.named}: the description of {one.shown!r} names {named[0]!r}, and the enum does not allow it"
            hint = f"the enum has {shown(one.choices, 120)}: add the value, or take it out of the description"
            yield Found(message, one.at("description"), one.description, hint, tool.name)


def _no_boolean(subject: Subject) -> Iterator[Found]:
    for tool, one in _parameters(subject):
        kinds = one.types - {"null"}
        if not kinds or kinds - {"string", "integer", "number"} or one.choices is not None:
            continue
        found = _BOOLEAN.match(one.description)
        if found and not _WORDS_BESIDE.search(one.description[found.end() :]) and not re.search(r"\d", one.description):
            message = f"{tool.named}: {one.shown!r} is described as true or false, and its type is {' or '.join(sorted(kinds))}"
            yield Found(message, one.at("type"), one.description, 'write "type": "boolean"', tool.name)


def _default_in_prose(subject: Subject) -> Iterator[Found]:
    for tool, one in _parameters(subject):
        found = _DEFAULT.search(one.description)
        if not found or "default" in one.schema or one.required or _elements(one):
            continue
        value = found["value"]
        if value.strip("'\"`").lower() in _NO_VALUE or (value[0].isalpha() and not _is_word(value, one)):
            continue
        message = f"{tool.named}: the default of {one.shown!r} stands in its description alone"
        yield Found(message, one.at("description"), found[0], f'add "default": {_written(value, one)}', tool.name)


def _is_word(value: str, one: Parameter) -> bool:
    """Tell if an unquoted word can be a value: one of the enum, or a truth value of a boolean."""
    if value.lower() in {"true", "false"}:
        return "boolean" in one.types
    return value in {str(each) for each in one.choices or ()}


def _written(value: str, one: Parameter) -> str:
    bare = value.strip("'\"`").rstrip(".")
    return bare.lower() if one.types & {"number", "integer", "boolean"} else f'"{bare}"'


def _wrong_default(subject: Subject) -> Iterator[Found]:
    for tool, one in _parameters(subject):
        if one.schema.get("default") is None:
            continue
        if fault := _fault(one, one.schema["default"]):
            message = f"{tool.named}: the default of {one.shown!r} is {one.schema['default']!r}, which is {fault}"
            yield Found(
                message,
                one.at("default"),
                one.schema["default"],
                "give a default that the schema accepts, or leave it out",
                tool.name,
            )


_PYTHON = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def _fault(one: Parameter, value: Any) -> str:
    """Return the reason why a value is none of the parameter's; empty for one that is."""
    kinds = one.types
    if kinds and kinds <= _PYTHON.keys() and not any(_is_of(value, kind) for kind in kinds):
        return f"not of type {' or '.join(sorted(kinds))}"
    if (
        one.choices is not None
        and not _elements(one)
        and not any(value == each and type(value) is type(each) for each in one.choices)
    ):
        return f"not in the enum {shown(one.choices, 80)}"
    return ""


def _is_of(value: Any, kind: str) -> bool:
    if kind in {"integer", "number"}:
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and (kind == "number" or float(value).is_integer())
        )
    return isinstance(value, _PYTHON[kind])  # type: ignore[arg-type]  # mypy has no type for the values of the table


RULES = (
    Rule(
        "P04",
        "warning",
        "A description lists the allowed values, and there is no enum",
        "OpenAI's and Google's guides: enums",
        _values_in_prose,
    ),
    Rule(
        "P05",
        "error",
        "A description names a value that the enum does not allow",
        "agentgauge: -13.3 to -28.9 points in three models",
        _value_not_in_enum,
    ),
    Rule(
        "P06",
        "error",
        "A description says true or false, and the type is no boolean",
        "agentgauge: -13.3 to -28.9 points in three models",
        _no_boolean,
    ),
    Rule("P07", "warning", "A default stands in the description alone", "OpenAI's and Google's guides", _default_in_prose),
    Rule(
        "P08",
        "error",
        "A default is not in the enum, or of the wrong type",
        "agentgauge: contradictions in the schema",
        _wrong_default,
    ),
)
