"""Rewards for the calls of a completion, by the measures of `adapter eval` (behaviour 14.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from adapter.completion.result import ParsedCompletion, parse
from adapter.errors import BadRequest
from adapter.evaluation.cases import ANY_TOOL, BadCases
from adapter.evaluation.checking import check, pairs_of, schema_faults
from adapter.evaluation.matchers import members
from adapter.evaluation.outcome import Called
from adapter.evaluation.own_cases import read_case
from adapter.prompt.parts import text_of
from adapter.text.json_spans import loads

if TYPE_CHECKING:
    from adapter.evaluation.cases import Case, ExpectedCall
    from adapter.option_keywords import ReadKeywords

    _Rewarder = Callable[..., list[float | None]]

PARTS = ("format", "selection", "schema", "arguments")
_WEIGHTS = {"format": 1.0, "selection": 1.0, "schema": 1.0, "arguments": 2.0}
# Problems of calls that were read, but not as they stand; and of calls that were not read.
_MENDED = frozenset({"repaired", "recovered", "markup", "coerced", "extra_call", "invented_result"})
_LOST = frozenset({"unreadable", "cut", "malformed", "near_call", "other_dialect"})


@dataclass(frozen=True, slots=True)
class CallReward:
    """The reward of a completion, from 0 to 1, with its parts.

    Attributes:
        total: The weighted mean of the parts.
        parts: `format`: 1 for calls in the dialect's own form, 0.5 for calls that had to be mended, 0 for a call that could not
            be read; `selection`: the harmonic mean of precision and recall of the tools' names; `schema`: the share of calls
            that their tools accept; `arguments`: the share of the arguments that are right, over all calls made or expected.
            Without an expectation `format` and `schema` alone. All are 0 where a call came and none was right, or the reverse.
        right: The calls are the expected calls, by the check of `adapter eval`; None without an expectation.
        faults: The differences, in sentences.
    """

    total: float
    parts: dict[str, float]
    right: bool | None
    faults: tuple[str, ...]


def call_reward(
    completion: str | ParsedCompletion | Sequence[Mapping[str, Any]] | None,
    tools: Sequence[Mapping[str, Any]] | str,
    expect: Sequence[Mapping[str, Any]] | str | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    **options: Unpack[ReadKeywords],
) -> CallReward:
    """Return the reward for the calls of a completion.

    Args:
        completion: The text; None for an empty one; a completion that `adapter.parse` has read; or messages, of which the
            assistant's are read: their text, and calls that somebody has read before.
        tools: The tools offered, in OpenAI's form, or as JSON text.
        expect: The calls that are right, as `expect` in a case of `adapter eval`: a list of `{"name", "arguments"}` with
            matchers, `[]` for no call, `"*"` for any call; or that as JSON text. None for no expectation.
        weights: Weights by part; those left out are 1 (`arguments` 2).
        options: The options for reading a text. `calls_in_thinking` is False unless given: a call that is rehearsed in thinking
            is no call, whatever the dialect allows when it is served.

    Raises:
        BadRequest: `completion`, `tools`, `expect` or `weights` are malformed; `param` names which.
    """
    case = _case(tools, expect)
    calls, faults, kinds = _made(completion, case, {"calls_in_thinking": False, **options})
    known = None if expect is None else case.turns[0].expect
    parts = _parts(case, known, calls, kinds)
    right = None
    if known is not None:
        checked = check(case, case.turns[0], [called for called, whole in calls if whole])
        faults += [fault.message for fault in checked.faults]
        right = checked.right and not kinds & _LOST and all(whole for _, whole in calls)
    scale = _weights(weights)
    total = sum(scale[part] * value for part, value in parts.items()) / (sum(scale[part] for part in parts) or 1)
    return CallReward(total, parts, right, tuple(dict.fromkeys(faults)))


def _case(tools: Any, expect: Any) -> Case:
    """Return the case of an expectation; without one, a case that expects any call."""
    listed = _decoded(tools, "tools")
    if not isinstance(listed, Sequence) or not all(isinstance(tool, Mapping) for tool in listed):
        raise BadRequest(f"tools={str(tools)[:80]}: use a list of tools in OpenAI's form", param="tools")
    wanted = ANY_TOOL if expect is None or expect == ANY_TOOL else _decoded(expect, "expect")
    value = {
        "id": "reward",
        "messages": [{"role": "user", "content": ""}],
        "tools": [dict(tool) for tool in listed],
        "expect": wanted if isinstance(wanted, str) else list(wanted) if isinstance(wanted, Sequence) else wanted,
    }
    try:
        return read_case(value, "reward", Path())
    except BadCases as error:
        param = "tools" if "'tools" in str(error) else "expect"
        raise BadRequest(str(error).removeprefix("reward: "), param=param) from error


def _decoded(value: Any, name: str) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return loads(value)
    except ValueError as error:
        raise BadRequest(f"{name}={value[:80]!r} is no JSON: {error}", param=name) from error


def _made(completion: Any, case: Case, options: ReadKeywords) -> tuple[list[tuple[Called, bool]], list[str], set[str]]:
    """Return the calls with a mark for arguments that are an object, sentences about problems, and their kinds."""
    if completion is None or isinstance(completion, str):
        completion = parse(completion, list(case.tools), **options)
    if isinstance(completion, ParsedCompletion):
        calls = [_called(call.name, call.arguments) for call in completion.tool_calls]
        told = [problem for problem in completion.problems if problem.kind in _MENDED | _LOST]
        return calls, [problem.message for problem in told], {problem.kind for problem in told}
    if not isinstance(completion, Sequence) or not all(isinstance(message, Mapping) for message in completion):
        words = "a completion is a text, the result of adapter.parse, or a list of messages"
        raise BadRequest(f"completion={str(completion)[:80]!r} ({type(completion).__name__}): {words}", param="completion")
    found: tuple[list[tuple[Called, bool]], list[str], set[str]] = ([], [], set())
    for message in completion:
        if message.get("role", "assistant") == "assistant":
            calls, faults, kinds = _made(text_of(message.get("content")), case, options)
            structured = [call.get("function") or call for call in message.get("tool_calls") or ()]
            found[0].extend([*calls, *(_called(str(call.get("name")), call.get("arguments")) for call in structured)])
            found[1].extend(faults)
            found[2].update(kinds)
    return found


def _called(name: str, arguments: Any) -> tuple[Called, bool]:
    if isinstance(arguments, str):
        try:
            arguments = loads(arguments or "{}")
        except (ValueError, RecursionError):
            arguments = ...
    whole = isinstance(arguments, dict)
    return Called(name, arguments if whole else {}), whole


def _parts(
    case: Case, known: tuple[ExpectedCall, ...] | None, calls: list[tuple[Called, bool]], kinds: set[str]
) -> dict[str, float]:
    """Return the parts of the reward."""
    form = 0.0 if kinds & _LOST else 0.5 if kinds else 1.0
    accepted = [whole and one.name in case.names and not schema_faults(case, [one]) for one, whole in calls]
    schema = sum(accepted) / len(calls) if calls else 1.0
    if known is None:
        return {"format": form, "schema": schema}
    if bool(known) != bool(calls):
        return dict.fromkeys(PARTS, 0.0)
    made = [one for one, _ in calls]
    return {
        "format": form,
        "selection": _selection(case, known, made),
        "schema": schema,
        "arguments": _arguments(case, known, made),
    }


def _selection(case: Case, known: tuple[ExpectedCall, ...], made: list[Called]) -> float:
    if not known:
        return 1.0
    if known[0].name == ANY_TOOL:
        return sum(call.name in case.names for call in made) / len(made)
    both = Counter(call.name for call in known) & Counter(call.name for call in made)
    return 2 * both.total() / (len(known) + len(made))


def _arguments(case: Case, known: tuple[ExpectedCall, ...], made: list[Called]) -> float:
    """Return the mean over the calls, made or expected, of the share of right arguments."""
    if not known or known[0].name == ANY_TOOL:
        return 1.0
    shares = 0.0
    for one, other in pairs_of(case, known, made):
        wanted, call = known[one], made[other]
        if wanted.name == call.name:
            names = {*(wanted.arguments or ()), *call.arguments}
            wrong = {} if wanted.arguments is None else {
                fault.path.partition("[")[0].partition(".")[0] for fault in members(wanted.arguments, call.arguments, "")
            }  # fmt: skip
            shares += 1 - min(len(wrong) / len(names), 1) if names else 1
    return shares / max(len(known), len(made))


def _weights(given: Mapping[str, Any] | None) -> dict[str, float]:
    for part, weight in (given or {}).items():
        if part not in PARTS or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
            raise BadRequest(f"weights[{part!r}] = {weight!r}: use numbers from 0 on for {', '.join(PARTS)}", param="weights")
    return {**_WEIGHTS, **(given or {})}


def reward_function(
    tools: Sequence[Mapping[str, Any]] | str | None = None,
    *,
    part: str = "total",
    tools_column: str = "tools",
    expect_column: str = "expect",
    weights: Mapping[str, float] | None = None,
    **options: Unpack[ReadKeywords],
) -> _Rewarder:
    """Return a reward function of the form that TRL calls: `f(prompts, completions, **columns)`, a list of numbers.

    Args:
        tools: The tools of all rows; None takes those of each row, from its column.
        part: The part of the reward to return, or `"total"`. Several functions make the parts visible in TRL's log.
        tools_column: The column with the tools of each row.
        expect_column: The column with the expectation of each row; a row with None gets None, which TRL leaves out.
        weights: As in `call_reward`.
        options: As in `call_reward`.

    Raises:
        BadRequest: No such part; when called: a column is missing, has another length, or is malformed, with the row.
    """
    if part not in {"total", *PARTS}:
        raise BadRequest(f"part={part!r}: use 'total' or one of {', '.join(PARTS)}", param="part")
    _weights(weights)
    if tools is not None:
        _case(tools, None)

    def reward(prompts: Any = None, completions: Sequence[Any] = (), **columns: Any) -> list[float | None]:
        del prompts
        expected = _column(columns, expect_column, len(completions))
        offered = [tools] * len(completions) if tools is not None else _column(columns, tools_column, len(completions))
        found: list[float | None] = []
        for row, (completion, theirs, wanted) in enumerate(zip(completions, offered, expected, strict=True)):
            if wanted is None:
                found.append(None)
                continue
            try:
                made = call_reward(completion, theirs, wanted, weights=weights, **options)
            except BadRequest as error:
                raise BadRequest(f"row {row}: {error}", param=error.param) from error
            found.append(made.total if part == "total" else made.parts[part])
        return found

    reward.__name__ = "tool_calls" if part == "total" else f"tool_calls_{part}"  # TRL logs it by its name
    return reward


def _column(columns: Mapping[str, Any], name: str, size: int) -> Sequence[Any]:
    column = columns.get(name)
    if column is None or len(column) != size:
        there = f"has {len(column)} rows for {size} completions" if column is not None else "is not there"
        raise BadRequest(f"the column {name!r} {there}; columns: {', '.join(map(str, columns)) or 'none'}", param=name)
    return list(column)
