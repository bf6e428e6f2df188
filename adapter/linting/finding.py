"""Findings, and rules as data with one function each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapter.linting.subject import Path, Subject

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One fault of the tools, or of the request around them.

    Attributes:
        rule: The id of the rule, as `P04`.
        severity: `"error"`, `"warning"` or `"info"`.
        message: A sentence that names the tool and the parameter.
        tool: The name of the tool; empty for the whole set, and for the request.
        path: The place as a JSON pointer from the outermost value: `/tools/0/function/parameters/properties/unit`.
        evidence: The very text concerned, out of the tools.
        hint: The way to mend the fault.
        line: The line in the file, from 1; None without a file.
        column: The column in the line, from 1, in code points; None without a file.
    """

    rule: str
    severity: Severity
    message: str
    tool: str
    path: str
    evidence: str
    hint: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The word of a rule, before the rule's id and severity are added.

    Attributes:
        message: As of `LintFinding`.
        path: The keys and indexes that lead to the place.
        evidence: As of `LintFinding`; of another value than a text, its JSON.
        hint: As of `LintFinding`.
        tool: As of `LintFinding`.
        severity: The severity where it is another than the rule's.
        at_key: The place in the file is that of the key, and not of its value.
    """

    message: str
    path: Path
    evidence: Any
    hint: str
    tool: str = ""
    severity: Severity | None = None
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        id: A letter for the group and two digits: `T01`.
        severity: The severity of its findings.
        title: A sentence in a few words: the fault.
        source: The guides and papers that ask for the rule, with the effect that they measured.
        check: Yields the faults of a subject.
        default: True if the rule runs unless it is ignored.
    """

    id: str
    severity: Severity
    title: str
    source: str
    check: Callable[[Subject], Iterator[Found]]
    default: bool = True
