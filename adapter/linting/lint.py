"""Tools made ready for rules, and the findings of rules with their places."""

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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapter.dialects.registry import Dialect
    from adapter.linting.finding import Found, Rule
    from adapter.linting.subject import LintedTool, Path

    # Tools, the dialect of the prompt, and the model's name to a number of tokens and the tokenizer, for people.
    Count = Callable[[Iterable[LintedTool], Dialect | None, str], tuple[int, str]]

TOO_DEEP = "the tools are nested too deeply to be read"


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


def subject_of(
    tools: Any, dialect: Any = None, *, target: str = "", budget: int | None = None, count: Count | None = None
) -> Subject:
    """Return the subject of a value: its tools, with the request around them.

    Args:
        tools: The value, as for `adapter.lint`.
        dialect: The dialect, as for `adapter.lint`.
        target: `"openai"`, or empty.
        budget: Tokens that the tools may have; None without a bound.
        count: Counts the tokens of tools; None where no rule asks for them.

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
    tokens = (lambda: (0, "")) if count is None else (lambda: count(known, named, model))
    return Subject(known, request, items, named, target, budget, tokens)


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
