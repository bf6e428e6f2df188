"""Random conversations rendered and parsed, per dialect: `python -m benchmarks.round_trip`.

    python -m benchmarks.round_trip                                100 conversations in every dialect, printed
    python -m benchmarks.round_trip --conversations 100000 --write   the proof: hours; goes on where it broke off
    python -m benchmarks.round_trip --dialect hermes gemma-4 --seed 7

Each turn of the assistant is rendered as text, the text is parsed, and calls, words and reasoning are compared; every tenth
conversation is rendered again from what was parsed, and must have the same bytes. The exit status is 1 for a difference.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from adapter.dialects.registry import names
from benchmarks.round_trip.comparing import run

RESULTS = Path(__file__).parents[1] / "results" / "round_trip.json"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.round_trip", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=100, metavar="N", help="of each dialect (100)")
    parser.add_argument("--dialect", nargs="+", metavar="NAME", choices=names(), default=names(), help="only these")
    parser.add_argument("--seed", type=int, default=1, help="the seed (1)")
    parser.add_argument(
        "--write", action="store_true", help=f"keep the figures in {RESULTS.name}, and skip dialects that are there"
    )
    asked = parser.parse_args()
    if asked.conversations < 1:
        parser.error(f"--conversations {asked.conversations}: give a number from 1 on")
    return asked


def main() -> int:
    """Run; returns the exit status."""
    asked = arguments()
    done = json.loads(RESULTS.read_text(encoding="utf-8")) if asked.write and RESULTS.exists() else {}
    failed = False
    for name in asked.dialect:
        if name in done and done[name]["conversations"] >= asked.conversations:
            continue
        start = time.process_time()
        count = run(name, asked.conversations, asked.seed, again=10)
        seconds = time.process_time() - start
        failed = failed or bool(count.different)
        print(
            f"{name}: {count.conversations} conversations, {count.turns} turns, {count.calls} calls, {seconds:.0f} s: "
            f"{count.different or 'all equal'}",
            *count.shown, sep="\n  ", flush=True,
        )  # fmt: skip
        if asked.write:
            figures = {key: value for key, value in count._asdict().items() if key != "shown"}
            done[name] = {**figures, "seed": asked.seed, "seconds": round(seconds)}
            RESULTS.write_text(json.dumps(dict(sorted(done.items())), indent=1) + "\n", encoding="utf-8")
    return int(failed)


sys.exit(main())
