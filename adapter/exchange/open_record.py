"""A request to upstream that is watched, before its record is complete (behaviour 8.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
        request: The JSON body sent.
        raw: The bytes of the answer, as they came; of a whole answer those in `body`.
        body: The body of a whole answer.
        document: The body was read as an answer in one JSON document.
        first: The time until the first bytes came, by the timer; None before.
        last: The time until the last bytes came.
    """

    command: UpstreamRequest
    number: int
    attempt: Attempt | None
    request: bytes
    started: float
    begun: float
    last: float
    first: float | None = None
    reply: Reply | None = None
    raw: bytearray = field(default_factory=bytearray)
    body: bytes = b""
    document: bool = False
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
        return read_back(self.read, self.reply.status)

    def take(self, data: bytes, most: int) -> None:
        """Take bytes of the answer down, of all together at most so many."""
        if not self.body and not self.raw and len(data) <= most:
            self.body = data
            return
        self.raw += self.body
        self.body = b""
        self.raw += data[: most - len(self.raw)]

    @property
    def read(self) -> bytes:
        """The bytes of the answer, as far as they are kept."""
        return self.body or bytes(self.raw)

    @property
    def later(self) -> bool:
        """The answer is a whole document, read already without an error: a record needs no reading of its own."""
        reply = self.reply
        return self.document and reply is not None and 200 <= reply.status < 300 and len(self.body) == len(reply.body)
