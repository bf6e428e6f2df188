"""adapter templates: List the dialects and the chat templates, show a template, print its path, or check a dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console

if TYPE_CHECKING:
    import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the dialects and the chat templates, with the models they suit")
    show = actions.add_parser("show", help="print a template")
    show.add_argument("name", help="a dialect, or chat/NAME")
    check = actions.add_parser("check", help="try a dialect in every way that a conversation would")
    check.add_argument("name", help="a dialect, or the path of a .jinja file")
    path = actions.add_parser("path", help="print the path of a template, or of their folder")
    path.add_argument("name", nargs="?", help="a dialect, or chat/NAME")


def run(args: argparse.Namespace, console: Console) -> int:
    """List templates, show a template, print its path, or check a dialect."""
    from adapter.dialects import templates
    from adapter.errors import DialectError

    try:
        if args.action == "list":
            _list(console)
        elif args.action == "check":
            return _check(args.name, console)
        elif args.action == "show":
            console.out.write(_read(args.name)[0])
        else:
            console.line(_read(args.name)[1] if args.name else str(templates.folder()))
    except DialectError as error:
        raise BadInput(str(error)) from error
    return 0


def _check(name: str, console: Console) -> int:
    """Print the findings of the checks. Returns 1 if a check failed."""
    from adapter.testing import check_dialect

    report = check_dialect(name)
    for check, count in report.checks.items():
        wrong = [finding for finding in report.findings if finding.check == check]
        console.line(f"{console.styled(f'{check:<12}', 'label')} {count - len(wrong)} of {count}")
        for finding in wrong:
            console.line(f"  {finding.case}: {finding.message}")
    return 0 if report.ok else 1


def _read(name: str) -> tuple[str, str]:
    """Read a dialect's template, or a chat template for a name with the prefix `chat/`. Returns source and path."""
    from adapter.dialects import registry, templates
    from adapter.errors import DialectError

    under, _, rest = name.partition("/")
    if under == "chat" and not name.endswith(templates.SUFFIX):
        return templates.read(rest, under, "chat template")
    if name in templates.names() or name.endswith(templates.SUFFIX):
        return templates.read(name)
    path = registry.load(name).path
    if not path:
        raise DialectError(f"dialect {name!r} has no template: its package makes it without one")
    return templates.read(path)


def _list(console: Console) -> None:
    from adapter.dialects import registry, templates
    from adapter.errors import DialectError
    from adapter.prompt.chat_template import load_chat_template

    console.line("dialects: syntax, upstream, held against, models")
    for name in registry.names():
        label = console.styled(f"{name:<18}", "label")
        try:
            dialect = registry.load(name)
        except DialectError as error:  # of another package; the rest is worth seeing all the same
            console.line(f"  {label} {error}")
            continue
        held = " and ".join(dialect.evidence) or "descriptions"
        console.line(f"  {label} {dialect.syntax:<14} {dialect.needs:<12} {held:<22} {', '.join(dialect.models)}".rstrip())
    console.line("\nchat templates")
    for name in templates.names("chat"):
        models = ", ".join(load_chat_template(name).models)
        console.line(f"  {console.styled(f'{name:<18}', 'label')} {models}".rstrip())
