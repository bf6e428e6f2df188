"""Events of a parser: the parts of a completion.

A parser's events, in order, account for every character of the text fed:

* `TextDelta` and `ReasoningDelta` joined are the content and the reasoning;
* `CallStarted`, `ArgumentsDelta`..., `CallFinished` are a tool call, all with the call's `index`;
* `Markup` is recognised text that belongs to neither: a block with its tags, white space that only separates blocks, a
  left-over special token, a block that was cut off;
* `Problem` reports a repair, a coercion, an omission or a refusal, and quotes the text.

The characters of all `TextDelta`, `ReasoningDelta` and `Markup` events are exactly the characters of the completion: no text
is lost silently. Policies report through `Problem` too (`reask`, `refused`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Mark a dataclass as frozen for type checkers only: a really frozen dataclass takes three times as long to make.

    For values made with every delta and every request; long-lived values are frozen dataclasses.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


ProblemKind = Literal[
    "repaired",  # the block was not valid JSON, and a structural repair made valid JSON
    "coerced",  # an argument had the wrong type and its value fits the right one without loss
    "recovered",  # a call written without its tags, accepted under the gates of rule 1.10
    "markup",  # the tags were wrong but could be read: doubled, missing or of another name
    "unreadable",  # a block without a readable call; the block stays in the content
    "cut",  # the completion ended inside a block
    "invented_result",  # the model wrote a tool result of its own after its call
    "unknown_tool",  # the name is not among the tools offered
    "invalid_arguments",  # the arguments are no JSON object, or their schema refuses them
    "contradicted",  # the finished call does not begin with the text streamed before
    "late",  # upstream sent text after the end of its answer
    "extra_call",  # a further call although parallel_tool_calls is false
    "repeated_call",  # a call made just before, with the same arguments, whose result is known
    "media_dropped",  # an image, audio, video or file of the request was replaced by a line of text
    "unenforced",  # keywords that the requested constraint does not hold; left to words and to validation
    "left_out",  # parts of upstream's answer without a place in the caller's wire format
    "unstored",  # a response that the store refused
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
    """Recognised text of the completion that is neither content nor reasoning."""

    text: str


@frozen
class CallStarted:
    """The beginning of a tool call: its position among the calls of the answer, its id and its name."""

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
        arguments: The JSON text; equal to the joined `ArgumentsDelta` texts.
        valid: True if the tool was offered and its schema accepts the arguments.
        raw: The block of the call, as the model wrote the block.
    """

    index: int
    id: str
    name: str
    arguments: str
    valid: bool
    raw: str


@frozen
class Problem:
    """A fault, and the action taken.

    Attributes:
        kind: The kind of fault; see `ProblemKind`.
        message: A sentence: the fault, its place, the value, and the likely fix.
        raw: The text concerned, as the model wrote the text.
        index: The index of the call concerned; None for other faults.
    """

    kind: ProblemKind
    message: str
    raw: str = ""
    index: int | None = None


Event: TypeAlias = TextDelta | ReasoningDelta | Markup | CallStarted | ArgumentsDelta | CallFinished | Problem
