"""Deltas of an answer on their way to the parser."""

from __future__ import annotations


class Incoming:
    """Puts together what deltas take apart, and completes what upstream leaves out.

    A pair of surrogates can come in two JSON strings. And an answer that was begun for the model comes with its beginning from
    some servers, without it from others.

    Args:
        prefill: How the answer was begun.
        read: How much of that the parser has read already.
    """

    __slots__ = ("_beginning", "_high", "_prefill", "_read")

    def __init__(self, prefill: str, read: int = 0) -> None:
        self._prefill = prefill
        self._read = read
        self._beginning: str | None = "" if prefill else None  # while upstream may be repeating the prefill
        self._high = ""

    def add(self, text: str) -> str:
        """What the parser is to read now."""
        if self._beginning is not None:
            text = self._beginning + text
            if self._prefill.startswith(text) and text != self._prefill:
                self._beginning = text
                return ""
            text, self._beginning = whole(self._prefill, text)[self._read :], None
        if self._high:
            text = (self._high + text).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        self._high = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return text[: len(text) - len(self._high)]

    def rest(self) -> str:
        """What is left at the end."""
        beginning, self._beginning = self._beginning, None
        text = self._high if beginning is None else whole(self._prefill, beginning)[self._read :]
        self._high = ""
        return text


def whole(prefill: str, text: str) -> str:
    """An answer with its beginning."""
    return text if text.startswith(prefill) else prefill + text
