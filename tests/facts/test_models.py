"""Completions of real models that came out wrong once, out of public reports, each with the right answer.

The cases lie beside the checkout: `../shared/cases/models.jsonl`, or the same path in the folder that ADAPTER_SHARED names. One
line is one case: the smallest input of a kind of fault. Each is held whole, a character at a time and over seeded splits, both
with finished calls and with calls put together from their deltas. The tables of each call syntax hold the siblings.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.facts.test_others_agree import SHARED, folded, read, same, splits
from tests.support.tiers import proving

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = SHARED / "cases" / "models.jsonl"
CASES_AT_LEAST = 99  # lines of the file today

# Cases that are not as the file wants them, each with the reason.
_KEPT = "the thought stands in the completion, so it is reasoning and not lost"
OTHERWISE = {
    "peers/gemma-4/stray-channel-0": _KEPT,
    "peers/gemma-4/stray-channel-1": _KEPT,
    "peers/gemma-4/stray-channel-2": _KEPT,
}

pytestmark = pytest.mark.proof
absent = pytest.mark.skipif(
    not CASES.is_file(), reason="no cases of real models: set ADAPTER_SHARED to a folder that holds cases/models.jsonl"
)


def cases() -> Iterator[Any]:
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        reason = OTHERWISE.get(case["id"])
        yield pytest.param(case, id=case["id"], marks=pytest.mark.xfail(reason=reason, strict=True) if reason else ())


@absent
@pytest.mark.parametrize("case", list(cases()) if proving() and CASES.is_file() else [pytest.param(None, id="absent")])
def test_what_models_really_write(case: dict[str, Any]) -> None:
    want = case["want"]
    for incremental in (False, True):
        for pieces in splits(case):
            content, reasoning, calls = read(case, pieces, incremental=incremental)
            if "content" in want:
                assert content == folded(want["content"]), (incremental, pieces)
            if "reasoning" in want:
                assert reasoning == folded(want["reasoning"]), (incremental, pieces)
            found = [(name, json.loads(arguments)) for name, arguments in calls]
            assert [name for name, _ in found] == [call["name"] for call in want["tool_calls"]], (incremental, pieces)
            for (_, arguments), call in zip(found, want["tool_calls"], strict=True):
                assert same(arguments, call["arguments"]), (incremental, pieces)


@absent
def test_all_cases_are_read() -> None:
    found = [param.values[0] for param in cases()]
    assert len(found) >= CASES_AT_LEAST
    assert {key for case in found for key in case["want"]} <= {"content", "reasoning", "tool_calls", "finish_reason"}
    assert all({"name", "arguments"} == set(call) for case in found for call in case["want"]["tool_calls"])
