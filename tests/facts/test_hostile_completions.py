"""The sweep of hostile completions: every kind, in every dialect (behaviour 1.13, 2.1, 5.4).

Each is read whole, in seeded pieces, with calls that leave while they are written, as a cut answer, and with the options that
mend switched off or with invalid calls as text. Of every reading holds: no exception; the characters of its events are those of
the completion; a call that is handed out as valid is valid; whole and in pieces are the same. Nothing is lost untold.
`docs/security.md` has the table.
"""

from __future__ import annotations

import functools
import itertools
import json
import random
import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from adapter import CompletionParser, Options, read_tools
from adapter.completion.request_rules import Rules
from adapter.completion.result import ParsedCompletion, assemble
from adapter.completion.whole_completion import read_whole
from adapter.dialects.templates import names
from adapter.events import Markup, ReasoningDelta, TextDelta
from tests.facts.test_mutations import TOOLS, brief
from tests.support.growth import TIMES as TIMES_LONGER
from tests.support.growth import assert_linear
from tests.support.hostile_completions import KINDS, parts
from tests.support.nothing_lost import lost
from tests.support.rows import row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adapter.events import Event

SEED = 25
TIMES = 8  # repetitions in a completion of the sweep
WAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "nothing mended": {"recover": False, "coerce": False},
    "invalid calls as text": {"on_invalid": "text"},
}
_SPELLING = re.compile(r"\\u[0-9a-fA-F]{4}|```json|\"(?:name|arguments|parameters)\":")
_VALIDATORS = {tool["function"]["name"]: Draft202012Validator(tool["function"]["parameters"]) for tool in TOOLS}


@lru_cache(maxsize=8)
def request(dialect: str, way: str, *, incremental: bool = False) -> tuple[Rules, Options]:
    count = itertools.count()
    more = {"on_invalid": "return", **WAYS[way]}
    options = Options(dialect=dialect, retries=0, new_id=lambda: f"id{next(count)}", **more)
    return Rules(read_tools(TOOLS), incremental=incremental, invalid_as_text=more["on_invalid"] == "text"), options


def read(text: str, dialect: str, way: str, pieces: Sequence[str] = (), finish: str = "stop", **more: bool) -> ParsedCompletion:
    """Read a completion whole, or in pieces, and check what holds for every reading."""
    rules, options = request(dialect, way, **more)
    if pieces:
        parser = CompletionParser.for_rules(rules, options)
        events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish)
    else:
        events = read_whole(text, finish, rules, options)
    assert characters(events) == Counter(text), "characters are lost or made up"
    found = assemble(events, finish)
    for call in found.tool_calls:
        assert call.valid or way != "invalid calls as text", f"handed out: {call}"
        if call.valid:
            given = json.loads(call.arguments)
            assert isinstance(given, dict), call
            assert _VALIDATORS[call.name].is_valid(given), call
    return found


def characters(events: Sequence[Event]) -> Counter[str]:
    return Counter("".join(event.text for event in events if isinstance(event, TextDelta | ReasoningDelta | Markup)))


def split(text: str, chance: random.Random) -> list[str]:
    size = chance.choice((1, 4, 16, 64))
    cuts = sorted(chance.sample(range(len(text) + 1), min(len(text), 1 + len(text) // size, 400)))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def check(dialect: str, kind: str, times: int) -> None:
    """Check all readings of a completion."""
    text, chance = KINDS[kind](parts(dialect), times), random.Random(f"{SEED} {dialect} {kind}")
    first, *others = WAYS
    for way in (first, chance.choice(others)):
        with row(way=way):
            whole = read(text, dialect, way)
            assert brief(read(text, dialect, way, split(text, chance))) == brief(whole), "another result in pieces"
            if way == "as it is":
                assert not lost(spelt_out(text, dialect), whole, dialect), "lost untold"
            cut = read(text, dialect, way, finish="length")
            assert not Counter(runnable(cut)) - Counter(runnable(whole)), "a call that only a cut answer has"
    with row(way="while it is written"):
        early = read(text, dialect, "as it is", split(text, chance), incremental=True)
        if all(problem.kind != "contradicted" for problem in early.problems):
            assert brief(early)[:3] == brief(read(text, dialect, "as it is"))[:3]


def spelt_out(text: str, dialect: str) -> str:
    """Return a text in which no word touches a marker, without what is the spelling of JSON and of code fences."""
    for mark in sorted((one for one in parts(dialect).marks if len(one) > 3), key=len, reverse=True):
        text = text.replace(mark, f" {mark} ")
    return _SPELLING.sub(" ", text)


def runnable(found: ParsedCompletion) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for call in found.tool_calls if call.valid]


@pytest.mark.proof
@pytest.mark.parametrize("dialect", names())
def test_hostile_completions(dialect: str) -> None:
    for kind in KINDS:
        with row(kind=kind):
            check(dialect, kind, TIMES)


def test_a_few_hostile_completions() -> None:
    chance = random.Random(SEED)
    for dialect in names():
        kind = chance.choice(sorted(KINDS))
        with row(dialect=dialect, kind=kind):
            check(dialect, kind, 4)


SYNTAXES = (
    "hermes", "gpt-oss", "qwen3-coder", "gemma-4", "glm-4.5", "deepseek-v3.2", "kimi-k3", "mistral-v13", "llama-4", "llama-3.1",
    "minimax-m3", "lfm2",
)  # fmt: skip
LONG = 16_000  # characters of the longer completion
GROWING = [
    (SYNTAXES[number % len(SYNTAXES)], kind)
    for number, kind in enumerate(KINDS)
    if len(KINDS[kind](parts("hermes"), 80)) > len(KINDS[kind](parts("hermes"), 40))
]


@pytest.mark.proof
def test_each_kind_is_read_in_linear_time() -> None:
    """Each kind that can be repeated, in a dialect of each syntax in turn: whole, and in pieces of 16 characters."""
    assert len(GROWING) >= 75
    for dialect, kind in GROWING:
        unit = (len(KINDS[kind](parts(dialect), 80)) - len(KINDS[kind](parts(dialect), 40))) / 40
        with row(dialect=dialect, kind=kind, way="in pieces"):
            assert_linear(functools.partial(reading, dialect, kind, unit), LONG // TIMES_LONGER)
        with row(dialect=dialect, kind=kind, way="whole"):
            assert_linear(functools.partial(reading, dialect, kind, unit, pieces=False), LONG // TIMES_LONGER)


def reading(dialect: str, kind: str, unit: float, size: int, *, pieces: bool = True) -> Callable[[], object]:
    text = KINDS[kind](parts(dialect), max(1, round(size / unit)))
    rules, options = request(dialect, "as it is", incremental=pieces)
    if not pieces:
        return lambda: read_whole(text, "stop", rules, options)

    def work() -> None:
        parser = CompletionParser.for_rules(rules, options)
        for start in range(0, len(text), 16):
            parser.feed(text[start : start + 16])
        parser.close("stop")

    return work


def test_the_sweep_does_not_shrink() -> None:
    assert len(KINDS) >= 111
    assert len(KINDS) * len(names()) >= 6_327
