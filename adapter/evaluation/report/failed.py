"""The cases of an arm that are not right, as the page shows them: bounded in number and in length, with notes of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapter.evaluation.figures.layers import gained, lost, of_format
from adapter.evaluation.report.words import calls, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.outcome import CaseOutcome

_TEXT = 6_000  # characters of one text of a case
_CASE = 30_000  # characters of all texts of a case
_ALL = 4_000_000  # characters of all cases of all arms
_FRAME = 2_500  # characters of markup around the texts of a case, about
_LISTED = 2_000  # lines of cases without their texts, of all arms
_ORDER = {"wrong": 1, "cut_off": 2, "server_error": 3, "right": 4}


@dataclass(frozen=True)
class Shown:
    """A case, and its texts by their labels; no texts where only its line is shown."""

    outcome: CaseOutcome
    said: str
    note: str
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ShownArm:
    """The cases of an arm that are not right.

    Attributes:
        arm: The name of the arm.
        failed: The number of cases that are not right.
        full: Cases with their texts.
        lines: Cases without their texts.
        left_out: The number of cases not shown at all.
    """

    arm: str
    failed: int
    full: tuple[Shown, ...]
    lines: tuple[Shown, ...]
    left_out: int


def failed_cases(arms: Sequence[str], outcomes: Sequence[CaseOutcome]) -> list[ShownArm]:
    """Return the cases that are not right, arm by arm; each arm has an equal part of the room.

    Answers that the adapter made wrong come first, then other wrong ones, answers cut off, and server errors.
    """
    parts: dict[str, list[CaseOutcome]] = {arm: [] for arm in arms}
    for outcome in outcomes:
        if outcome.verdict != "right":
            parts[outcome.arm].append(outcome)
    return [_arm(arm, found, _ALL // len(parts), _LISTED // len(parts)) for arm, found in parts.items()]


def _arm(arm: str, outcomes: list[CaseOutcome], room: int, listed: int) -> ShownArm:
    ordered = sorted(outcomes, key=lambda outcome: (not lost(outcome), _ORDER[outcome.verdict]))
    full: list[Shown] = []
    for outcome in ordered:
        texts = _texts(outcome)
        room -= _FRAME + sum(len(text) for _, text in texts) + sum(min(len(one.message), 600) for one in outcome.faults[:50])
        if room < 0:
            break
        full.append(_shown(outcome, texts))
    rest = ordered[len(full) :]
    lines = tuple(_shown(outcome, ()) for outcome in rest[:listed])
    return ShownArm(arm, len(ordered), tuple(full), lines, len(rest) - len(lines))


def _shown(outcome: CaseOutcome, texts: tuple[tuple[str, str], ...]) -> Shown:
    said = outcome.error or "; ".join(fault.message for fault in outcome.faults) or outcome.verdict
    return Shown(outcome, shortened(said, 240), _note(outcome), texts)


def _note(outcome: CaseOutcome) -> str:
    if lost(outcome):
        return "The bare completion is right: the adapter made the answer wrong."
    if of_format(outcome):
        return "The text's form is at fault: a call in the completion could not be read."
    return "The adapter made the answer right." if gained(outcome) else ""


def _texts(outcome: CaseOutcome) -> tuple[tuple[str, str], ...]:
    """Return the texts of a case that are not empty, by their labels, bounded one by one and together."""
    many = len(outcome.completions) > 1
    given = [
        ("Expected", calls(outcome.expected)),
        ("Actual", calls(outcome.calls)),
        *((f"Completion {at}" if many else "Completion", text) for at, text in enumerate(outcome.completions, 1)),
        ("Content for the caller", outcome.content),
        ("Prompt", outcome.prompt),
    ]
    kept, room = [], _CASE
    for label, text in given:
        if text and room > 0:
            kept.append((label, shortened(text, min(_TEXT, max(room, 400)))))
            room -= len(kept[-1][1])
        elif text:
            kept.append((label, f"[… {len(text):,} characters left out …]"))
    return tuple(kept[:40])
