"""The figures as JSON, in a shape that stays."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapter.evaluation.figures.values import Summary

VERSION = 1  # raised when a member changes its meaning or goes; a new member leaves it


def as_json(summary: Summary, about: Mapping[str, str] | None = None) -> str:
    """Return one JSON object: `version`, `confidence`, `about`, and the members of `Summary`.

    Args:
        summary: The figures.
        about: Facts of the run in words, as the model's name.
    """
    return json.dumps({"version": VERSION, "confidence": 0.95, "about": dict(about or {}), **asdict(summary)}, indent=2) + "\n"
