"""Time, tokens and requests of an arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.evaluation.figures.intervals import percentile
from adapter.evaluation.figures.values import Cost, Offered, Percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.outcome import CaseOutcome


def cost(outcomes: Sequence[CaseOutcome]) -> Cost:
    """Return time, tokens and requests; times without the cases that upstream did not answer."""
    answered = [outcome for outcome in outcomes if outcome.verdict != "server_error"]
    counted = [one for one in outcomes if one.prompt_tokens is not None and one.completion_tokens is not None]
    prompt = sum(outcome.prompt_tokens or 0 for outcome in counted)
    completion = sum(outcome.completion_tokens or 0 for outcome in counted)
    right = sum(outcome.verdict == "right" for outcome in counted)
    return Cost(
        seconds=_percentiles([outcome.seconds for outcome in answered]),
        first=_percentiles([outcome.first for outcome in answered if outcome.first is not None]),
        requests=sum(outcome.requests for outcome in outcomes),
        counted=len(counted),
        prompt_tokens=prompt,
        completion_tokens=completion,
        tokens_per_success=(prompt + completion) / right if right else None,
    )


def offered(outcomes: Sequence[CaseOutcome]) -> Offered:
    """Return the number of tools offered."""
    numbers = sorted(len(outcome.offered) for outcome in outcomes)
    return Offered(numbers[0], percentile(numbers, 0.5), numbers[-1])


def _percentiles(values: list[float]) -> Percentiles | None:
    if not values:
        return None
    ordered = sorted(values)
    return Percentiles(len(ordered), *(percentile(ordered, share) for share in (0.5, 0.95, 0.99)))
