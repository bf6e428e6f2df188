"""adapter demo: Have a whole tool-calling conversation with a real small model on this machine."""

from __future__ import annotations

import functools
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
    parser.add_argument("--all", action="store_true", help="ask ten questions in every way and print a table")
    parser.add_argument("--question", metavar="TEXT", help="ask this instead of the guide's question")
    parser.add_argument("--model", metavar="FILE", help="another GGUF model")
    parser.add_argument("--no-download", action="store_true", help="never download the model")
    parser.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server to use instead; key: OPENAI_API_KEY")
    parser.add_argument("--model-name", metavar="NAME", help="the model to ask for on that server")
    parser.add_argument("--server", metavar="KIND", default="generic", help="what that server is: llama.cpp, vllm, sglang, …")


def run(args: argparse.Namespace, console: Console) -> int:
    """Play the conversation, or print the table."""
    import openai

    from adapter.demo import DemoUnavailable
    from adapter.demo.wire import Wire
    from adapter.servers import SERVERS

    if args.base_url and (args.model or not args.model_name):
        raise BadInput("--base-url goes with --model-name, and not with --model")
    if args.server not in SERVERS:
        raise BadInput(f"--server {args.server}: there are {', '.join(SERVERS)}")
    with ExitStack() as stack:
        try:
            if args.base_url:
                server = args.server
                wire, model = Wire(args.base_url, os.environ.get("OPENAI_API_KEY", "none")), args.model_name
            else:
                server = "llama.cpp"
                wire, model = _local(args, console, stack)
            stack.callback(wire.client.close)
            return _table(wire, model, server, console) if args.all else _play(args, wire, model, server, console)
        except DemoUnavailable as error:
            raise BadInput(str(error)) from error
        except openai.APIConnectionError as error:
            raise BadInput(f"{args.base_url or 'the model server'}: no answer ({error.__cause__ or error})") from error
        except openai.APIStatusError as error:
            raise BadInput(f"the server answered {error.status_code}: {' '.join(str(error.message).split())}") from error


def _local(args: argparse.Namespace, console: Console, stack: ExitStack) -> tuple[Wire, str]:
    """Start the engine, which stops when the stack is closed."""
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


def _play(args: argparse.Namespace, wire: Wire, model: str, server: str, console: Console) -> int:
    from adapter.demo.conversation import play
    from adapter.demo.questions import QUESTIONS

    def show(label: str, text: str) -> None:
        console.labelled(label, console.markup(text))
        console.out.flush()

    return 0 if play(wire, model, server, args.question or QUESTIONS[0].text, show) else 1


def _table(wire: Wire, model: str, server: str, console: Console) -> int:
    from rich.console import Console as RichConsole
    from rich.progress import Progress

    from adapter.demo.effect import measure, measure_answers, table, ways

    # The bar is for a terminal only: rich draws none in a pipe.
    with Progress(console=RichConsole(file=console.err), transient=True, disable=not console.err.isatty()) as progress:
        outcomes = [
            measure(wire.client, model, way, functools.partial(progress.track, description=way.label)) for way in ways(server)
        ]
        worked = progress.track((False, True), description="answers after a tool result")
        answered = [measure_answers(wire.client, model, server, worked=example) for example in worked]
    heading, *lines = table(outcomes, answered)
    console.line(console.styled(heading, "label"))
    for line in lines:
        console.line(line)
    return 0
