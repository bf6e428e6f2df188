"""The command line: a module for each command, with `add` (declares arguments) and `run` (executes the command).

`run` of the package takes the arguments and the three streams, so that tests call a command as a shell would. Bad input gives a
single line on stderr and exit status 2, never a traceback; a command's own verdict is status 1.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from adapter._version import __version__
from adapter.cli.console import BadInput, Console
from adapter.cli.option_flags import in_flags

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each is a module of this package, imported when its command runs: a gateway starts without the demo's modules.
_COMMANDS = ("demo", "chat", "serve", "probe", "eval", "preview", "parse", "batch", "templates", "tokens", "lint")


def run(argv: list[str], stdout: TextIO | None = None, stderr: TextIO | None = None, stdin: TextIO | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments, without the program's name.
        stdout: The stream for output; default: the process's own, as for the other two.
        stderr: The stream for errors and progress.
        stdin: The stream behind `-`.

    Returns:
        The exit status: 0; 1 for a command's own verdict; 2 for bad input; 130 after an interrupt.
    """
    console = Console(stdout or sys.stdout or _nowhere(), stderr or sys.stderr or _nowhere(), stdin or sys.stdin)
    try:
        status = _status(argv, console)
        console.out.flush()  # a full disk is told here, and not by the interpreter at its end
    except BadInput as error:
        console.told(f"adapter: {error}")
        return 2
    except BrokenPipeError:  # `adapter preview … | head`
        _give_up(console.out)
        return 0
    except OSError as error:
        if error.filename is None:  # of a stream, not of a file: a full disk
            _give_up(console.out)
        place = "the output cannot be written" if error.filename is None else error.filename
        console.error(f"adapter: {place}: {error.strerror or error}")
        return 2
    except KeyboardInterrupt:
        console.error("adapter: interrupted")
        return 130
    else:
        return status


def _status(argv: list[str], console: Console) -> int:
    """Run the command. Returns its exit status."""
    try:
        args = _parsed(argv, console)
    except SystemExit as stop:  # argparse printed help
        return int(stop.code or 0)
    return int(_module(args.command).run(args, console))


def _module(command: str) -> Any:
    """Return the module of a command."""
    return importlib.import_module(f"{__name__}.{command}")


def _nowhere() -> TextIO:
    """A stream in place of one that the shell has closed."""
    return io.StringIO()


def _give_up(stream: TextIO) -> None:
    """Let go of what is still to be written: the interpreter would try again at its end, and print a traceback."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # no file
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are single lines, with the likeliest of the words that it knows."""

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help; unlike argparse, tell of an output that fails."""
        if message:
            (file or sys.stdout).write(message)

    def error(self, message: str) -> NoReturn:
        """Raise BadInput with the message and the likely fix."""
        import difflib

        wrong = re.search(r"(?:argument (\S+): )?invalid choice: '([^']*)'|unrecognized arguments: (\S+)", message)
        word = (wrong[2] or wrong[3] or "").partition("=")[0] if wrong else ""
        near = difflib.get_close_matches(word, self._words(wrong[1] if wrong else None), n=1) if word else []
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadInput(f"{message}; {hint}`{self.prog} -h` shows all")

    def _words(self, argument: str | None) -> list[str]:
        """Return the words that may stand for an argument; without one, the flags."""
        if argument is None:
            return sorted(self.flags)
        return [
            str(choice)
            for action in self._actions
            if argument in {"/".join(action.option_strings), action.metavar, action.dest}
            for choice in action.choices or ()
        ]

    @property
    def flags(self) -> frozenset[str]:
        """The flags."""
        inner = [action.choices.values() for action in self._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
        below = frozenset(flag for parsers in inner for parser in parsers for flag in parser.flags)
        return below | frozenset(flag for action in self._actions for flag in action.option_strings)


def _parsed(argv: list[str], console: Console) -> argparse.Namespace:
    """Parse the arguments. An argument that no command knows is told by its command; help goes to the console."""
    chosen = argv[0] if argv and argv[0] in _COMMANDS else None
    parser, commands = _arguments(_COMMANDS if chosen is None else (chosen,))
    with contextlib.redirect_stdout(console.out):
        args, unknown = parser.parse_known_args(argv)
    console.wording = partial(in_flags, flags=commands[args.command].flags)
    if unknown:
        commands[args.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    return args


def _arguments(names: Sequence[str]) -> tuple[_Parser, dict[str, _Parser]]:
    """Make the parser, and the parsers of some commands."""
    parser = _Parser(prog="adapter", description="OpenAI tool calling for models that only write text.")
    parser.add_argument("--version", action="version", version=f"adapter {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    found: dict[str, _Parser] = {}
    for name in names:
        module = _module(name)
        summary = (module.__doc__ or "").splitlines()[0].split(": ", 1)[-1]
        found[name] = commands.add_parser(name, help=summary, description=summary)
        module.add(found[name])
    return parser, found
