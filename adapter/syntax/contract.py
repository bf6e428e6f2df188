"""The contract of a call syntax: protocols that `syntax/` fulfils and `completion/` relies on.

A syntax is made for the dialect and the tools of one request, and makes a reader for each block. The reader gets the text from
the first character of the payload on, finds the end of the block, and keeps the calls:

    feed(text, position) ──► position reached, and the end of the block
    steps                ──► pieces of calls that are certain, for streamed answers
    read(end)            ──► the calls, once the block has ended
    parts()              ──► the text of the block, and text behind its end that is to be read again

`completion.call_stream` feeds a reader once for each delta, takes the steps, and asks `flowing()`: inside a string, deltas are
then forwarded without the reader until a special character comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from adapter.schema import known_place
from adapter.schema.place import ANYWHERE, Place, Types
from adapter.syntax.limits import Limits
from adapter.syntax.notation import JSON, Notation

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from adapter.schema.known_place import KnownPlace
    from adapter.syntax.message import Passage
    from adapter.syntax.reading import End, Flowing, Lookout, RawCall, Reading, Step
    from adapter.text.json_cursor import JsonCursor
    from adapter.text.json_plain import InString


@dataclass(frozen=True, slots=True)
class BareForm:
    """The beginnings of calls without a marker.

    Attributes:
        first: First characters, all in one string.
        head: Pattern of a likely beginning; the group `payload` begins with the payload.
        half: Pattern of text that may become a likely beginning.
        own: The dialect's models write calls without markers; in other dialects a call without markers is recovered.
        closers: Tags that may stand behind the payload.
    """

    first: str
    head: re.Pattern[str]
    half: re.Pattern[str]
    own: bool = False
    closers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyntaxSettings:
    """Settings of a call syntax, from the dialect and the tools.

    Attributes:
        open: The marker before a block.
        close: The marker behind a block; empty in a syntax without one.
        tokens: Literals that end an unclosed block: special tokens, the opening tag of a tool result.
        form: The table `form` of the template's front matter.
        types: Types of a tool's parameters.
        place: Place of a tool's arguments in its schema, for values that are raw text.
        known: Place of a tool's arguments in its schema, for values that are JSON; `ANYWHERE` without coercion.
        names: Names of the tools that are offered.
    """

    open: str
    close: str
    tokens: tuple[str, ...] = ()
    form: Mapping[str, str] = field(default_factory=dict)
    types: Types = lambda _tool, _parameter: None
    place: Callable[[str], Place] = lambda _tool: ANYWHERE
    known: Callable[[str], KnownPlace] = lambda _tool: known_place.ANYWHERE
    names: frozenset[str] = frozenset()


class Follower(Protocol):
    """A reader of plain deltas in the arguments of a call: one look at each, and no step.

    Attributes:
        special: Finds in a delta the characters that need more than this search.
        in_string: The text stands in a string: a delta without special characters may leave as it is, unseen by `follow`.
    """

    special: Callable[[str], re.Match[str] | None]
    in_string: bool

    def follow(self, text: str) -> str | None:
        """Read a delta. Returns the JSON text that may leave by now; None for a delta that is for `BlockReader.feed`."""


class PlainBlock(Protocol):
    """A block that may hold a plain call in JSON, read by somebody else up to the first text that is not plain.

    Attributes:
        close: The closing marker.
        inside: Patterns of strings in the block.
        known: Gives the place of a tool's arguments in its schema.
    """

    @property
    def close(self) -> str: ...  # noqa: D102  # see the class

    @property
    def inside(self) -> InString: ...  # noqa: D102

    @property
    def known(self) -> Callable[[str], KnownPlace]: ...  # noqa: D102

    def keep(self, text: str) -> None:
        """Keep text that was read by somebody else."""

    def adopt(self, cursor: JsonCursor, start: int) -> None:
        """Go on behind the kept text: behind the name of a call, in its arguments, or behind these.

        Args:
            cursor: Reads the arguments; fresh, if they have not begun.
            start: Offset of the arguments; behind the name, if they have not begun.
        """

    def take_plain(self, name: str, start: int, end: int, tag: int, text: str) -> tuple[str, RawCall, Sequence[str]] | None:
        """End a block of one plain call.

        Args:
            name: The name of the call.
            start: Offset of the arguments.
            end: Offset behind the arguments.
            tag: Offset of the closing marker.
            text: The text behind what was kept so far, the closing marker included.

        Returns:
            The text of the block, the call, faults of the tags; None for arguments that cannot be held; the block has ended.
        """


class BlockReader(Protocol):
    """The reader of one block; `adapter.syntax.block.Block` is the base of all.

    Attributes:
        opening: The opening marker, and the text between marker and payload.
        steps: Pieces of calls that are certain; the listener clears the list. `Unheard` without a listener: set by the
            completion before the first delta, or by the reader when nothing more of the block can be certain before its end.
    """

    opening: str
    steps: list[Step]

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text from `position` on. Returns the position reached, and the end of the block, if met."""

    def waiting(self) -> Lookout | None:
        """Literals without which the block cannot end; None to see every delta. Asked only without a listener."""

    def flowing(self) -> Flowing | None:
        """Patterns of text to forward unread, inside a string of the arguments; None anywhere else."""

    def follower(self) -> Follower | None:
        """A reader for the next plain deltas, whose text is given to `flowed` later; None where there is none."""

    def plain(self) -> PlainBlock | None:
        """The same reader for plain calls in JSON; None in a block that may hold others, or end without its closing marker."""

    def flowed(self, text: str) -> str:
        """Consume text that was forwarded, or followed. Returns forwarded text as JSON."""

    def finish(self, tail: str, *, cut: bool) -> End:
        """End the block with the completion.

        Args:
            tail: Text that was fed and not consumed.
            cut: The model was stopped, rather than done.
        """

    def go_on(self) -> None:
        """Read on for the closing marker, after `End.TEXT` without a readable call."""

    def read(self, end: End) -> Reading:
        """The calls of the block."""

    def parts(self) -> tuple[str, str]:
        """The text of the block, and text behind its end that is to be read again."""

    def markup_faults(self) -> tuple[str, ...]:
        """Faults of the block's markup."""


