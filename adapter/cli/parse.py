"""adapter parse: Read a completion, or each row of a file of JSON lines, and print its tool calls, content and problems."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.inputs import read_tool_file
from adapter.cli.parse_flags import add_lines, add_reading, check_one
from adapter.cli.parse_lines import run_lines
from adapter.cli.try_dialects import try_dialects

if TYPE_CHECKING:
    import argparse

    from adapter.cli.saved import Saved
    from adapter.completion.result import ParsedCompletion
    from adapter.events import Problem


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "completion", metavar="FILE", nargs="?", help="the model's text or a saved answer, or - for standard input"
    )
    add_reading(parser, " or a tokenizer_config.json, or auto to say which reads the text")
    parser.add_argument("--json", action="store_true", help="print the message and the problems as JSON")
    add_lines(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the parsed completion. Returns 1 if problems were found; with `--dialect auto`, if no dialect reads the calls."""
    if args.jsonl is not None:
        return run_lines(args, console)
    check_one(args)
    return _run_one(args, console)


def _run_one(args: argparse.Namespace, console: Console) -> int:
    """Print one completion. Returns the exit status."""
    from adapter.completion.result import parse
    from adapter.dialects.registry import by_model
    from adapter.errors import AdapterError, DialectError

    text, saved = _completion(console.read(args.completion), args, console)
    tools = read_tool_file(args.tools, console) if args.tools else []
    ways: dict[str, Any] = {"thinking_prefilled": args.thinking_prefilled, "coerce": not args.no_coerce}
    finish_reason = (saved.finish_reason if saved else "") or args.finish_reason
    is_native = saved is not None and bool(saved.native)
    try:
        if args.dialect == "auto" and not is_native:
            ways["finish_reason"] = finish_reason
            return try_dialects(text, tools, ways, console, as_json=args.json, recover=not args.no_recover)
        if reason := by_model(args.dialect)[1]:
            console.error(f"adapter: {reason}")
        ways |= {"dialect": args.dialect, "recover": not args.no_recover}
        if saved is not None and is_native:
            parsed = _native(saved, tools, finish_reason, ways, console)
        else:
            parsed = parse(text, tools, finish_reason=finish_reason, **ways)
    except DialectError as error:
        raise BadInput(" ".join(error.message.split())) from error
    except AdapterError as error:
        where = f"{error.param}: " if error.param else ""
        raise BadInput(f"{args.tools}: {where}{' '.join(error.message.split())}") from error
    if saved is not None and saved.reasoning:
        parsed = dataclasses.replace(parsed, reasoning=saved.reasoning + (parsed.reasoning or ""))
    problems = [*parsed.problems, *([] if tools or is_native else _other_marks(parsed, args.dialect))]
    if args.json:
        told = [dataclasses.asdict(problem) for problem in problems]
        shown = {"message": parsed.to_dict(), "finish_reason": parsed.finish_reason, "problems": told}
        console.line(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        _show(parsed, problems, console, checked=bool(tools))
    return 1 if problems else 0


def _other_marks(parsed: ParsedCompletion, dialect: str) -> list[Problem]:
    """Return the problem of a completion with the marks of another dialect; the parser looks for marks where it has tools."""
    from adapter.completion.missed_calls import foreign_marks
    from adapter.dialects.families import may_be_marked
    from adapter.dialects.registry import resolve

    content = parsed.content or ""
    if parsed.tool_calls or not may_be_marked(content):
        return []
    marks = foreign_marks(content, resolve(dialect))
    return [marks.told("try --dialect auto, and --tools FILE", content)] if marks.places else []


def _completion(text: str, args: argparse.Namespace, console: Console) -> tuple[str, Saved | None]:
    """Return the completion, and the saved answer that the file is, if it is one, which is told."""
    from adapter.cli.saved import is_object, is_request, saved_answer

    name = args.completion
    saved = saved_answer(text, name)
    if saved is None:
        if not text.strip() and args.dialect != "auto":  # which says that no dialect reads a call
            console.error(f"adapter: {name} is empty: the model wrote nothing")
        elif is_request(text):
            console.error(f"adapter: {name} is a request, read as text; `adapter preview` shows its prompt")
        elif is_object(text):
            console.error(f"adapter: {name} is JSON of no answer that is known, read as the model's text")
        return text, None
    console.error(f"adapter: {name} is a saved answer; reading {saved.kind}")
    for line in saved.told:
        console.error(f"adapter: {name}: {line}")
    if saved.native:
        console.error(f"adapter: it has calls as objects already, which need no reading: {', '.join(saved.native)}")
    return saved.text, saved


def _native(saved: Saved, tools: list[Any], finish_reason: str, ways: dict[str, Any], console: Console) -> ParsedCompletion:
    """Return an answer with calls as objects: they are mended and checked as those of a server are."""
    from adapter.api.native_calls import CallPieces
    from adapter.completion.native.parser import NativeParser
    from adapter.completion.request_rules import Rules
    from adapter.completion.result import assemble
    from adapter.option_keywords import ReadKeywords
    from adapter.options import make_options

    options = make_options(ways, ReadKeywords)
    rules = Rules.of(tools, None, None, options, streamed=False)
    parser, pieces = NativeParser(rules, options), CallPieces(rules.tools.names)
    events = []
    for delta in saved.deltas:
        events += [*parser.feed(str(delta.get("content") or "")), *parser.call(pieces.add(delta))]
    events += [*parser.call(pieces.close()), *parser.close(finish_reason)]
    for line in pieces.odd:
        console.error(f"adapter: {line}")
    return assemble(events, finish_reason)


def _show(parsed: ParsedCompletion, problems: list[Problem], console: Console, *, checked: bool) -> None:
    if parsed.reasoning is not None:
        console.labelled("reasoning", parsed.reasoning)
    if parsed.content:
        console.labelled("content", console.markup(parsed.content))
    for index, call in enumerate(parsed.tool_calls):
        verdict = console.styled("valid", "good") if call.valid else console.styled("invalid", "bad")
        verdict = verdict if checked or not call.valid else "not checked: no --tools were given"
        console.labelled(f"tool call {index}", f"{call.name} {call.arguments}\n{verdict}")
    for problem in problems:
        console.labelled(f"problem: {problem.kind}", f"{problem.message}\n{console.styled(problem.raw.strip(), 'dim')}")
    console.line(f"finish_reason: {parsed.finish_reason}")
