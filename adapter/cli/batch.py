"""adapter batch: Read a file of completions, here or on a Ray cluster, or ask a server a file of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapter.cli.console import BadInput, Console
from adapter.cli.option_flags import PROMPT, REQUEST, add_options

if TYPE_CHECKING:
    import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    from adapter.cli.parse_flags import add_output, add_reading

    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    read = actions.add_parser("parse", help="read completions, as `adapter parse --jsonl` does")
    read.add_argument("jsonl", metavar="FILE", help="a file of JSON lines, one completion each; packed with gzip, or - too")
    add_reading(read)
    add_output(read.add_argument_group("columns and output"))
    read.add_argument(
        "--ray", metavar="ADDRESS", nargs="?", const="", help="read on a Ray cluster: at an address, or that of RAY_ADDRESS"
    )
    ask = actions.add_parser("run", help="ask requests of a server, one answer for each")
    ask.add_argument("requests", metavar="FILE", help="a file of JSON lines: chat requests, or OpenAI's batch form")
    ask.add_argument("--out", metavar="FILE", required=True, help="the answers, in the order of the requests")
    ask.add_argument("--fresh", action="store_true", help="begin anew in place of going on from the output")
    server = ask.add_argument_group("the server")
    server.add_argument("--base-url", metavar="URL", required=True, help="the server: http://host:port/v1")
    server.add_argument("--model", metavar="NAME", help="the model of requests that name none")
    server.add_argument("--api-key-env", metavar="VAR", help="the environment variable that holds the key")
    server.add_argument("--timeout", metavar="S", type=float, default=300.0, help="seconds for a request (300)")
    server.add_argument("--concurrency", metavar="N", type=int, default=8, help="requests at the same time (8)")
    server.add_argument("--per-minute", metavar="N", type=float, help="requests begun in a minute, at most")
    server.add_argument(
        "--tries", metavar="N", type=int, default=6, help="times that a request is sent where the server fails or limits (6)"
    )
    add_options(ask.add_argument_group("options of adapter.wrap"), (*PROMPT, *REQUEST))


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action. Returns 1 if a row could not be read or has no answer, 130 after an interrupt."""
    if args.action == "run":
        from adapter.cli.batch_run import run_requests

        return run_requests(args, console)
    from adapter.cli.parse_lines import run_lines

    if args.ray is not None:
        _check_ray(args)
    args.completion, args.json = None, False
    return run_lines(args, console)


def _check_ray(args: argparse.Namespace) -> None:
    if args.workers is not None:
        raise BadInput("--ray and --workers: give one; the cluster has its own processes")
    if args.out is None:
        raise BadInput("--ray needs --out FILE")
    check_ray()


def check_ray() -> None:
    """Refuse `--ray` where Ray is missing."""
    try:
        import ray  # noqa: F401
    except ImportError as error:
        raise BadInput("--ray needs Ray: pip install 'tool-call-adapter[ray]'") from error
