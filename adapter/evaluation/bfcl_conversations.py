"""Conversations of the Berkeley Function Calling Leaderboard, which run on simulated APIs.

A line of a file `BFCL_v4_multi_turn_….json` is `{"id", "question": [[messages], …], "initial_config", "involved_classes",
"missed_function"?}`; the reference calls of each turn, in Python's notation, stand in the folder `possible_answer` beside,
and the functions of the APIs in `multi_turn_func_doc`. The APIs are classes of the package.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adapter.evaluation.bfcl_cases import answers_of, tool_of
from adapter.evaluation.cases import BadCases, Case, ExpectedCall, Turn, name_of
from adapter.evaluation.python_calls import PositionedCall, read_call
from adapter.evaluation.simulated_apis import MODULES, load_class
from adapter.evaluation.simulation import Simulation

if TYPE_CHECKING:
    from pathlib import Path

_FUNCTIONS = "multi_turn_func_doc"
_PACKAGE = "bfcl_eval"
_LONG = "long_context"
_MORE_TOOLS = "More tools are available now. Please go on with the task."


def read_conversations(file: Path, lines: list[tuple[int, dict[str, Any]]], *, simulate: bool) -> list[Case]:
    """Read a file of conversations.

    Args:
        file: The file in the package's folder of data.
        lines: The objects in the file, each with the number of its line.
        simulate: Run the code of the APIs.

    Raises:
        BadCases: The APIs may not be run or cannot be loaded, or a file is missing or malformed.
    """
    if not simulate:
        raise BadCases(
            f"{file}: the conversations of BFCL run on simulated APIs, which are code of the package bfcl-eval; allow to run "
            "it with --simulate (simulate=True)"
        )
    root = file.resolve().parent.parent.parent
    if not (root / _PACKAGE / "eval_checker").is_dir():
        raise BadCases(f"{file}: its simulated APIs are not here; keep the file in the folder of the package bfcl-eval")
    answers = answers_of(file)
    found = []
    for number, value in lines:
        place = f"{file}, line {number}"
        try:
            found.append(_case(value, answers, file, root, place))
        except BadCases as error:
            raise BadCases(str(error) if str(file) in str(error) else f"{place}: {error}") from error
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise BadCases(f"{place}: no conversation as BFCL writes them: {type(error).__name__}: {error}") from error
    return found


def _case(value: dict[str, Any], answers: dict[str, Any], file: Path, root: Path, place: str) -> Case:
    questions, truth = value["question"], answers.get(value["id"])
    if not isinstance(truth, list) or len(truth) != len(questions):
        raise BadCases(f"{place}: no answer for each turn of the id {value['id']!r} in the folder 'possible_answer'")
    classes = tuple(value["involved_classes"])
    known = {name_of(tool): tool for name in classes for tool in _tools_of(name, file.parent)}
    later = {int(turn): tuple(known[name] for name in names) for turn, names in (value.get("missed_function") or {}).items()}
    held = {name_of(tool) for tools in later.values() for tool in tools}
    calls = tuple(tuple(map(read_call, turn)) for turn in truth)
    for name in classes:
        load_class(name, str(root))
    category = file.stem.split("_", 2)[2]
    run = Simulation(str(root), classes, value["initial_config"], _LONG in category, calls, later, frozenset(known))
    return Case(
        id=value["id"],
        tools=tuple(tool for name, tool in known.items() if name not in held),
        turns=tuple(
            Turn(tuple(messages) or ({"role": "user", "content": _MORE_TOOLS},), tuple(_expected(call, known) for call in turn))
            for messages, turn in zip(questions, calls, strict=True)
        ),
        category=category,
        cluster=f"multi_turn_{value['id'].rpartition('_')[2]}",  # the four categories are variants of the same tasks
        rules="state",
        place=place,
        simulation=run,
    )


def _expected(call: PositionedCall, known: dict[str, Any]) -> ExpectedCall:
    """Return a reference call for reports, with its arguments by name."""
    if call.name not in known:
        raise ValueError(f"the reference call {call} is of no tool of the case")
    return ExpectedCall(call.name, call.by_name(known[call.name]["function"]["parameters"]["properties"]))


@lru_cache(maxsize=2 * len(MODULES))
def _tools_of(name: str, data: Path) -> tuple[dict[str, Any], ...]:
    """Return the tools of an API, with their results described."""
    if name not in MODULES:
        raise BadCases(f"the simulated API {name!r} is unknown; there are {', '.join(MODULES)}")
    path = data / _FUNCTIONS / f"{MODULES[name]}.json"
    try:
        functions = [json.loads(line) for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise BadCases(f"{path}: {error}; keep the folder {_FUNCTIONS!r} beside the file") from error
    return tuple(tool_of(_with_result(function)) for function in functions)


def _with_result(function: dict[str, Any]) -> dict[str, Any]:
    """Return a function whose description holds the schema of the result, which tools have no member for."""
    kept = {key: value for key, value in function.items() if key != "response"}
    if "response" in function:
        kept["description"] = f"{function['description']} The result: {json.dumps(function['response'])}."
    return kept
