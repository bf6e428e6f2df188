"""How often right calls are judged ungrounded: the ground truth of the Berkeley Function Calling Leaderboard, without a model.

    pip install --no-deps bfcl-eval
    python benchmarks/grounding.py --show

Each right call is judged by its own question, where it must be grounded, and by the question of another case of its category
(by a fixed seed), where it should not be. Data as in `benchmarks/bfcl.py`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.grounding.conversation import ConversationText
from adapter.grounding.judge import judged

if TYPE_CHECKING:
    from collections.abc import Iterator

CATEGORIES = (
    "simple_python", "multiple", "parallel", "parallel_multiple", "simple_java", "simple_javascript", "live_simple",
    "live_multiple", "live_parallel", "live_parallel_multiple",
)  # fmt: skip


def rows(name: str) -> list[dict[str, Any]]:
    package = find_spec("bfcl_eval")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("bfcl-eval is not installed; see the top of this file")
    text = (Path(package.submodule_search_locations[0]) / "data" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def plain(value: Any) -> Any:
    """A value of the ground truth, in which every member of an object is a list of the right values: the first of each."""
    if isinstance(value, dict):
        return {key: plain(_first(item)) if isinstance(item, list) else item for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _first(values: list[Any]) -> Any:
    """The first right value; an empty text stands for an argument that may be left out."""
    return next((value for value in values if value != ""), "")


def right_calls(truth: dict[str, Any], functions: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Any, str]]:
    """Yield the arguments of each right call, those that may be left out left out; the function's parameters and purpose."""
    known = {function["name"]: function for function in functions}
    for call in truth["ground_truth"]:
        for name, arguments in call.items():
            if name in known:
                parameters = known[name]["parameters"]
                needed = parameters.get("required", [])
                given = {key: plain(_first(values)) for key, values in arguments.items() if key in needed or "" not in values}
                yield given, parameters, f"{name} {known[name].get('description', '')}"


def said(case: dict[str, Any]) -> ConversationText:
    return ConversationText.of(message for turn in case["question"] for message in turn)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--show", action="store_true", help="print the right calls that are judged ungrounded")
    args = parser.parse_args()
    chosen = random.Random(3)  # no secret
    totals = [0, 0, 0]
    for category in CATEGORIES:
        cases = {case["id"]: case for case in rows(f"BFCL_v4_{category}.json")}
        counts = [0, 0, 0]
        for truth in rows(f"possible_answer/BFCL_v4_{category}.json"):
            case = cases[truth["id"]]
            own, other = said(case), said(cases[chosen.choice([*cases])])
            for arguments, parameters, purpose in right_calls(truth, case["function"]):
                flagged = not judged(arguments, parameters, own, purpose).grounded
                elsewhere = not judged(arguments, parameters, other, purpose).grounded
                counts = [a + b for a, b in zip(counts, (1, flagged, elsewhere), strict=True)]
                if flagged and args.show:
                    print(f"  {truth['id']}: {json.dumps(arguments, ensure_ascii=False)[:120]}", file=sys.stderr)
        tell(category, *counts)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
    tell("all", *totals)


def tell(category: str, calls: int, flagged: int, elsewhere: int) -> None:
    own = f"{flagged:>3} ungrounded ({flagged / calls:.1%})"
    print(f"{category:<24} {calls:>5} calls: {own}, under another question {elsewhere / calls:.0%}")


if __name__ == "__main__":
    main()
