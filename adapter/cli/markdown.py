"""Colours for Markdown while it is written: every character stays, and headings, code and strong words stand out.

A terminal cannot take words back that were shown, so nothing is laid out anew. A mark at the end of a piece waits for the next
piece, which says how long the mark is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = re.compile(r"`+|\*\*|#{1,6}(?= )|\n")
_SIGNS = ("`", "*", "#")  # of marks: at the end of a piece, a mark may have begun
_FENCE = 3  # backquotes that begin a block of code


class Markdown:
    """Colours the pieces of one text.

    Args:
        styled: Puts a text into a style: `code`, `strong` or `heading`.
    """

    def __init__(self, styled: Callable[[str, str], str]) -> None:
        self._styled = styled
        self._waiting = ""
        self._code = ""  # the backquotes that end the code
        self._strong = self._heading = False
        self._begins = True  # a line

    def feed(self, text: str) -> str:
        """Return a piece of the text in colours, but for a mark at its end that may be longer."""
        text = self._waiting + text
        begun = text.rstrip(text[-1]) if text.endswith(_SIGNS) else text
        self._waiting = text[len(begun) :]
        return self._coloured(text[: len(text) - len(self._waiting)])

    def close(self) -> str:
        """Return the rest, and begin another text."""
        rest = self._coloured(self._waiting)
        self._waiting = self._code = ""
        self._strong = self._heading = False
        self._begins = True
        return rest

    def _coloured(self, text: str) -> str:
        out, at = [], 0
        for mark in _MARK.finditer(text):
            out.append(self._shown(text[at : mark.start()]))
            at = mark.end()
            out.append(self._marked(mark.group()))
        out.append(self._shown(text[at:]))
        return "".join(out)

    def _shown(self, text: str) -> str:
        if text.strip():
            self._begins = False
        style = "code" if self._code else "heading" if self._heading else "strong" if self._strong else ""
        return self._styled(text, style) if style and text else text

    def _marked(self, mark: str) -> str:
        """Return a mark in the style that it begins or ends."""
        if mark == "\n":
            if len(self._code) < _FENCE:
                self._code = ""
            self._heading = self._strong = False
            self._begins = True
            return mark
        if self._code and mark != self._code:
            return self._shown(mark)
        if mark[0] == "`":
            shown = self._styled(mark, "code")
            self._code = "" if self._code else mark
            self._begins = False
            return shown
        if mark[0] == "#":
            self._heading = self._heading or self._begins
            return self._shown(mark)
        self._strong = not self._strong
        self._begins = False
        return self._styled(mark, "heading" if self._heading else "strong")
