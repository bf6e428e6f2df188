"""The command line: a module for each command, with `add` (declares arguments) and `run` (executes the command).

`run` of the package takes the arguments and the three streams, so that tests call a command as a shell would. Bad input gives a
single line on stderr and exit status 2, never a traceback; a command's own verdict is status 1.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, TextIO

from adapter._version import __version__
from adapter.cli import demo, parse, preview, templates
from adapter.cli.console import BadInput, Console

_COMMANDS: dict[str, Any] = {"demo": demo, "preview": preview, "parse": parse, "templates": templates}


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
    console = Console(stdout or sys.stdout, stderr or sys.stderr, stdin or sys.stdin)
    try:
        args = _arguments().parse_args(argv)
        command = _COMMANDS[args.command]
        return int(command.run(args, console))
    except SystemExit as stop:  # argparse printed help or a usage error
        return int(stop.code or 0)
    except BadInput as error:
        console.error(f"adapter: {error}")
        return 2
    except BrokenPipeError:  # `adapter preview … | head`
        return 0
    except KeyboardInterrupt:
        console.error("adapter: interrupted")
        return 130


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="adapter", description="OpenAI tool calling for models that only write text.")
    parser.add_argument("--version", action="version", version=f"adapter {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in _COMMANDS.items():
        summary = (module.__doc__ or "").splitlines()[0]
        module.add(commands.add_parser(name, help=summary.split(": ", 1)[-1], description=summary.split(": ", 1)[-1]))
    return parser
