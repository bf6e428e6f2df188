"""`adapter.ToolRouter` on two public collections: is the right tool among the 20, and what does a question cost?

    pip install --no-deps bfcl-eval==2026.3.23
    git clone the repository HowieHwong/MetaTool
    python benchmarks/router.py --metatool MetaTool/dataset
    python benchmarks/router.py --embed
    python benchmarks/router.py --metatool MetaTool/dataset --embed --most 1500
    python benchmarks/router.py --metatool MetaTool/dataset --neighbours

The Berkeley Function Calling Leaderboard (Apache-2.0): the functions of its eight single-turn Python categories as one
pool, the first definition of each name; a question is right if all functions of the reference answer are chosen. MetaTool
(MIT): 199 plugins with a sentence each, 20,614 questions of one plugin. The constants of the index were chosen on the
halves called `tuned`: half of the first's questions after a seeded shuffle, and 1,500 of the second's. `--neighbours` shows
what a change of each does.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import runpy
import sys
import time
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

import adapter
from adapter.routing import index
from adapter.routing.asked import read_asked
from adapter.routing.sentences import with_sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CATEGORIES = ("simple_python", "multiple", "parallel", "parallel_multiple")
LIMITS = (5, 10, 20)
TUNED = {"BFCL": 1_175, "MetaTool": 1_500}
NOTES = Console(stderr=True)


class Question(NamedTuple):
    """A conversation, and the names of the tools that it needs."""

    messages: list[dict[str, Any]]
    wanted: frozenset[str]


class Collection(NamedTuple):
    """Tools, and questions in a seeded order."""

    name: str
    tools: list[dict[str, Any]]
    questions: list[Question]

    def halves(self, most: int | None) -> dict[str, list[Question]]:
        """The questions that the constants were chosen on, and the others; at most so many of each."""
        tuned = TUNED[self.name]
        return {"tuned": self.questions[:tuned][:most], "held out": self.questions[tuned:][:most]}


def bfcl() -> Collection:
    package = find_spec("bfcl_eval")
    if package is None or package.origin is None:
        sys.exit("bfcl-eval is not installed; see the top of this file")
    folder = Path(package.origin).parent / "data"
    tools: dict[str, Any] = {}
    questions = []
    for category in (*CATEGORIES, "live_simple", *(f"live_{name}" for name in CATEGORIES[1:])):
        answers = {case["id"]: case["ground_truth"] for case in lines(folder / "possible_answer" / f"BFCL_v4_{category}.json")}
        for case in lines(folder / f"BFCL_v4_{category}.json"):
            for function in case["function"]:
                tools.setdefault(function["name"], {"type": "function", "function": function})
            questions.append(Question(case["question"][0], frozenset(name for call in answers[case["id"]] for name in call)))
    return Collection("BFCL", list(tools.values()), questions)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def metatool(folder: Path) -> Collection:
    try:
        described = json.loads((folder / "plugin_des.json").read_text(encoding="utf-8"))
        rows = list(csv.DictReader((folder / "data" / "all_clean_data.csv").open(encoding="utf-8", newline="")))
    except OSError as error:
        sys.exit(f"--metatool {folder}: {error}; give the folder `dataset` of the repository")
    tools = [{"type": "function", "function": {"name": named(name), "description": text}} for name, text in described.items()]
    asked = [Question([{"role": "user", "content": row["Query"]}], frozenset({named(row["Tool"])})) for row in rows]
    return Collection("MetaTool", tools, asked)


def named(name: str) -> str:
    """One of the 199 names holds a sign that no API takes: `PDF&URLTool`."""
    return re.sub(r"[^\w.:/-]", "_", name)


class Encoder:
    """The encoder of examples/embeddings.py, with the vectors of all texts that it was shown."""

    def __init__(self) -> None:
        path = Path(__file__).resolve().parents[1] / "examples" / "embeddings.py"
        self._encode: Callable[[list[str]], list[list[float]]] = runpy.run_path(str(path))["load"]()
        self._known: dict[str, list[float]] = {}

    def __call__(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts, made once."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(missing, self._encode(missing), strict=True))
        return [self._known[text] for text in texts]

    def read(self, questions: Iterable[Question]) -> float:
        """Encode the texts of questions, in batches of equal length. Returns the processor time in s."""
        begun = time.process_time()
        said = (one.text for question in questions for one in read_asked(question.messages).texts)
        self([part for text in said for part in with_sentences(text)])
        return time.process_time() - begun


def recall(router: adapter.ToolRouter, questions: Iterable[Question]) -> dict[str, float]:
    """Percent of the questions whose tools are all among the first so many; `each`: mean percent of a question's tools."""
    right = dict.fromkeys([*(f"all@{limit}" for limit in LIMITS), *(f"each@{limit}" for limit in LIMITS)], 0.0)
    count = 0
    for count, question in enumerate(questions, 1):  # noqa: B007  # the last number is the count
        names = [one.name for one in router.select(question.messages).ranked()]
        for limit in LIMITS:
            found = len(question.wanted.intersection(names[:limit])) / len(question.wanted)
            right[f"all@{limit}"] += found == 1
            right[f"each@{limit}"] += found
    return {name: round(100 * found / max(count, 1), 2) for name, found in right.items()}


