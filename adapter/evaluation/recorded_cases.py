"""Cases made of a recording of `adapter serve --record`, `adapter eval --record` or `on_exchange`.

A case is a request with tools whose answer reached the caller: the messages and the tools of the caller's request, and the
calls of the answer as the expected calls. Other records are counted by the reason for which they make no case.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from adapter.evaluation.case_files import read_lines
from adapter.evaluation.cases import BadCases, checksum
from adapter.evaluation.matchers import is_matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_KEPT = ("tool_choice", "parallel_tool_calls")


class Recorded(NamedTuple):
    """Cases of a recording.

    Attributes:
        cases: Objects for lines of a file of cases.
        told: Words about requests that made no case.
    """

    cases: list[dict[str, Any]]
    told: str


def recorded(files: Iterable[Path]) -> Recorded:
    """Return the cases of recordings; of requests with the same messages and tools the first.

    Raises:
        BadCases: A file cannot be read, or a line is no record.
    """
    exchanges: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        for number, record in read_lines(file):
            if "exchange" not in record or "outcome" not in record:
                raise BadCases(f"{file}, line {number}: no record; give a file that `adapter serve --record FILE` wrote")
            exchanges.setdefault(str(record["exchange"]), []).append(record)
    cases: dict[str, dict[str, Any]] = {}
    left: Counter[str] = Counter()
    for name, records in exchanges.items():
        case = _case(name, records)
        if isinstance(case, str):
            left[case] += 1
            continue
        same = checksum([case["messages"], case["tools"]])
        if same in cases:
            left["asked before with the same messages and tools"] += 1
        cases.setdefault(same, case)
    reasons = "; ".join(f"{count} left out: {reason}" for reason, count in left.items())
    return Recorded([*cases.values()], reasons or "no request was left out")


def _case(name: str, records: list[dict[str, Any]]) -> dict[str, Any] | str:
    """Return the case of an exchange, or the reason for none."""
    last = records[-1]
    asked = next((record["asked"] for record in records if record.get("asked")), None)
    if not isinstance(asked, dict):
        return "the record has no 'asked': an older version of the adapter wrote it"
    messages, tools = _messages(asked), _tools(asked)
    if not messages:
        return "no messages of a chat request"
    if not tools:
        return "no tools"
    if last["outcome"] != "answered" or last["status"] != 200:  # HTTP
        return f"the outcome is {last['outcome']}"
    calls = [_call(call) for call in last.get("calls") or ()]
    if any(call is None for call in calls):
        return "the answer holds an invalid call"
    kept = {key: asked[key] for key in _KEPT if key in asked}
    return {"id": name, "messages": messages, "tools": tools, **kept, "expect": calls}


def _messages(asked: Mapping[str, Any]) -> list[Any]:
    """Return the messages of a request of Chat Completions, of Messages, or of Responses with a text."""
    found = asked.get("messages")
    if isinstance(asked.get("input"), str):
        found = [{"role": "user", "content": asked["input"]}]
    if not isinstance(found, list):
        return []
    system = asked.get("system") or asked.get("instructions")
    return [{"role": "system", "content": system}, *found] if system else found


def _tools(asked: Mapping[str, Any]) -> list[Any]:
    """Return the functions among the tools of a request, in OpenAI's form."""
    from adapter.tools.other_apis import as_function_tools

    tools = asked.get("tools")
    found, _ = as_function_tools(tools) if isinstance(tools, list) else ([], [])
    return [tool for tool in map(_nested, found) if isinstance(tool, dict) and "function" in tool]


def _nested(tool: Any) -> Any:
    """Return a function of the Responses API in the form of Chat Completions."""
    if isinstance(tool, dict) and tool.get("type") == "function" and "function" not in tool:
        return {"type": "function", "function": {key: value for key, value in tool.items() if key != "type"}}
    return tool


def _call(call: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return an expected call; None for a call that is not valid."""
    try:
        arguments = json.loads(call["arguments"])
    except (ValueError, TypeError):
        return None
    if call.get("valid") is False or not isinstance(arguments, dict):
        return None
    return {"name": call["name"], "arguments": {key: _literal(value) for key, value in arguments.items()}}


def _literal(value: Any) -> Any:
    """Return a value as an expected value: one that looks like a matcher stands under `equals`."""
    return {"equals": value} if _looks_like_a_matcher(value) else value


def _looks_like_a_matcher(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return is_matcher(value) or any(map(_looks_like_a_matcher, inner))
