"""A request to upstream that is watched, before its record is complete (behaviour 8.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.exchange.read_back import ReadBack, read_back

if TYPE_CHECKING:
    from adapter.events import Problem
    from adapter.exchange.attempt import Attempt
    from adapter.exchange.protocol import Reply, UpstreamRequest
    from adapter.records import Outcome, RecordedCall


@dataclass(slots=True)
class OpenRecord:
    """A request whose record is not complete.

    Attributes:
        first: The time until the first bytes came, by the timer; None before.
        last: The time until the last bytes came.
    """

    command: UpstreamRequest
    number: int
    attempt: Attempt | None
    request: dict[str, Any]
    started: float
    begun: float
    last: float
    first: float | None = None
    reply: Reply | None = None
    raw: bytearray = field(default_factory=bytearray)
    calls: list[RecordedCall] = field(default_factory=list)
    judged: bool = False
    problems: list[Problem] = field(default_factory=list)
    outcome: Outcome = "answered"
    error: str = ""

    @property
    def way(self) -> str:
        """The way in which the request asks for calls: a rung, or `native`; empty for no attempt."""
        return "" if self.attempt is None else "native" if self.attempt.native else self.attempt.rung

    def back(self) -> ReadBack:
        """Read the answer from its bytes."""
        if self.reply is None or self.command.method != "POST":
            return ReadBack()
        return read_back(bytes(self.raw), self.reply.status)