def measured(collection: Collection, embed: Encoder | None, most: int | None) -> list[dict[str, Any]]:
    """Recall and processor time (without the encoder's) of both halves, and of the two together."""
    router = adapter.ToolRouter(collection.tools, max(LIMITS), embed=embed)
    halves = collection.halves(most)
    if embed is not None:
        begun = time.process_time()
        router.select("first")
        NOTES.print(f"{collection.name}: {len(collection.tools)} tools encoded in {time.process_time() - begun:.0f} s")
        NOTES.print(f"{collection.name}: questions encoded in {embed.read(chain(*halves.values())):.0f} s")
    found = []
    for half, questions in halves.items():
        begun = time.process_time()
        rates = recall(router, track(questions, f"{collection.name}, {half}", console=NOTES, disable=not NOTES.is_terminal))
        cost = 1e3 * (time.process_time() - begun) / len(questions)
        found.append({"set": collection.name, "half": half, "tools": len(collection.tools), "questions": len(questions)}
                     | rates | {"ms": round(cost, 2)})  # fmt: skip
    return [*found, both(found)]


def both(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of two halves, by their questions."""
    count = sum(row["questions"] for row in rows)
    means = {name: sum(row[name] * row["questions"] for row in rows) / count for name, kind in rows[0].items()
             if isinstance(kind, float)}  # fmt: skip
    return rows[0] | {"half": "both", "questions": count} | {name: round(mean, 2) for name, mean in means.items()}


def index_cost(collection: Collection) -> float:
    """Processor time to index 1,000 tools, in ms: the least of five."""
    tools = collection.tools[:1000]
    least = float("inf")
    for _ in range(5):
        begun = time.process_time()
        adapter.ToolRouter(tools)
        least = min(least, time.process_time() - begun)
    return round(1e3 * least, 1)


def neighbours(collections: list[Collection]) -> list[dict[str, Any]]:
    """Recall on the tuned halves with one constant of the index changed at a time."""
    fields, k1, alike = index.FIELDS, index.K1, index.ALIKE
    names = ("name", "description", "parameters", "about", "values")
    changes: list[tuple[str, tuple[index.Field, ...], float, float]] = [("none", fields, k1, alike)]
    for place, (weight, length) in enumerate(fields):
        others = [index.Field(weight / 2, length), index.Field(weight * 2, length), index.Field(weight, abs(length - 0.25))]
        changes += [(f"{names[place]}: {other.weight:g}, {other.length:g}",
                     (*fields[:place], other, *fields[place + 1 :]), k1, alike) for other in others]  # fmt: skip
    changes += [(f"K1: {other:g}", fields, other, alike) for other in (k1 / 2, k1 * 2)]
    changes += [(f"ALIKE: {other:g}", fields, k1, other) for other in (0.0, alike / 2, 1.0)]
    found = []
    for change in track(changes, "neighbours", console=NOTES, disable=not NOTES.is_terminal):
        index.FIELDS, index.K1, index.ALIKE = change[1:]
        rates = [recall(adapter.ToolRouter(one.tools), one.halves(None)["tuned"]) for one in collections]
        found.append(
            {"change": change[0]} | {f"{one.name} @20": rate["all@20"] for one, rate in zip(collections, rates, strict=True)}
        )
    index.FIELDS, index.K1, index.ALIKE = fields, k1, alike
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--metatool", type=Path, metavar="FOLDER", help="the folder `dataset` of the repository; left out without"
    )
    parser.add_argument("--embed", action="store_true", help="add the embeddings of examples/embeddings.py")
    parser.add_argument("--most", type=int, metavar="N", help="questions of each half at most; all without")
    parser.add_argument("--neighbours", action="store_true", help="change the constants of the index one at a time instead")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    args = parser.parse_args()
    if args.most is not None and args.most < 1:
        parser.error(f"--most is at least 1, not {args.most}")
    collections = [bfcl(), *([metatool(args.metatool)] if args.metatool else [])]
    order = random.Random(1)
    for one in collections:
        order.shuffle(one.questions)
    if args.neighbours:
        found = neighbours(collections)
    else:
        embed = Encoder() if args.embed else None
        found = [row for one in collections for row in measured(one, embed, args.most)]
        NOTES.print(f"index of 1,000 tools: {index_cost(collections[0])} ms of processor time")
    table = Table(*found[0], box=None, pad_edge=False)
    for row in found:
        table.add_row(*map(str, row.values()))
    Console().print(table)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
