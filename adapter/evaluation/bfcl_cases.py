"""Cases out of the files of the Berkeley Function Calling Leaderboard, as the package bfcl-eval has them.

A line is `{"id", "question": [[messages]], "function": [...]}`; the answers stand in the folder `possible_answer` beside, in a
file of the same name: `{"id", "ground_truth": [{name: {parameter: [accepted values]}}]}`. The package is never imported: its
data is found in the folder of an installed or an unpacked package.
"""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from adapter.evaluation.cases import ANY_TOOL, BadCases, Case, ExpectedCall, Turn

PREFIX = "BFCL_v"
_NAME = re.compile(r"^BFCL_v\d+_(?:exec_)?(?P<category>\w+)\.json$")
_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": None}
_ANSWERS = "possible_answer"
CATEGORIES = (
    "simple_python", "multiple", "parallel", "parallel_multiple", "irrelevance", "live_simple", "live_multiple",
    "live_parallel", "live_parallel_multiple", "live_irrelevance", "live_relevance",
)  # fmt: skip
CONVERSATIONS = ("multi_turn_base", "multi_turn_miss_func", "multi_turn_miss_param", "multi_turn_long_context")
_NO_ANSWERS = {"irrelevance": [], "live_irrelevance": [], "live_relevance": [ANY_TOOL]}
# The leaderboard ends each description so.
_NOTE = " Note that the provided function is in Python 3 syntax."
_OTHER = {
    "multi_turn": "its conversations run on simulated APIs, and only those of the files of the package are known",
    "memory": "its answers need a memory",
    "web_search": "its answers need the web",
    "java": "its answers are source code of Java",
    "format_sensitivity": "it lists ids of other files",
}


def is_bfcl(value: Any) -> bool:
    """True for a line of a file of the leaderboard."""
    return (
        isinstance(value, dict)
        and "question" in value
        and "id" in value
        and ("function" in value or "involved_classes" in value)
    )


def folder_of_package() -> Path | None:
    """Return the folder of data in the installed package bfcl-eval; None without the package."""
    found = find_spec("bfcl_eval")
    if found is None or not found.origin:
        return None
    data = Path(found.origin).parent / "data"
    return data if data.is_dir() else None


def files_in(folder: Path) -> dict[str, Path]:
    """Return the files of a folder of data, or of an unpacked package, by category."""
    for place in (folder, folder / "data", folder / "bfcl_eval" / "data"):
        found = {match["category"]: file for file in sorted(place.glob(f"{PREFIX}*.json")) if (match := _NAME.match(file.name))}
        if found:
            return found
    return {}


def can_read(category: str, *, simulate: bool = False) -> bool:
    """True for a category whose answers are calls with JSON arguments; with simulated APIs for conversations too."""
    return (simulate and category in CONVERSATIONS) or not any(word in category for word in _OTHER)


def is_conversation(file: Path) -> bool:
    """True for a file of conversations on simulated APIs."""
    named = _NAME.match(file.name)
    return named is not None and named["category"] in CONVERSATIONS


def read_bfcl(file: Path, lines: list[tuple[int, dict[str, Any]]]) -> list[Case]:
    """Read a file of the leaderboard.

    Args:
        file: The file; its answers are looked for beside.
        lines: The objects in the file, each with the number of its line.

    Raises:
        BadCases: The category cannot be checked, or answers are missing.
    """
    named = _NAME.match(file.name)
    category = named["category"] if named else file.stem
    if not can_read(category):
        reason = next(reason for word, reason in _OTHER.items() if word in category)
        raise BadCases(f"{file}: the category {category!r} of BFCL is not read: {reason}")
    known = _NO_ANSWERS.get(category)
    answers = {} if known is not None else answers_of(file)
    found = []
    for number, value in lines:
        place = f"{file}, line {number}"
        try:
            found.append(_case(value, category, known, answers, place))
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise BadCases(f"{place}: no case as BFCL writes them: {type(error).__name__}: {error}") from error
    return found


def answers_of(file: Path) -> dict[str, Any]:
    """Return the reference answers of a file by the id of the case, out of the folder `possible_answer` beside.

    Raises:
        BadCases: The answers are missing, or malformed.
    """
    path = file.parent / _ANSWERS / file.name
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise BadCases(
            f"{file}: no answers: {path}: {error.strerror}; keep the folder 'possible_answer' beside the file"
        ) from error
    try:
        return {answer["id"]: answer["ground_truth"] for answer in map(json.loads, lines)}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadCases(f"{path}: no answers as BFCL writes them: {type(error).__name__}: {error}") from error


def _case(value: dict[str, Any], category: str, known: list[str] | None, answers: dict[str, Any], place: str) -> Case:
    case_id, questions = value["id"], value["question"]
    if len(questions) != 1:
        raise BadCases(f"{place}: 'question' has {len(questions)} turns; its conversations are in the files multi_turn_…")
    if known is None and case_id not in answers:
        raise BadCases(f"{place}: no answer for the id {case_id!r} in the folder 'possible_answer'")
    truth = [{name: None} for name in known] if known is not None else answers[case_id]
    functions = value["function"]
    return Case(
        id=case_id,
        tools=tuple(tool_of(function) for function in functions),
        turns=(Turn(tuple(questions[0]), expected_of(truth)),),
        category=category,
        cluster=_cluster(case_id, category),
        rules="bfcl",
        declared={function["name"]: function["parameters"] for function in functions},
        place=place,
    )


def _cluster(case_id: str, category: str) -> str:
    """Return the set of functions of a case: variants of a live case share the second of three numbers."""
    numbers = re.search(r"_\d+-(\d+)-\d+$", case_id)
    return f"{category}_{numbers[1]}" if numbers else case_id


def expected_of(truth: list[dict[str, Any]]) -> tuple[ExpectedCall, ...]:
    """Return the expected calls of a list of `{name: {parameter: [accepted values]}}`."""
    return tuple(ExpectedCall(name, arguments) for call in truth for name, arguments in call.items())


def tool_of(function: dict[str, Any]) -> dict[str, Any]:
    """Return a function of the leaderboard as a tool in OpenAI's form."""
    described = f"{function['description']}{_NOTE}"
    return {"type": "function", "function": converted({**function, "description": described})}


def converted(schema: Any) -> Any:
    """Return a schema with the leaderboard's types as JSON schema names them."""
    if isinstance(schema, list):
        return [converted(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: converted(value) for key, value in schema.items()}
    if isinstance(found.get("type"), str):
        kind = _TYPES.get(found["type"], found["type"])
        found = {key: value for key, value in found.items() if key != "type"} | ({"type": kind} if kind else {})
    return found
