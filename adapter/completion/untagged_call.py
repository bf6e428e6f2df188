"""A call written without its markers, and as nothing but a call: the whole answer (behaviour 1.10).

Text that may turn out to be one is held back, and let go as soon as it cannot be: at its first key, at the first word after
the payload, at a tag. So an answer that merely begins with a brace or a code fence goes on flowing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.json.end_scanner import End
from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    from adapter.syntax.contract import BareSyntax

_LONGEST_BEGINNING = 600  # in which a name is looked for
_REST = re.compile(r"[\s`;,]*\Z")


class BareCall:
    """Holds text that may be a call without markers.

    Args:
        syntax: Says how such a call begins, finds its end and reads it.
        tokens: Special tokens and closing markers that may follow it.

    Attributes:
        start: Where in the text the payload begins.
        dead: Whether it turned out to be ordinary text.
    """

    __slots__ = ("_alive", "_ended", "_form", "_held", "_named", "_scanner", "_syntax", "_tail", "_tokens", "dead", "start")

    def __init__(self, syntax: BareSyntax, tokens: tuple[str, ...]) -> None:
        self._syntax = syntax
        self._form = syntax.bare
        self._named = False  # there is nothing to be learned of its name any more
        self._tokens = re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) or r"(?!)")
        self._scanner = syntax.scanner()
        self._held = TextBuffer()
        self._alive = False  # the head has been read
        self.start = 0
        self._tail = ""
        self._ended = False
        self.dead = False

    @property
    def text(self) -> str:
        """All that is held."""
        return self._held.text()

    @property
    def payload(self) -> str:
        """What has been written of the payload."""
        return self.text[self.start :] if self._alive else ""

    def name(self) -> str:
        """The name of the call that it begins with, told once; empty while it is not known."""
        if self._named or not self._alive:
            return ""
        name = self._syntax.begun(self.payload)
        self._named = bool(name) or len(self._held) > _LONGEST_BEGINNING
        return name.strip()

    def feed(self, text: str) -> str:
        """Hold more text, and see whether it can still be a call. Returns what of it is certain to be payload."""
        self._held.append(text)
        if not self._alive:
            text = self._head()
        return self._scan(text) if self._alive and not self.dead else ""

    def _head(self) -> str:
        """Read up to where the form of a call shows. Returns what the scanner is to see."""
        held = self.text
        head = self._form.head.match(held)
        if head is None:
            self.dead = self._form.half.match(held) is None
            return ""
        self._alive = True
        self.start = head.start("payload")
        return held[self.start :]

    def _scan(self, text: str) -> str:
        if self._ended:
            return ""  # what follows is judged at the end
        window = self._tail + text
        position, end = self._scanner.feed(window)
        self._tail = window[position:]
        if end is not None:
            self._ended = True
            self.dead = end in {End.TEXT, End.DONE, End.OPENER, End.QUOTE}
        return window[:position]

    def finish(self) -> tuple[str, bool]:
        """The completion is over.

        Returns:
            The payload, and whether it is complete with nothing but white space, fences and special tokens after it.
        """
        complete = self._ended or (self._alive and self._scanner.complete)
        end = self._scanner.payload_end
        rest = self.text[self.start + end :] if complete else ""
        return self.text[self.start : self.start + end], complete and _REST.match(self._tokens.sub("", rest)) is not None
