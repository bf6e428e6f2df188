"""One answer of the model while it is streamed, and the error that can end it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    from adapter.completion.parser import CompletionParser
    from adapter.events import Event
    from adapter.exchange.prefill import Incoming


class Refused(Exception):
    """The answer cannot go on; the stream ends in this error."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(body["error"]["message"])
        self.body = body


@dataclasses.dataclass(slots=True)
class Answer:
    """One answer of the model.

    Attributes:
        incoming: Its deltas on their way to the parser.
        parser: Reads it.
        told: Its calls and problems, for the verdict.
        text: All of it, as long as it may have to be quoted.
        places: Which call of the streamed answer each of its calls became.
        repeated: Calls of earlier attempts that it may make again; they have left.
        held: It holds an invalid call, so nothing more of it leaves.
        later: Its content, when an earlier attempt's has left already.
    """

    incoming: Incoming
    parser: CompletionParser
    repeated: list[tuple[str, str]]
    told: list[Event] = dataclasses.field(default_factory=list)
    text: TextBuffer = dataclasses.field(default_factory=TextBuffer)
    places: dict[int, int] = dataclasses.field(default_factory=dict)
    held: bool = False
    later: TextBuffer = dataclasses.field(default_factory=TextBuffer)
