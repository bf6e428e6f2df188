"""The values that pass between a call syntax and the parser: readings, steps, ends of blocks, calls."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from adapter.events import frozen
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable

    from adapter.text.buffer import TextBuffer


@frozen
class Reading:
    """What a block holds.

    Attributes:
        calls: The calls, in order; things in the place of a call that name no tool are kept among them.
        repaired: Whether the payload had to be repaired.
        fault: Why nothing could be read, or None.
        unfinished: Whether another call had begun after them.
    """

    calls: tuple[RawCall | Nameless, ...]
    repaired: bool = False
    fault: str | None = None
    unfinished: bool = False


class StepKind(Enum):
    """What is certain of a call that is still being written."""

    CALL = auto()  # it begins, and this is its name
    JSON = auto()  # its arguments, as the model writes them: JSON that may be coerced or break off
    TEXT = auto()  # its arguments, in the final form


class Step(NamedTuple):
    """A piece of a call.

    With its name comes the id that the model gave it, if it gave one, and where its arguments are kept, if they are, so that
    they need not be kept once more: as they are `written`, or where in the payload they `start`. A reader that coerces values
    before they leave adds each to `edits`: start and end in the kept arguments, and the text that left instead.
    """

    kind: StepKind
    text: str
    id: str = ""
    written: TextBuffer | None = None
    start: int | None = None
    edits: list[tuple[int, int, str]] | None = None


class Unheard(list[Step]):
    """The steps of a block whose calls are reported when they are complete: nobody takes them, so none is kept."""

    __slots__ = ()

    def append(self, step: Step, /) -> None:
        """Forget it."""

    def __iadd__(self, steps: Iterable[Step], /) -> Self:  # type: ignore[override,misc]  # a list's takes more
        """Forget them."""
        return self


class Flowing(NamedTuple):
    """What may stand in a string that a call is in, so that it passes as it is.

    Attributes:
        special: Finds a character that may not pass, or only with others.
        body: Matches as much of a delta as passes.
        half: Matches what may stand after that, to pass with the next delta.
        kind: How the string is written; None where nothing is told of it before its call is complete.
        write: Makes JSON of it, where it is something else.
    """

    special: re.Pattern[str]
    body: re.Pattern[str]
    half: re.Pattern[str]
    kind: StepKind | None
    write: Callable[[str], str] | None = None


class End(Enum):
    """What ended a block."""

    __hash__ = object.__hash__  # Enum's own is written in Python

    TAG = auto()  # its closing tag
    WRONG_TAG = auto()  # a closing tag of another name, after complete JSON
    OPENER = auto()  # the next block's opening tag; it is left to be read again
    TOKEN = auto()  # a special token or an invented result; it is left to be read again
    TEXT = auto()  # text after complete JSON; it is left to be read again
    DONE = auto()  # its brackets, where no closing tag is due; what follows is left to be read again
    QUOTE = auto()  # a closing tag inside what looked like a string whose quote is missing
    CUT = auto()  # the completion


class Lookout(NamedTuple):
    """What may not pass unread, for text that comes a delta at a time.

    Attributes:
        firsts: Finds the characters that it begins with.
        ends: Finds it; or, as its group, the beginning of it at the end of the text.
    """

    firsts: re.Pattern[str]
    ends: re.Pattern[str]

    def split(self, text: str) -> tuple[str, str] | None:
        """What may pass of a text, and the beginning at its end that may not yet; None when it has to be read."""
        found = self.ends.search(text)
        if found is None:
            return text, ""
        return None if found.lastindex is None else (text[: found.start()], text[found.start() :])


_LATER = object()


@frozen
class RawCall:
    """A call as it was written, before any checking.

    Attributes:
        name: The decoded name, trimmed.
        arguments: JSON text of the arguments, in the model's own spelling.
        decoded: The same, decoded, where that was done to read it.
        id: The id that the model gave it; empty in syntaxes without ids.
    """

    name: str
    arguments: str
    decoded: Any = _LATER
    id: str = ""

    @property
    def value(self) -> Any:
        """The arguments, decoded; anew each time where reading it did not need them, so that they are there for no longer.

        Raises:
            ValueError: They are no JSON that can be held.
        """
        return loads(self.arguments) if self.decoded is _LATER else self.decoded


@frozen
class Nameless:
    """Something in the place of a call that names no tool."""

    raw: str
