"""A call written without its tags: JSON, or fenced JSON, that is the whole answer (behaviour 1.10).

Text that may turn out to be one is held back, and let go as soon as it cannot be: at its first key, at the first word after
the JSON, at a tag. So an answer that merely begins with a brace or a code fence goes on flowing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adapter.syntax.scanner import End
from adapter.syntax.text_buffer import TextBuffer

if TYPE_CHECKING:
    from adapter.syntax.json_in_tags import JsonInTags

_KEYS = {"name", "arguments", "parameters", "type", "function", "tool_calls", "id"}
_FENCE = r"`{3}(?:json|xml|tool_call)?[ \t]*\n\s{0,20}"
_HEAD = re.compile(rf'(?:{_FENCE})?(?P<payload>[\[\s]{{0,20}}\{{\s{{0,20}}"(?P<key>[^"\\]{{0,20}})")')
_HALF_HEAD = re.compile(
    r"(?:`{1,3}|`{3}[a-z_]{1,9}[ \t]{0,9}|`{3}(?:json|xml|tool_call)?[ \t]*\n\s{0,20})?"
    r'(?:[\[\s]{0,20}(?:\{\s{0,20}(?:"[^"\\]{0,20})?)?)?\Z'
)
_REST = re.compile(r"[\s`]*\Z")


class BareCall:
    """Holds text that may be a call without tags.

    Args:
        syntax: Reads the payload.
        tokens: Special tokens that may follow it.

    Attributes:
        dead: Whether it turned out to be ordinary text.
    """

    __slots__ = ("_alive", "_ended", "_held", "_scanner", "_start", "_syntax", "_tail", "_tokens", "dead")

    def __init__(self, syntax: JsonInTags, tokens: tuple[str, ...]) -> None:
        self._syntax = syntax
        self._tokens = re.compile("|".join(map(re.escape, sorted(tokens, key=len, reverse=True))) or r"(?!)")
        self._scanner = syntax.scanner()
        self._held = TextBuffer()
        self._alive = False  # the head has been read
        self._start = 0  # where the payload begins
        self._tail = ""
        self._ended = False
        self.dead = False

    @property
    def text(self) -> str:
        """All that is held."""
        return self._held.text()

    @staticmethod
    def may_begin(character: str) -> bool:
        """Whether a bare call can begin with this character."""
        return character in "{[`"

    def feed(self, text: str) -> str:
        """Hold more text, and see whether it can still be a call. Returns what of it is certain to be payload."""
        self._held.append(text)
        if not self._alive:
            text = self._head()
        return self._scan(text) if self._alive and not self.dead else ""

    def _head(self) -> str:
        """Read up to the first key. Returns what the scanner is to see."""
        held = self.text
        head = _HEAD.match(held)
        if head is None:
            self.dead = _HALF_HEAD.match(held) is None
        elif head["key"] not in _KEYS:
            self.dead = True
        else:
            self._alive = True
            self._start = head.start("payload")
            return held[self._start :]
        return ""

    def _scan(self, text: str) -> str:
        if self._ended:
            return ""  # what follows is judged at the end
        window = self._tail + text
        position, end = self._scanner.feed(window)
        self._tail = window[position:]
        if end is not None:
            self._ended = True
            self.dead = end in {End.TEXT, End.OPENER, End.QUOTE}
        return window[:position]

    def finish(self) -> tuple[str, bool]:
        """The completion is over.

        Returns:
            The payload, and whether it is complete with nothing but white space, fences and special tokens after it.
        """
        complete = self._ended or (self._alive and self._scanner.complete)
        end = self._scanner.payload_end
        rest = self.text[self._start + self._scanner.payload_end :] if complete else ""
        rest = self._tokens.sub("", rest.replace(self._syntax.bounds.close, ""))
        return self.text[self._start : self._start + end], complete and _REST.match(rest) is not None
