"""Values that pass between a call syntax and the parser: readings, steps, ends of blocks, calls."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from adapter.events import CallPlaces, Where, frozen
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapter.text.buffer import TextBuffer


@frozen
class Reading:
    """The content of a block.

    Attributes:
        calls: The calls in order, among them values in the place of a call that name no tool.
        repaired: The payload was repaired.
        mended: Sentences on slips of the markup that were mended, each told as a repair.
        fault: The reason why nothing could be read, or None.
        unfinished: A further call had begun behind the calls.
    """

    calls: tuple[RawCall | Nameless, ...]
    repaired: bool = False
    fault: str | None = None
    unfinished: bool = False
    mended: tuple[str, ...] = ()


class StepKind(Enum):
    """The kind of a step."""

    CALL = auto()  # a call begins; the text is its name
    TEXT = auto()  # a piece of the arguments, in its final form


class Progress(Protocol):
    """The arguments of a call while they are written, as their reader keeps account of them.

    Attributes:
        edits: Coercions that were sent, as (start, end, replacement), offsets from the beginning of the arguments.
        sent: Code points that were sent.
        complete: All of the arguments were sent.
    """

    @property
    def edits(self) -> list[tuple[int, int, str]]: ...  # noqa: D102  # see the class

    @property
    def sent(self) -> int: ...  # noqa: D102

    @property
    def complete(self) -> bool: ...  # noqa: D102


class Step(NamedTuple):
    """A piece of a call that is certain while the call is still being written.

    Attributes:
        kind: The kind of piece.
        text: The name, or a piece of the arguments.
        id: With the name: the model's id for the call; empty without one.
        written: With the name: the buffer in which the reader keeps the arguments, if the reader writes them.
        start: Offset in the payload at which the arguments begin, where they leave as they stand there: with the name, or, in
            place of a first value of 0, with the first piece of the arguments.
        edits: With the name: coercions in the pieces to come, as (start, end, replacement), offsets from the beginning of the
            arguments; the reader appends to the list.
        progress: With the name: the reader's own account of the pieces to come, in place of `edits`.

    Without `written` and `start` the completion keeps a copy of the arguments.
    """

    kind: StepKind
    text: str
    id: str = ""
    written: TextBuffer | None = None
    start: int | None = None
    edits: list[tuple[int, int, str]] | None = None
    progress: Progress | None = None


class Unheard(list[Step]):
    """The steps of a block without a listener: none is kept."""

    __slots__ = ()

    def append(self, step: Step, /) -> None:
        """Drop the step."""

    def __iadd__(self, steps: Iterable[Step], /) -> Self:  # type: ignore[override,misc]  # a list's takes more
        """Drop the steps."""
        return self


class Flowing(NamedTuple):
    """Patterns for forwarding a delta inside a string argument without running the block reader.

    Attributes:
        special: Finds a character that may not be forwarded, or only together with others.
        body: Matches the part of a delta to forward, from its beginning; perhaps nothing.
        half: Matches text behind that part which may be forwarded with the next delta.
        kind: TEXT for text that leaves at once, None for text that is not certain before the end of the block.
        raw: Forwarded text is raw; else the text of a JSON string.
        plain: Of raw text: finds a special character, or one that JSON escapes.
    """

    special: re.Pattern[str]
    body: re.Pattern[str]
    half: re.Pattern[str]
    kind: StepKind | None
    raw: bool = False
    plain: re.Pattern[str] | None = None

    @classmethod
    def of_raw(cls, special: str, body: str, half: str) -> Flowing:
        """Make the patterns of raw text that leaves at once."""
        plain = re.compile(rf'["\\\x00-\x1f]|{special}')
        return cls(re.compile(special), re.compile(body), re.compile(half), StepKind.TEXT, raw=True, plain=plain)


class End(Enum):
    """The end of a block."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    TAG = auto()  # the closing tag
    WRONG_TAG = auto()  # a closing tag of another name, behind complete JSON
    OPENER = auto()  # the opening tag of the next block, which is read again
    TOKEN = auto()  # a special token or an invented result, which is read again
    TEXT = auto()  # text behind complete JSON, which is read again
    DONE = auto()  # the last bracket, without a closing tag due; text behind is read again
    QUOTE = auto()  # a closing tag inside an apparent string, whose quote is missing
    CUT = auto()  # the end of the completion


class Lookout(NamedTuple):
    """Literals that may not pass unread, in text that comes a delta at a time.

    Attributes:
        firsts: Finds first characters of the literals.
        ends: Finds a literal; or, in a group, the beginning of one at the end of the text.
    """

    firsts: re.Pattern[str]
    ends: re.Pattern[str]

    def split(self, text: str) -> tuple[str, str] | None:
        """Split off the beginning of a literal at the end of a text; None for a text that holds a literal."""
        found = self.ends.search(text)
        if found is None:
            return text, ""
        return None if found.lastindex is None else (text[: found.start()], text[found.start() :])


_LATER = object()


@frozen
class RawCall:
    """A call as the model wrote it, before any check.

    Attributes:
        name: The decoded name, trimmed.
        arguments: JSON text of the arguments, in the model's own spelling.
        decoded: The decoded arguments, if reading has decoded them.
        id: The model's id for the call; empty in syntaxes without ids.
        faults: Sentences on text of the call that has no reading, quoted; such a call is never valid.
        places: Places of the name and the arguments in the block, counted from the first character of the opening, or in a
            payload without markers; or a function that finds them in the block; None where they are not known.
        mended: Sentences on slips of the call that were mended, for `Reading.mended`.
        beside: Keys of members beside the name and the arguments that no form of a call has.
    """

    name: str
    arguments: str
    decoded: Any = _LATER
    id: str = ""
    faults: tuple[str, ...] = ()
    places: Where | None = None
    mended: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def value(self) -> Any:
        """The decoded arguments; decoded anew each time unless `decoded` has them, so that no copy outlives its use.

        Raises:
            ValueError: The arguments are no JSON, or too deep.
        """
        return loads(self.arguments) if self.decoded is _LATER else self.decoded


@frozen
class Nameless:
    """A value in the place of a call that names no tool."""

    raw: str


def moved(calls: Iterable[RawCall | Nameless], by: int | None) -> tuple[RawCall | Nameless, ...]:
    """Return calls with their places in a text with `by` more code points in front; with None, without places."""
    return tuple(_moved(call, by) if isinstance(call, RawCall) else call for call in calls)


@frozen
class Trimmed:
    """A function of the text: places without the white space at their ends; nothing but white space has no place."""

    places: CallPlaces

    def __call__(self, text: str) -> CallPlaces:
        """Return the places in the text."""
        return CallPlaces(_trimmed(self.places.name, text), _trimmed(self.places.arguments, text))


@frozen
class _Moved:
    """A function of the text: the places that another finds behind the first code points."""

    where: Callable[[str], CallPlaces]
    by: int

    def __call__(self, text: str) -> CallPlaces:
        return self.where(text[self.by :]).moved(self.by)


def _trimmed(place: tuple[int, int] | None, text: str) -> tuple[int, int] | None:
    if place is None:
        return None
    start, end = place
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _moved(call: RawCall, by: int | None) -> RawCall:
    if by is None:
        return replace(call, places=None)
    where = call.places
    if callable(where):
        return replace(call, places=_Moved(where, by))
    return call if where is None else replace(call, places=where.moved(by))
