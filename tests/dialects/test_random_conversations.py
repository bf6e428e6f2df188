"""Random conversations, rendered and read again: the same calls, words and reasoning in every dialect (`benchmarks/round_trip`).

What a model is trained on is what it is served with: a turn rendered from what was parsed has the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import adapter
from adapter.dialects.registry import load, names
from benchmarks.round_trip.comparing import Habits, differences, run
from benchmarks.round_trip.conversations import Said
from tests.facts.tools import TOOLS
from tests.support.tiers import few_or_all

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "round_trip.json"
CONVERSATIONS = few_or_all(80, 3000)


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", names())
def test_what_is_rendered_is_read(name: str) -> None:
    count = run(name, CONVERSATIONS, seed=29, again=4)
    assert count.different == {}, "\n".join(count.shown)
    assert (count.conversations, count.calls > CONVERSATIONS, count.rendered_again > CONVERSATIONS / 4) == (
        CONVERSATIONS,
        True,
        True,
    )


def test_the_figures_on_record_have_no_difference() -> None:
    figures = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert {name: of["different"] for name, of in figures.items() if of["different"]} == {}
    assert all(of["conversations"] >= 100_000 for of in figures.values())
    assert set(figures) == set(names())


CALL = ("get_weather", {"city": "Paris"})
CHANGED: dict[str, tuple[str, list[str]]] = {
    "calls": ('{"city": "Rome"}', ["calls"]),
    "the type of a value": ('{"city": 1}', ["calls", "problems"]),
}


@pytest.mark.parametrize(("arguments", "kinds"), CHANGED.values(), ids=CHANGED)
def test_a_difference_is_seen(arguments: str, kinds: list[str]) -> None:
    text = f'<tool_call>\n{{"name": "get_weather", "arguments": {arguments}}}\n</tool_call>'
    parsed = adapter.parse(text, TOOLS, dialect="hermes")
    assert differences(Said("", "", [CALL]), parsed, Habits.of(load("hermes"))) == kinds


SEEN: dict[str, tuple[Said, str, list[str]]] = {
    "words": (Said("Yes.", "", []), "No.", ["content"]),
    "words lost beside a call": (Said("Yes.", "", [CALL]), '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>', ["content"]),
    "reasoning": (Said("Yes.", "Hm.", []), "<think>\nOh.\n</think>\n\nYes.", ["reasoning"]),
    "a missing call": (Said("", "", [CALL]), "", ["calls"]),
    "none": (Said(" Yes.\n", "Hm.", []), "<think>\nHm.\n</think>\n\nYes.", []),
}  # fmt: skip


@pytest.mark.parametrize(("turn", "text", "kinds"), SEEN.values(), ids=SEEN)
def test_differences_of_words_are_seen(turn: Said, text: str, kinds: list[str]) -> None:
    assert differences(turn, adapter.parse(text, TOOLS, dialect="hermes"), Habits.of(load("hermes"))) == kinds


@pytest.mark.parametrize("name", [name for name in names() if load(name).reasoning])
def test_reasoning_as_text_stands_before_calls(name: str) -> None:
    """Also in dialects that write the words of a turn behind its calls, or not at all."""
    call: Any = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    messages: list[Any] = [
        {"role": "user", "content": "Go."},
        {"role": "assistant", "content": "I look.", "reasoning_content": "Hm.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Sun."},
    ]
    written = next(
        one["content"]
        for one in adapter.render(messages, TOOLS, dialect=name, reasoning_field="text")
        if one["role"] == "assistant"
    )
    parsed = adapter.parse(written, TOOLS, dialect=name)
    assert (parsed.reasoning, [call.arguments for call in parsed.tool_calls]) == ("Hm.", ['{"city": "Paris"}'])
