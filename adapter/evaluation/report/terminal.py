"""The figures as a table for the terminal, in 80 columns; the full ones are in the other reports."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import TYPE_CHECKING, Protocol

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
    from adapter.evaluation.figures.values import ArmFigures, Pair, Summary

_WIDTH = 79
_MOST_ARMS = 4  # shown with all their figures
_MOST_PAIRS = 6
_MOST_FAULTS = 3


class Printer(Protocol):
    """The part of a console that a table needs."""

    def line(self, text: str = "") -> None:
        """Print a line."""

    def styled(self, text: str, style: str) -> str:
        """Return the text in a style where there are colours, as it is elsewhere."""


def table(summary: Summary, console: Printer) -> None:
    """Print the figures.

    Args:
        summary: The figures.
        console: Prints lines.
    """
    if not summary.arms:
        console.line("No outcome: nothing was evaluated.")
        return
    heads = f"{'arm':<24}{'end to end':>11} {'95 %':<15}{'selected':>9}{'abstained':>10}{'p50 s':>8}"
    console.line(console.styled(heads, "label"))
    for arm in summary.arms:
        console.line(_overview(arm))
    for arm in summary.arms[:_MOST_ARMS]:
        _arm(arm, console)
    _rest(len(summary.arms) - _MOST_ARMS, "arms", console)
    if summary.pairs:
        console.line()
        heads = f"{'arms compared, end to end':<45}{'points':>7} {'95 %':<16}{'p':>7}"
        console.line(console.styled(heads, "label"))
        likely = sorted(summary.pairs, key=lambda pair: pair.p_holm)
        for pair in likely[:_MOST_PAIRS]:
            _pair(pair, console)
        _rest(len(likely) - _MOST_PAIRS, "pairs", console)


def _overview(arm: ArmFigures) -> str:
    rates = arm.whole.rates
    whole = rates["end_to_end"]
    time = seconds(arm.cost.seconds.p50) if arm.cost.seconds else "–"
    chosen, abstained = percent(rates["selection"].value), percent(rates["abstention"].value)
    return f"{_cut(arm.arm, 23)} {percent(whole.value):>11} {interval(whole):<15}{chosen:>9}{abstained:>10}{time:>8}"


def _arm(arm: ArmFigures, console: Printer) -> None:
    console.line()
    console.line(console.styled(_cut(arm.arm, _WIDTH).rstrip(), "label"))
    for figure in FIGURES:
        rate = arm.whole.rates[figure.name]
        if rate.of:
            counted = f"{of(rate)} {figure.among.removeprefix('judged cases ')}"
            console.line(f"  {figure.name:<12}{percent(rate.value):>8}  {interval(rate):<15}{_cut(counted, 40).rstrip()}")
    whole, found = arm.whole, arm.layers
    if whole.cut_off or whole.server_error:
        _said(f"Apart, in no rate but answered: cut off {whole.cut_off}, server errors {whole.server_error}.", console)
    if found.wrong_model or found.wrong_format:
        _said(f"Wrong: {found.wrong_model} by the model's choice, {found.wrong_format} by the text's form.", console)
    if found.compared:
        _said(
            f"Without the adapter {found.bare_right} of {found.compared} completions are right; it made {found.gained} more "
            f"right and {found.lost} wrong ({p_said(found.p)}).",
            console,
        )
    mistaken = sorted((cell for cell in arm.confusion if cell.expected != cell.called), key=lambda cell: -cell.count)
    for cell in mistaken[:_MOST_FAULTS]:
        _said(f"{cell.count} x {tool(cell.expected)} expected, {tool(cell.called)} came", console)
    for one in [one for one in arm.parameters if one.rate.right < one.rate.of][:_MOST_FAULTS]:
        kinds = [f"{kind} {getattr(one, kind)}" for kind in ("missing", "extra", "type", "value") if getattr(one, kind)]
        _said(f"{one.tool}.{one.parameter}: right in {of(one.rate)}{'; ' if kinds else ''}{', '.join(kinds)}", console)


def _pair(pair: Pair, console: Printer) -> None:
    ends = "" if pair.low is None else f"{points(pair.low)} to {points(pair.high)}"
    names = f"{_cut(pair.first, 20).rstrip()} → {_cut(pair.second, 20).rstrip()}"
    line = f"{_cut(names, 44)} {points(pair.difference):>7} {ends:<16}{p_value(pair.p_holm):>7}"
    console.line(console.styled(line, "key") if pair.p_holm < 0.05 else line)
    _said(f"{number(pair.cases)} cases, {pair.only_first} : {pair.only_second} alone; {verdict_of(pair)}", console)


def _rest(count: int, kind: str, console: Printer) -> None:
    if count > 0:
        _said(f"{count} more {kind} are in the reports.", console)


def _said(text: str, console: Printer) -> None:
    for at, piece in enumerate(textwrap.wrap(visible(text), _WIDTH - 4)):
        console.line(console.styled(f"  {'  ' if at else ''}{piece}", "dim"))


def _cut(text: str, width: int) -> str:
    """Return a text in so many columns, padded."""
    shown = " ".join(visible(text).split())
    if _columns(shown) > width:
        while _columns(shown) > width - 1:
            shown = shown[:-1]
        shown += "…"
    return shown + " " * (width - _columns(shown))


def _columns(text: str) -> int:
    """Return the width of a text: signs of East Asian scripts are two columns wide, combining ones none."""
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)
