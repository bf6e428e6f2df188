"""adapter tokens: Count the tokens of a request: per tool, system, history, whole; and what a shorter form saves."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.option_flags import PROMPT, add_options, given_options
from adapter.cli.preview import read_request_file

if TYPE_CHECKING:
    import argparse

    from adapter.counting.count import TokenCount

_WIDTH = 78
_MOST_TOOLS = 20  # shown on a terminal; all with --json


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("request", metavar="FILE", help="a chat or Responses request as JSON, or - for stdin")
    parser.add_argument("--tokenizer", metavar="FILE", help="a tokenizer.json, a folder with one, or a .gguf file")
    parser.add_argument("--base-url", metavar="URL", help="count with the server's /tokenize (llama.cpp, vLLM, SGLang)")
    parser.add_argument("--model", metavar="NAME", help="the model's name, in place of the request's")
    parser.add_argument("--api-key-env", metavar="VAR", help="the environment variable that holds the key")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    add_options(parser.add_argument_group("options that shape the prompt, as of adapter.wrap"), PROMPT)


def run(args: argparse.Namespace, console: Console) -> int:
    """Count and print."""
    from adapter.counting.at_hand import tokenizer_for
    from adapter.counting.count import count_request
    from adapter.errors import AdapterError, BadRequest

    if args.tokenizer and args.base_url:
        raise BadInput("--tokenizer and --base-url: give one of the two")
    request = read_request_file(args.request, console)
    model = args.model or str(request.get("model") or "")
    template = args.tokenizer if args.tokenizer and args.tokenizer.endswith(".gguf") else ""
    options = given_options(args, PROMPT, console)
    try:
        with ExitStack() as stack:
            client = stack.enter_context(_client(args)) if args.base_url else None
            tokenizer = tokenizer_for(args.tokenizer, client, model)
            counted = count_request({**request, "model": model}, options, tokenizer, template)
    except BadRequest as error:
        where = f"{error.param}: " if error.param else ""
        raise BadInput(f"{args.request}: {where}{' '.join(error.message.split())}") from error
    except (AdapterError, ValueError) as error:
        raise BadInput(" ".join(str(error).split())) from error
    for reason in counted.chosen:
        console.told(f"adapter: {reason}")
    if args.json:
        console.line(json.dumps(counted.as_json(), ensure_ascii=False, indent=2))
    else:
        show(counted, console)
    return 0


def _client(args: argparse.Namespace) -> Any:
    from adapter.cli.probe import check_address

    check_address(args.base_url)
    key = os.environ.get(args.api_key_env, "") if args.api_key_env else "none"
    if not key:
        raise BadInput(f"--api-key-env {args.api_key_env}: no such variable is set; give the variable's name, not the key")
    from openai import OpenAI

    return OpenAI(base_url=args.base_url, api_key=key, max_retries=0, timeout=60)


def show(counted: TokenCount, console: Console) -> None:
    """Print the counts as a table of at most 80 columns."""
    rows = [("system", counted.system), ("tools", counted.tools), ("examples", counted.examples), ("history", counted.history)]
    rows.append(("turns", counted.turns))
    for name, tokens in rows:
        if tokens or name in {"tools", "history"}:
            console.line(_row(name, tokens, counted.whole))
        if name == "tools":
            _show_tools(counted, console)
    console.line(console.styled(_row("whole", counted.whole, 0), "label"))
    console.line()
    if counted.savings:
        console.line("A shorter form of the tools saves:")
        for name, tokens in counted.savings.items():
            console.line(_row(f"  {name}", tokens, counted.whole))
        console.line()
    but = "" if counted.exact or counted.estimated else ", but not all parts"
    said = f"This is {counted.source}." if counted.estimated else f"Counted with {counted.source}{but}."
    for line in (said, *counted.notes):
        for piece in _wrapped(line[:1].upper() + line[1:]):
            console.line(console.styled(piece, "dim"))


def _show_tools(counted: TokenCount, console: Console) -> None:
    """Print the tools, the most costly first."""
    costly = sorted(counted.per_tool.items(), key=lambda item: -item[1])
    for name, tokens in costly[:_MOST_TOOLS]:
        console.line(_row(f"  {name}", tokens, counted.whole))
    if len(costly) > _MOST_TOOLS:
        rest = costly[_MOST_TOOLS:]
        console.line(_row(f"  {len(rest)} more", sum(tokens for _, tokens in rest), counted.whole))


def _row(name: str, tokens: int, whole: int) -> str:
    share = f"{100 * tokens / whole:5.1f} %" if whole else ""
    shown = name if len(name) <= 52 else f"{name[:51]}…"
    return f"{shown:<53}{tokens:>12,}  {share}".rstrip()


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, _WIDTH)
