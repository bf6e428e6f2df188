"""Events of a parser: the parts of a completion.

A parser's events, in order, account for every character of the text fed:

* `TextDelta` and `ReasoningDelta` joined are the content and the reasoning;
* `CallStarted`, `ArgumentsDelta`..., `CallFinished` are a tool call, all with the call's `index`;
* `Markup` is recognised text that belongs to neither: a block with its tags, white space that only separates blocks, a
  left-over special token, a block that was cut off;
* `Problem` reports a repair, a coercion, an omission or a refusal, and quotes the text.

The characters of all `TextDelta`, `ReasoningDelta` and `Markup` events are exactly the characters of the completion: no text
is lost silently. They come in the order of the completion but for white space, special tokens and code fences that were held
back until a later text told what they are; `adapter.Locator` gives the place of each. Policies report through `Problem` too
(`reask`, `refused`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, TypeVar, dataclass_transform

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
    "malformed",  # text inside a call belongs to no argument; the call is invalid
    "other_dialect",  # an answer without calls holds the marks of another dialect
    "near_call",  # the words of an answer hold a valid call in a form that is not accepted, or text like a call
    "call_in_thinking",  # a call ended reasoning that was never closed
    "contradicted",  # the finished call does not begin with the text streamed before
    "late",  # upstream sent text after the end of its answer
    "extra_call",  # a further call although parallel_tool_calls is false
    "repeated_call",  # a call made just before, whose result is known: the same arguments, or none that says more
    "given_back",  # the answer to a result is nothing but JSON, holds a value of a worked example, or none of the result
    "ungrounded",  # no value of a call occurs in the conversation, or a call of a tool that was not offered is the whole answer
    "invented_argument",  # an optional argument that occurs nowhere in the conversation
    "cut_short",  # the token limit cut a call that a constraint held, or the bound of a string may have cut the string
    "forced_again",  # tool_choice forces the tool that has just answered
    "wire_mended",  # an answer of upstream's in another form than OpenAI's, read as it was meant
    "schema_mended",  # a harmless fault of a tool's definition or schema, read as it was meant
    "tool_left_out",  # a tool of the request that cannot be offered
    "lint",  # a finding of `adapter lint` in a list of tools that is new
    "unchecked",  # a grammar of a custom tool that nobody here can check
    "item_left_out",  # an item of a Responses request with nothing that the model could read
    "unsupported",  # a field that the server does not take was left out of the request
    "not_enforced",  # the server does not hold its answers to the schema or the grammar that was sent
    "media_dropped",  # an image, audio, video or file of the request was replaced by a line of text
    "history",  # calls and results of the request that did not pair up, or content in another form, put in order
    "reasoning_dropped",  # past reasoning did not go upstream
    "unwrapped",  # an answer in the caller's `response_format` stood in a fence, or among words
    "off_format",  # an answer is not in the caller's `response_format`
    "unenforced",  # keywords that the requested constraint does not hold; left to words and to validation
    "left_out",  # parts of upstream's answer without a place in the caller's wire format
    "unstored",  # a response that the store refused
    "too_small",  # a model that no way is known to make reliable with so many tools
    "chosen",  # a dialect, a chat template or a profile, by the name or the size of the model
    "searched",  # the model looked for further tools of a router's, and was asked again with those found
    "reask",  # the model was asked again
    "refused",  # the answer was refused
    "inexact",  # a turn of a conversation that its dialect cannot write so that it is read as it was
    "bad_row",  # a row of a batch that cannot be read, or not as it stands
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


class CallPlaces(NamedTuple):
    """Where the name and the arguments of a call stand in a text, as (start, end) in code points; None where that is not known.

    Attributes:
        name: The name, as the model wrote the name, without quotes.
        arguments: The arguments: the JSON text, or in other notations all text between the markup of the call.
    """

    name: tuple[int, int] | None = None
    arguments: tuple[int, int] | None = None

    def moved(self, by: int) -> CallPlaces:
        """Return the places in a text with so many more code points in front."""
        name, arguments = self
        return CallPlaces(
            None if name is None else (name[0] + by, name[1] + by),
            None if arguments is None else (arguments[0] + by, arguments[1] + by),
        )


# Places, or a function of the block's text: most calls are never asked for their places.
Where: TypeAlias = CallPlaces | Callable[[str], CallPlaces] | None


@frozen
class CallFinished:
    """A tool call is complete.

    Attributes:
        arguments: The JSON text; equal to the joined `ArgumentsDelta` texts.
        valid: True if the tool was offered and its schema accepts the arguments.
        raw: The block of the call, as the model wrote the block.
        where: Finds the places of the name and the arguments in `raw`, or the places themselves.
    """

    index: int
    id: str
    name: str
    arguments: str
    valid: bool
    raw: str
    where: Where = None

    @property
    def places(self) -> CallPlaces | None:
        """Places of the name and the arguments in `raw`; None where the reader does not know them."""
        return self.where(self.raw) if callable(self.where) else self.where


@frozen
class Problem:
    """A fault, and the action taken.

    Attributes:
        kind: The kind of fault; see `ProblemKind`.
        message: A sentence: the fault, its place, the value, and the likely fix.
        raw: The text concerned, as the model wrote the text.
        index: The index of the call concerned; None for other faults.
        tool: The offered tool that an unreadable block names; empty for other faults.
    """

    kind: ProblemKind
    message: str
    raw: str = ""
    index: int | None = None
    tool: str = ""


Event: TypeAlias = TextDelta | ReasoningDelta | Markup | CallStarted | ArgumentsDelta | CallFinished | Problem
