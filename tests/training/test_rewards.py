"""Rewards: a table of completions with their parts, in the form that TRL calls, and clear errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.dialects.registry import load, names
from adapter.errors import BadRequest
from adapter.training import call_reward, reward_function
from tests.facts.tools import function

TOOLS: list[Any] = [
    function("f", {"a": {"type": "string"}, "b": {"type": "integer"}}, ["a"]),
    function("g", {}),
]
WANT: list[Any] = [{"name": "f", "arguments": {"a": "x", "b": 2}}]


def call(arguments: str = '{"a": "x", "b": 2}', name: str = "f") -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


# Completion, expectation, format, selection, schema, arguments, right.
ROWS: dict[str, tuple[Any, Any, tuple[float, ...], bool | None]] = {
    "right": (call(), WANT, (1, 1, 1, 1), True),
    "right, with words": (f"I look.\n{call()}", WANT, (1, 1, 1, 1), True),
    "right, by a matcher": (call(), [{"name": "f", "arguments": {"a": {"regex": "x"}, "b": {"any_of": [1, 2]}}}], (1, 1, 1, 1), True),
    "any arguments": (call(), [{"name": "f"}], (1, 1, 1, 1), True),
    "any call": (call(), "*", (1, 1, 1, 1), True),
    "no call is right": ("Hello.", [], (1, 1, 1, 1), True),
    "a call where none is right": (call(), [], (0, 0, 0, 0), False),
    "no call where one is right": ("Hello.", WANT, (0, 0, 0, 0), False),
    "no call where any is right": ("Hello.", "*", (0, 0, 0, 0), False),
    "half of the arguments": (call('{"a": "x", "b": 3}'), WANT, (1, 1, 1, 0.5), False),
    "one left out": (call('{"a": "x"}'), WANT, (1, 1, 1, 0.5), False),
    "one too many": (call('{"a": "x", "b": 2, "c": 1}'), WANT, (1, 1, 1, 2 / 3), False),
    "against the schema": (call('{"b": 2}'), WANT, (1, 1, 0, 0.5), False),
    "coerced": (call('{"a": "x", "b": "2"}'), WANT, (0.5, 1, 1, 1), True),
    "another tool": (call("{}", "g"), WANT, (1, 0, 1, 0), False),
    "an unknown tool": (call("{}", "h"), WANT, (1, 0, 0, 0), False),
    "twice": (call() + call(), WANT, (1, 2 / 3, 1, 0.5), False),
    "one of two": (call(), [*WANT, {"name": "g"}], (1, 2 / 3, 1, 0.5), False),
    "two in another order": (call("{}", "g") + call(), [*WANT, {"name": "g"}], (1, 1, 1, 1), True),
    "repaired": (call()[:-14] + "\n</tool_call>", WANT, (0.5, 1, 1, 1), True),
    "without tags": ('{"name": "f", "arguments": {"a": "x", "b": 2}}', WANT, (0.5, 1, 1, 1), True),
    "right, and a broken one": (f"{call()}\n<tool_call>f(a=</tool_call>", WANT, (0, 1, 1, 1), False),
    "broken": ("<tool_call>f(a=</tool_call>", WANT, (0, 0, 0, 0), False),
    "rehearsed in thinking": (f"<think>{call()}</think>\n\nNo.", WANT, (0, 0, 0, 0), False),
    "rehearsed in thinking that does not end": (f"<think>{call()}", WANT, (0, 0, 0, 0), False),
    "thought, then right": (f"<think>{call('{}', 'g')}</think>\n\n{call()}", WANT, (1, 1, 1, 1), True),
    "messages": ([{"role": "assistant", "content": call()}, {"role": "tool", "content": call("{}", "g")}], WANT, (1, 1, 1, 1), True),
    "messages with calls that TRL has read": (
        [{"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"a": "x", "b": 2}}}]}],
        WANT, (1, 1, 1, 1), True,
    ),
    "messages with arguments that are no JSON": (
        [{"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": "{a"}}]}], WANT, (1, 1, 0, 0), False
    ),
    "parsed": (adapter.parse(call(), TOOLS), WANT, (1, 1, 1, 1), True),
    "JSON text": (call(), json.dumps(WANT), (1, 1, 1, 1), True),
    "None": (None, [], (1, 1, 1, 1), True),
    "empty": ("", WANT, (0, 0, 0, 0), False),
}  # fmt: skip


@pytest.mark.parametrize(("completion", "expect", "parts", "right"), ROWS.values(), ids=ROWS)
def test_parts(completion: Any, expect: Any, parts: tuple[float, ...], right: bool) -> None:
    made = call_reward(completion, TOOLS, expect)
    assert made.right == right
    assert tuple(made.parts.values()) == pytest.approx(parts)
    assert list(made.parts) == ["format", "selection", "schema", "arguments"]
    assert made.total == pytest.approx((parts[0] + parts[1] + parts[2] + 2 * parts[3]) / 5)
    assert bool(made.faults) == (made.total < 1)


def test_without_an_expectation() -> None:
    made = call_reward(call('{"b": 2}'), TOOLS)
    assert (made.parts, made.total, made.right) == ({"format": 1.0, "schema": 0.0}, 0.5, None)


def test_the_faults_are_sentences() -> None:
    assert call_reward(call('{"a": "x", "b": 3}'), TOOLS, WANT).faults == ("f: b is 3; expected 2",)
    assert call_reward("Hi.", TOOLS, WANT).faults == ("a call of f is expected; none came",)


def test_weights() -> None:
    half = call('{"a": "x", "b": 3}')
    assert call_reward(half, TOOLS, WANT, weights={"format": 0, "selection": 0, "schema": 0}).total == 0.5
    assert call_reward(half, TOOLS, WANT, weights=dict.fromkeys(("format", "selection", "schema", "arguments"), 0)).total == 0
    assert call_reward(half, TOOLS, WANT, weights={"arguments": 1}).total == pytest.approx(3.5 / 4)


@given(st.text(max_size=40) | st.lists(st.sampled_from([call(), call("{}", "g"), call("[]"), "<tool_call>", "</tool_call>", "<think>", "</think>", "{", "x"]), max_size=6).map("".join),
       st.sampled_from([None, [], "*", WANT, [*WANT, {"name": "g"}]]))  # fmt: skip
def test_any_text_has_a_reward_from_0_to_1(text: str, expect: Any) -> None:
    made = call_reward(text, TOOLS, expect)
    assert all(0 <= value <= 1 for value in (made.total, *made.parts.values()))
    if made.right:
        assert made.total >= 0.9
    if made.total == 1 and expect is not None:
        assert made.right


@pytest.mark.parametrize("name", names())
def test_the_right_call_in_every_dialect(name: str) -> None:
    dialect = load(name)
    text = dialect.assistant("", [dialect.tool_call("f", {"a": "x", "b": 2})])
    assert call_reward(text, TOOLS, WANT, dialect=name).total == 1


# As TRL calls it.


def test_a_list_of_rewards() -> None:
    rewards = reward_function(TOOLS)
    completions: list[Any] = [call(), [{"role": "assistant", "content": call('{"a": "x", "b": 3}')}], "Hello.", "Hello."]
    found = rewards(
        prompts=["?"] * 4,
        completions=completions,
        completion_ids=[[1]] * 4,
        expect=[WANT, json.dumps(WANT), [], None],
        trainer_state=None,
    )
    assert found == [1.0, 0.8, 1.0, None]
    assert rewards.__name__ == "tool_calls"


def test_tools_of_each_row() -> None:
    rewards = reward_function(part="schema", tools_column="offered", expect_column="right")
    assert rewards.__name__ == "tool_calls_schema"
    found = rewards(completions=[call(), call("{}", "g")], offered=[TOOLS, json.dumps(TOOLS[:1])], right=["*", "*"])
    assert found == [1.0, 0.0]


WRONG: dict[str, tuple[Any, str, str]] = {
    "an unknown tool": (lambda: call_reward("", TOOLS, [{"name": "h"}]), "expect", r"'expect\[0\]\.name' is \"h\", and no such tool"),
    "no JSON": (lambda: call_reward("", TOOLS, "[{"), "expect", r"expect='\[\{' is no JSON"),
    "no list": (lambda: call_reward("", TOOLS, 7), "expect", "'expect' is 7: give a list of calls"),  # type: ignore[arg-type]
    "an unknown parameter": (lambda: call_reward("", TOOLS, [{"name": "f", "arguments": {"c": 1}}]), "expect", "f has no parameter 'c'"),
    "tools that are none": (lambda: call_reward("", [1], []), "tools", r"tools=\[1\]: use a list of tools"),  # type: ignore[list-item]
    "a number as completion": (lambda: call_reward(7, TOOLS, []), "completion", r"completion='7' \(int\): a completion is a text"),  # type: ignore[arg-type]
    "texts as completion": (lambda: call_reward(["x"], TOOLS, []), "completion", "or a list of messages"),  # type: ignore[list-item]
    "tools of a function that are none": (lambda: reward_function(7), "tools", "tools=7: use a list of tools"),  # type: ignore[arg-type]
    "a weight": (lambda: call_reward("", TOOLS, [], weights={"arguments": -1}), "weights", r"weights\['arguments'\] = -1: use numbers"),
    "a part of weights": (lambda: call_reward("", TOOLS, [], weights={"names": 1}), "weights", r"weights\['names'\] = 1: use"),
    "a part": (lambda: reward_function(TOOLS, part="names"), "part", "part='names': use 'total' or one of format, selection"),
    "no column": (lambda: reward_function(TOOLS)(completions=["x"], answer=["y"]), "expect", "the column 'expect' is not there; columns: answer"),
    "a short column": (lambda: reward_function(TOOLS)(completions=["x", "y"], expect=[[]]), "expect", "has 1 rows for 2 completions"),
    "a row": (lambda: reward_function(TOOLS)(completions=["x", "y"], expect=[[], "x"]), "expect", "row 1: expect='x' is no JSON"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "param", "message"), WRONG.values(), ids=WRONG)
def test_mistakes(made: Any, param: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message) as raised:
        made()
    assert raised.value.param == param
