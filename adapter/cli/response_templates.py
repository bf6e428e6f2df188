"""adapter templates import, export: a tokenizer's response template as a dialect, and a dialect as a response template."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.cli.console import BadInput
from adapter.cli.evaluate_files import check_written

if TYPE_CHECKING:
    import argparse

    from adapter.cli.console import Console


def add(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The arguments of both actions."""
    taken = actions.add_parser(
        "import", help="print a tokenizer's response_template as a dialect, with notes on what is chosen"
    )
    taken.add_argument("file", help="a tokenizer_config.json, or a .json file with the response_template alone")
    taken.add_argument("--out", metavar="FILE", help="write the dialect to this .jinja file")
    given = actions.add_parser("export", help="print a dialect as a response_template for transformers and all that read it")
    given.add_argument("name", help="a dialect, or the path of a .jinja file")
    given.add_argument("--start-anchor", metavar="TEXT", default="", help="the beginning of the assistant's turn in a prompt")
    fields = ("reasoning_content", "thinking", "reasoning")
    given.add_argument(
        "--reasoning-field", choices=fields, default=fields[0], help="the field of reasoning; SGLang reads thinking"
    )
    given.add_argument("--out", metavar="FILE", help="write the template to this .json file")


def import_template(args: argparse.Namespace, console: Console) -> int:
    """Print or write the dialect of a response template.

    Raises:
        BadInput: The name of no `.json` file, or a file that cannot be written.
        DialectError: The template cannot be read as a dialect.
    """
    from adapter.dialects import templates
    from adapter.dialects.registry import of_response_template
    from adapter.dialects.response.config import CONFIG, SUFFIX

    if not args.file.endswith(SUFFIX):
        where = str(Path(args.file) / CONFIG)
        hint = f"give {where}" if Path(args.file).is_dir() else "nothing is fetched from a hub: give the path of a file here"
        raise BadInput(f"{args.file!r} is no {SUFFIX} file; {hint}, of a {CONFIG} or of the response_template alone")
    _check_out(args.out, args.file, templates.SUFFIX)
    made = of_response_template(args.file)
    for note in made.notes:
        console.error(f"adapter templates: {note}")
    _put(made.source, args.out, console)
    return 0


def export_template(args: argparse.Namespace, console: Console) -> int:
    """Print or write the response template of a dialect.

    Raises:
        BadInput: A file that cannot be written.
        DialectError: No response template can say the dialect.
    """
    from adapter.dialects.registry import load
    from adapter.dialects.response.config import SUFFIX
    from adapter.exporting.export import export

    _check_out(args.out, args.name, SUFFIX)
    made = export(load(args.name), args.start_anchor, args.reasoning_field)
    for note in made.notes:
        console.error(f"adapter templates: {note}")
    _put(json.dumps(made.template, ensure_ascii=False, indent=2) + "\n", args.out, console)
    return 0


def _check_out(out: str | None, read: str, suffix: str) -> None:
    if out is not None and not out.endswith(suffix):
        raise BadInput(f"--out {out}: give a name that ends in {suffix}, by which such a file is read again")
    check_written([read], {"--out": [out]})


def _put(text: str, out: str | None, console: Console) -> None:
    """Print a text, or write it to a file."""
    if out is None:
        console.text(text)
        return
    try:
        Path(out).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise BadInput(f"--out {out}: cannot be written: {error}") from error
    console.error(f"adapter templates: written to {out}")
