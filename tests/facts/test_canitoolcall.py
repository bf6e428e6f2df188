"""The public board of recorded completions: every case of these families passes, none softly, and among the proofs at every split.

https://pypi.org/project/canitoolcall/ (Apache-2.0). A case says what a correct parser returns for the exact text that a model
or an engine's own test produced.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from canitoolcall.checks import run_checks
from canitoolcall.chunking import DEFAULT_STRATEGIES, ChunkStrategy, split, split_text
from canitoolcall.fixtures import Fixture, load_fixtures
from canitoolcall.pytest_plugin import assert_conforms, family_for
from canitoolcall.results import Observation, ParsedToolCall, ParseResult, Status, StreamAccumulator

from adapter import CompletionParser, Options
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.dialects.registry import choose, load
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, ReasoningDelta, TextDelta
from adapter.tools.definitions import read_tools
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from collections.abc import Callable

# How many cases a family has.
FAMILIES = {
    "deepseek": 85,
    "gemma4": 48,
    "glm": 51,
    "gpt-oss": 51,
    "kimi": 49,
    "llama": 34,
    "mistral": 47,
    "qwen3-hermes": 50,
    "qwen3-xml": 54,
}
FIXTURES = [fixture for fixture in load_fixtures() if fixture.family in FAMILIES]

# How the prompt ended where a case does not say: as the model's own chat template ends it.
GENERATION_PROMPTS = {"glm-4.7": "<think>", "kimi-k2.5": "<think>", "kimi-k3": "<|open|>think<|sep|>"}


def dialect_of(fixture: Fixture) -> str:
    """The dialect of the model that a case was recorded from."""
    model = fixture.models[0].lower()
    if fixture.family == "qwen3-xml":
        return "qwen3-coder" if "coder" in model else "qwen3.5"
    if fixture.family == "deepseek":
        found = re.search(r"deepseek-v[34](?:\.[12])?", model)
        return found.group() if found else "deepseek-v3"
    if fixture.family == "glm":
        return "glm-4.5" if "glm-4.5" in model else "glm-4.7"
    if fixture.family in {"llama", "mistral"}:
        return choose(model)[0].name
    if fixture.family == "kimi":
        return choose("kimi-k2" if "kimi-k2-instruct" in model else "kimi-k3" if "kimi-k3" in model else "kimi-k2.5")[0].name
    return {"gemma4": "gemma-4", "gpt-oss": "gpt-oss"}.get(fixture.family, "hermes")


def read(fixture: Fixture, pieces: list[str], *, incremental: bool = False) -> ParseResult:
    """The completion as a client sees it: a stream's calls are put together from their fragments."""
    dialect = dialect_of(fixture)
    prompt = GENERATION_PROMPTS.get(dialect, "") if fixture.generation_prompt is None else fixture.generation_prompt
    opening = (load(dialect).reasoning or ("<think>", ""))[0]
    options = Options(dialect=dialect, thinking_prefilled=prompt.rstrip().endswith(opening))
    parser = CompletionParser.for_rules(Rules(read_tools(fixture.tools), incremental=incremental), options)
    finish_reason = "length" if fixture.truncated else "stop"
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish_reason)
    parsed = assemble(events, finish_reason)
    if not incremental:
        calls = tuple(ParsedToolCall(call.name, call.arguments) for call in parsed.tool_calls)
        return ParseResult(parsed.content, parsed.reasoning, calls)
    finished = {event.index for event in events if isinstance(event, CallFinished)}
    client = StreamAccumulator()
    for event in events:
        if isinstance(event, TextDelta):
            client.add_content(event.text)
        elif isinstance(event, ReasoningDelta):
            client.add_reasoning(event.text)
        elif isinstance(event, CallStarted) and event.index in finished:
            client.add_tool_call(event.index, event.name)
        elif isinstance(event, ArgumentsDelta) and event.index in finished:
            client.add_tool_call(event.index, arguments=event.text)
    return client.result()


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


def chunked(strategy: ChunkStrategy) -> Callable[[str], list[str]]:
    """A strategy of the board's; where it works on tokens, words and tags stand for them."""
    if strategy.kind == "char":
        return lambda text: split_text(text, strategy)

    def pieces(text: str) -> list[str]:
        units = re.findall(r"</?\w+>|<\|\w+\|>| ?\w+|\s+|.", text)
        special = {unit for unit in units if unit.startswith("<") and unit.endswith(">")}
        return ["".join(group) for group in split(units, strategy, special)]

    return pieces


STRATEGIES = (*DEFAULT_STRATEGIES, *(ChunkStrategy("char", seed) for seed in range(4)))
SPLITS: dict[str, Callable[[str], list[str]]] = {
    **{f"size {size}": sized(size) for size in (1, 2, 3, 5, 8, 16, 64)},
    **{f"seed {seed}": seeded(seed, 12) for seed in range(1, 6)},
    **{strategy.id: chunked(strategy) for strategy in STRATEGIES},
}
FEW = ("size 1", "seed 1", *(strategy.id for strategy in DEFAULT_STRATEGIES[1:2]))
CASES = [pytest.param(fixture, id=fixture.id) for fixture in FIXTURES]


def test_the_families_are_all_there() -> None:
    assert Counter(fixture.family for fixture in FIXTURES) == FAMILIES


@pytest.mark.both_tiers
@pytest.mark.parametrize("fixture", CASES)
def test_whole_and_in_pieces(fixture: Fixture) -> None:
    text, names = fixture.raw_output, few_or_all(FEW, tuple(SPLITS))
    whole = read(fixture, [text])
    assert_conforms(fixture, whole)
    for incremental in few_or_all([True], [True, False]):
        streams = {name: read(fixture, SPLITS[name](text), incremental=incremental) for name in names}
        rows = run_checks(fixture, family_for(fixture), Observation(whole, streams))
        assert rows
        assert [row for row in rows if row.status is not Status.PASS] == []


@pytest.mark.proof
@pytest.mark.parametrize("fixture", CASES)
def test_in_two_pieces_at_every_position(fixture: Fixture) -> None:
    text = fixture.raw_output
    for incremental in (False, True):
        whole = read(fixture, [text], incremental=incremental)
        for position in range(1, len(text)):
            assert read(fixture, [text[:position], text[position:]], incremental=incremental) == whole
