"""N: the names of tools."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from adapter.linting.finding import Found, Rule
from adapter.linting.words import parts_of, word_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapter.linting.subject import LintedTool, Subject

_OPENAI = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_GENERIC = word_set(
    "action call command do exec execute func function get handle handler helper invoke main my new perform process "
    "query request run task test tool tools util utility work"
)
_MANY = 20  # tools in a set that wants prefixes


def _strange(subject: Subject) -> Iterator[Found]:
    severe = subject.target == "openai"
    for tool in subject.functions:
        if tool.name and not _OPENAI.fullmatch(tool.name):
            wrong = "".join(dict.fromkeys(re.sub(r"[a-zA-Z0-9_-]", "", tool.name)))
            why = f"holds {wrong!r}" if wrong else f"has {len(tool.name)} characters"
            message = f"the name of {tool.named} {why}: OpenAI's API takes 1 to 64 letters, digits, '_' and '-'"
            near = re.sub(r"[^a-zA-Z0-9_-]+", "_", tool.name).strip("_")[:64]
            hint = f"call it {near!r}; the adapter itself takes letters of any script, '.', ':' and '/'"
            yield Found(message, tool.name_path, tool.name, hint, tool.name, "error" if severe else None)


def _twice(subject: Subject) -> Iterator[Found]:
    first: dict[str, LintedTool] = {}
    for tool in subject.functions:
        other = first.setdefault(tool.name, tool) if tool.name else tool
        if other is not tool:
            yield Found(
                f"the name {tool.name!r} is that of two tools",
                tool.name_path,
                tool.name,
                "give each tool a name of its own",
                tool.name,
            )


def _generic(subject: Subject) -> Iterator[Found]:
    for tool in subject.functions:
        parts = parts_of(tool.name)
        if len(parts) == 1 and parts[0] in _GENERIC:
            yield Found(
                f"the name of {tool.named} is one generic word",
                tool.name_path,
                tool.name,
                "name what it does to what: 'run_sql_query'",
                tool.name,
            )


def _style(name: str) -> str:
    """Return the style of a name of several words; empty for one word."""
    if "_" in name:
        return "snake_case"
    if "-" in name:
        return "kebab-case"
    if re.search(r"[a-z][A-Z]", name):
        return "PascalCase" if name[0].isupper() else "camelCase"
    return ""


def _mixed(subject: Subject) -> Iterator[Found]:
    styles = {tool.name: style for tool in subject.functions if (style := _style(tool.name))}
    counted = Counter(styles.values()).most_common()
    for tool in subject.functions if len(counted) > 1 else ():
        style = styles.get(tool.name, "")
        if style and style != counted[0][0]:
            message = f"the name of {tool.named} is in {style}, and most names of the set are in {counted[0][0]}"
            yield Found(message, tool.name_path, tool.name, "write all names in one style", tool.name)


def _no_prefix(subject: Subject) -> Iterator[Found]:
    firsts = Counter(parts[0] for tool in subject.functions if len(parts := parts_of(tool.name)) > 1)
    shared = sum(count for count in firsts.values() if count > 1)
    if len(subject.functions) > _MANY and shared < len(subject.functions) / 2:
        message = (
            f"most of the {len(subject.functions)} tools share no prefix, which would tell the service that they belong to"
        )
        yield Found(
            message,
            subject.functions[0].name_path,
            subject.functions[0].name,
            "begin names with the service: 'github_list_issues'",
        )


RULES = (
    Rule("N01", "warning", "A name is not 1 to 64 of [a-zA-Z0-9_-] (an error for OpenAI)", "OpenAI's API reference", _strange),
    Rule("N02", "error", "Two tools have the same name", "every API refuses it; the adapter answers 400", _twice),
    Rule("N03", "warning", "A name is one generic word", "OpenAI's and Anthropic's guides", _generic),
    Rule("N04", "info", "Names of a set are in several styles", "mcplint", _mixed, default=False),
    Rule(
        "N05",
        "info",
        "Names of many tools have no prefix of their service",
        "Anthropic: namespacing",
        _no_prefix,
        default=False,
    ),
)
