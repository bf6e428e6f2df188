"""The report of `adapter eval`: a table, files, and the comparison with thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console
from adapter.evaluation.cases import near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.outcome import CaseOutcome

_FORMS = (".html", ".json", ".md", ".xml")


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


def check_files(files: Sequence[str]) -> None:
    """Refuse a report of an unknown form, before anything is asked.

    Raises:
        BadInput: The suffix of a file names no form.
    """
    for name in files:
        if Path(name).suffix.lower() not in _FORMS:
            raise BadInput(
                f"--report {name}: the suffix names the form{near(Path(name).suffix, _FORMS)}; there are {', '.join(_FORMS)}"
            )

        if not Path(name).parent.is_dir():
            raise BadInput(f"--report {name}: no folder {Path(name).parent}; make it first, or give another place")


def report(
    outcomes: Sequence[CaseOutcome], files: Sequence[str], thresholds: dict[str, float], console: Console, **about: str
) -> int:
    """Print the figures and write the files. Returns 1 if a figure is below its threshold.

    Args:
        outcomes: The outcomes.
        files: Reports to write.
        thresholds: The least rate of a figure, by name.
        console: The streams.
        about: Facts of the run for the head of reports.
    """
    from adapter._version import __version__
    from adapter.evaluation.figures import below, summarise
    from adapter.evaluation.report import report_of, table

    summary = summarise(outcomes)
    table(summary, console)
    about |= {"adapter": __version__}
    for name in files:
        Path(name).write_text(report_of(Path(name).suffix.lower(), summary, outcomes, about), encoding="utf-8")
        console.error(f"adapter eval: report in {name}")
    missed = below(summary, thresholds)
    for sentence in missed:
        console.error(f"adapter eval: {sentence}")
    return 1 if missed else 0
