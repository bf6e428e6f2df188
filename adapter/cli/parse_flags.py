"""The flags of commands that read files of JSON lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.cli.console import BadInput

if TYPE_CHECKING:
    import argparse

# Flags that mean something for many completions only.
BATCH_FLAGS = (
    "out", "format", "text_column", "tools_column", "finish_reason_column", "keep", "workers", "fresh",
)  # fmt: skip


def add_lines(parser: argparse.ArgumentParser) -> None:
    """Add the flags for a file of completions to a command that reads one."""
    group = parser.add_argument_group("many completions")
    group.add_argument("--jsonl", metavar="FILE", help="a file of JSON lines, one completion each; packed with gzip, or - too")
    add_output(group)


def add_reading(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Add the flags for reading a completion.

    Args:
        parser: The parser of a command.
        more: Words about the values of `--dialect`.
    """
    parser.add_argument(
        "--tools", metavar="FILE", help="a JSON list of the tools offered, or a request with tools; without, nothing is checked"
    )
    parser.add_argument(
        "--dialect",
        "--template",
        default="hermes",
        help=f"name of a dialect, the path of a .jinja file{more}",
    )
    parser.add_argument("--finish-reason", default="stop", help="what the server said; length when the text was cut")
    parser.add_argument("--thinking-prefilled", action="store_true", help="the text begins inside <think>")
    parser.add_argument("--no-coerce", action="store_true", help="leave arguments of the wrong type alone")
    parser.add_argument("--no-recover", action="store_true", help="read no calls without tags")


def add_output(group: argparse._ArgumentGroup) -> None:
    """Add the flags for columns and for the output."""
    group.add_argument("--out", metavar="FILE", help="the output, .jsonl or .parquet; without, JSON lines on standard output")
    group.add_argument("--format", choices=("jsonl", "parquet"), help="form of the output; otherwise by the end of its name")
    group.add_argument("--text-column", metavar="NAME", help="member with the completion (text)")
    group.add_argument("--tools-column", metavar="NAME", help="member with the tools of each row, in place of --tools")
    group.add_argument("--finish-reason-column", metavar="NAME", help="member with what the server said of each row")
    group.add_argument("--keep", metavar="NAME", action="append", help="a member that the output has too; may be repeated")
    group.add_argument("--workers", metavar="N", type=int, help="processes that read (1); needs --out")
    group.add_argument("--fresh", action="store_true", help="begin anew where an output or a broken run stands")


def check_one(args: argparse.Namespace) -> None:
    """Check the arguments for a single completion.

    Raises:
        BadInput: The file is missing, or a flag means nothing for one completion.
    """
    if args.completion is None:
        raise BadInput("give the FILE of a completion, or --jsonl FILE with many; `adapter parse -h` shows all")
    for flag in BATCH_FLAGS:
        if getattr(args, flag):
            raise BadInput(f"--{flag.replace('_', '-')} goes with --jsonl FILE, a file of many completions")
