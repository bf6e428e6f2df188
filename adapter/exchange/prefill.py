"""Deltas of an answer on their way to the parser, joined with a prefill."""

from __future__ import annotations


class Incoming:
    """Joins surrogate pairs that two deltas divide, and completes an answer whose beginning upstream leaves out.

    A pair of surrogates can arrive in two JSON strings. An answer with a prefill arrives with the prefill from some servers and
    without from others.

    Args:
        prefill: The beginning of the answer, written for the model; empty for none.
        read: The number of characters of the prefill that the parser has read already.
    """

    __slots__ = ("_beginning", "_high", "_prefill", "_read")

    def __init__(self, prefill: str, read: int = 0) -> None:
        self._prefill = prefill
        self._read = read
        self._beginning: str | None = "" if prefill else None  # while upstream may be repeating the prefill
        self._high = ""

    def add(self, text: str) -> str:
        """Add a delta. Returns the text for the parser; empty while more has to come first."""
        if self._beginning is not None:
            text = self._beginning + text
            if self._prefill.startswith(text) and text != self._prefill:
                self._beginning = text
                return ""
            text, self._beginning = with_prefill(self._prefill, text)[self._read :], None
        if self._high:
            text = (self._high + text).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        self._high = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return text[: len(text) - len(self._high)]

    def rest(self) -> str:
        """Return the text still held back when the answer ends."""
        beginning, self._beginning = self._beginning, None
        text = self._high if beginning is None else with_prefill(self._prefill, beginning)[self._read :]
        self._high = ""
        return text


def with_prefill(prefill: str, text: str) -> str:
    """Return an answer with the prefill, repeated by some servers and left out by others."""
    return text if text.startswith(prefill) else prefill + text
