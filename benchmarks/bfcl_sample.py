"""A seeded sample of the Berkeley leaderboard's cases, for `adapter eval`: `python -m benchmarks.bfcl_sample DATA FOLDER`.

    pip install --no-deps bfcl-eval==2026.3.23
    python -m benchmarks.bfcl_sample PATH/TO/bfcl_eval/data sample
    adapter eval sample --arms benchmarks/bfcl_small.toml --base-url URL --model NAME --out small.jsonl --concurrency 1

The sample has the leaderboard's own form: its questions, and its answers where it has any. What a small model made of it is in
`benchmarks/results/bfcl_small.md`.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

CATEGORIES = ("simple_python", "multiple", "parallel", "irrelevance")
ANSWERS = "possible_answer"


def sample(data: Path, folder: Path, *, count: int, seed: int) -> None:
    """Write `count` cases of each category, in the order of the leaderboard's files."""
    (folder / ANSWERS).mkdir(parents=True, exist_ok=True)
    for category in CATEGORIES:
        name = f"BFCL_v4_{category}.json"
        lines = _lines(data / name)
        chosen = sorted(random.Random(f"{seed}{category}").sample(range(len(lines)), count))
        _write(folder / name, [lines[at] for at in chosen])
        if (data / ANSWERS / name).is_file():
            answers = {json.loads(line)["id"]: line for line in _lines(data / ANSWERS / name)}
            _write(folder / ANSWERS / name, [answers[json.loads(lines[at])["id"]] for at in chosen])


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _write(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> None:
    """Write the sample that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder `data` of bfcl-eval")
    parser.add_argument("folder", type=Path, help="the folder to write")
    parser.add_argument("--count", type=int, default=40, help="cases of each category (40)")
    parser.add_argument("--seed", type=int, default=24)
    given = parser.parse_args()
    if not (given.data / f"BFCL_v4_{CATEGORIES[0]}.json").is_file():
        parser.error(f"{given.data}: no BFCL_v4_{CATEGORIES[0]}.json in it; give the folder `data` of the package bfcl-eval")
    sample(given.data, given.folder, count=given.count, seed=given.seed)


if __name__ == "__main__":
    main()
