"""adapter lint: Find faults in tools: descriptions, names, parameters, schemas, misspelt keys, limits of a dialect."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console

if TYPE_CHECKING:
    import argparse

    from adapter.linting.finding import LintFinding
    from adapter.linting.report import FileReport

_FORMATS = ("text", "json", "sarif", "html")
_STYLES = {"error": "bad", "warning": "key", "info": "dim"}
_MOST = 160  # characters of evidence in a line


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.epilog = "Exit status: 1 where an error is found (not for warnings), 2 for bad input, else 0."
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="tools, a request with tools, or an MCP server's list, as JSON; - for stdin"
    )
    parser.add_argument(
        "--dialect", metavar="NAME", help="also tell what this dialect cannot hold; auto by the request's model"
    )
    parser.add_argument("--format", choices=_FORMATS, default="text", help="the form of the output (text)")
    parser.add_argument("--fix-hints", action="store_true", help="say with each finding how to mend it")
    parser.add_argument("--select", action="append", metavar="IDS", help="these rules alone: P04,T or the like")
    parser.add_argument("--ignore", action="append", metavar="IDS", help="not these rules")
    parser.add_argument("--all", action="store_true", help="with the rules that are off by default")
    parser.add_argument("--budget", metavar="TOKENS", type=int, help="warn where the tools cost more tokens")
    parser.add_argument("--target", choices=("openai",), help="the tools go to this API as such: its limits are errors")


def run(args: argparse.Namespace, console: Console) -> int:
    """Lint the files. Returns 1 where an error is found."""
    from adapter.linting import report

    if args.budget is not None and args.budget < 0:
        raise BadInput(f"--budget {args.budget}: give a number of tokens from 0")
    if args.files.count("-") > 1:
        raise BadInput("-: standard input can be read once")
    reports = [_linted(name, args, console) for name in args.files]
    for empty in (made for made in reports if not made.tools):
        console.error(f"adapter lint: {empty.name}: the list of tools is empty, so there is nothing to find")
    if args.format == "text":
        _show(reports, console, hints=args.fix_hints)
    elif args.format == "html":
        console.text(report.as_html(reports))
    else:
        made = report.as_json(reports) if args.format == "json" else report.as_sarif(reports)
        console.line(json.dumps(made, ensure_ascii=False, indent=2))
    return 1 if report.counts(reports)["error"] else 0


def _linted(name: str, args: argparse.Namespace, console: Console) -> FileReport:
    """Lint a file."""
    from adapter.errors import BadRequest, DialectError
    from adapter.lint_tools import tokens_of
    from adapter.linting.lint import TOO_DEEP, findings_of, subject_of
    from adapter.linting.report import FileReport
    from adapter.linting.table import chosen

    text = console.read(name)
    value = console.json_of(text, name)
    try:
        rules = chosen(_ids(args.select), _ids(args.ignore), every=args.all)
        subject = subject_of(value, args.dialect, target=args.target or "", budget=args.budget, count=tokens_of)
        findings = findings_of(subject, rules, text)
        tokens, source = subject.tokens()
    except RecursionError:
        raise BadInput(f"{name}: {TOO_DEEP}") from None
    except DialectError as error:
        raise BadInput(" ".join(error.message.split())) from error
    except BadRequest as error:
        raise BadInput(f"{name}: {error.message}") from error
    except ValueError as error:
        raise BadInput(re.sub(r"^(\w+)='(.*?)'", r"--\1 \2", str(error))) from error
    shown = "stdin" if name == "-" else name
    return FileReport(shown, len(subject.tools), tokens, source, findings)


def _ids(given: list[str] | None) -> list[str]:
    """Return the words of a flag that may be given several times, each with several words."""
    return [word.strip() for words in given or () for word in words.split(",")]


def _show(reports: list[FileReport], console: Console, *, hints: bool) -> None:
    """Print the findings, two or three lines each, and the counts."""
    from adapter.linting.report import EFFECTS, summary

    for report in reports:
        for finding in report.findings:
            _show_one(report.name, finding, console, hints=hints)
        console.line(f"{console.styled(report.name, 'label')}: {report.cost}")
    console.line(summary(reports))
    if any(report.findings for report in reports):
        console.line(console.styled(EFFECTS, "dim"))


def _show_one(file: str, finding: LintFinding, console: Console, *, hints: bool) -> None:
    word = console.styled(f"{finding.severity} {finding.rule}", _STYLES[finding.severity])
    console.line(f"{file}:{finding.line}:{finding.column}: {word} {finding.message}")
    evidence = " ".join(finding.evidence.split())
    console.line(console.styled(f"    {evidence[:_MOST]}{'…' if len(evidence) > _MOST else ''}", "dim"))
    if hints:
        console.line(f"    hint: {finding.hint}")
