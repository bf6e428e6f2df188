"""adapter demo: Have a whole tool-calling conversation with a real small model on this machine."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console

if TYPE_CHECKING:
    import argparse

    from adapter.demo.wire import Wire


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--all", action="store_true", help="ask ten questions in three ways and print a table")
    parser.add_argument("--question", metavar="TEXT", help="ask this instead of the guide's question")
    parser.add_argument("--model", metavar="FILE", help="another GGUF model")
    parser.add_argument("--no-download", action="store_true", help="never download the model")
    parser.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server to use instead; key: OPENAI_API_KEY")
    parser.add_argument("--model-name", metavar="NAME", help="the model to ask for on that server")


def run(args: argparse.Namespace, console: Console) -> int:
    """Play the conversation, or print the table."""
    import openai

    from adapter.demo import DemoUnavailable
    from adapter.demo.wire import Wire

    if args.base_url and (args.model or not args.model_name):
        raise BadInput("--base-url goes with --model-name, and not with --model")
    with ExitStack() as stack:
        try:
            if args.base_url:
                wire, model = Wire(args.base_url, os.environ.get("OPENAI_API_KEY", "none")), args.model_name
            else:
                wire, model = _local(args, console, stack)
            stack.callback(wire.client.close)
            return _table(wire, model, console) if args.all else _play(args, wire, model, console)
        except DemoUnavailable as error:
            raise BadInput(str(error)) from error
        except openai.APIConnectionError as error:
            raise BadInput(f"{args.base_url or 'the model server'}: no answer ({error.__cause__ or error})") from error
        except openai.APIStatusError as error:
            raise BadInput(f"the server answered {error.status_code}: {' '.join(str(error.message).split())}") from error


def _local(args: argparse.Namespace, console: Console, stack: ExitStack) -> tuple[Wire, str]:
    """Start the engine; it stops with the stack."""
    from adapter.demo.engine import serve
    from adapter.demo.weights import find_weights
    from adapter.demo.wire import Wire

    if args.model:
        weights = Path(args.model)
    else:
        weights = find_weights(download=not args.no_download, note=lambda text: console.error(f"adapter demo: {text}"))
    engine = stack.enter_context(serve(weights))
    console.error(f"adapter demo: {weights.name} serves at {engine.base_url}")
    return Wire(engine.base_url, engine.api_key), weights.stem


def _play(args: argparse.Namespace, wire: Wire, model: str, console: Console) -> int:
    from adapter.demo.conversation import QUESTIONS, play

    def show(label: str, text: str) -> None:
        console.labelled(label, console.markup(text))
        console.out.flush()

    return 0 if play(wire, model, args.question or QUESTIONS[0].text, show) else 1


def _table(wire: Wire, model: str, console: Console) -> int:
    from rich.console import Console as RichConsole
    from rich.progress import Progress

    from adapter.demo.conversation import QUESTIONS, ask, ways

    rows: list[tuple[str, int, int]] = []
    # The bar is for a terminal only: rich draws none in a pipe.
    with Progress(console=RichConsole(file=console.err), transient=True, disable=not console.err.isatty()) as progress:
        for way in ways(wire.client):
            outcomes = [ask(way, model, question) for question in progress.track(QUESTIONS, description=way.label)]
            rows.append((way.label, sum(item.called for item in outcomes), sum(item.right for item in outcomes)))
    width = max(len(label) for label, _, _ in rows)
    heading = f"{'way':<{width}}  tool calls of {len(QUESTIONS)}  right of {len(QUESTIONS)}"
    console.line(console.styled(heading, "label"))
    for label, called, right in rows:
        console.line(f"{label:<{width}}  {called:>16}  {right:>11}")
    return 0
