"""How fast the adapter is: `python -m benchmarks`.

    pip install -c constraints.txt -e ".[bench]"
    python -m benchmarks peers               the other packages, in an environment of their own: once, some minutes
    python -m benchmarks                     every row; writes benchmarks/results/speed/
    python -m benchmarks --only stream whole   some rows; the others in the results stay as they were
    python -m benchmarks page                only the page again, after benchmarks/why_not.toml was written
    python -m benchmarks --quick             small workloads, printed and not written
    python -m benchmarks --only dialects --quick --dialect gemma-4 lfm2    some dialects against hermes, in seconds

Every contestant's output is verified before it is timed. Rounds are taken in turn over the contestants, times are processor
time, figures are medians of the ratios round by round. What is not installed is skipped and named.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.peers import environment
from benchmarks.peers.remote import DEFAULT, Peers
from benchmarks.report import goal_cells, table, write
from benchmarks.results import Bench, Row
from benchmarks.rows import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RESULTS = Path(__file__).parent / "results" / "speed"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=["run", "peers", "page"], default="run", help="what to do (run)")
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=list(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument(
        "--quick", action="store_true", help="smaller workloads, three rounds; nothing is written without --output"
    )
    parser.add_argument(
        "--dialect",
        nargs="+",
        metavar="NAME",
        default=[],
        help="of rows `dialects` and `markers` only these; nothing is written without --output",
    )
    parser.add_argument("--rounds", type=int, help="rounds per measurement (9; 3 with --quick)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where results go (benchmarks/results/speed)")
    parser.add_argument("--peers", type=Path, metavar="DIR", default=DEFAULT, help="the peers' environment (.bench-peers)")
    return parser.parse_args()


@contextmanager
def progress() -> Iterator[Callable[[str], object]]:
    """Says what is being done: one line that changes on a terminal, plain lines without the rounds in a pipe."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("starting") as status:
            yield status.update
        return
    seen: set[str] = set()

    def told(line: str) -> None:
        kept = line.partition(": round ")[0]
        if kept not in seen:
            seen.add(kept)
            print(kept, file=sys.stderr, flush=True)

    yield told


def show(name: str, row: Row) -> None:
    print(f"\n{row.number}. {row.title} ({name})\n")
    print("\n".join(table(["what", "target", "measured", ""], [goal_cells(goal) for goal in row.goals])))
    for one in row.tables:
        print("\n" + "\n".join([f"{one.title}:", "", *table(one.head, one.rows)]), flush=True)


def main() -> None:
    args = arguments()
    with progress() as told:
        if args.command == "peers":
            environment.make(args.peers, told)
            return
        if args.command == "page":
            write(args.output or RESULTS, {})
            return
        output = args.output or (None if args.quick or args.dialect else RESULTS)
        with Peers(args.peers) as peers:
            for name, why in peers.absent.items():
                print(f"skipped: {name}: {why}", file=sys.stderr)
            bench = Bench(args.rounds or (3 if args.quick else 9), args.quick, peers, told, args.dialect)
            for name in args.only or ROWS:
                row = importlib.import_module(ROWS[name]).run(bench)
                show(name, row)
                if output:
                    write(output, {name: row})  # row by row: a run that is interrupted keeps what it has


if __name__ == "__main__":
    main()
