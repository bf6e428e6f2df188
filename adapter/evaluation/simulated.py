"""Conversations on simulated APIs: the model's calls and the reference calls run on two sets of APIs, which are compared.

As the Berkeley leaderboard judges its conversations (facts of bfcl-eval 2026.3.23, held by a test against its own checker):
after a turn with reference calls the model must have called, each public attribute of each API must equal that of the
reference's, and each result of the reference's calls in the turn must be among all results so far, as often as it came. A turn
without reference calls is not judged. More than 20 answers with calls in a turn fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.evaluation.matchers import shown
from adapter.evaluation.outcome import Fault
from adapter.evaluation.simulated_apis import Apis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter.evaluation.outcome import Called
    from adapter.evaluation.python_calls import PositionedCall
    from adapter.evaluation.simulation import Simulation

MOST_STEPS = 20


class Simulated:
    """A conversation on simulated APIs.

    Args:
        simulation: The APIs.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._model, self._truth = Apis(simulation), Apis(simulation)
        self._results: list[str] = []
        self._steps = 0

    @property
    def few_steps(self) -> bool:
        """True as long as the turn has no more answers with calls than a turn may have."""
        return self._steps <= MOST_STEPS

    @property
    def too_many(self) -> str:
        """A sentence about too many answers."""
        return f"{self._steps} answers with calls, and no end; {MOST_STEPS} are allowed"

    def later(self, turn: int) -> tuple[dict[str, Any], ...]:
        """Return the tools that a turn, from 0, brings."""
        return self._simulation.later.get(turn, ())

    def run(self, calls: Sequence[Called]) -> list[str]:
        """Run the model's calls. Returns their results as texts."""
        results = [self._model.run(call.name, (), call.arguments) for call in calls]
        self._results += results
        self._steps += bool(calls)
        return results

    def judged(self, turn: int) -> list[Fault]:
        """Run the reference calls of a turn, from 0, and return the differences."""
        truth, steps, self._steps = self._simulation.truth[turn], self._steps, 0
        wanted = [(call, self._truth.run(call.name, call.positional, call.named)) for call in truth]
        if not truth:
            return []
        if not steps:
            return [Fault("not_called", f"a call of {truth[0].name} is expected; none came", truth[0].name)]
        return self._states() or self._missing(wanted)

    def _states(self) -> list[Fault]:
        """Return the differences between the states of the APIs."""
        found = []
        for name, actual, expected in self._model.differences(self._truth):
            found.append(Fault("state", f"{name} is {shown(actual)}; the reference calls leave {shown(expected)}"))
        return found

    def _missing(self, wanted: Sequence[tuple[PositionedCall, str]]) -> list[Fault]:
        """Return the reference calls whose results no call of the model has given."""
        left, found = [*self._results], []
        for call, result in wanted:
            if result in left:
                left.remove(result)
            else:
                found.append(Fault("result", f"no call gave the result of {call}: {shown(result)}", call.name))
        return found
