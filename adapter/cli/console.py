"""Reading files and printing for people: colour on a terminal, plain text in a pipe, one line for bad input."""

from __future__ import annotations

import codecs
import contextlib
import importlib
import io
import json
import os
import re
import secrets
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from adapter.plain_file import check_plain

if TYPE_CHECKING:
    from collections.abc import Callable

_BOM = "\ufeff"  # which Windows' editors write
_HANDLER = "adapter.plain_signs"
_OPENED = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # what the shell has opened
_STYLES = {
    "label": "1;36",
    "dim": "2",
    "good": "32",
    "bad": "31",
    "mark": "35",
    "key": "33",
    "code": "36",
    "strong": "1",
    "heading": "1;4",
}
# In front of a colour set here, in place of the escape that a text from elsewhere may hold too. No text can guess it.
_OURS = f"\x00{secrets.token_hex(8)}"
# Signs that a terminal would run instead of showing, and those that turn the direction of a text.
_RUN = re.compile(rf"(?!{_OURS})[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_PLAIN = {"─": "-", "│": "|", "·": ".", "…": "...", "×": "x", "→": "->"}
_MARKUP = re.compile(r"</?[A-Za-z_][\w.-]*>|<\|[^|<>]*\|>")


def _as_sign(control: re.Match[str]) -> str:
    return chr(0x2400 + ord(control[0])) if control[0] < " " else "\ufffd"


def harmless(text: str) -> str:
    """Return a text with control characters as visible signs, `␛` for an escape."""
    return _RUN.sub(_as_sign, text)


def _in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    """Return signs for text that the stream's encoding lacks: lines of dashes, else escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in lacking), error.end


codecs.register_error(_HANDLER, _in_plain_signs)


def coloured(out: TextIO) -> bool:
    """Tell if output gets colours: on a terminal, unless NO_COLOR says no; elsewhere where FORCE_COLOR says yes."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    return forced != "0" if forced else out.isatty() and os.environ.get("TERM") != "dumb"


def _wait_for_keys(source: TextIO) -> None:
    """Wait for a line; Ctrl-C ends the wait at any time, also between the question and the wait."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    both: list[Any] = [source, reading]
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        while source not in select.select(both, [], [])[0]:
            os.read(reading, 1)  # a signal, whose handler runs now
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


class BadInput(Exception):
    """Unusable input of the user. The message is a single line: the file, the place, and the text to write instead."""


class Console:
    """The three streams of a command.

    Args:
        out: Results.
        err: Errors and progress.
        source: The stream behind `-`.

    Attributes:
        wording: Returns a message as the command line says it: options as flags.
    """

    def __init__(self, out: TextIO, err: TextIO, source: TextIO) -> None:
        for stream in (out, err):
            if hasattr(stream, "reconfigure"):  # a terminal or a file in an old encoding
                stream.reconfigure(errors=_HANDLER)
        self.out = out
        self.err = err
        self._source = source
        self.wording: Callable[[str], str] = str
        self.coloured = coloured(out)
        runs = {id(stream) for stream in (out, err) if stream.isatty()}  # terminals run escapes
        self._runs = runs | {id(out)} if self.coloured else runs

    def styled(self, text: str, style: str, stream: TextIO | None = None) -> str:
        """The text in a style on a terminal; plain text in a pipe. For the methods that print."""
        has_colours = self.coloured if stream is None else coloured(stream)
        return f"{_OURS}[{_STYLES[style]}m{text}{_OURS}[0m" if has_colours else text

    def markup(self, text: str) -> str:
        """The text with coloured tags and special tokens."""
        return _MARKUP.sub(lambda tag: self.styled(tag.group(), "mark"), text) if self.coloured else text

    def line(self, text: str = "") -> None:
        """Print a line."""
        print(self._shown(text, self.out), file=self.out)

    def drawn(self, text: str) -> None:
        """Print a line that was made here with escapes for colours, of harmless texts."""
        print(text, file=self.out)

    def text(self, text: str) -> None:
        """Print a text as it is."""
        print(self._shown(text, self.out), end="", file=self.out)

    def labelled(self, label: str, text: str) -> None:
        """Print a text under a label."""
        head = self._shown(self.styled(f"── {label} ", "label"), self.out)
        print(head, self._shown(text, self.out), "", sep="\n", file=self.out)

    def show(self, label: str, text: str) -> None:
        """Print a text with coloured markup under a label, at once."""
        self.labelled(label, self.markup(text))
        self.out.flush()

    def begin(self, label: str) -> None:
        """Print the label of a text that comes in pieces."""
        print(self._shown(self.styled(f"── {label} ", "label"), self.out), file=self.out, flush=True)

    def piece(self, text: str) -> None:
        """Print a piece of a text at once."""
        print(self._shown(text, self.out), end="", file=self.out, flush=True)

    def end(self) -> None:
        """End a text that came in pieces."""
        print("\n", file=self.out, flush=True)

    def _shown(self, text: str, stream: TextIO) -> str:
        """Return the text, harmless for a terminal, with the colours set here."""
        return (harmless(text) if id(stream) in self._runs else text).replace(_OURS, "\x1b")

    def error(self, text: str) -> None:
        """Print a line on stderr; a stderr that cannot be written keeps nobody from the result."""
        with contextlib.suppress(OSError):
            print(self._shown(text, self.err), file=self.err)

    def told(self, text: str) -> None:
        """Print a line on stderr about options, in the wording of the command line."""
        self.error(self.wording(text))

    def raw_line(self, line: str) -> None:
        """Print lines that were made with their ends, harmless on a terminal."""
        self.out.write(self._shown(line, self.out))

    @property
    def binary_source(self) -> Any:
        """The bytes of standard input."""
        return getattr(self._source, "buffer", None) or io.BytesIO(self._source.read().encode())

    @property
    def interactive(self) -> bool:
        """A person sits at a terminal: lines are typed, and questions can be answered."""
        return self._source is sys.stdin and self._source.isatty() and self.out.isatty()

    def next_line(self, prompt: str = "") -> str | None:
        """Read the next line of standard input, on a terminal behind a prompt and with the keys of readline.

        Returns:
            The line without its end; None at the end of the input.

        Raises:
            BadInput: The line is not UTF-8 text.
        """
        try:
            if not self.interactive:
                line = self._source.readline()
                return line.rstrip("\r\n").removeprefix(_BOM) if line else None
            with contextlib.suppress(ImportError):  # Windows has the same keys without
                importlib.import_module("readline")
            return input(prompt)
        except EOFError:
            return None
        except UnicodeDecodeError as error:
            raise BadInput(f"standard input: not UTF-8 text (byte {error.start}); write the lines in UTF-8") from error

    def ask(self, question: str) -> str | None:
        """Ask a question on a terminal. Keys that were typed ahead are dropped: no earlier key answers.

        Returns:
            The answer without its end; None at the end of the input.
        """
        if sys.platform == "win32":
            return self.next_line(question)
        termios: Any = importlib.import_module("termios")
        termios.tcflush(self._source, termios.TCIFLUSH)
        self.piece(question)
        _wait_for_keys(self._source)
        line = self._source.readline()
        return line.rstrip("\r\n") if line else None

    def read(self, name: str) -> str:
        """Read the text of a file, or of stdin for `-`.

        Raises:
            BadInput: The file cannot be read.
        """
        try:
            if name == "-":
                return self._source.read().removeprefix(_BOM)
            # A shell's `<(…)` is a pipe that is open already; another pipe or a device may never end.
            data = (Path(name) if name.startswith(_OPENED) else check_plain(name)).read_bytes()
            # PowerShell writes `>` in UTF-16, with its mark.
            text = data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
            return text.replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise BadInput(f"{name}: not UTF-8 text (byte {error.start}); save the file as UTF-8") from error
        except ValueError as error:  # a NUL in the path
            raise BadInput(f"{name!r}: {error}; give the path of a file, or - for standard input") from error
        except OSError as error:
            raise BadInput(f"{name}: {error.strerror or error}; give the path of a file, or - for standard input") from error

    def read_json(self, name: str) -> Any:
        """Read the JSON of a file, or of stdin for `-`.

        Raises:
            BadInput: The file cannot be read or is not JSON.
        """
        return self.json_of(self.read(name), name)

    def json_of(self, text: str, name: str) -> Any:
        """Read the JSON of a text.

        Args:
            text: The text.
            name: The file that it came from, for messages.

        Raises:
            BadInput: The text is not JSON.
        """
        if not text.strip():
            raise BadInput(f"{name}: not JSON: the file is empty")
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise BadInput(f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
        except RecursionError as error:
            raise BadInput(f"{name}: not usable JSON: nested too deeply") from error
        except ValueError as error:
            raise BadInput(f"{name}: not usable JSON: a number of more than 4,300 digits") from error
