"""Reports of a run: a table for the terminal, Markdown, JSON, JUnit XML, and an HTML page."""

from __future__ import annotations

from adapter.evaluation.report.as_json import as_json
from adapter.evaluation.report.junit import junit
from adapter.evaluation.report.markdown import markdown
from adapter.evaluation.report.page import page
from adapter.evaluation.report.terminal import table

__all__ = ["as_json", "junit", "markdown", "page", "table"]
