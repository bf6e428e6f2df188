"""The result of `adapter.evaluate`: outcomes, figures, reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.evaluation.cases import among

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from adapter.evaluation.figures.values import Rate, Summary
    from adapter.evaluation.outcome import CaseOutcome


@dataclass(frozen=True)
class Evaluation:
    """The outcomes of cases, and their figures. As a text it is the report in Markdown.

    Attributes:
        outcomes: An outcome for each case and arm, in the order in which they were asked for.
        about: Facts of the run for the head of reports.
    """

    outcomes: tuple[CaseOutcome, ...]
    about: Mapping[str, str]

    @cached_property
    def summary(self) -> Summary:
        """All figures: rates with intervals, comparisons of arms, confusion, parameters, layers, costs."""
        from adapter.evaluation.figures import summarise

        return summarise(self.outcomes)

    @property
    def failed(self) -> list[CaseOutcome]:
        """The outcomes that are not right."""
        return [outcome for outcome in self.outcomes if outcome.verdict != "right"]

    def rate(self, figure: str = "end_to_end", arm: str = "") -> Rate:
        """Return a rate: `right` of `of`, `value`, and its 95 % interval from `low` to `high`.

        Args:
            figure: The name: `end_to_end`, `selection`, `abstention`, …
            arm: The name of the arm; may be left out where there is one.

        Raises:
            ValueError: There is no such figure or arm, or several arms and no name.
        """
        from adapter.evaluation.figures import NAMES

        arms = {one.arm: one.whole.rates for one in self.summary.arms}
        name = arm or (next(iter(arms)) if len(arms) == 1 else "")
        if name not in arms:
            raise ValueError(f"arm={arm!r}: no such arm{among(arm, arms)}")
        if figure not in NAMES:
            raise ValueError(f"figure={figure!r}: no such figure{among(figure, NAMES)}")
        return arms[name][figure]

    def write(self, path: str | PathLike[str]) -> None:
        """Write a report; its form is the suffix of the path: `.html`, `.json`, `.md`, or `.xml` for JUnit.

        Raises:
            ValueError: The suffix names no form.
            OSError: The file cannot be written.
        """
        from adapter.evaluation.report import FORMS, report_of

        form = Path(path).suffix.lower()
        if form not in FORMS:
            raise ValueError(f"{path}: the suffix names the form{among(form, FORMS)}")
        Path(path).write_text(report_of(form, self.summary, self.outcomes, self.about), encoding="utf-8")

    def judged_again(self, cases: Any, *, simulate: bool = False) -> Evaluation:
        """Judge the answers by other expectations, or by other rules of a later version, without asking.

        Args:
            cases: The cases with their present expectations, as for `adapter.evaluate`; outcomes of other cases are left out.
            simulate: As for `adapter.evaluate`.

        Raises:
            ValueError: A case would have to be asked again.
        """
        from adapter.evaluation.case_files import cases_of
        from adapter.evaluation.cases import BadCases
        from adapter.evaluation.going_on import rejudged

        known = {case.id: case for case in cases_of(cases, simulate=simulate)}
        found = []
        for outcome in self.outcomes:
            if outcome.case not in known:
                continue
            again = rejudged(outcome, known[outcome.case])
            if isinstance(again, str):
                raise BadCases(f"{outcome.case!r} with {outcome.arm!r} cannot be judged again: {again}; ask anew")
            found.append(again)
        return replace(self, outcomes=tuple(found))

    def __str__(self) -> str:
        """Return the report in Markdown."""
        from adapter.evaluation.report import markdown

        return markdown(self.summary, self.about)
