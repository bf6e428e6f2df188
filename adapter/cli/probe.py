"""adapter probe: Tell what a server and a model can do, and which settings fit."""

from __future__ import annotations

import io
import json
import os
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from adapter.cli.console import BadInput, Console, harmless
from adapter.cli.inputs import check_seconds

if TYPE_CHECKING:
    import argparse

    from adapter.probing.result import ProbeResult

_COLOURS = {"yes": "green", "no": "red"}
_WIDE = 160  # columns of a table that is no terminal's


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--base-url", metavar="URL", required=True, help="the server, as for an openai client: http://host:port/v1"
    )
    parser.add_argument("--model", metavar="NAME", help="the model; needed where the server has several")
    parser.add_argument("--api-key-env", metavar="VAR", help="the environment variable that holds the key")
    parser.add_argument("--timeout", metavar="S", type=float, default=60.0, help="seconds for each request (60)")
    parser.add_argument("--thorough", action="store_true", help="also compare dialects, with up to 24 further requests")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--save", metavar="FILE", help="write the result to a file, for adapter.load_settings(FILE)")


def run(args: argparse.Namespace, console: Console) -> int:
    """Probe the server and print a table."""
    key = _checked(args)
    from openai import OpenAI

    from adapter.errors import AdapterError
    from adapter.probing.run import probe

    try:
        with OpenAI(base_url=args.base_url, api_key=key or "none", max_retries=0, timeout=args.timeout) as client:
            result = probe(client, args.model, timeout=args.timeout, thorough=args.thorough)
        if args.save:
            result.save(args.save)
    except AdapterError as error:
        raise BadInput(str(error)) from error
    if args.json:
        console.line(json.dumps(result.as_json(), indent=2, ensure_ascii=False))
    else:
        _print(result, console)
        if args.save:
            console.line(f"Saved to {args.save}: adapter.wrap(client, **adapter.load_settings({args.save!r}))")
    return 0


def _checked(args: argparse.Namespace) -> str:
    """Check the arguments. Returns the key; an empty text without a key."""
    check_address(args.base_url)
    check_seconds("--timeout", args.timeout)
    if not args.api_key_env:
        return ""
    key = os.environ.get(args.api_key_env, "")
    if not key:
        raise BadInput(f"--api-key-env {args.api_key_env}: no such variable is set; give the variable's name, not the key")
    return key


def check_address(base_url: str) -> None:
    """Refuse an address that no request can be sent to."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise BadInput(f"--base-url {base_url.rpartition('@')[2]!r}: write http://host:port/v1, or https://…")


def _print(result: ProbeResult, console: Console) -> None:
    from rich.console import Console as RichConsole

    width = shutil.get_terminal_size().columns if console.out.isatty() else _WIDE
    colours: dict[str, Any] = {"no_color": not console.coloured, "force_terminal": console.coloured}
    for table in (_identity(result), _facts(result)):
        written = io.StringIO()  # rich ends the process when an output breaks
        RichConsole(file=written, width=width, highlight=False, emoji=False, markup=False, **colours).print(table)
        for line in written.getvalue().splitlines():
            console.drawn(line.rstrip())
        console.line()
    for note in result.notes:
        console.line(f"* {note}")
    console.line(f"{result.requests} requests, {result.tokens} tokens. Settings that fit:")
    console.line()
    console.line(f"    {console.styled(result.wrap_line, 'key')}")
    console.line(f"    {console.styled(result.serve_line, 'key')}")
    console.line()


def _identity(result: ProbeResult) -> Any:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    server = " ".join(filter(None, (result.server or "unknown", result.version)))
    rows = {
        "server": f"{server} ({result.server_evidence or 'no mark of a known kind'})",
        "model": result.model,
        "size": "not told" if result.size is None else f"{result.size:.3g} billion parameters",
        "context": "not told" if result.context is None else f"{result.context} tokens",
        "tokenizer": result.tokenizer or "not told",
        "dialect": f"{result.dialect} ({result.dialect_evidence})",
    }
    return _filled(table, list(rows.items()))


def _facts(result: ProbeResult) -> Any:
    from rich.table import Table
    from rich.text import Text

    from adapter.probing.facts import TITLES

    table = Table.grid(padding=(0, 2))
    answers = [Text(fact.answer, style=_COLOURS.get(fact.answer, "dim")) for fact in result.facts]
    return _filled(table, [(TITLES[fact.name], said, fact.evidence) for fact, said in zip(result.facts, answers, strict=True)])


def _filled(table: Any, rows: list[Any]) -> Any:
    """Add rows of plain text: a server's words are no markup."""
    from rich.text import Text

    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(harmless(cell)) for cell in row))
    return table
