"""A run that goes on from its file of results: the outcomes that stand there, and answers judged again without asking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adapter.evaluation.asking import fingerprint
from adapter.evaluation.cases import BadCases, name_of
from adapter.evaluation.judging import judging_of
from adapter.evaluation.offering import with_definitions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from adapter.evaluation.arms import Arm
    from adapter.evaluation.cases import Case
    from adapter.evaluation.outcome import CaseOutcome
    from adapter.evaluation.results import Results


def done_before(
    before: Results, pairs: Iterable[tuple[Arm, Case]], chance: tuple[int, str], out: Path
) -> dict[tuple[str, str], CaseOutcome]:
    """Return outcomes that stand in the file of results already, by case and arm. Errors of the server are asked again.

    Args:
        before: The outcomes in the file.
        pairs: The arms and cases of the run.
        chance: The seed, and the checksum of the tools to choose distractors from.
        out: The file, for messages.

    Raises:
        BadCases: A case was asked there with other settings or another text.
    """
    wanted = {(case.id, arm.name): fingerprint(case, arm, *chance) for arm, case in pairs}
    groups = {case.id: (case.category, case.cluster or case.id) for _, case in pairs}
    found = {}
    for outcome in before.outcomes:
        key = (outcome.case, outcome.arm)
        if key not in wanted or outcome.verdict == "server_error":
            continue
        if outcome.fingerprint != wanted[key]:
            raise BadCases(f"{out}: {_difference(outcome, wanted[key], out)}, or --fresh to begin anew")
        category, cluster = groups[outcome.case]  # they may have changed since, and change no answer
        found[key] = replace(outcome, category=category, cluster=cluster)
    return found


def _difference(outcome: CaseOutcome, wanted: str, out: Path) -> str:
    """Return the difference between an outcome's question and the present one, and the likely fix."""
    asked, expected, settings = [*outcome.fingerprint.split("-"), "", ""][:3]
    if wanted == f"{asked}-{wanted.split('-')[1]}-{settings}" and expected:
        return (
            f"the case {outcome.case!r} expects something else now; --rejudge {out} with another --out judges the answers by "
            "that; give another --out to ask again"
        )
    return f"the case {outcome.case!r} was asked there with other settings or another text; give another --out"


def rejudged(outcome: CaseOutcome, case: Case) -> CaseOutcome | str:
    """Judge the stored answers of an outcome by a case's present expectation and the present rules.

    Args:
        outcome: The outcome, of any run.
        case: The case of the same id.

    Returns:
        The outcome, or the reason for which the case has to be asked again.
    """
    asked, _, settings = outcome.fingerprint.partition("-")
    settings = settings.partition("-")[2]
    failed = outcome.verdict == "server_error"
    if not settings or (not outcome.answers and not failed):
        return "an older version wrote them, without the answers"
    if asked != case.asked:
        return "the question is another now"
    judging = judging_of(with_definitions(case, {name_of(tool): tool for tool in outcome.replaced}))
    for answer in outcome.answers:
        if judging.question() is None:
            break
        judging.asked()
        judging.hear(answer)
    open_ = judging.question() is not None
    if open_ and not failed:
        return "the conversation goes on now behind the last answer"
    if open_:
        judging.asked()
    found = judging.found
    return replace(
        outcome,
        category=case.category,
        cluster=case.cluster or case.id,
        verdict="server_error" if open_ else found.verdict,
        lenient=found.lenient and not open_ and not found.cut,
        faults=tuple(found.faults),
        expected=tuple(found.expected),
        calls=tuple(found.calls),
        bare=found.bare,
        by=judging.by,
        turns=len(case.turns),
        fingerprint=f"{case.asked}-{case.expected}-{settings}",
    )
