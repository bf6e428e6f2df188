"""adapter templates: List, show, compare, check, import or export the dialects and the chat templates, or print their paths."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING

from adapter.cli import response_templates
from adapter.cli.console import BadInput, Console

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

_EITHER = "a dialect, a chat template (also chat/NAME), or the path of a .jinja file or a tokenizer_config.json"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="the dialects and the chat templates, with the models they suit")
    listed.add_argument("word", nargs="?", help="only templates with this word in their name, call syntax or models")
    listed.add_argument("--model", metavar="NAME", help="say which dialect and chat template a model gets, and why")
    show = actions.add_parser("show", help="print a template")
    show.add_argument("name", help=_EITHER)
    check = actions.add_parser("check", help="try a dialect in every way that a conversation would, or a chat template")
    check.add_argument("name", help=_EITHER)
    path = actions.add_parser("path", help="print the path of a template, or of their folder")
    path.add_argument("name", nargs="?", help=_EITHER)
    diff = actions.add_parser("diff", help="print the lines in which two templates differ")
    diff.add_argument("name", help=_EITHER)
    diff.add_argument("other", help=_EITHER)
    response_templates.add(actions)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action. Returns 1 if a check failed, if a filter finds nothing, or if two templates differ."""
    from adapter.dialects import templates
    from adapter.dialects.registry import by_model
    from adapter.errors import AdapterError

    try:
        for name in (getattr(args, "name", None), getattr(args, "other", None)):
            if name and not _chat_name(name) and (reason := by_model(name)[1]):
                console.error(f"adapter: {reason}")
        if args.action == "list":
            return _for_model(args.model, console) if args.model is not None else _list(args.word or "", console)
        if args.action == "check":
            return _check(args.name, console)
        if args.action == "diff":
            return _diff(args.name, args.other, console)
        if args.action == "import":
            return response_templates.import_template(args, console)
        if args.action == "export":
            return response_templates.export_template(args, console)
        if args.action == "show":
            console.text(_read(args.name)[0])
        else:
            console.line(_read(args.name)[1] if args.name else str(templates.folder()))
    except AdapterError as error:
        raise BadInput(" ".join(str(error).split())) from error
    return 0


def _check(name: str, console: Console) -> int:
    """Print the findings of the checks. Returns 1 if a check failed."""
    from adapter.dialects import templates
    from adapter.testing import check_dialect

    chat = _chat_name(name)
    source, path = ("", "") if chat else _read(name)
    if chat or (name.endswith(templates.SUFFIX) and not templates.has_front_matter(source)):
        return _check_chat(chat or path, console)
    report = check_dialect(name)
    for check, count in report.checks.items():
        wrong = [finding for finding in report.findings if finding.check == check]
        console.line(f"{console.styled(f'{check:<12}', 'label')} {count - len(wrong)} of {count}")
        for finding in wrong:
            console.line(f"  {finding.case}: {finding.message}")
    return 0 if report.ok else 1


def _check_chat(name: str, console: Console) -> int:
    """Render a conversation with a chat template, and print what is missing in the text. Returns 1 if anything is."""
    from adapter.prompt.chat_template import load_chat_template

    template = load_chat_template(name)
    said = {"user": "The question.", "assistant": "The answer."}
    messages = [{"role": role, "content": text} for role, text in said.items()]
    messages.append({"role": "user", "content": "And then?"})
    text = template.render(messages, now=0.0)
    faults = [f"{content!r} stands {text.count(content)} times in the text" for content in
              ("The question.", "The answer.", "And then?") if text.count(content) != 1]  # fmt: skip
    if text.find("The question.") > text.find("And then?"):
        faults.append("the messages do not stand in their order")
    console.line(f"{console.styled('chat template', 'label')} {template.name}: {'rendered' if not faults else 'faulty'}")
    for fault in faults:
        console.line(f"  {fault}")
    return 1 if faults else 0


def _chat_name(name: str) -> str:
    """The name of a chat template of ours: behind `chat/`, or one that no dialect has; empty for anything else."""
    from adapter.dialects import registry, templates

    under, _, rest = name.partition("/")
    if under == "chat" and not name.endswith(templates.SUFFIX):
        return rest
    return name if name in templates.names("chat") and name not in registry.names() else ""


def _read(name: str) -> tuple[str, str]:
    """Read a dialect's template or a chat template. Returns source and path."""
    from adapter.dialects import registry, templates
    from adapter.dialects.response.config import SUFFIX
    from adapter.errors import DialectError

    chat = _chat_name(name)
    if chat:
        return templates.read(chat, "chat", "chat template")
    if name.endswith(SUFFIX):
        return registry.of_response_template(name).source, name
    if name in templates.names() or name.endswith(templates.SUFFIX):
        return templates.read(name)
    path = registry.load(name).path
    if not path:
        raise DialectError(f"dialect {name!r} has no template: its package makes it without one")
    return templates.read(path)


def _diff(name: str, other: str, console: Console) -> int:
    """Print a unified diff. Returns 1 if the templates differ."""
    import difflib

    (first, path), (second, place) = _read(name), _read(other)
    if path == place:
        console.error(f"adapter: both are the template {path}")
    styles = {"-": "bad", "+": "good", "@": "label"}
    lines = list(difflib.unified_diff(first.splitlines(), second.splitlines(), name, other, lineterm=""))
    for line in lines:
        console.line(console.styled(line, styles[line[0]]) if line[:1] in styles else line)
    return 1 if lines else 0


def _for_model(model: str, console: Console) -> int:
    """Print the choice that `auto` makes for a model."""
    from adapter.dialects.registry import choose
    from adapter.prompt.chat_template import choose_chat_template

    for _, reason in (choose(model), choose_chat_template(model)):
        console.line(reason)
    return 0


def _list(word: str, console: Console) -> int:
    """List the templates. Returns 1 if none has the word."""
    from adapter.dialects import registry, templates
    from adapter.errors import DialectError
    from adapter.prompt.chat_template import load_chat_template

    def shown(*said: str) -> bool:
        return any(word.lower() in text.lower() for text in said)

    rows: list[tuple[str, str, Iterable[str]]] = []
    for name in registry.names():
        try:
            dialect = registry.load(name)
        except DialectError as error:  # of another package; the rest is worth seeing all the same
            rows.append((name, str(error), ()))
            continue
        held = " and ".join(dialect.evidence) or "descriptions"
        if shown(name, dialect.syntax, *dialect.models):
            rows.append((name, f"{dialect.syntax:<14} {dialect.needs:<12} {held}", dialect.models))
    chat = [(name, "", load_chat_template(name).models) for name in templates.names("chat")]
    chat = [row for row in chat if shown(row[0], *row[2])]
    if rows:
        console.line("dialects: name, call syntax, upstream it needs, held against; below the models")
    _rows(rows, console)
    if chat:
        console.line("\nchat templates, for raw completions" if rows else "chat templates, for raw completions")
    _rows(chat, console)
    if not rows and not chat:
        console.line(f"no template has {word!r} in its name, call syntax or models; --model NAME says what a model gets")
    return 0 if rows or chat else 1


def _rows(rows: Iterable[tuple[str, str, Iterable[str]]], console: Console) -> None:
    width = shutil.get_terminal_size((80, 24)).columns if console.out.isatty() else 80
    for name, about, models in rows:
        console.line(f"  {console.styled(f'{name:<18}', 'label')} {about}".rstrip())
        for line in textwrap.wrap(", ".join(models), max(40, width - 5), break_long_words=False, break_on_hyphens=False):
            console.line(f"    {line}")
