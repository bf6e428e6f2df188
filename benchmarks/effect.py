"""How often a model calls the right tool, and answers, in every way there is to ask it: for any OpenAI-compatible server.

    python benchmarks/effect.py run --arm small --arm native --model FILE.gguf      # asks; goes on where it was stopped
    python benchmarks/effect.py run --arm small --background                        # the same, in a process of its own
    python benchmarks/effect.py judge                                               # the table of the reported half
    python benchmarks/effect.py demo --json out.json                                # the ten questions of `adapter demo --all`
    python benchmarks/effect.py demo --tools tools.json --questions questions.txt   # the same ways, with your own

Sixty questions over twelve tools, thirty remarks that need none, twenty results to answer from and twelve conversations of
three turns, in English and Chinese, at temperature 0. Every second item is for tuning, the others are only reported. Answers
are kept as they came, one line each, and judged without a model. Without --base-url the model of `adapter demo` is served here,
or the GGUF file that --model names.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import openai
from openai import OpenAI
from rich.console import Console
from rich.progress import Progress

from adapter.demo.effect import as_json, words_of
from adapter.demo.engine import serve
from adapter.demo.table import measure_all
from adapter.demo.tasks import Tasks, tasks_for
from adapter.demo.weights import find_weights
from adapter.errors import BadRequest
from adapter.servers import SERVERS
from adapter.tools.definitions import read_tools
from benchmarks.small import judging
from benchmarks.small.arms import arms
from benchmarks.small.asking import asker, kept, run
from benchmarks.small.items import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOOLS = 6
ANSWERS = Path("benchmarks/results/small.jsonl")


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    asking, demo = commands.add_parser("run", help="ask"), commands.add_parser("demo", help="the demo's ten questions")
    judge = commands.add_parser("judge", help="judge the kept answers")
    for one in (asking, demo):
        one.add_argument("--base-url", help="an OpenAI-compatible server; its key in OPENAI_API_KEY")
        one.add_argument("--model-name", default="default", help="the model to ask for there")
        one.add_argument("--server", default="generic", choices=sorted(SERVERS), help="what that server is")
        one.add_argument("--model", type=Path, help="a GGUF file to serve here instead")
    demo.add_argument("--dialect", default="hermes", help="a dialect, or auto")
    demo.add_argument("--tools", type=Path, metavar="FILE", help="tools of your own, a JSON list; with --questions")
    demo.add_argument("--questions", type=Path, metavar="FILE", help="questions of your own, one on each line")
    demo.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    asking.add_argument("--arm", action="append", help="a way to ask, again for more; all ways unless given")
    asking.add_argument("--tools", type=int, default=_TOOLS, help="tools to offer at most")
    asking.add_argument("--first", type=int, help="items of each kind, from the first")
    asking.add_argument("--kind", action="append", choices=KINDS, help="a kind of items, again for more; all unless given")
    asking.add_argument("--half", choices=judging.HALVES, help="one half of the items alone")
    asking.add_argument("--timeout", type=float, default=300.0, help="seconds for an answer")
    asking.add_argument("--background", action="store_true", help="ask in a process of its own, with a log")
    for one in (asking, judge):
        one.add_argument("--answers", type=Path, default=ANSWERS, help="the file of kept answers")
    judge.add_argument("--half", default="reported", choices=judging.HALVES, help="the half to judge")
    return parser.parse_args(given)


def endpoint(args: argparse.Namespace, stack: ExitStack) -> tuple[str, str, str, str]:
    """The server's URL, key and kind, and the model's name."""
    if args.base_url:
        return args.base_url, os.environ.get("OPENAI_API_KEY", "none"), args.server, args.model_name
    weights = args.model or find_weights(note=lambda text: print(text, file=sys.stderr))
    engine = stack.enter_context(serve(weights))
    return engine.base_url, engine.api_key, "llama.cpp", weights.stem


def progress_in(stack: ExitStack) -> Progress:
    return stack.enter_context(Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()))


def ask(args: argparse.Namespace) -> None:
    if args.background:
        in_background(args)
        return
    with ExitStack() as stack:
        url, key, server, model = endpoint(args, stack)
        known = arms(server)
        unknown = [name for name in args.arm or () if name not in known]
        if unknown:
            raise SystemExit(f"no arm {unknown[0]!r}; there are {', '.join(known)}")
        bar = progress_in(stack)

        def track(due: Iterable[Any], name: str) -> Iterable[Any]:
            return bar.track([*due], description=name)

        for name in args.arm or known:
            arm = known[name]
            if args.tools != _TOOLS:
                arm = replace(arm, name=f"{name}, {args.tools} tools")
            with asker(url, key, model, server, arm, args.tools, args.timeout) as client:
                try:
                    asked = run(client, arm, model, args.answers, track, args.first, args.half, args.kind or KINDS)
                except openai.APIStatusError as error:  # the server takes no tools, say; the other arms go on
                    print(f"{name}: refused: {error.status_code}: {words_of(error)}", flush=True)
                    continue
            print(f"{name}: {asked} items asked, kept in {args.answers}", flush=True)


def in_background(args: argparse.Namespace) -> None:
    """Start the same command in a process of its own, which outlives the terminal."""
    args.answers.parent.mkdir(parents=True, exist_ok=True)
    log = args.answers.with_suffix(f".{'-'.join(args.arm or ['all'])}.log")
    command = [sys.executable, str(Path(__file__).resolve()), *(word for word in sys.argv[1:] if word != "--background")]
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True)
    print(f"process {process.pid} asks; its log is {log}")


def tasks_of(args: argparse.Namespace) -> Tasks:
    """The tools and questions of the user's, or the demo's."""
    if args.tools and not args.questions:
        raise SystemExit("--tools goes with --questions FILE: the demo's questions are about its own tools")
    try:
        tools = json.loads(args.tools.read_text(encoding="utf-8-sig")) if args.tools else None
        text = args.questions.read_text(encoding="utf-8-sig") if args.questions else ""
        asked = [line.strip() for line in text.splitlines() if line.strip()]
        if args.questions and not asked:
            raise SystemExit(f"{args.questions}: no questions; write one on each line")
        return tasks_for(None if tools is None else [tool.wire for tool in read_tools(tools)], asked)
    except (OSError, ValueError, BadRequest) as error:
        raise SystemExit(f"{args.tools or args.questions}: {error}") from error


def demo(args: argparse.Namespace) -> None:
    tasks = tasks_of(args)
    with ExitStack() as stack:
        url, key, server, model = endpoint(args, stack)
        client = stack.enter_context(OpenAI(base_url=url, api_key=key, timeout=300))
        bar = progress_in(stack)

        def track(asked: Iterable[Any], label: str) -> Iterable[Any]:
            return bar.track([*asked], description=label)

        write = partial(print, flush=True)
        outcomes, answered = measure_all(client, model, server, write, tasks=tasks, dialect=args.dialect, track=track)
    if args.json:
        found = {"model": model, "server": server, **as_json(outcomes, answered)}
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def main(given: list[str] | None = None) -> None:
    args = arguments(given)
    if args.command == "judge":
        print("\n".join(judging.table(kept(args.answers).values(), args.half)))
        return
    try:
        {"run": ask, "demo": demo}[args.command](args)
    except openai.APIError as error:
        raise SystemExit(f"{args.base_url or 'the model server'}: {words_of(error)}") from error


if __name__ == "__main__":
    main()
