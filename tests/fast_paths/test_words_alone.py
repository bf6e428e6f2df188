"""Conversations of words alone take a short way to upstream, with the result of the longer way."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

import adapter
from adapter.dialects.registry import load
from adapter.prompt import readable as way

if TYPE_CHECKING:
    from adapter.events import Problem

ROLES = ("system", "developer", "user", "assistant")
TEXTS = ("", "Hello.", "<tool_call>x</tool_call> <think>y</think>", "a\nb\u200b")
WORDS = [
    [{"role": role, "content": text} for role, text in zip(roles, itertools.cycle(TEXTS), strict=False)]
    for length in (1, 2, 3)
    for roles in itertools.product(ROLES, repeat=length)
]
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
OTHER: dict[str, Any] = {
    "a name": {"role": "user", "content": "x", "name": "Ann"},
    "parts": {"role": "user", "content": [{"type": "text", "text": "x"}]},
    "null": {"role": "assistant", "content": None},
    "no content": {"role": "assistant"},
    "calls": {"role": "assistant", "content": "", "tool_calls": [CALL]},
    "a result": {"role": "tool", "content": "x"},
    "a result of another kind": {"role": "function", "content": "x"},
    "reasoning": {"role": "assistant", "content": "x", "reasoning_content": "y"},
    "an inner key": {"role": "assistant", "content": "x", "written": "y"},
    "an unknown role": {"role": "narrator", "content": "x"},
    "a role that is no text": {"role": ["user"], "content": "x"},
    "a number": {"role": "user", "content": 3},
    "no object": "x",
}


def read(messages: Any, options: adapter.Options, known: str) -> tuple[Any, list[str], list[Problem]]:
    told: list[Problem] = []
    plain, place = way.readable(messages, load("hermes"), options, known, told.append, lambda at: f"m[{at}]")
    return plain, [place(position) for position in range(len(plain))], told


@pytest.mark.parametrize("known", ["", "reasoning_content"])
@pytest.mark.parametrize(
    "options",
    [
        adapter.Options(),
        adapter.Options(history="strict"),
        adapter.Options(media="drop", reasoning_field="drop"),
        adapter.Options(reasoning_field="keep"),
    ],
    ids=["as it is", "strict", "drop", "keep"],
)
def test_both_ways_are_equal(options: adapter.Options, known: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = [read(messages, options, known) for messages in WORDS]
    monkeypatch.setattr(way, "are_words", lambda _: False)
    assert short == [read(messages, options, known) for messages in WORDS]


def test_words_go_the_short_way() -> None:
    assert all(map(way.are_words, WORDS))


@pytest.mark.parametrize("message", OTHER.values(), ids=OTHER)
def test_other_messages_go_the_longer_way(message: Any) -> None:
    assert not way.are_words([{"role": "user", "content": "x"}, message])


def test_the_list_is_a_copy() -> None:
    messages = [{"role": "user", "content": "x"}]
    assert read(messages, adapter.Options(), "")[0] is not messages
