"""A request to upstream that is watched, before its record is complete (behaviour 8.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.exchange.read_back import ReadBack, read_back
from adapter.exchange.unread import UnreadExchange
from adapter.text.wire_json import read_json

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

    def judgement(self) -> dict[str, Any]:
        """Return the members of a record that are known without a look at an answer that was read already."""
        calls = {"calls": tuple(self.calls)} if self.calls else {}
        return {**calls, "outcome": self.outcome, "error": self.error}

    def unread(self) -> UnreadExchange:
        """Return the bytes of the other members, to be read later."""
        status = 0 if self.reply is None else self.reply.status
        return UnreadExchange(self.request, self.body, status, called=bool(self.calls))

    def members(self) -> dict[str, Any]:
        """Return the members of a record that are read in request and answer."""
        back = self.back()
        if self.command.method == "POST" and self.outcome in {"answered", "continued"} and back.error:
            self.outcome = "error" if self.outcome == "answered" else "continued"
            self.error = self.error or back.error
        return {
            "request": read_json(self.request),
            "raw": self.read.decode("utf-8", "replace"),
            "completions": back.completions,
            "reasoning": back.reasoning,
            "finish_reason": back.finish_reason,
            "response_id": back.response_id,
            "response_model": back.response_model,
            "calls": tuple(self.calls) or back.calls,
            "usage": back.usage,
            "outcome": self.outcome,
            "error": self.error,
        }
