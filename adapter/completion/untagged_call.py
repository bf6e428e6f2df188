"""Text that may be a call without markers: a call as the whole answer (behaviour 1.10).

The text is held back, and let go as soon as it cannot be a call: at its first key, at the first word behind the payload, at a
marker. So an answer that merely begins with a brace or a code fence goes on flowing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.reading import End
from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    from adapter.syntax.contract import BareSyntax
    from adapter.syntax.reading import Flowing, Step

_LONGEST_BEGINNING = 600  # code points in which a name is looked for
_REST = re.compile(r"[\s`;,}\]]*\Z")
_BRACKETS = re.compile(r"[\s}\]]*[}\]]")  # too many


class BareCall:
    """Text that may be a call without markers.

    Args:
        syntax: Knows the beginnings of such calls, finds their end and reads them.
        ends: Special tokens and closing markers that may follow a call.
        early: Look for the calls while they are written.

    Attributes:
        named: The name of the first call is known, or is looked for no more.
        start: Position of the payload in the text.
        steps: Pieces of calls that are certain; the listener clears the list.
        dead: The text turned out to be no call.
    """

    __slots__ = (
        "_alive", "_ended", "_ends", "_finder", "_form", "_held", "_scanner", "_syntax", "_tail", "dead", "named", "start",
        "steps",
    )  # fmt: skip

    def __init__(self, syntax: BareSyntax, ends: tuple[str, ...], *, early: bool = False) -> None:
        self._syntax = syntax
        self._form = syntax.bare
        self.named = False
        self._ends = re.compile("|".join(map(re.escape, sorted(ends, key=len, reverse=True))) or r"(?!)")
        self._scanner = syntax.scanner()
        self._finder = syntax.finder() if early else None
        self.steps: list[Step] = [] if self._finder is None else self._finder.steps
        self._held = TextBuffer()
        self._alive = False  # the beginning of a call has been read
        self.start = 0
        self._tail = ""
        self._ended = False
        self.dead = False

    @property
    def text(self) -> str:
        """All of the text."""
        return self._held.text()

    @property
    def payload(self) -> str:
        """The payload so far."""
        return self.text[self.start :] if self._alive else ""

    def name(self) -> str:
        """Return the name of the first call, once; empty while the name is not known, and afterwards."""
        if self.named or not self._alive:
            return ""
        name = self._syntax.begun(self.payload)
        self.named = bool(name) or len(self._held) > _LONGEST_BEGINNING
        return name.strip()

    def feed(self, text: str) -> None:
        """Hold more text, and decide if all of the text can still be a call."""
        self._held.append(text)
        if not self._alive:
            text = self._head()
        if self._alive and not self.dead and not self._ended:  # text behind the payload is judged at the end
            self._scan(text)

    def flowing(self) -> Flowing | None:
        """Return patterns of text that may pass unread inside a string, if nobody listens to the calls; else None."""
        wanted = self._alive and not self._ended and not self._tail and self._finder is None
        return self._scanner.flowing() if wanted else None

    def flowed(self, text: str) -> None:
        """Hold text that `flowing` let pass."""
        self._held.append(text)
        self._scanner.offset += len(text)

    def _head(self) -> str:
        """Read the beginning of the text. Returns the part for the scanner."""
        held = self.text
        head = self._form.head.match(held)
        if head is None:
            self.dead = self._form.half.match(held) is None
            return ""
        self._alive = True
        self.start = head.start("payload")
        return held[self.start :]

    def _scan(self, text: str) -> None:
        window = self._tail + text
        position, end = self._scanner.feed(window)
        self._tail = window[position:]
        if end is not None:
            self._ended = True
            self.dead = end in {End.TEXT, End.DONE, End.OPENER, End.QUOTE}
        if self._finder is not None:
            self._finder.feed(window[:position])

    def finish(self) -> tuple[str, bool]:
        """End the text with the completion. Words behind a complete payload make the text `dead`.

        Returns:
            The payload; and if the payload is complete, with nothing but brackets, space, fences and special tokens behind.
        """
        if not (self._ended or (self._alive and self._scanner.complete)):
            return self.payload, False
        end = self.start + self._scanner.payload_end
        rest = self.text[end:]
        brackets = _BRACKETS.match(rest)
        end += brackets.end() if brackets else 0
        self.dead = _REST.match(self._ends.sub("", rest)) is None
        return self.text[self.start : end], not self.dead
