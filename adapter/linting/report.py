"""The findings of files as a report: counts, JSON, SARIF 2.1.0 and one HTML page."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from adapter._version import __version__
from adapter.linting.finding import SEVERITIES
from adapter.linting.table import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapter.linting.finding import LintFinding

# The known sizes of effects; `docs/lint.md` has the sources.
EFFECTS = (
    "Known effects: a type or an enum that contradicts its description costs 13 to 29 points of right calls; fuller "
    "descriptions "
    "bring 6 points in the median, and made 1 of 6 cases worse: longer is not always better."
)
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"  # the format's own id; nothing is fetched


@dataclass(frozen=True, slots=True)
class FileReport:
    """The findings of one file.

    Attributes:
        name: The file as given; `stdin` for standard input.
        tools: The number of tools in it.
        tokens: The tokens that the tools cost in every request.
        source: The tokenizer, for people.
        findings: The findings.
    """

    name: str
    tools: int
    tokens: int
    source: str
    findings: Sequence[LintFinding]

    @property
    def cost(self) -> str:
        """The cost of the tools, in a few words."""
        return f"{counted(self.tools, 'tool')}, {self.tokens:,} tokens in every request ({self.source})"


def counted(number: int, word: str) -> str:
    """Return a number with its noun: `1 tool`, `2 tools`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def counts(reports: Iterable[FileReport]) -> dict[str, int]:
    """Return the number of findings of each severity."""
    found = Counter(finding.severity for report in reports for finding in report.findings)
    return {severity: found[severity] for severity in SEVERITIES}


def summary(reports: Sequence[FileReport]) -> str:
    """Return the counts as words: `2 errors, 1 warning`; `nothing found` without findings."""
    words = {"error": "error", "warning": "warning", "info": "note"}
    told = [counted(number, words[severity]) for severity, number in counts(reports).items() if number]
    return ", ".join(told) or "nothing found"


def as_json(reports: Sequence[FileReport]) -> dict[str, Any]:
    """Return the reports as a JSON object."""
    files = [{"file": report.name, "tools": report.tools, "tokens": report.tokens, "tokenizer": report.source,
              "findings": [asdict(finding) for finding in report.findings]} for report in reports]  # fmt: skip
    return {"counts": counts(reports), "files": files}


def as_sarif(reports: Sequence[FileReport]) -> dict[str, Any]:
    """Return the reports as a log of SARIF 2.1.0, which code hosts and editors read."""
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": f"{rule.title}. Source: {rule.source}."},
            "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.default},
        }
        for rule in RULES.values()
    ]
    places = {name: place for place, name in enumerate(RULES)}
    results = [_result(report.name, finding, places[finding.rule]) for report in reports for finding in report.findings]
    driver = {"name": "adapter lint", "semanticVersion": __version__, "rules": rules}
    return {
        "$schema": _SARIF,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(file: str, finding: LintFinding, place: int) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": finding.path or "/", "kind": "value"}]}
    if file != "stdin":
        region = {"startLine": finding.line or 1, "startColumn": finding.column or 1}
        location["physicalLocation"] = {"artifactLocation": {"uri": quote(file.replace("\\", "/"))}, "region": region}
    same = hashlib.sha256("\0".join((finding.rule, finding.tool, finding.path, finding.evidence)).encode("utf-8", "replace"))
    return {
        "ruleId": finding.rule,
        "ruleIndex": place,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.hint[:1].upper()}{finding.hint[1:]}."},
        "locations": [location],
        "partialFingerprints": {"adapterLint/v1": same.hexdigest()[:32]},
        "properties": {"tool": finding.tool, "evidence": finding.evidence},
    }


def as_html(reports: Sequence[FileReport]) -> str:
    """Return the reports as one HTML page that asks for nothing from outside."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = (Path(__file__).parent / "page.html").read_text(encoding="utf-8")
    shown = {finding.rule for report in reports for finding in report.findings}
    return environment.from_string(page).render(
        reports=[(report, _grouped(report.findings)) for report in reports],
        counts=counts(reports),
        summary=summary(reports),
        rules=[rule for rule in RULES.values() if rule.id in shown],
        effects=EFFECTS,
        version=__version__,
    )


def _grouped(findings: Iterable[LintFinding]) -> dict[str, list[LintFinding]]:
    """Return findings by tool, in order; those of the whole set under an empty name, first."""
    groups: dict[str, list[LintFinding]] = {}
    for finding in sorted(findings, key=lambda one: bool(one.tool)):
        groups.setdefault(finding.tool, []).append(finding)
    return groups
