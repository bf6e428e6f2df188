"""What a completion is made of, as the parser reports it.

A parser's events, in order, say everything about the text it was fed:

* `TextDelta` and `ReasoningDelta` joined are the content and the reasoning;
* `CallStarted`, `ArgumentsDelta`..., `CallFinished` are one tool call, all three with its `index`;
* `Markup` is text that was recognised and belongs to neither: a block with its tags, white space that only separates
  blocks, a left-over special token, a block that was cut off;
* `Problem` says what was repaired, coerced, left out or refused, and quotes it.

So the characters of all `TextDelta`, `ReasoningDelta` and `Markup` events are exactly the characters of the completion:
nothing is lost silently. Policies report through `Problem` too (`reask`, `refused`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """A value frozen for type checkers only: a frozen dataclass takes three times as long to make.

    For what is made with every delta and every request; what never changes and is kept is a frozen dataclass.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


ProblemKind = Literal[
    "repaired",  # the block was not valid JSON and one structural repair made it so
    "coerced",  # an argument had the wrong type and its value fits the right one without loss
    "recovered",  # a call written without its tags, accepted under the gates of rule 1.10
    "markup",  # the tags were wrong but could be read: doubled, missing or of another name
    "unreadable",  # a block that holds no readable call; it stays in the content
    "cut",  # the completion ended inside a block
    "invented_result",  # the model wrote a tool result of its own after its call
    "unknown_tool",  # the name is not among the tools offered
    "invalid_arguments",  # the arguments are no JSON object, or their schema refuses them
    "contradicted",  # what was reported of a call while it was written is not how the finished call begins
    "late",  # upstream sent text after the end of its answer
    "extra_call",  # a further call although parallel_tool_calls is false
    "repeated_call",  # a call that was made just before, with the same arguments, and has its result
    "media_dropped",  # an image, audio, video or file of the request that the model did not get; a line in its place says so
    "unenforced",  # what the way that was asked for does not hold; it is left to words and to validation
    "left_out",  # what upstream answered besides, for which the caller's wire format has no place
    "unstored",  # a response that the store did not take
    "chosen",  # a dialect or a chat template, by the name of the model
    "reask",  # the model was asked again
    "refused",  # the answer was refused
]


@frozen
class TextDelta:
    """A piece of the content."""

    text: str


@frozen
class ReasoningDelta:
    """A piece of the reasoning content."""

    text: str


@frozen
class Markup:
    """A piece of the completion that is neither content nor reasoning."""

    text: str


@frozen
class CallStarted:
    """A tool call begins: its position among the calls of the answer, its id and its name."""

    index: int
    id: str
    name: str


@frozen
class ArgumentsDelta:
    """A piece of the JSON text of a call's arguments."""

    index: int
    text: str


@frozen
class CallFinished:
    """A tool call is complete.

    Attributes:
        arguments: The JSON text; joined `ArgumentsDelta` texts are equal to it.
        valid: Whether the tool was offered and its schema accepts the arguments.
        raw: The block the call was read from, as the model wrote it.
    """

    index: int
    id: str
    name: str
    arguments: str
    valid: bool
    raw: str


@frozen
class Problem:
    """Something that is not as it should be, and what was done about it.

    Attributes:
        kind: Which of the known faults; see `ProblemKind`.
        message: One sentence: what, where, the value, and the likely fix.
        raw: The text in question, as the model wrote it.
        index: The call it concerns, if it concerns one.
    """

    kind: ProblemKind
    message: str
    raw: str = ""
    index: int | None = None


Event: TypeAlias = TextDelta | ReasoningDelta | Markup | CallStarted | ArgumentsDelta | CallFinished | Problem
