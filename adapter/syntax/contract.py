"""What a call syntax is: how a block begins, how it is read a delta at a time, what it holds.

A syntax is made for one request's dialect; it makes a reader for each block. The reader is given the text from the first
character after the opening marker on, finds the end of the block itself, and keeps the calls it found:

    feed(text, position) ──► how far it got, and what ended the block
    steps                ──► what of the calls is certain already, for answers that are streamed
    read(end)            ──► the calls, once the block has ended
    parts()              ──► the block as it was written, and text that is to be read again
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
    from collections.abc import Callable, Mapping

    from adapter.schema.known_place import KnownPlace
    from adapter.syntax.json.end_scanner import End
    from adapter.syntax.message import Passage
    from adapter.syntax.reading import Flowing, Lookout, Reading, Step


@dataclass(frozen=True, slots=True)
class BareForm:
    """How a call begins that has no marker before it.

    Attributes:
        first: The characters that it may begin with.
        head: Matches a beginning that makes it likely; the group `payload` begins where the payload does.
        half: Matches what may become such a beginning.
        own: Whether the dialect's models write calls so; otherwise such a call is recovered.
    """

    first: str
    head: re.Pattern[str]
    half: re.Pattern[str]
    own: bool = False


@dataclass(frozen=True, slots=True)
class SyntaxSettings:
    """What a dialect says about its call syntax.

    Attributes:
        open: The marker before a block.
        close: The marker after it; empty where there is none.
        tokens: Literals that end a block left open: special tokens, the opening tag of a tool result.
        form: What else the template's front matter says under `form`.
        types: The types of the tools' parameters.
        place: The place of a tool's arguments themselves.
        known: The same for arguments that leave while they are written; a place of any value where nothing may be coerced.
    """

    open: str
    close: str
    tokens: tuple[str, ...] = ()
    form: Mapping[str, str] = field(default_factory=dict)
    types: Types = lambda _tool, _parameter: None
    place: Callable[[str], Place] = lambda _tool: ANYWHERE
    known: Callable[[str], KnownPlace] = lambda _tool: known_place.ANYWHERE


class BlockReader(Protocol):
    """Reads one block.

    Attributes:
        opening: The opening marker and what stood between it and the payload.
        steps: What has become certain since they were last taken; whoever takes them clears the list.
    """

    opening: str
    steps: list[Step]

    def feed(self, text: str, position: int) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the block, if something did."""

    def waiting(self) -> Lookout | None:
        """What the block cannot end without; None when the reader wants to see all text as it comes."""

    def flowing(self) -> Flowing | None:
        """What may come now and passes as it is, being inside a string of the arguments; None when the reader is not."""

    def flowed(self, text: str) -> str:
        """Take text that was matched so. Returns it as JSON."""

    def finish(self, tail: str, *, cut: bool) -> End:
        """The completion is over inside the block; `tail` was not consumed yet. `cut`: the model was stopped."""

    def go_on(self) -> None:
        """After an end by `End.TEXT` with nothing readable: read on, for the closing marker."""

    def read(self, end: End) -> Reading:
        """The calls of the block."""

    def parts(self) -> tuple[str, str]:
        """The block as it was written, and what is to be read again as text."""

    def markup_faults(self) -> tuple[str, ...]:
        """What is wrong with the block's markup; empty when nothing is."""


class BareScanner(Protocol):
    """Finds the end of a payload that has no marker after it.

    Attributes:
        payload_end: Where it is, once `feed` returned an end, or `complete` is true.
    """

    payload_end: int

    @property
    def complete(self) -> bool:
        """Whether all brackets are closed."""

    def feed(self, text: str, start: int = 0) -> tuple[int, End | None]:
        """Consume text. Returns how far, and what ended the payload, if something did."""


class BareSyntax(Protocol):
    """A call syntax that can do without markers.

    Attributes:
        bare: How calls begin then.
    """

    bare: BareForm

    def scanner(self) -> BareScanner:
        """Finds the end of one payload."""

    def read(self, payload: str, end: End) -> Reading:
        """The calls of a payload."""

    def begun(self, payload: str) -> str:
        """The name of the call that an unfinished payload begins with, as far as it is certain; empty while it is not."""


class Syntax(Protocol):
    """A call syntax.

    Attributes:
        openings: The markers that a block may begin with, the dialect's own first.
        has_passages: Whether its markers mean something without calls too: they may begin a passage.
        in_words: Whether the opening marker that was met is followed by words, so far, where a call is due.
        notation: How arguments are written, or the values in them that are not raw text.
        limits: What it cannot say.
        value_ends: What the reader of a raw value takes for its end where the right tag follows: one without it is read whole.
            A space in it stands for any white space, or none; a newline before it, that it counts where a line begins.
    """

    openings: tuple[str, ...]
    has_passages: bool = False
    in_words: bool = False
    notation: Notation = JSON
    limits: Limits = Limits()
    value_ends: tuple[str, ...] = ()

    def opening(self, opener: str, text: str, position: int) -> tuple[int, bool | None]:
        """Go on after an opening marker, over what may stand before the payload.

        Returns:
            How far the text was passed over, and whether a payload begins there: yes, no, or None when more text is needed.
        """

    def whole(self, opening: str, text: str, position: int) -> tuple[Reading, int] | None:  # noqa: ARG002  # it needs none
        """Read a block in one go.

        Args:
            opening: Its opening marker and what stood between it and the payload.
            text: Holds the payload.
            position: Where that begins.

        Returns:
            Its calls and where it ends, if all of it is there and nothing is wrong with it; None where that is not certain.
        """
        return None

    def block(self, opening: str) -> BlockReader | Passage:
        """A reader for one block, which began with this text; or the passage that did."""
