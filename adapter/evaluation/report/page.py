"""The HTML page: one file that asks nothing of any host and runs no script.

The Content-Security-Policy in the page allows the page's own style by its hash, pictures in the page, and nothing else. Every
text of a case goes through the template's escaping; pictures are made of numbers.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Template

    from adapter.evaluation.figures.values import ArmFigures, Summary
    from adapter.evaluation.outcome import CaseOutcome

_HERE = Path(__file__).parent
_MOST_PARAMETERS = 60
_MOST_PAIRS = 45


def page(summary: Summary, outcomes: Sequence[CaseOutcome], about: Mapping[str, str] | None = None) -> str:
    """Return the page.

    Args:
        summary: The figures of the outcomes.
        outcomes: The outcomes.
        about: Facts of the run in words, as the model's name.
    """
    from adapter.evaluation.figures.rates import FIGURES
    from adapter.evaluation.report.failed import failed_cases
    from adapter.evaluation.report.matrix import matrix

    style = (_HERE / "page.css").read_text(encoding="utf-8")
    likely = sorted(summary.pairs, key=lambda pair: pair.p_holm)
    times = [value for arm in summary.arms if (found := arm.cost.seconds) for value in (found.p50, found.p99)]
    return _template().render(
        summary=summary,
        figures=FIGURES,
        about=dict(about or {}),
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        pairs=likely[:_MOST_PAIRS],
        pairs_left=max(0, len(likely) - _MOST_PAIRS),
        matrices=[matrix(arm.confusion) for arm in summary.arms],
        parameters=[_parameters(arm) for arm in summary.arms],
        failed=failed_cases([arm.arm for arm in summary.arms], outcomes) if summary.arms else [],
        least=max(min(times, default=0.001), 0.001),
        most=max([*times, 0.002]),
    )


def _parameters(arm: ArmFigures) -> dict[str, Any]:
    faulty = [one for one in arm.parameters if one.rate.right < one.rate.of]
    return {
        "rows": faulty[:_MOST_PARAMETERS],
        "left": max(0, len(faulty) - _MOST_PARAMETERS),
        "clean": len(arm.parameters) - len(faulty),
    }


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from adapter.evaluation.report import pictures, words

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=FileSystemLoader(_HERE),
        finalize=_finished,
    )  # fmt: skip
    for module in (pictures, words):
        environment.globals.update(
            {name: value for name, value in vars(module).items() if callable(value) and name[0].islower()}
        )
    return environment.get_template("page.html")


def _finished(value: Any) -> Any:
    """Return a text of an expression with its hidden signs made visible; markup of this package as it is."""
    from markupsafe import Markup

    from adapter.evaluation.report.words import visible

    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
