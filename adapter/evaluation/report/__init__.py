"""Reports of a run: a table for the terminal, Markdown, JSON, JUnit XML, and an HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.evaluation.report.as_json import as_json
from adapter.evaluation.report.junit import junit
from adapter.evaluation.report.markdown import markdown
from adapter.evaluation.report.page import page
from adapter.evaluation.report.terminal import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapter.evaluation.figures.values import Summary
    from adapter.evaluation.outcome import CaseOutcome

__all__ = ["SUFFIXES", "as_json", "junit", "markdown", "page", "rendered", "table"]

SUFFIXES = (".html", ".json", ".md", ".xml")


def rendered(suffix: str, summary: Summary, outcomes: Sequence[CaseOutcome], about: Mapping[str, str] | None = None) -> str:
    """Return the report that a file with this suffix holds; a text that UTF-8 can hold.

    Args:
        suffix: One of `SUFFIXES`: the HTML page, JSON, Markdown, or JUnit XML.
        summary: The figures of the outcomes.
        outcomes: The outcomes.
        about: Facts of the run in words, as the model's name; JUnit XML has no place for them.

    Raises:
        KeyError: No report has the suffix.
    """
    makers = {
        ".html": lambda: page(summary, outcomes, about),
        ".json": lambda: as_json(summary, about),
        ".md": lambda: markdown(summary, about),
        ".xml": lambda: junit(summary, outcomes),
    }
    return makers[suffix]()
