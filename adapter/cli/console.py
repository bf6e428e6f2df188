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
    """Unusable input of the user. The message is a single line: the file, the place, and the text to write instead."""


class Console:
    """The three streams of a command.

    Args:
        out: Results.
        err: Errors and progress.
        source: The stream behind `-`.
    """

    def __init__(self, out: TextIO, err: TextIO, source: TextIO) -> None:
        self.out = out
        self.err = err
        self._source = source
        self.coloured = out.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def styled(self, text: str, style: str) -> str:
        """The text in a style on a terminal; plain text in a pipe."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.coloured else text

    def markup(self, text: str) -> str:
        """The text with coloured tags and special tokens."""
        return _MARKUP.sub(lambda tag: self.styled(tag.group(), "mark"), text) if self.coloured else text

    def line(self, text: str = "") -> None:
        """Print a line."""
        print(text, file=self.out)

    def labelled(self, label: str, text: str) -> None:
        """Print a text under a label."""
        print(self.styled(f"── {label} ", "label"), text, "", sep="\n", file=self.out)

    def error(self, text: str) -> None:
        """Print a line on stderr."""
        print(text, file=self.err)

    def read(self, name: str) -> str:
        """Read the text of a file, or of stdin for `-`.

        Raises:
            BadInput: The file cannot be read.
        """
        try:
            return self._source.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"{name}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from error
        except OSError as error:
            raise BadInput(f"{name}: {error.strerror or error}; give the path of a file, or - for standard input") from error

    def read_json(self, name: str) -> Any:
        """Read the JSON of a file, or of stdin for `-`.

        Raises:
            BadInput: The file cannot be read or is not JSON.
        """
        try:
            return json.loads(self.read(name))
        except json.JSONDecodeError as error:
            raise BadInput(f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
        except RecursionError as error:
            raise BadInput(f"{name}: not usable JSON: nested too deeply") from error
