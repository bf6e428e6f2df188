"""An attempt at an answer: the request to upstream, and the rules for reading the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.events import Problem, frozen
from adapter.exchange.prefill import with_prefill

if TYPE_CHECKING:
    from adapter.completion.request_rules import Rules
    from adapter.servers import Rung


@frozen
class Attempt:
    """A request to upstream, and the rules for reading the answer.

    Attributes:
        body: The JSON body of the request.
        endpoint: The end of the URL's path.
        rules: The rules for the parser.
        prefill: The beginning of the answer, written for the model; empty for none.
        rung: The rung of the enforcement ladder.
        unenforced: The constraints that the rung does not hold, in one sentence; empty for none.
        constraint: The fields of the request that hold the answer to a schema or a grammar.
        after: The request that follows once the model has thought, where the present request ends with the thinking.
        then: The text after the thinking in the further request.
        longest: Characters of a string under the constraint; 0 for no bound.
        native: The request has its tools, and upstream may make calls itself.
        noted: Further problems to be reported.
    """

    body: dict[str, Any]
    endpoint: str
    rules: Rules
    prefill: str
    rung: Rung
    unenforced: str
    constraint: tuple[str, ...] = ()
    after: dict[str, Any] | None = None
    then: str = ""
    noted: tuple[Problem, ...] = ()
    longest: int = 0
    native: bool = False

    def answer(self, text: str) -> str:
        """Return an answer with the prefill, repeated by some servers and left out by others."""
        return with_prefill(self.prefill, text)

    def problems(self) -> list[Problem]:
        """Return the problems to be reported as the request is sent."""
        return [*self.noted, *([Problem("unenforced", self.unenforced)] if self.unenforced else [])]
