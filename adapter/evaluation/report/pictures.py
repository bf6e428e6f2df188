"""Inline SVG of the page: intervals, shares, the curve by tools offered; made of numbers alone, without a text of any case."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.figures.values import CurvePoint, Layers, Pair, Percentiles, Rate

_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 350, 12, 180  # the field of the curve, in its 360 by 216
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def rate_bar(rate: Rate) -> Markup:
    """Return a scale from 0 to 100 % with the interval as a bar and the rate as a tick."""
    grid = '<path class="grid" d="M0 0V16M50 0V16M100 0V16M150 0V16M200 0V16"/>'
    if rate.value is None or rate.low is None or rate.high is None:
        return _svg(200, 16, grid, "scale")
    low, high, middle = (200 * part for part in (rate.low, rate.high, rate.value))
    return _svg(200, 16, grid + _span(low, high) + _tick(min(max(middle, 1.5), 198.5)), "scale")


def difference_bar(pair: Pair) -> Markup:
    """Return a scale from -100 to +100 points with the interval of a difference."""
    grid = '<path class="grid" d="M0 0V16M50 0V16M150 0V16M200 0V16"/><path class="zero" d="M100 0V16"/>'
    if pair.low is None or pair.high is None or pair.difference is None:
        return _svg(200, 16, grid, "scale")
    low, high, middle = (100 + 100 * part for part in (pair.low, pair.high, pair.difference))
    return _svg(200, 16, grid + _span(low, high) + _tick(middle), "scale")


def layer_bar(found: Layers) -> Markup:
    """Return the judged cases as a bar: right without the adapter, made right, of the model wrong, of the format wrong."""
    right = found.judged - found.wrong_model - found.wrong_format
    parts = (("own", right - found.gained), ("won", found.gained), ("format", found.wrong_format), ("model", found.wrong_model))
    drawn, at = "", 0.0
    for kind, count in parts:
        width = 200 * count / max(found.judged, 1)
        drawn += f'<rect class="{kind}" x="{at:.2f}" y="0" width="{width:.2f}" height="16"/>' if count else ""
        at += width
    return _svg(200, 16, drawn, "scale")


def time_bar(times: Percentiles | None, least: float, most: float) -> Markup:
    """Return p50, p95 and p99 on a logarithmic scale that all arms share.

    Args:
        times: Percentiles in seconds.
        least: The scale's beginning in seconds, above 0.
        most: Its end.
    """
    if times is None:
        return _svg(200, 16, "", "scale")
    length = math.log(most / least) or 1.0
    at50, at95, at99 = (4 + 192 * math.log(max(value, least) / least) / length for value in (times.p50, times.p95, times.p99))
    ticks = _tick(at50, 4, 14) + _tick(at95, 2, 10) + _tick(at99, 1, 6)
    return _svg(200, 16, _span(at50, at99) + ticks, "scale")


def _span(low: float, high: float) -> str:
    """Return a bar of an interval in a scale of 200 by 16."""
    return f'<rect class="span" x="{low:.1f}" y="5" width="{max(high - low, 1):.1f}" height="6"/>'


def _tick(at: float, width: float = 3, height: float = 14) -> str:
    """Return an upright mark in a scale of 200 by 16."""
    return f'<rect class="tick" x="{at - width / 2:.1f}" y="{8 - height / 2:g}" width="{width}" height="{height}"/>'


def letter(at: int) -> str:
    """Return the letter of a point in the curve: A to Z, then A2."""
    return _LETTERS[at % 26] + (str(at // 26 + 1) if at >= 26 else "")


def curve(points: Sequence[CurvePoint]) -> Markup:
    """Return selection by the number of tools offered: a point with its interval for each arm, marked by a letter."""
    most = max(point.offered for point in points) * 1.05
    parts = [_axes(most)]
    beside: dict[float, int] = {}
    for at, point in enumerate(points):
        turn = beside[point.offered] = beside.get(point.offered, -1) + 1
        # Arms with the same number of tools stand beside one another.
        x = _LEFT + point.offered / most * (_RIGHT - _LEFT) + 15 * ((turn + 1) // 2) * (1 if turn % 2 else -1)
        rate = point.selection
        low, middle, high = (_BOTTOM - (part or 0) * (_BOTTOM - _TOP) for part in (rate.low, rate.value, rate.high))
        parts.append(f'<path class="whisker" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{middle:.1f}" r="4"/>')
        parts.append(f'<text x="{x + 6:.1f}" y="{middle - 5:.1f}" class="mark">{letter(at)}</text>')
    return _svg(360, 216, "".join(parts), "chart")


def _axes(most: float) -> str:
    """Return the axes of the curve: percent upwards, tools offered to the right."""
    parts = []
    for share in (0, 25, 50, 75, 100):
        y = _BOTTOM - share / 100 * (_BOTTOM - _TOP)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" class="end">{share} %</text>')
    steps = (part * 10**power for power in range(12) for part in (1, 2, 5))
    step = next(step for step in steps if most / step <= 6)
    for number in range(0, int(most) + 1, step):
        x = _LEFT + number / most * (_RIGHT - _LEFT)
        parts.append(f'<path class="grid" d="M{x:.1f} {_BOTTOM}v4"/>')
        parts.append(f'<text x="{x:.1f}" y="{_BOTTOM + 16}" class="mid">{number}</text>')
    return "".join([*parts, f'<text x="{(_LEFT + _RIGHT) // 2}" y="{_BOTTOM + 32}" class="mid">tools offered</text>'])


def _svg(width: int, height: int, drawn: str, kind: str) -> Markup:
    """Return an SVG element; the same figures stand beside it as text, so screen readers pass over it."""
    stretch = ' preserveAspectRatio="none"' if kind == "scale" else ""
    return Markup(f'<svg class="{kind}" viewBox="0 0 {width} {height}"{stretch} aria-hidden="true">{drawn}</svg>')  # noqa: S704
