"""The model's part and the adapter's part in right and wrong answers.

An outcome is compared with the verdict on its bare completion: the model's first text, read as the dialect's strict form alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from adapter.evaluation.figures.intervals import mcnemar
from adapter.evaluation.figures.rates import judged
from adapter.evaluation.figures.values import LayerEffect, Layers
from adapter.evaluation.outcome import Layer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.outcome import CaseOutcome


def gained(outcome: CaseOutcome) -> bool:
    """Tell if the answer is right with the adapter and was not right without."""
    return outcome.verdict == "right" and outcome.bare not in {None, "right"}


def lost(outcome: CaseOutcome) -> bool:
    """Tell if the answer is wrong with the adapter and was right without."""
    return outcome.verdict == "wrong" and outcome.bare == "right"


def of_format(outcome: CaseOutcome) -> bool:
    """Tell if the answer is wrong because a call in the completion could not be read.

    A call that nobody asked for, and one with arguments against its schema, is the model's fault however the call was written.
    """
    kinds = {fault.kind for fault in outcome.faults}
    return outcome.verdict == "wrong" and "unread" in kinds and not kinds & {"called", "schema"}


def layers(outcomes: Sequence[CaseOutcome]) -> Layers:
    """Return who made answers right and wrong, over the judged cases of one arm."""
    kept = [outcome for outcome in outcomes if judged(outcome)]
    wrong = sum(outcome.verdict == "wrong" for outcome in kept)
    unread = sum(of_format(outcome) for outcome in kept)
    won, broken = sum(map(gained, kept)), [outcome.case for outcome in kept if lost(outcome)]
    return Layers(
        judged=len(kept),
        wrong_model=wrong - unread,
        wrong_format=unread,
        compared=sum(outcome.bare is not None for outcome in kept),
        bare_right=sum(outcome.bare == "right" for outcome in kept),
        gained=won,
        lost=len(broken),
        lost_cases=tuple(broken),
        p=mcnemar(won, len(broken)),
        effects=tuple(effect for layer in get_args(Layer) if (effect := _effect(layer, kept)).cases),
    )


def _effect(layer: Layer, outcomes: Sequence[CaseOutcome]) -> LayerEffect:
    part = [outcome for outcome in outcomes if layer in outcome.layers]
    known = [outcome for outcome in part if outcome.bare is not None]
    return LayerEffect(
        layer=layer,
        cases=len(part),
        gained=sum(map(gained, part)),
        gained_alone=sum(gained(outcome) and len(outcome.layers) == 1 for outcome in part),
        lost=sum(map(lost, part)),
        right_anyway=sum(outcome.verdict == outcome.bare == "right" for outcome in known),
        wrong_anyway=sum(outcome.verdict == "wrong" and outcome.bare != "right" for outcome in known),
        unknown=len(part) - len(known),
    )
