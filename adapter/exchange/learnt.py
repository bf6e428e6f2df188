"""Facts about a server that only its answers tell, kept for each client and model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adapter.api.reasoning import name_in
from adapter.errors import option
from adapter.events import Problem
from adapter.exchange.protocol import MOST_BYTES
from adapter.exchange.refused_fields import RefusedFields
from adapter.servers import not_taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adapter.events import ProblemKind
    from adapter.exchange.native_use import NativeUse
    from adapter.exchange.protocol import Report
    from adapter.servers import Server

# Notices remembered; beyond this number all are forgotten, and may be told again.
_MOST_TOLD = 256
# Lists of tools remembered; the oldest is forgotten first.
_MOST_LISTS = 1024


@dataclass(slots=True)
class Learnt:
    """Facts about the server of a model.

    Attributes:
        report: Called with each `Problem`.
        native: The use of the server's own tool calling.
        reasoning: The name of the field in which the server answered with reasoning; empty as long as no answer had one.
        refused: Fields of requests that the server refuses.
        thinks_in_text: Reasoning was taken out of the text of an answer here.
        most: Bytes that an answer of the server may have.
    """

    report: Report
    native: NativeUse
    most: int = MOST_BYTES
    reasoning: str = ""
    thinks_in_text: bool = False
    refused: RefusedFields = field(default_factory=RefusedFields)
    _told: set[tuple[str, str]] = field(default_factory=set)
    _lists: dict[bytes, None] = field(default_factory=dict)

    @property
    def most_of_event(self) -> int:
        """Bytes that one event of a streamed answer may have: the fourth part of the answer's."""
        return max(1, self.most // 4)

    def hear(self, message: Mapping[str, Any]) -> None:
        """Learn from a message, or from a delta, of the server's."""
        self.reasoning = name_in(message) or self.reasoning

    def once(self, kind: ProblemKind, message: str, raw: str = "") -> None:
        """Report a problem, unless the same was reported before."""
        if (kind, message) in self._told:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told.add((kind, message))
        self.report(Problem(kind, message, raw))

    def first_seen(self, digest: bytes) -> bool:
        """Return True for a list of tools that is new here, and remember the list by its digest."""
        if digest in self._lists:
            return False
        while len(self._lists) >= _MOST_LISTS:
            self._lists.pop(next(iter(self._lists)), None)
        self._lists[digest] = None
        return True

    def mended(self, sentences: Iterable[str]) -> None:
        """Report changes that OpenAI's form asked for in the server's answers."""
        for sentence in sentences:
            self.once("wire_mended", sentence)

    def usage(self, told: object) -> None:
        """Report a server that tells no usage."""
        if told is None:
            self.once("wire_mended", "upstream told no usage; the counts are zeros")

    def left_out(self, body: Mapping[str, Any], server: Server, kind: str) -> list[str]:
        """Return the fields of a request that only another vendor's servers know, each reported once.

        Args:
            body: The caller's request.
            server: The abilities of the server.
            kind: The name of its kind.
        """
        names = not_taken(body, server)
        for name in names:
            if body[name] is not None:
                message = (
                    f"{name!r} is left out of requests: a server of the kind {kind!r} may refuse the field; "
                    f"{option('server', 'openai')} sends what OpenAI takes"
                )
                self.once("unsupported", message, json.dumps(body[name], default=repr))
        return names