class BareScanner(Protocol):
    """A search for the end of a payload without a marker behind it.

    Attributes:
        offset: Code points consumed; whoever takes text that `flowing` lets pass adds the length.
        payload_end: Offset of the end; known once `feed` has returned an end, or `complete` is true.
    """

    offset: int
    payload_end: int

    @property
    def complete(self) -> bool:
        """All brackets are closed."""

    def feed(self, text: str, start: int = 0) -> tuple[int, End | None]:
        """Consume text from `start` on. Returns the position reached, and the end of the payload, if met."""

    def flowing(self) -> Flowing | None:
        """Return patterns of text that may pass unread inside a string; None outside of strings."""


class CallFinder(Protocol):
    """A search for calls in a payload that is still being written.

    Attributes:
        steps: Pieces of calls that are certain; the listener clears the list.
    """

    steps: list[Step]

    def feed(self, text: str) -> None:
        """Consume the next piece of the payload."""


class BareSyntax(Protocol):
    """A call syntax whose calls can stand without markers.

    Attributes:
        bare: The beginnings of such calls.
    """

    bare: BareForm

    def scanner(self) -> BareScanner:
        """Make a search for the end of one payload."""

    def finder(self) -> CallFinder | None:
        """Make a search for the calls of one payload; None in a syntax whose calls are certain at the end only."""

    def read(self, payload: str, end: End) -> Reading:
        """The calls of a payload."""

    def begun(self, payload: str, *, over: bool = False) -> str:
        """The name of the first call of an unfinished payload; empty while another name may still take its place.

        Args:
            payload: The payload so far.
            over: No more text comes.
        """


class Syntax(Protocol):
    """A call syntax.

    Attributes:
        openings: Markers that begin a block, the dialect's own first.
        has_passages: Markers mean something without calls too: some begin a passage.
        begins_inside: The prompt ends with an opening marker; a completion begins with the text behind the marker.
        has_plain_blocks: `plain_block` can find calls.
        in_words: The opening marker was met, and words follow so far, where a call is due.
        notation: The notation of arguments, or of values that are not raw text.
        limits: Values that the syntax cannot express.
        value_ends: Literals that a reader takes for the end of a raw value before the right tag; a value without them is read
            whole. A space stands for any white space or none, a newline in front for the start of a line.
    """

    openings: tuple[str, ...]
    has_passages: bool = False
    begins_inside: bool = False
    has_plain_blocks: bool = False
    in_words: bool = False
    notation: Notation = JSON
    limits: Limits = Limits()
    value_ends: tuple[str, ...] = ()

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Pass over text between an opening marker and the payload.

        Returns:
            The position reached, and if a payload begins there: True, False, or None until more text has come.
        """

    def plain_block(self, text: str, start: int) -> tuple[RawCall, int] | None:  # noqa: ARG002  # for syntaxes that can
        """Read a complete block of one call in its most common form, for completions that are whole.

        Args:
            text: The completion.
            start: Position of the opening marker.

        Returns:
            The call and the position behind the block; None for any other block, which a reader has to read.
        """
        return None

    def finder(self) -> CallFinder | None:
        """Make a search for the calls of one payload without markers; see `BareSyntax`."""
        return None

    def block(self, opening: str) -> BlockReader | Passage:
        """Make a reader for one block with this opening; or the passage that begins there."""
