"""The content of a streamed answer, kept back until its form is known (behaviour 5.11 and 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.grounding.judge import LONGEST_BARE
from adapter.text.buffer import TextBuffer

if TYPE_CHECKING:
    from adapter.enforce.answer_format import AnswerFormat

_BEGINNINGS = frozenset({"", "{", "[", "`"})


class FormattedWords:
    """Keeps a content until it can be unwrapped; a content that begins as JSON flows on, where calls flow.

    Args:
        flowing: The content may leave while it is written.

    Attributes:
        flows: The content leaves while it is written.
    """

    __slots__ = ("_buffer", "_undecided", "flows")

    def __init__(self, *, flowing: bool) -> None:
        self._buffer = TextBuffer()
        self._undecided = flowing
        self.flows = False

    def add(self, text: str) -> str:
        """Add a piece of the content. Returns the text that leaves now."""
        self._buffer.append(text)
        if self._undecided and text.strip():
            self._undecided = False
            self.flows = text.lstrip().startswith("{")
            return self.text() if self.flows else ""
        return text if self.flows else ""

    def text(self) -> str:
        """Return the content so far."""
        return self._buffer.text()


class DoubtfulWords(FormattedWords):
    """Keeps a content that begins as the JSON of a call may: a call of a tool that was not offered is asked about.

    Args:
        least: Characters that are kept of any content.
    """

    __slots__ = ("_least",)

    def __init__(self, least: int) -> None:
        super().__init__(flowing=False)
        self._least = least

    def add(self, text: str) -> str:
        """Add a piece of the content. Returns the text that leaves now."""
        if self.flows:
            return text
        self._buffer.append(text)
        held = self._buffer.text()
        plain = held.lstrip()[:1] not in _BEGINNINGS and len(held) > self._least
        self.flows = plain or len(held) > LONGEST_BARE
        return held if self.flows else ""


def words_for(wanted: AnswerFormat | None, *, held: int | None, awaited: bool, incremental: bool) -> FormattedWords | None:
    """Return the keeper of the content of an answer; None for a content that leaves at once.

    Args:
        wanted: The caller's own format of an answer in words.
        held: Characters of a content that may turn out to be a call of a tool that was not offered, or a result given back, and
            are kept in any case; None for a content without doubt.
        awaited: No words are wanted: without a call, the request goes upstream in another form.
        incremental: Calls leave while the model writes them.
    """
    if wanted is not None or awaited:
        return FormattedWords(flowing=wanted is not None and incremental and not wanted.held)
    return None if held is None else DoubtfulWords(held)
