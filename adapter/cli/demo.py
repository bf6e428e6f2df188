"""adapter demo: Have a whole tool-calling conversation with a real small model on this machine."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.console import BadInput, Console
from adapter.cli.option_flags import choice
from adapter.servers import RUNGS, SERVERS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from adapter.demo.tasks import Tasks
    from adapter.demo.wire import Wire

_REFUSED = {"invalid_tool_call", "tool_call_required"}
_MOST_NAMED = 8
_MAGIC = b"GGUF"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--all", action="store_true", help="ask ten questions in every way and print a table")
    parser.add_argument("--question", metavar="TEXT", action="append", help="ask this instead; with --all again for more")
    parser.add_argument("--questions", metavar="FILE", help="ask the questions in a file, one on each line; with --all")
    parser.add_argument("--tools", metavar="FILE", help="offer these tools: a JSON list, or a request with tools")
    parser.add_argument(
        "--result", metavar="TEXT", default="", help="the result of a call of your own tools, which nobody runs"
    )
    parser.add_argument("--dialect", help="name of a dialect, the path of a .jinja file or of a tokenizer_config.json, or auto")
    parser.add_argument("--enforce", **choice(("auto", *RUNGS), "how the answer is made a call; not with --all"))
    parser.add_argument("--model", metavar="FILE", help="another GGUF model; with --base-url the name of the server's model")
    parser.add_argument("--no-download", action="store_true", help="never download the model")
    parser.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server to use instead; key: OPENAI_API_KEY")
    parser.add_argument("--model-name", metavar="NAME", help="the model to ask for on that server; its only one unless given")
    parser.add_argument("--server", metavar="KIND", default="generic", help="what that server is: llama.cpp, vllm, sglang, …")


def run(args: argparse.Namespace, console: Console) -> int:
    """Play the conversation, or print the table."""
    import openai

    from adapter.demo import DemoUnavailable
    from adapter.errors import AdapterError

    _check(args)
    tasks = _tasks(args, console)
    server = args.server if args.base_url else "llama.cpp"
    with ExitStack() as stack:
        try:
            wire, model = _remote(args, console) if args.base_url else _local(args, console, stack)
            stack.callback(wire.client.close)
            return (_table if args.all else _play)(args, wire, model, server, console, tasks)
        except DemoUnavailable as error:
            raise BadInput(str(error)) from error
        except (ValueError, TypeError) as error:  # of an option
            raise BadInput(str(error)) from error
        except AdapterError as error:
            raise BadInput(" ".join(error.message.split())) from error
        except openai.APIConnectionError as error:
            raise BadInput(f"{args.base_url or 'the model server'}: no answer ({error.__cause__ or error})") from error
        except openai.APIError as error:
            raise BadInput(told(error, server)) from error


def _check(args: argparse.Namespace) -> None:
    """Check the arguments that go together."""
    import difflib

    if args.server not in SERVERS:
        near = difflib.get_close_matches(args.server.lower(), SERVERS, n=1)
        raise BadInput(f"--server {args.server}: {f'did you mean {near[0]}? ' if near else ''}There are {', '.join(SERVERS)}")
    if args.base_url is not None and not args.base_url.startswith(("http://", "https://")):
        raise BadInput(f"--base-url {args.base_url!r}: write http://host:port/v1, or https://…")
    if not args.base_url and args.model_name:
        raise BadInput("--model-name goes with --base-url; --model FILE serves a GGUF file here")
    if args.base_url and args.model and args.model_name:
        raise BadInput("--model and --model-name both name the server's model; give one")
    if args.all and args.enforce:
        raise BadInput("--enforce goes without --all, which tries every constraint of the server")
    if args.question and args.questions:
        raise BadInput("--question and --questions both say what to ask; give one")
    if not args.all and (args.questions or len(args.question or ()) > 1):
        raise BadInput("several questions go with --all; without it one question is asked")


def _tasks(args: argparse.Namespace, console: Console) -> Tasks:
    from adapter.cli.inputs import read_tool_file
    from adapter.demo.tasks import tasks_for

    asked = args.question or []
    if args.questions:
        asked = [line.strip() for line in console.read(args.questions).splitlines() if line.strip()]
        if not asked:
            raise BadInput(f"{args.questions}: no questions; write one on each line")
    if args.tools and not asked:
        raise BadInput("--tools goes with --question TEXT, or with --all and --questions FILE")
    return tasks_for(read_tool_file(args.tools, console) if args.tools else None, asked, args.result)


def _remote(args: argparse.Namespace, console: Console) -> tuple[Wire, str]:
    """Connect to the user's server. Returns the client and the model's name."""
    import openai

    from adapter.demo.wire import Wire
    from adapter.evaluation.only_model import listed_models

    wire = Wire(args.base_url, os.environ.get("OPENAI_API_KEY") or "none")
    name = args.model_name or args.model
    if name:
        return wire, name
    try:
        names = listed_models(wire.client)
    except ValueError as error:
        wire.client.close()
        raise BadInput(f"{args.base_url}: {error}") from error
    except openai.APIStatusError as error:
        wire.client.close()
        key = error.status_code in {401, 403}
        fix = "put the key into OPENAI_API_KEY" if key else "give --model-name NAME, or check the URL (http://host:port/v1)"
        raise BadInput(f"{args.base_url}: /models answered {error.status_code}; {fix}") from error
    except BaseException:
        wire.client.close()
        raise
    if len(names) != 1:
        wire.client.close()
        more = ", …" if len(names) > _MOST_NAMED else ""
        shown = f"has {', '.join(names[:_MOST_NAMED])}{more}" if names else "names no model"
        raise BadInput(f"{args.base_url} {shown}; give --model-name NAME")
    console.error(f"adapter demo: the server's model is {names[0]}")
    return wire, names[0]


def _local(args: argparse.Namespace, console: Console, stack: ExitStack) -> tuple[Wire, str]:
    """Start the engine, which stops when the stack is closed."""
    from adapter.demo.engine import serve
    from adapter.demo.wire import Wire

    weights = weights_of(args, lambda text: console.error(f"adapter demo: {text}"))
    engine = stack.enter_context(serve(weights))
    console.error(f"adapter demo: {weights.name} serves at {engine.base_url}")
    return Wire(engine.base_url, engine.api_key), weights.stem


def weights_of(args: argparse.Namespace, note: Callable[[str], None]) -> Path:
    """Return the model file of `--model`; without the flag that of the demo's model, downloaded unless `--no-download`.

    Raises:
        BadInput: The file of `--model` is missing, or no GGUF file.
        DemoUnavailable: The demo's model is missing, and was not or could not be downloaded.
    """
    from adapter.demo.weights import find_weights

    if args.model is None:
        return find_weights(download=not args.no_download, note=note)
    weights = Path(args.model)
    if weights.is_file() and _begins(weights) != _MAGIC:
        raise BadInput(f"{args.model}: no GGUF file, which begins with the letters GGUF")
    if not args.model or not weights.exists():
        hint = "--model takes a GGUF file, a server's model goes with --base-url URL"
        raise BadInput(f"no model file {args.model!r}; {hint}")
    return weights


def _begins(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC))


def told(error: Any, server: str) -> str:
    """Return a sentence about an error, which is the server's or the adapter's own."""
    from adapter.demo.effect import words_of

    words = words_of(error)
    if error.code not in _REFUSED:
        status = getattr(error, "status_code", None)
        return f"the server answered {status}: {words}" if status else f"the server broke off: {words}"
    body = error.body if isinstance(error.body, dict) else {}
    wrote = " ".join(str(body.get("completion") or "").split())
    flag = (
        "name the server's kind with --server (`adapter probe --base-url URL` finds it), or try another --dialect"
        if server == "generic"
        else "try --enforce auto, or another --dialect"
    )
    return f"the adapter refused the answer: {words} The model wrote: {wrote!r}. On the command line: {flag}"


def _play(args: argparse.Namespace, wire: Wire, model: str, server: str, console: Console, tasks: Tasks) -> int:
    from adapter.demo.conversation import options_for, play

    options = options_for(server, args.dialect, args.enforce)
    return 0 if play(wire, model, options, tasks.questions[0].text, console, tasks) else 1


def _table(args: argparse.Namespace, wire: Wire, model: str, server: Any, console: Console, tasks: Tasks) -> int:
    from rich.console import Console as RichConsole
    from rich.progress import Progress

    from adapter.demo.table import measure_all
    from adapter.dialects.registry import FALLBACK

    def track(asked: Iterable[Any], label: str) -> Iterator[Any]:
        # The bar is for a terminal only: rich draws none in a pipe.
        bar = RichConsole(file=console.err)
        with Progress(console=bar, transient=True, disable=not console.err.isatty()) as progress:
            yield from progress.track([*asked], description=label)

    def write(line: str) -> None:
        console.line(line)
        console.out.flush()  # each row when it is done, in a pipe too

    dialect = args.dialect or FALLBACK
    outcomes, answered = measure_all(wire.client, model, server, write, tasks=tasks, dialect=dialect, track=track)
    return 0 if "" in {*(item.refused for item in outcomes), *(item.refused for item in answered)} else 1
