"""One attempt at an answer: the request that goes upstream, and how its answer is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.events import Problem, frozen
from adapter.exchange.prefill import whole

if TYPE_CHECKING:
    from adapter.completion.request_rules import Rules
    from adapter.servers import Rung


@frozen
class Attempt:
    """One request to upstream, and how its answer is read.

    Attributes:
        body: The request.
        endpoint: What the URL's path ends in.
        rules: How the answer is read.
        prefill: How the answer begins.
        rung: The rung of the ladder that holds it.
        unenforced: What the rung does not hold, in one sentence.
        after: The request that goes on once the model has thought, where this one ends with the thinking.
        then: What the answer goes on with, after the thinking.
        noted: What else is to be reported of it.
    """

    body: dict[str, Any]
    endpoint: str
    rules: Rules
    prefill: str
    rung: Rung
    unenforced: str
    after: dict[str, Any] | None = None
    then: str = ""
    noted: tuple[Problem, ...] = ()

    def whole(self, text: str) -> str:
        """The answer with its beginning, which some servers repeat and some leave out."""
        return whole(self.prefill, text)

    def problems(self) -> list[Problem]:
        """What is to be reported of it."""
        return [*self.noted, *([Problem("unenforced", self.unenforced)] if self.unenforced else [])]
