"""Reading files and printing for people: colour on a terminal, plain text in a pipe, one line for bad input."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, TextIO

_STYLES = {"label": "1;36", "dim": "2", "good": "32", "bad": "31", "mark": "35", "key": "33"}
_MARKUP = re.compile(r"</?[A-Za-z_][\w.-]*>|<\|[^|<>]*\|>")


class BadInput(Exception):
    """What the user gave cannot be used; the message is one line that says which file, where, and what to write."""


class Console:
    """The three streams of a command.

    Args:
        out: Results.
        err: Errors and progress.
        source: What `-` reads.
    """

    def __init__(self, out: TextIO, err: TextIO, source: TextIO) -> None:
        self.out = out
        self.err = err
        self._source = source
        self.coloured = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def styled(self, text: str, style: str) -> str:
        """The text in a style, where there is a terminal to show it."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.coloured else text

    def markup(self, text: str) -> str:
        """The text with its tags and special tokens coloured."""
        return _MARKUP.sub(lambda tag: self.styled(tag.group(), "mark"), text) if self.coloured else text

    def line(self, text: str = "") -> None:
        """Print a line."""
        print(text, file=self.out)

    def labelled(self, label: str, text: str) -> None:
        """Print a text under its label."""
        print(self.styled(f"── {label} ", "label"), text, "", sep="\n", file=self.out)

    def error(self, text: str) -> None:
        """Print a line on stderr."""
        print(text, file=self.err)

    def read(self, name: str) -> str:
        """The text of a file, or of stdin for `-`.

        Raises:
            BadInput: It cannot be read.
        """
        try:
            return self._source.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"{name}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from error
        except OSError as error:
            raise BadInput(f"{name}: {error.strerror or error}; give the path of a file, or - for standard input") from error

    def read_json(self, name: str) -> Any:
        """The JSON of a file, or of stdin for `-`.

        Raises:
            BadInput: It cannot be read or is not JSON.
        """
        try:
            return json.loads(self.read(name))
        except json.JSONDecodeError as error:
            raise BadInput(f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
        except RecursionError as error:
            raise BadInput(f"{name}: not usable JSON: nested too deeply") from error
