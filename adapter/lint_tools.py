"""`adapter.lint`: the rules of `adapter/linting/`, with the count of tokens for the rule on costs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from adapter.linting.lint import findings_of, subject_of
from adapter.linting.table import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from adapter.dialects.registry import Dialect
    from adapter.linting.finding import LintFinding
    from adapter.linting.subject import LintedTool

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
    subject = subject_of(tools, dialect, target=target, budget=budget, count=tokens_of)
    return findings_of(subject, rules, text)


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
