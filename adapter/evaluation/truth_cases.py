"""Cases of NVIDIA's form: `{"messages", "tools", "tool_calls_ground_truth": [{name: {parameter: [accepted values]}}]}`."""

from __future__ import annotations

from typing import Any

from adapter.evaluation.bfcl_cases import converted, expected_of
from adapter.evaluation.cases import BadCases, Case, Turn, name_of, near

TRUTH = "tool_calls_ground_truth"


def read_truth(value: dict[str, Any], place: str, position: int) -> Case:
    """Read a case; values compare as the Berkeley leaderboard compares them.

    Args:
        value: The object of a line.
        place: File and line, for messages.
        position: The number of the case in the file, from 0, for an id.

    Raises:
        BadCases: The case is malformed.
    """
    messages, truth, given = value.get("messages"), value[TRUTH], value.get("tools")
    for key, kind in (("messages", messages), (TRUTH, truth), ("tools", given)):
        if not isinstance(kind, list) or not all(isinstance(one, dict) for one in kind):
            raise BadCases(f"{place}: {key!r}: give a list of objects")
    tools = tuple(_tool(tool, place) for tool in given or ())
    if not all(isinstance(call, dict) for one in truth for call in one.values()):
        raise BadCases(f"{place}: {TRUTH!r}: write {{name: {{parameter: [accepted values]}}}}")
    expect = expected_of(truth)
    names = [name_of(tool) for tool in tools]
    for call in expect:
        if call.name not in names:
            raise BadCases(f"{place}: {TRUTH}: no tool {call.name!r} is offered{near(call.name, names)}")
        for name, accepted in (call.arguments or {}).items():
            if not isinstance(accepted, list):
                raise BadCases(f"{place}: {TRUTH}: {call.name}.{name} is {accepted!r}; give a list of accepted values")
    case_id = str(value.get("id") or f"case_{position}")
    return Case(
        id=case_id,
        tools=tools,
        turns=(Turn(tuple(messages or ()), expect),),
        category=str(value.get("category") or ""),
        cluster=case_id,
        rules="bfcl",
        declared={name: tool["function"].get("parameters") or {} for name, tool in zip(names, tools, strict=True)},
        place=place,
    )


def _tool(tool: dict[str, Any], place: str) -> dict[str, Any]:
    function = tool.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise BadCases(f"{place}: 'tools': write {{'type': 'function', 'function': {{'name': …}}}}")
    return {"type": "function", "function": converted(function)}
