"""`adapter.lint`: the findings of all chosen rules, with their places."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adapter.errors import BadRequest
from adapter.linting.finding import SEVERITIES, LintFinding
from adapter.linting.near import meant_by
from adapter.linting.places import Places
from adapter.linting.reading import places_of_tools, pointer, shown, tools_at
from adapter.linting.subject import Subject
from adapter.linting.table import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from adapter.dialects.registry import Dialect
    from adapter.linting.finding import Found, Rule
    from adapter.linting.subject import LintedTool, Path

TOO_DEEP = "the tools are nested too deeply to be read"
_TARGETS = ("", "openai")


def lint(
    tools: Any,
    dialect: str | PathLike[str] | Dialect | None = None,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    every: bool = False,
    target: str = "",
    budget: int | None = None,
    text: str = "",
) -> list[LintFinding]:
    """Hold tools against the rules of `adapter lint`.

    Args:
        tools: A list of tools, a single tool, a whole request, the answer of an MCP server, or the result of
            `adapter.read_tools`; in OpenAI's form, or that of MCP, Anthropic's, Bedrock's or Gemini's API.
        dialect: A dialect, for the rules on what it cannot hold (`D`): its name, a template's path, or a value.
        select: Ids of rules, or their beginnings (`"P"`): these alone, those that are off by default too.
        ignore: Ids of rules, or their beginnings, that do not run.
        every: With the rules that are off by default.
        target: `"openai"` where the tools go to OpenAI's API as such: its limits are errors.
        budget: Tokens that the tools may cost, for rule `C02`.
        text: The JSON text that `tools` was read from: findings then have line and column.

    Returns:
        The findings: errors first, then warnings, each in the order of the tools.

    Raises:
        BadRequest: There are no tools in the value, or they are nested too deeply.
        DialectError: The dialect is unknown.
        ValueError: A rule or a target is unknown.
    """
    rules = chosen(select, ignore, every=every)
    if target not in _TARGETS:
        raise ValueError(f"target={target!r}: use 'openai', or leave target out")
    subject = subject_of(tools, dialect, target=target, budget=budget)
    return findings_of(subject, rules, text)


def findings_of(subject: Subject, rules: Iterable[Rule], text: str = "") -> list[LintFinding]:
    """Return the findings of rules, sorted.

    Args:
        subject: The tools.
        rules: The rules.
        text: The JSON text that the tools were read from; empty without one.

    Raises:
        BadRequest: The tools are nested too deeply.
    """
    try:
        findings = [_finding(rule, found) for rule in rules for found in rule.check(subject)]
    except RecursionError:
        raise BadRequest(TOO_DEEP, param="tools") from None  # a thousand lines of the same frames tell nobody anything
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    placed = _located(findings, text) if text else [finding for finding, _ in findings]
    ranks = {pointer(path): place for place, (path, _) in enumerate(subject.items)}
    return sorted(
        placed,
        key=lambda finding: (order[finding.severity], (finding.line or 0, finding.column or 0), _rank(finding.path, ranks)),
    )


def subject_of(tools: Any, dialect: Any = None, *, target: str = "", budget: int | None = None) -> Subject:
    """Return the subject of a value: its tools, with the request around them.

    Raises:
        BadRequest: There are no tools in the value.
        DialectError: The dialect is unknown.
    """
    from adapter.tools.definitions import ToolSet

    value = [tool.wire for tool in tools] if isinstance(tools, ToolSet) else tools
    value = list(value) if isinstance(value, tuple) else value
    items = places_of_tools(value)
    request = value if isinstance(value, Mapping) and items != [((), value)] else {}
    if items is None:
        if not _is_request(value):
            raise BadRequest(f"there are no tools here: {_likely(value)}", param="tools")
        items = []
    known = [tool for path, item in items for tool in tools_at(item, path)]
    named = _dialect(dialect, request)
    model = str(request.get("model") or "")
    return Subject(known, request, items, named, target, budget, lambda: tokens_of(known, named, model))


def _likely(value: Any) -> str:
    """Return the likely fix for a value without tools."""
    for key in value if isinstance(value, Mapping) else ():
        if near := meant_by(str(key), ("tools", "functions"), value):
            return f"nobody reads the key {key!r}; did you mean {near!r}?"
    listed = isinstance(value, Mapping) and "tools" in value
    return "'tools' is no list" if listed else "give a list of tool definitions, or a request with 'tools'"


def _is_request(value: Any) -> bool:
    return isinstance(value, Mapping) and ("messages" in value or "input" in value)


def _dialect(dialect: Any, request: Mapping[str, Any]) -> Dialect | None:
    """Return the dialect; for `"auto"` that of the request's model."""
    from adapter.dialects.registry import by_model, choose, resolve

    if dialect == "auto":
        return choose(str(request.get("model") or ""))[0]
    if isinstance(dialect, str | os.PathLike):
        dialect = by_model(os.fspath(dialect))[0]
    return None if dialect is None else resolve(dialect)


def tokens_of(tools: Iterable[LintedTool], dialect: Dialect | None, model: str = "") -> tuple[int, str]:
    """Return the tokens of tools in every request, and the tokenizer for people; refused tools count nothing."""
    from adapter.counting.count import count_request
    from adapter.counting.vocabularies import by_name
    from adapter.options import Options

    wires: dict[str, Any] = {}
    for tool in tools:
        if not tool.fault:
            wires.setdefault(tool.name or str(len(wires)), tool.wire)
    plain = Options(on_bad_tool="leave_out", on_builtin="leave_out")
    options = plain if dialect is None else dataclasses.replace(plain, dialect=dialect)
    body = {"model": model, "messages": [{"role": "user", "content": ""}], "tools": list(wires.values())}
    counted = count_request(body, options, by_name(model), each=False)
    return counted.tools, counted.source


def _finding(rule: Rule, found: Found) -> tuple[LintFinding, tuple[Path, bool]]:
    made = LintFinding(
        rule=rule.id,
        severity=found.severity or rule.severity,
        message=found.message,
        tool=found.tool,
        path=pointer(found.path),
        evidence=shown(found.evidence),
        hint=found.hint,
    )
    return made, (found.path, found.at_key)


def _located(findings: list[tuple[LintFinding, tuple[Path, bool]]], text: str) -> list[LintFinding]:
    """Return findings with line and column in a text."""
    places, placed = Places(text), []
    for finding, (path, at_key) in findings:
        line, column = places.at(path, key=at_key)
        placed.append(dataclasses.replace(finding, line=line, column=column))
    return placed


def _rank(path: str, ranks: Mapping[str, int]) -> int:
    """Return the position of the tool that a place lies in; -1 for the request."""
    steps = path.split("/")
    return max((ranks.get("/".join(steps[:length]), -1) for length in range(len(steps) + 1)), default=-1)
