"""adapter templates: List the dialects, show a template, or say where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console

if TYPE_CHECKING:
    import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the dialects, with the models they suit")
    show = actions.add_parser("show", help="print a template")
    show.add_argument("name")
    path = actions.add_parser("path", help="print the path of a template, or of their folder")
    path.add_argument("name", nargs="?")


def run(args: argparse.Namespace, console: Console) -> int:
    """List, show, or say where."""
    from adapter.dialects import registry, templates
    from adapter.errors import DialectError

    try:
        if args.action == "list":
            for name in templates.names():
                dialect = registry.load(name)
                models = ", ".join(dialect.models)
                console.line(f"{console.styled(f'{name:<12}', 'label')} {dialect.syntax:<14} {models}")
        elif args.action == "show":
            console.out.write(templates.read(args.name)[0])
        else:
            console.line(templates.read(args.name)[1] if args.name else str(templates.folder()))
    except DialectError as error:
        raise BadInput(str(error)) from error
    return 0
