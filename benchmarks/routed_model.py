"""A small model with 60 tools: all shown, a router's few, and as the mark to reach the right 5 tools alone.

    pip install --no-deps bfcl-eval==2026.3.23
    python -m benchmarks.routed_model --weights qwen2.5-coder-1.5b-instruct-q4_k_m.gguf --arms five routed --out routed.jsonl
    python -m benchmarks.routed_model --base-url http://127.0.0.1:8080/v1 --out routed.jsonl

The questions are those of the leaderboard's category `multiple` (one call), in a seeded order. `five`: the tools of the
question, filled up to five; `routed`: a router's five of sixty; `all`: the sixty, in which the five are. The fill is drawn from
the tools of the other questions, by a seed of each question's own. Answers, at temperature 0, are checked as the leaderboard
checks. Every answer is a line of the file, and a second run goes on where the first was broken off. The arm `all` reads
prompts of some 10,000 tokens, more than the demo's engine has room for: it needs a server, and hours on one core.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openai import APIError, OpenAI

import adapter
from adapter.demo.engine import serve
from adapter.evaluation.bfcl_cases import files_in, folder_of_package, read_bfcl
from adapter.evaluation.checking import check
from adapter.evaluation.figures.intervals import wilson
from adapter.evaluation.outcome import Called

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adapter.evaluation.cases import Case

ARMS = ("five", "routed", "all")
FEW, MANY = 5, 60


def cases(count: int) -> list[Case]:
    folder = folder_of_package()
    if folder is None:
        sys.exit("bfcl-eval is not installed; see the top of this file")
    file = files_in(folder)["multiple"]
    lines = [(number, json.loads(line)) for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)]
    found = read_bfcl(file, lines)
    random.Random(1).shuffle(found)
    return found[:count]


def offered(case: Case, pool: Sequence[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """The tools of a question, filled up to a number and shuffled; a larger number has the tools of a smaller one."""
    draw = random.Random(case.id)
    others = [tool for tool in pool if tool["function"]["name"] not in case.names]
    draw.shuffle(others)
    tools = [*case.tools, *others[: max(0, size - len(case.tools))]]
    random.Random(f"{case.id} {size}").shuffle(tools)
    return tools


def asked(client: OpenAI, model: str, case: Case, arm: str, pool: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Ask one question with one arm. Returns the line of the file."""
    tools: list[Any] = offered(case, pool, FEW if arm == "five" else MANY)
    messages: Any = [*case.turns[0].messages]
    if arm == "routed":
        tools = [*adapter.ToolRouter(tools, limit=FEW).select(messages).tools]
    written: list[str] = []
    wrapped = adapter.wrap(client, dialect="hermes", on_exchange=lambda record: written.extend(record.completions))
    begun = time.monotonic()
    made, error, usage = [], "", None
    try:
        answer = wrapped.chat.completions.create(
            model=model, messages=messages, tools=tools, temperature=0, max_tokens=256, extra_body={"cache_prompt": False}
        )
        usage = answer.usage and answer.usage.prompt_tokens
        calls = [call for call in answer.choices[0].message.tool_calls or () if call.type == "function"]
        made = [Called(call.function.name, json.loads(call.function.arguments)) for call in calls]
    except APIError as fault:
        error = str(fault)
    checked = check(case, case.turns[0], made)
    return {
        "case": case.id, "arm": arm, "right": checked.right, "tool": {one.name for one in made} == wanted(case),
        "offered": wanted(case) <= {tool["function"]["name"] for tool in tools}, "written": written,
        "calls": [[one.name, one.arguments] for one in made], "faults": [fault.message for fault in checked.faults],
        "error": error, "prompt_tokens": usage, "seconds": round(time.monotonic() - begun, 1),
    }  # fmt: skip


def wanted(case: Case) -> set[str]:
    return {one.name for one in case.turns[0].expect}


def figures(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    for arm in ARMS:
        own = [line for line in lines if line["arm"] == arm]
        if own:
            right = sum(line["right"] for line in own)
            low, high = wilson(right, len(own))
            seen, tool = (sum(line[key] for line in own) for key in ("offered", "tool"))
            yield (
                f"{arm:<7} right {right} of {len(own)} ({100 * right / len(own):.1f} %, {100 * low:.0f} to {100 * high:.0f}); "
                f"the tool {tool}; among the tools shown {seen}"
            )


@contextlib.contextmanager
def client(args: argparse.Namespace) -> Iterator[OpenAI]:
    if args.base_url:
        with OpenAI(base_url=args.base_url, api_key="none", timeout=3600, max_retries=0) as made:
            yield made
        return
    with serve(args.weights) as engine, OpenAI(base_url=engine.base_url, api_key=engine.api_key, timeout=3600) as made:
        yield made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--weights", type=Path, metavar="FILE", help="a GGUF file, run by the demo's engine")
    where.add_argument("--base-url", metavar="URL", help="a server in place of the engine")
    parser.add_argument("--model", default="m", help="the name in the requests")
    parser.add_argument("--first", type=int, default=40, metavar="N", help="questions (40)")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the answers, as JSON lines")
    args = parser.parse_args()
    if args.weights and "all" in args.arms:
        parser.error(
            "the demo's engine has room for 4,096 tokens, and the arm 'all' needs more: --arms five routed, or --base-url"
        )
    asking = cases(args.first)
    everything = {tool["function"]["name"]: tool for case in cases(1_000) for tool in case.tools}
    pool = [*everything.values()]
    lines = [json.loads(line) for line in args.out.read_text(encoding="utf-8").splitlines()] if args.out.exists() else []
    done = {(line["case"], line["arm"]) for line in lines}
    todo = [(case, arm) for arm in args.arms for case in asking if (case.id, arm) not in done]
    with client(args) as plain, args.out.open("a", encoding="utf-8") as out:
        for number, (case, arm) in enumerate(todo, 1):
            lines.append(asked(plain, args.model, case, arm, pool))
            out.write(json.dumps(lines[-1], ensure_ascii=False) + "\n")
            out.flush()
            print(f"{number} of {len(todo)}: {case.id}, {arm}, {lines[-1]['seconds']} s", file=sys.stderr, flush=True)
    print("\n".join(figures(lines)))


if __name__ == "__main__":
    main()
