"""adapter parse: Read a completion and print its tool calls, content and problems."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console

if TYPE_CHECKING:
    import argparse

    from adapter.completion.result import ParsedCompletion


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("completion", metavar="FILE", help="the model's text, or - for standard input")
    parser.add_argument("--tools", metavar="FILE", help="a JSON list of the tools offered; without, nothing is checked")
    parser.add_argument("--dialect", "--template", default="hermes", help="name of a dialect, or the path of a .jinja file")
    parser.add_argument("--finish-reason", default="stop", help="what the server said; length when the text was cut")
    parser.add_argument("--thinking-prefilled", action="store_true", help="the text begins inside <think>")
    parser.add_argument("--no-coerce", action="store_true", help="leave arguments of the wrong type alone")
    parser.add_argument("--no-recover", action="store_true", help="read no calls without tags")
    parser.add_argument("--json", action="store_true", help="print the message and the problems as JSON")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the parsed completion. Returns 1 if problems were found."""
    from adapter.completion.result import parse
    from adapter.errors import AdapterError

    text = console.read(args.completion)
    tools = console.read_json(args.tools) if args.tools else []
    if not isinstance(tools, list):
        raise BadInput(f"{args.tools}: write a JSON list of tool definitions")
    try:
        parsed = parse(
            text,
            tools,
            dialect=args.dialect,
            finish_reason=args.finish_reason,
            thinking_prefilled=args.thinking_prefilled,
            coerce=not args.no_coerce,
            recover=not args.no_recover,
        )
    except AdapterError as error:
        where = f"{error.param}: " if error.param else ""
        raise BadInput(f"{args.tools or args.dialect}: {where}{' '.join(error.message.split())}") from error
    if args.json:
        problems = [dataclasses.asdict(problem) for problem in parsed.problems]
        shown = {"message": parsed.to_dict(), "finish_reason": parsed.finish_reason, "problems": problems}
        console.line(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        _show(parsed, console)
    return 1 if parsed.problems else 0


def _show(parsed: ParsedCompletion, console: Console) -> None:
    if parsed.reasoning is not None:
        console.labelled("reasoning", parsed.reasoning)
    if parsed.content:
        console.labelled("content", console.markup(parsed.content))
    for index, call in enumerate(parsed.tool_calls):
        verdict = console.styled("valid", "good") if call.valid else console.styled("invalid", "bad")
        console.labelled(f"tool call {index}", f"{call.name} {call.arguments}\n{verdict}")
    for problem in parsed.problems:
        console.labelled(f"problem: {problem.kind}", f"{problem.message}\n{console.styled(problem.raw.strip(), 'dim')}")
    console.line(f"finish_reason: {parsed.finish_reason}")
