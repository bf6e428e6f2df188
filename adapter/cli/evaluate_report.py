"""The report of `adapter eval`: a table, files, and the comparison with thresholds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console
from adapter.evaluation.cases import near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.outcome import CaseOutcome

_VERDICTS = ("right", "wrong", "cut_off", "server_error")


def thresholds_of(texts: Sequence[str]) -> dict[str, float]:
    """Return the thresholds of texts such as `selection=0.9`.

    Raises:
        BadInput: No such figure, or no rate from 0 to 1.
    """
    from adapter.evaluation.figures import NAMES

    found: dict[str, float] = {}
    for text in texts:
        name, _, rate = text.partition("=")
        if name not in NAMES:
            hint = near(name, NAMES) or f"; there are {', '.join(NAMES)}"
            raise BadInput(f"--fail-under {text}: no figure {name!r}{hint}")
        try:
            found[name] = float(rate)
        except ValueError:
            raise BadInput(f"--fail-under {text}: write FIGURE=RATE, with a rate from 0 to 1: {name}=0.9") from None
        if not 0 <= found[name] <= 1:
            raise BadInput(f"--fail-under {text}: the rate is from 0 to 1: {name}=0.9")
    return found


def report(outcomes: Sequence[CaseOutcome], files: Sequence[str], thresholds: dict[str, float], console: Console) -> int:
    """Print the figures and write the files. Returns 1 if a figure is below its threshold."""
    from adapter.evaluation.figures import below, summarise

    if files:
        raise BadInput("--report: files of reports are not written yet")
    summary = summarise(outcomes)
    for arm in dict.fromkeys(outcome.arm for outcome in outcomes):
        counts = Counter[str](outcome.verdict for outcome in outcomes if outcome.arm == arm)
        said = ", ".join(f"{counts[verdict]} {verdict.replace('_', ' ')}" for verdict in _VERDICTS if counts[verdict])
        console.line(f"{arm}: {said} of {counts.total()}")
    missed = below(summary, thresholds)
    for sentence in missed:
        console.error(f"adapter eval: {sentence}")
    return 1 if missed else 0
