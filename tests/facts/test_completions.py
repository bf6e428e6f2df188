"""The table of completions, whole and in pieces."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from adapter import CompletionParser
from adapter.completion.result import ParsedCompletion, assemble
from adapter.events import Event, Markup, ReasoningDelta, TextDelta
from tests.facts.completions import CASES, Case
from tests.facts.tools import TOOLS
from tests.support.tiers import few_positions

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL = [pytest.param(case, id=case.id) for case in CASES]


def read(case: Case, pieces: Iterable[str]) -> tuple[ParsedCompletion, list[Event]]:
    parser = CompletionParser(TOOLS, stream_calls="validated", **case.options)
    events = [event for piece in pieces for event in parser.feed(piece)]
    events += parser.close(case.finish)
    return assemble(events, case.finish), events


def check(case: Case, pieces: list[str]) -> None:
    parsed, events = read(case, pieces)
    assert [(call.name, call.arguments) for call in parsed.tool_calls] == list(case.calls)
    assert parsed.content == (case.content if case.content or case.calls or case.reasoning else "")
    assert parsed.reasoning == case.reasoning
    assert sorted(problem.kind for problem in parsed.problems) == sorted(case.problems)
    expected = "tool_calls" if case.calls and case.finish == "stop" else case.finish
    assert parsed.finish_reason == expected
    assert accounted(events) == Counter(case.text)


def accounted(events: list[Event]) -> Counter[str]:
    """The characters that the events account for."""
    return Counter("".join(event.text for event in events if isinstance(event, TextDelta | ReasoningDelta | Markup)))


def test_case_ids_are_unique() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", ALL)
def test_whole(case: Case) -> None:
    check(case, [case.text])


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", ALL)
def test_in_pieces(case: Case) -> None:
    """By character, in two pieces at every position, and in seeded pieces of which some are empty."""
    check(case, list(case.text))
    for position in few_positions(case.text, 16):
        check(case, [case.text[:position], case.text[position:]])
    chance = random.Random(case.id)
    for most in (2, 3, 5, 8, 16, 64):
        pieces: list[str] = []
        rest = case.text
        while rest:
            size = chance.randint(0, most)
            pieces.append(rest[:size])
            rest = rest[size:]
        check(case, pieces)
