"""The public board of recorded completions, family `qwen3-hermes`: every case passes, none softly, at every split.

https://pypi.org/project/canitoolcall/ (Apache-2.0). A case says what a correct parser returns for the exact text that a model
or an engine's own test produced.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from canitoolcall.checks import run_checks
from canitoolcall.fixtures import Fixture, load_fixtures
from canitoolcall.pytest_plugin import assert_conforms, family_for
from canitoolcall.results import Observation, ParsedToolCall, ParseResult, Status

from adapter import CompletionParser
from adapter.completion.result import assemble

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = [fixture for fixture in load_fixtures() if fixture.family == "qwen3-hermes"]


def read(fixture: Fixture, pieces: list[str]) -> ParseResult:
    prompt = fixture.generation_prompt or ""
    parser = CompletionParser(fixture.tools, thinking_prefilled=prompt.rstrip().endswith("<think>"))
    finish_reason = "length" if fixture.truncated else "stop"
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish_reason)
    parsed = assemble(events, finish_reason)
    calls = tuple(ParsedToolCall(call.name, call.arguments) for call in parsed.tool_calls)
    return ParseResult(parsed.content, parsed.reasoning, calls)


def sized(size: int) -> Callable[[str], list[str]]:
    return lambda text: [text[start : start + size] for start in range(0, len(text), size)]


def seeded(seed: int, most: int) -> Callable[[str], list[str]]:
    def pieces(text: str) -> list[str]:
        chance = random.Random(seed)
        found = []
        while text:
            size = chance.randint(0, most)
            found.append(text[:size])
            text = text[size:]
        return found

    return pieces


SPLITS: dict[str, Callable[[str], list[str]]] = {
    **{f"size {size}": sized(size) for size in (1, 2, 3, 5, 8, 16, 64)},
    **{f"seed {seed}": seeded(seed, 12) for seed in range(1, 6)},
}
CASES = [pytest.param(fixture, id=fixture.id.partition("/")[2]) for fixture in FIXTURES]


def test_the_family_is_all_there() -> None:
    assert len(FIXTURES) == 50


@pytest.mark.parametrize("fixture", CASES)
def test_whole(fixture: Fixture) -> None:
    assert_conforms(fixture, read(fixture, [fixture.raw_output]), soft=False)


@pytest.mark.parametrize("fixture", CASES)
def test_in_pieces(fixture: Fixture) -> None:
    streams = {name: read(fixture, split(fixture.raw_output)) for name, split in SPLITS.items()}
    rows = run_checks(fixture, family_for(fixture), Observation(read(fixture, [fixture.raw_output]), streams))
    assert rows
    assert [row for row in rows if row.status is not Status.PASS] == []
