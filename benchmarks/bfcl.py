"""The Berkeley Function Calling Leaderboard's single-call category on a small model, scored by its own checker.

    pip install --no-deps bfcl-eval
    pip install "tree_sitter==0.21.3" "tree-sitter-java==0.21.0" "tree-sitter-javascript==0.21.4"
    python benchmarks/bfcl.py --first 40 --enforce grammar --json benchmarks/results/bfcl.json

Data and checker come from the `bfcl-eval` wheel (Apache-2.0). Its list of model clients is not loaded: it would want thirty
SDKs, and the checker asks it one question, whether dots in names were replaced, which they are not here.

Two things the harness does, and why. A number that the board declares a `float` is read as one, at any depth: the checker
takes `3` for `3.0` at the top level but not inside a list, a difference that Python has and JSON has not. And the engine keeps
nothing of the prompt before (`cache_prompt`), so that a case gives the same answer whatever was asked before it; it runs on one
thread, at temperature 0.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import openai
from openai import OpenAI
from rich.progress import track

import adapter
from adapter.demo.engine import serve
from adapter.demo.weights import find_weights
from adapter.evaluation.bfcl_cases import tool_of


def checker() -> Any:
    """The board's own checker."""
    models = ModuleType("bfcl_eval.constants.model_config")
    models.MODEL_CONFIG_MAPPING = {"model": SimpleNamespace(underscore_to_dot=False)}  # type: ignore[attr-defined]
    sys.modules[models.__name__] = models
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    return lambda function, calls, truth: ast_checker(function, calls, truth, Language.PYTHON, "simple_python", "model")


def data(name: str) -> list[dict[str, Any]]:
    package = find_spec("bfcl_eval")
    if package is None or package.origin is None:
        raise SystemExit("bfcl-eval is not installed; see the top of this file")
    path = Path(package.origin).parent / "data" / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def as_declared(value: Any, schema: Any) -> Any:
    """A JSON value in which the whole numbers that the board declares as `float` are floats."""
    if not isinstance(schema, dict):
        return value
    if isinstance(value, dict):
        return {key: as_declared(item, schema.get("properties", {}).get(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [as_declared(item, schema.get("items")) for item in value]
    return float(value) if schema.get("type") == "float" and type(value) is int else value


def ask(client: OpenAI, model: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls that the model makes, in the form that the checker reads."""
    tools: Any = [tool_of(function) for function in case["function"]]
    try:
        completion = client.chat.completions.create(
            model=model, messages=case["question"][0], tools=tools, tool_choice="required", temperature=0, max_tokens=256,
            extra_body={"cache_prompt": False},
        )  # fmt: skip
    except openai.UnprocessableEntityError as error:
        print(f"{case['id']}: {error.message}", file=sys.stderr)
        return []
    declared = {function["name"]: function["parameters"] for function in case["function"]}
    found = []
    for call in completion.choices[0].message.tool_calls or []:
        if call.type == "function":
            name = call.function.name
            found.append({name: as_declared(json.loads(call.function.arguments), declared.get(name))})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--first", type=int, default=40, help="how many cases")
    parser.add_argument("--skip", type=int, default=0, help="how many cases to leave out before these")
    parser.add_argument("--enforce", nargs="+", default=["prompt", "json_schema", "grammar"], help="the rungs to compare")
    parser.add_argument("--dialect", default="hermes", help="the dialect to speak")
    parser.add_argument("--model", type=Path, help="a GGUF file in place of the demo's model")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    args = parser.parse_args()
    check = checker()
    cases = data("BFCL_v4_simple_python.json")[args.skip : args.skip + args.first]
    truths = {truth["id"]: truth["ground_truth"] for truth in data("possible_answer/BFCL_v4_simple_python.json")}
    weights = args.model or find_weights(note=lambda text: print(text, file=sys.stderr))
    found: dict[str, Any] = {"model": weights.stem, "dialect": args.dialect, "category": "simple_python"}
    found |= {"skipped": args.skip, "cases": len(cases), "floats": "read as declared", "right": {}, "wrong": {}}
    with serve(weights) as engine, OpenAI(base_url=engine.base_url, api_key=engine.api_key, timeout=300) as client:
        for rung in args.enforce:
            wrapped = adapter.wrap(client, dialect=args.dialect, enforce=rung, server="llama.cpp", retries=0)
            wrong = []
            for case in track(cases, description=rung, disable=not sys.stdout.isatty()):
                verdict = check(case["function"], ask(wrapped, weights.stem, case), truths[case["id"]])
                if not verdict["valid"]:
                    wrong.append(case["id"])
            found["right"][rung] = len(cases) - len(wrong)
            found["wrong"][rung] = wrong
            print(f"{rung:<12} {len(cases) - len(wrong)} of {len(cases)}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
