"""An answer of the model while the answer is streamed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    from adapter.completion.parser import CompletionParser
    from adapter.events import Event
    from adapter.exchange.prefill import Incoming


@dataclasses.dataclass(slots=True)
class Answer:
    """An answer of the model: a choice has a new answer for each attempt.

    Attributes:
        incoming: The deltas on their way to the parser.
        parser: The parser of the answer.
        repeated: Calls of earlier attempts, as `(name, arguments)`, that have left; the answer may hold them again.
        told: The finished calls and the problems, for the judgement.
        text: The text of the answer, kept as long as a re-ask may have to quote it.
        places: The index of a call in the streamed answer, by the index in the text.
        held: The answer holds an invalid call; nothing more leaves.
        later: Content kept back, because content of an earlier attempt has left already.
    """

    incoming: Incoming
    parser: CompletionParser
    repeated: list[tuple[str, str]]
    told: list[Event] = dataclasses.field(default_factory=list)
    text: TextBuffer = dataclasses.field(default_factory=TextBuffer)
    places: dict[int, int] = dataclasses.field(default_factory=dict)
    held: bool = False
    later: TextBuffer = dataclasses.field(default_factory=TextBuffer)
