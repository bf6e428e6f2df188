"""The figures as Markdown, for a pull request or a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.evaluation.figures.rates import FIGURES
from adapter.evaluation.report.words import (
    interval,
    number,
    of,
    p_said,
    p_value,
    percent,
    points,
    seconds,
    tool,
    verdict_of,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adapter.evaluation.figures.values import ArmFigures, Pair, Rate, Summary

_MOST = 20  # rows of a table of confusions or parameters
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def markdown(summary: Summary, about: Mapping[str, str] | None = None) -> str:
    """Return the report as Markdown.

    Args:
        summary: The figures.
        about: Facts of the run in words, as the model's name.
    """
    parts = ["# Evaluation of tool calls", *(f"{_plain(name)}: {_plain(value)}  " for name, value in (about or {}).items())]
    parts += ["", "Rates with their 95 % intervals; answers cut off and server errors are in no rate but `answered`.", ""]
    if not summary.arms:
        return "\n".join([*parts, "No outcome.", ""])
    head = ["figure", *(arm.arm for arm in summary.arms)]
    parts += _table(head, ([figure.name, *(_rate(arm, figure.name) for arm in summary.arms)] for figure in FIGURES))
    parts += _table(["cost", *head[1:]], _costs(summary.arms))
    if summary.pairs:
        parts += ["## Arms compared", "", "On the cases that both have judged, end to end.", ""]
        heads = ["first", "second", "cases", "only first", "only second", "difference (points)", "95 %", "p (Holm)", "result"]
        parts += _table(heads, map(_pair, summary.pairs))
    for arm in summary.arms:
        parts += _arm(arm)
    return "\n".join(parts)


def _rate(arm: ArmFigures, name: str) -> str:
    rate = arm.whole.rates[name]
    return f"{percent(rate.value)} ({interval(rate)}; {of(rate)})"


def _short(rate: Rate) -> str:
    return f"{percent(rate.value)} ({of(rate)})" if rate.of else percent(None)


def _costs(arms: Sequence[ArmFigures]) -> Iterable[list[str]]:
    yield ["cut off", *(number(arm.whole.cut_off) for arm in arms)]
    yield ["server errors", *(number(arm.whole.server_error) for arm in arms)]
    for name in ("p50", "p95", "p99"):
        yield [
            f"seconds, {name}",
            *("–" if (found := arm.cost.seconds) is None else seconds(getattr(found, name)) for arm in arms),
        ]
    yield ["tokens per success", *(number(arm.cost.tokens_per_success) for arm in arms)]


def _pair(pair: Pair) -> list[str]:
    ends = f"{points(pair.low)} to {points(pair.high)}"
    counts = [number(pair.cases), number(pair.only_first), number(pair.only_second)]
    return [pair.first, pair.second, *counts, points(pair.difference), ends, p_value(pair.p_holm), verdict_of(pair)]


def _arm(arm: ArmFigures) -> list[str]:
    parts = [f"## {_plain(arm.arm)}", ""]
    if arm.categories:
        heads = ["category", "cases", "cut off", "server errors", "end to end", "selection", "abstention"]
        rows = (
            [one.name or "(none)", number(one.cases), number(one.cut_off), number(one.server_error)]
            + [_short(one.rates[name]) for name in ("end_to_end", "selection", "abstention")]
            for one in arm.categories
        )
        parts += _table(heads, rows)
    found = arm.layers
    parts += [f"Wrong answers: {found.wrong_model} of the model, {found.wrong_format} of the format.", ""]
    if found.compared:
        bare = f"Right as the bare completion: {found.bare_right} of {found.compared}"
        parts += [f"{bare}; the adapter made {found.gained} more right, and {found.lost} wrong ({p_said(found.p)}).", ""]
    if found.effects:
        heads = ["layer", "cases", "made right", "of these alone", "made wrong", "right anyway", "wrong anyway", "unknown"]
        names = ("cases", "gained", "gained_alone", "lost", "right_anyway", "wrong_anyway", "unknown")
        parts += _table(heads, ([one.layer, *(number(getattr(one, name)) for name in names)] for one in found.effects))
    mistaken = sorted((cell for cell in arm.confusion if cell.expected != cell.called), key=lambda cell: -cell.count)
    parts += _limited(["expected", "called", "calls"], [[tool(c.expected), tool(c.called), number(c.count)] for c in mistaken])
    faulty = [one for one in arm.parameters if one.rate.right < one.rate.of]
    heads = ["tool", "parameter", "right", "missing", "extra", "type", "value"]
    kinds = ("missing", "extra", "type", "value")
    parts += _limited(heads, [[p.tool, p.parameter, of(p.rate), *(number(getattr(p, kind)) for kind in kinds)] for p in faulty])
    return parts


def _limited(head: list[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    left = len(rows) - _MOST
    return _table(head, rows[:_MOST]) + ([f"{left} more rows are in the JSON report.", ""] if left > 0 else [])


def _table(head: list[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell if cell == "---" else _plain(cell) for cell in line) + " |" for line in lines] + [""]


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(visible(text).split()))
