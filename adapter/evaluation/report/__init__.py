"""Reports of a run: a table for the terminal, Markdown, JSON, JUnit XML, and an HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.evaluation.report.as_json import as_json
from adapter.evaluation.report.junit import junit
from adapter.evaluation.report.markdown import markdown
from adapter.evaluation.report.page import page
from adapter.evaluation.report.terminal import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from adapter.evaluation.figures.values import Summary
    from adapter.evaluation.outcome import CaseOutcome

__all__ = ["FORMS", "as_json", "junit", "markdown", "page", "report_of", "table"]
FORMS = (".html", ".json", ".md", ".xml")


def report_of(form: str, summary: Summary, outcomes: Sequence[CaseOutcome], about: Mapping[str, str]) -> str:
    """Return a report as a text.

    Args:
        form: One of `FORMS`.
        summary: The figures.
        outcomes: The outcomes that the figures are made of.
        about: Facts of the run for the head of the report.
    """
    forms: dict[str, Callable[[], str]] = {
        ".html": lambda: page(summary, outcomes, about),
        ".json": lambda: as_json(summary, about),
        ".md": lambda: markdown(summary, about),
        ".xml": lambda: junit(summary, outcomes),
    }
    return forms[form]()
